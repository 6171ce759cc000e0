/* SPDX-License-Identifier: MIT
 *
 * Addresses as text, read and written. Any thread; no state.
 */
#include "transport/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "core/number.h"
#include "core/utf8.h"

enum {
  SOCKET_PATH_MAX = sizeof((struct sockaddr_un *)0)->sun_path - 1, /* 107 on Linux, 103 on macOS */
  NAME_MAX_SIZE = 253,                                             /* RFC 1035, 2.3.4, without the last dot */
  PORT_MAX = 65535,
};
#define VSOCK_PORT_MAX (UINT32_MAX - 1) /* the last one means "any" to the kernel */

/* Where a parser says why; one line. */
struct complaint {
  char *why;
  size_t size;
};

/* The text between "scheme://" and "?". */
struct body {
  const char *text;
  size_t size;
};

static int __attribute__((format(printf, 2, 3))) refuse(const struct complaint *complaint, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(complaint->why, complaint->size, format, arguments);
  va_end(arguments);
  return -EINVAL;
}

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int hex_digit(char c) {
  if (is_digit(c))
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* "%20" and the like; the result has no control characters, so it can stand in a log line and in a C string. */
static int decode(struct body body, char *out, size_t out_size, const struct complaint *complaint) {
  size_t have = 0;
  for (size_t i = 0; i < body.size; i++) {
    char c = body.text[i];
    if (c == '%') {
      const int high = i + 2 < body.size ? hex_digit(body.text[i + 1]) : -1;
      const int low = i + 2 < body.size ? hex_digit(body.text[i + 2]) : -1;
      if (high < 0 || low < 0)
        return refuse(complaint, "%% needs two hex digits, as in %%20");
      c = (char)(high << 4 | low);
      i += 2;
    }
    if (c == '\0') /* would end it */
      return refuse(complaint, "a path or name cannot hold control characters");
    if (have + 1 >= out_size)
      return refuse(complaint, "%zu bytes is too long for a path, %zu are most: %.*s", body.size, out_size - 1,
                    (int)body.size, body.text);
    out[have++] = c;
  }
  out[have] = '\0';
  return oriel_utf8_has_control(out, have) ? refuse(complaint, "a path or name cannot hold control characters") : 0;
}

static int parse_path(struct body body, struct oriel_transport_address *address, const struct complaint *complaint) {
  if (body.size < 2 || body.text[0] != '/')
    return refuse(complaint, "an absolute path is missing, as in unix:///run/oriel.sock");
  return decode(body, address->path, sizeof address->path, complaint);
}

/* Lesson 40: a path that no socket can have is refused with the reason and the path, never cut. */
static int parse_socket(struct body body, struct oriel_transport_address *address, const struct complaint *complaint) {
  const int error = parse_path(body, address, complaint);
  if (error < 0)
    return error;
  const size_t size = strlen(address->path);
  if (size > SOCKET_PATH_MAX)
    return refuse(complaint, "a socket's path has at most %d bytes, not %zu: %s", SOCKET_PATH_MAX, size, address->path);
  return 0;
}

static int parse_name(struct body body, struct oriel_transport_address *address, const struct complaint *complaint) {
  if (body.size && body.text[0] == '/') /* the name as shm_open wants it; both forms mean the same */
    body = (struct body){body.text + 1, body.size - 1};
  const int error = decode(body, address->path, sizeof address->path - 1, complaint);
  if (error < 0)
    return error;
  if (!address->path[0] || strchr(address->path, '/') || !strcmp(address->path, ".") || !strcmp(address->path, ".."))
    return refuse(complaint, "a name without slashes is missing, as in shm://OrielAudio");
  return 0;
}

static int parse_vsock(struct body body, struct oriel_transport_address *address, const struct complaint *complaint) {
  const char *colon = memchr(body.text, ':', body.size);
  if (!colon)
    return refuse(complaint, "CID and port are missing, as in vsock://2:5000 or vsock://any:5000");
  const size_t cid_size = (size_t)(colon - body.text);
  if (cid_size == 3 && !memcmp(body.text, "any", 3))
    address->cid = UINT32_MAX;
  else if (oriel_number_parse(body.text, cid_size, 1, UINT32_MAX - 1, &address->cid) < 0)
    return refuse(complaint, "a vsock CID is a number from 1 (2 is the host) or `any`, not %.*s", (int)cid_size,
                  body.text);
  const char *port = colon + 1;
  const size_t port_size = body.size - cid_size - 1;
  if (oriel_number_parse(port, port_size, 1, VSOCK_PORT_MAX, &address->port) < 0)
    return refuse(complaint, "a vsock port is a number from 1 to %u, not %.*s", VSOCK_PORT_MAX, (int)port_size, port);
  return 0;
}

/* A v6 address, perhaps with a zone ("fe80::1%eth0"). */
static bool is_v6(const char *host) {
  char number[INET6_ADDRSTRLEN];
  struct in6_addr ignored;
  const size_t size = strcspn(host, "%");
  if (size >= sizeof number || (host[size] && !host[size + 1]))
    return false;
  for (const char *zone = host + size; *zone; zone++)
    if (!is_letter(*zone) && !is_digit(*zone) && !strchr("%._-", *zone))
      return false;
  memcpy(number, host, size);
  number[size] = '\0';
  return inet_pton(AF_INET6, number, &ignored) == 1;
}

static bool is_host_name(const char *host) {
  if (!*host || *host == '.' || *host == '-' || strlen(host) > NAME_MAX_SIZE)
    return false;
  for (const char *c = host; *c; c++)
    if (!is_letter(*c) && !is_digit(*c) && !strchr("._-", *c))
      return false;
  return true;
}

static int parse_inet(struct body body, struct oriel_transport_address *address, const struct complaint *complaint) {
  const char *host = body.text, *end = body.text + body.size, *host_end;
  const bool bracketed = body.size && *host == '[';
  if (bracketed)
    host_end = memchr(++host, ']', body.size - 1);
  else
    host_end = memchr(host, ':', body.size);
  const char *colon = host_end && bracketed ? host_end + 1 : host_end;
  if (!host_end || colon >= end || *colon != ':')
    return refuse(complaint, "host and port are missing, as in tcp://127.0.0.1:5000 or tcp://[::1]:5000");
  const size_t host_size = (size_t)(host_end - host), port_size = (size_t)(end - colon) - 1;
  if (oriel_number_parse(colon + 1, port_size, 0, PORT_MAX, &address->port) < 0)
    return refuse(complaint, "a port is a number from 0 to %d, not %.*s (a v6 address stands in brackets)", PORT_MAX,
                  (int)port_size, colon + 1);
  if (host_size >= sizeof address->host)
    return refuse(complaint, "a host has at most %d bytes, not %zu", NAME_MAX_SIZE, host_size);
  memcpy(address->host, host, host_size);
  address->host[host_size] = '\0';
  if (bracketed ? !is_v6(address->host) : !is_host_name(address->host))
    return refuse(complaint, "%s is not %s", address->host[0] ? address->host : "nothing",
                  bracketed ? "an IPv6 address, as in [::1]" : "a host's name or IPv4 address");
  return 0;
}

/* In the order of enum oriel_transport_scheme. */
static const struct scheme {
  const char *prefix;
  int (*parse)(struct body body, struct oriel_transport_address *address, const struct complaint *complaint);
} schemes[] = {
    [ORIEL_TRANSPORT_VSOCK] = {"vsock://", parse_vsock},  [ORIEL_TRANSPORT_UNIX] = {"unix://", parse_socket},
    [ORIEL_TRANSPORT_TCP] = {"tcp://", parse_inet},       [ORIEL_TRANSPORT_UDP] = {"udp://", parse_inet},
    [ORIEL_TRANSPORT_SERIAL] = {"serial://", parse_path}, [ORIEL_TRANSPORT_MUX] = {"mux://", parse_socket},
    [ORIEL_TRANSPORT_SHM] = {"shm://", parse_name},
};
enum { SCHEMES = sizeof schemes / sizeof *schemes };

enum option { OPTION_FORMAT = 1, OPTION_FRAME = 2, OPTION_PORT = 4, OPTION_RATE = 8, OPTION_SAMPLE = 16 };
enum { RATE_LEAST = 8000, RATE_MOST = 192000, RATE_USUAL = 48000 };
/* In the order of enum oriel_transport_sample. */
static const char *const samples[] = {"f32le", "f32be", "s16le", "s16be"};

static bool is_word(struct body body, const char *word) {
  return body.size == strlen(word) && !memcmp(body.text, word, body.size);
}

static int parse_frame(struct body value, struct oriel_transport_address *address, const struct complaint *complaint) {
  static const struct {
    const char *word;
    uint32_t us;
  } frames[] = {{"2.5", 2500}, {"5", 5000}, {"10", 10000}, {"20", 20000}};
  for (size_t i = 0; i < sizeof frames / sizeof *frames; i++)
    if (is_word(value, frames[i].word)) {
      address->frame_us = frames[i].us;
      return 0;
    }
  return refuse(complaint, "frame is 5, 10 or 20 ms, or with format=pcm 2.5, not %.*s", (int)value.size, value.text);
}

static int parse_rate(struct body value, struct oriel_transport_address *address, const struct complaint *complaint) {
  uint32_t rate;
  if (oriel_number_parse(value.text, value.size, RATE_LEAST, RATE_MOST, &rate) < 0)
    return refuse(complaint, "rate is a number from %d to %d (Hz), not %.*s", RATE_LEAST, RATE_MOST, (int)value.size,
                  value.text);
  address->rate = rate == RATE_USUAL ? 0 : rate;
  return 0;
}

static int parse_sample(struct body value, struct oriel_transport_address *address, const struct complaint *complaint) {
  for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
    if (is_word(value, samples[i])) {
      address->sample = (enum oriel_transport_sample)i;
      return 0;
    }
  return refuse(complaint, "sample is f32le, f32be, s16le or s16be, not %.*s", (int)value.size, value.text);
}

static int parse_option(struct body option, struct oriel_transport_address *address, unsigned *seen,
                        const struct complaint *complaint) {
  const char *equals = memchr(option.text, '=', option.size);
  const struct body key = {option.text, equals ? (size_t)(equals - option.text) : option.size};
  const struct body value = {equals ? equals + 1 : "", equals ? option.size - key.size - 1 : 0};
  unsigned which = 0;
  if (is_word(key, "format"))
    which = OPTION_FORMAT;
  else if (is_word(key, "frame"))
    which = OPTION_FRAME;
  else if (is_word(key, "port") && address->scheme == ORIEL_TRANSPORT_MUX)
    which = OPTION_PORT;
  else if (is_word(key, "rate"))
    which = OPTION_RATE;
  else if (is_word(key, "sample"))
    which = OPTION_SAMPLE;
  else
    return refuse(complaint,
                  "no option %.*s: format=opus|pcm and frame=5|10|20 are known, with format=pcm also rate= and "
                  "sample=, for mux:// also port=N",
                  (int)key.size, key.text);
  if (*seen & which)
    return refuse(complaint, "%.*s is given twice", (int)key.size, key.text);
  *seen |= which;
  if (which == OPTION_FRAME)
    return parse_frame(value, address, complaint);
  if (which == OPTION_RATE)
    return parse_rate(value, address, complaint);
  if (which == OPTION_SAMPLE)
    return parse_sample(value, address, complaint);
  if (which == OPTION_PORT)
    return oriel_number_parse(value.text, value.size, 1, VSOCK_PORT_MAX, &address->port) == 0
               ? 0
               : refuse(complaint, "port is a number from 1 to %u, not %.*s", VSOCK_PORT_MAX, (int)value.size,
                        value.text);
  address->is_pcm = is_word(value, "pcm");
  return address->is_pcm || is_word(value, "opus")
             ? 0
             : refuse(complaint, "format is opus or pcm, not %.*s", (int)value.size, value.text);
}

/* What follows the '?'. */
static int parse_options(const char *text, struct oriel_transport_address *address, unsigned *seen,
                         const struct complaint *complaint) {
  for (;;) {
    const struct body option = {text, strcspn(text, "&")};
    const int error = parse_option(option, address, seen, complaint);
    if (error < 0)
      return error;
    if (!text[option.size])
      return 0;
    text += option.size + 1;
  }
}

int oriel_transport_address_parse(const char *text, struct oriel_transport_address *address, char *why,
                                  size_t why_size) {
  const struct complaint complaint = {why, why_size};
  struct oriel_transport_address parsed = {.scheme = ORIEL_TRANSPORT_VSOCK};
  unsigned scheme = 0, seen = 0;
  while (scheme < SCHEMES && strncmp(text, schemes[scheme].prefix, strlen(schemes[scheme].prefix)))
    scheme++;
  if (scheme == SCHEMES)
    return refuse(&complaint,
                  "an address starts with vsock://, unix://, tcp://, udp://, serial://, mux:// or shm://, "
                  "not %.60s",
                  text);
  parsed.scheme = (enum oriel_transport_scheme)scheme;
  const char *rest = text + strlen(schemes[scheme].prefix);
  const struct body body = {rest, strcspn(rest, "?")};
  int error = schemes[scheme].parse(body, &parsed, &complaint);
  if (!error && rest[body.size])
    error = parse_options(rest + body.size + 1, &parsed, &seen, &complaint);
  if (error < 0)
    return error;
  if (parsed.scheme == ORIEL_TRANSPORT_MUX && !parsed.port)
    return refuse(&complaint, "the guest's port is missing, as in mux:///run/vm.vsock?port=5000");
  if (parsed.frame_us == 2500 && !parsed.is_pcm)
    return refuse(&complaint, "frame=2.5 goes with format=pcm only; Opus has 5, 10 and 20");
  if (!parsed.is_pcm && (seen & (OPTION_RATE | OPTION_SAMPLE)))
    return refuse(&complaint, "rate= and sample= go with format=pcm only; Opus says itself what it is");
  *address = parsed;
  return 0;
}

int oriel_transport_address_parse_device(const char *text, struct oriel_transport_address *address, char *why,
                                         size_t why_size) {
  const struct complaint complaint = {why, why_size};
  struct oriel_transport_address parsed;
  const int error = oriel_transport_address_parse(text, &parsed, why, why_size);
  if (error < 0)
    return error;
  if (parsed.rate || parsed.sample)
    return refuse(&complaint, "rate= and sample= are for what `oriel` takes; the devices send 48 kHz floats");
  if (parsed.scheme == ORIEL_TRANSPORT_SHM)
    return refuse(&complaint, "shared memory is no stream: set shm = NAME or SharedMemory = NAME instead");
  *address = parsed;
  return 0;
}

uint32_t oriel_transport_address_frame_us(const struct oriel_transport_address *address) {
  if (address->frame_us)
    return address->frame_us;
  return address->is_pcm ? 2500 : 20000;
}

/* The path with what would end it written as %XX. */
static void encode(const char *path, char out[3 * sizeof((struct oriel_transport_address *)0)->path]) {
  size_t have = 0;
  for (const char *c = path; *c; c++)
    if (strchr("% ?&#", *c))
      have += (size_t)sprintf(out + have, "%%%02X", (unsigned)(unsigned char)*c);
    else
      out[have++] = *c;
  out[have] = '\0';
}

int oriel_transport_address_format(const struct oriel_transport_address *address, char *text, size_t size) {
  char path[3 * sizeof address->path], where[sizeof path + 32] = "", options[80] = "";
  size_t have = 0;
  const bool has_brackets = strchr(address->host, ':') != NULL;
  encode(address->path, path);
  if (address->scheme == ORIEL_TRANSPORT_VSOCK && address->cid == UINT32_MAX)
    snprintf(where, sizeof where, "any:%u", address->port);
  else if (address->scheme == ORIEL_TRANSPORT_VSOCK)
    snprintf(where, sizeof where, "%u:%u", address->cid, address->port);
  else if (address->scheme == ORIEL_TRANSPORT_TCP || address->scheme == ORIEL_TRANSPORT_UDP)
    snprintf(where, sizeof where, "%s%s%s:%u", has_brackets ? "[" : "", address->host, has_brackets ? "]" : "",
             address->port);
  else
    snprintf(where, sizeof where, "%s", path);
  if (address->scheme == ORIEL_TRANSPORT_MUX)
    have += (size_t)snprintf(options + have, sizeof options - have, "&port=%u", address->port);
  if (address->is_pcm)
    have += (size_t)snprintf(options + have, sizeof options - have, "&format=pcm");
  if (address->frame_us)
    have += (size_t)snprintf(options + have, sizeof options - have,
                             address->frame_us % 1000 ? "&frame=%u.%u" : "&frame=%u", address->frame_us / 1000,
                             address->frame_us % 1000 / 100);
  if (address->rate)
    have += (size_t)snprintf(options + have, sizeof options - have, "&rate=%u", address->rate);
  if (address->sample)
    snprintf(options + have, sizeof options - have, "&sample=%s", samples[address->sample]);
  if (options[0])
    options[0] = '?';
  return snprintf(text, size, "%s%s%s", schemes[address->scheme].prefix, where, options);
}
