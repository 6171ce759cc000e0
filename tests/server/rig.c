/* SPDX-License-Identifier: MIT
 *
 * The rig: server thread and clients. See rig.h.
 */
#include "rig.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "desktop/desktop.h"
#include "server/route.h"
#include "source/source.h"
#include "wire/viewer.h"

static const uint8_t large[RIG_LARGE]; /* more than sockets buffer */

static const struct oriel_asset assets[] = {
  {.path = "/", .content_type = "text/html; charset=utf-8", .etag = "\"page\"",
   .data = (const uint8_t *)"<!doctype html>", .size = 15},
  {.path = "/js/main.js", .content_type = "text/javascript", .etag = "\"main\"",
   .data = (const uint8_t *)"1", .size = 1},
  {.path = "/js/medium.js", .content_type = "text/javascript", .etag = "\"medium\"",
   .data = large, .size = RIG_MEDIUM},
  {.path = "/js/large.js", .content_type = "text/javascript", .etag = "\"large\"",
   .data = large, .size = sizeof large},
};

uint64_t rig_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

#ifdef SANITIZED
size_t __sanitizer_get_current_allocated_bytes(void); /* their heaps are not the C library's */
#endif

size_t rig_allocated(void) {
#ifdef SANITIZED
  return __sanitizer_get_current_allocated_bytes();
#else
  struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
#endif
}

size_t rig_resident(void) {
  unsigned long pages = 0;
#ifndef SANITIZED
  FILE *file = fopen("/proc/self/statm", "re");
  assert_non_null(file);
  assert_int_equal(fscanf(file, "%*s %lu", &pages), 1);
  fclose(file);
#endif
  return pages * (size_t)sysconf(_SC_PAGESIZE);
}

unsigned rig_descriptors(void) {
  unsigned count = 0;
  DIR *directory = opendir("/proc/self/fd");
  assert_non_null(directory);
  while (readdir(directory))
    count++;
  closedir(directory);
  return count;
}

static void on_call(uv_async_t *async) {
  struct rig *rig = async->data;
  void (*function)(struct rig *, void *) = atomic_exchange(&rig->function, NULL);
  if (!function)
    return;
  function(rig, rig->argument);
  sem_post(&rig->called);
}

static void run(void *user) {
  struct rig *rig = user;
  uv_run(&rig->loop, UV_RUN_DEFAULT);
}

static struct oriel_desktop *open_desktop(const struct rig *rig, const char *address, struct oriel_mount *mount) {
  char why[256] = "";
  struct oriel_source *source;
  struct oriel_desktop *desktop;
  assert_int_equal(oriel_source_create(address, &source, why, sizeof why), 0);
  struct oriel_desktop_config config = {.fps = 60,
                                        .bitrate_kbps = rig->bitrate_kbps,
                                        .opus_frame_ms = 20,
                                        .opus_kbps = 64,
                                        .wake = oriel_mount_wake,
                                        .user = mount};
  const char *streams[] = {rig->sound};
  const struct oriel_guest_audio_config sound = {.streams = streams, .stream_count = 1};
  if (rig->sound)
    assert_int_equal(oriel_guest_audio_create(&sound, &config.guest_audio, why, sizeof why), 0);
  assert_int_equal(oriel_desktop_create(&config, source, &desktop), 0);
  assert_int_equal(oriel_desktop_start(desktop), 0);
  oriel_mount_set_desktop(mount, desktop);
  return desktop;
}

void rig_start(struct rig *rig) {
  char why[256] = "";
  struct oriel_server_config *config = &rig->config;
  config->listen = config->listen ? config->listen : "127.0.0.1:0";
  config->token = config->token ? config->token : RIG_TOKEN;
  config->assets = assets;
  config->asset_count = sizeof assets / sizeof *assets;
  config->version = "test";
  assert_int_equal(uv_loop_init(&rig->loop), 0);
  assert_int_equal(uv_async_init(&rig->loop, &rig->call, on_call), 0);
  rig->call.data = rig;
  assert_int_equal(sem_init(&rig->called, 0, 0), 0);
  assert_int_equal(oriel_server_create(&rig->loop, config, &rig->server, why, sizeof why), 0);
  rig->port = oriel_server_port(rig->server);
  const struct oriel_mount_config place = {.name = RIG_DESKTOP};
  assert_int_equal(oriel_server_mount(rig->server, &place, &rig->mount, why, sizeof why), 0);
  if (rig->address)
    rig->desktop = open_desktop(rig, rig->address, rig->mount);
  assert_int_equal(uv_thread_create(&rig->thread, run, rig), 0);
}

void rig_call(struct rig *rig, void (*function)(struct rig *rig, void *argument), void *argument) {
  rig->argument = argument;
  atomic_store(&rig->function, function);
  assert_int_equal(uv_async_send(&rig->call), 0);
  while (sem_wait(&rig->called) < 0 && errno == EINTR) {
  }
}

static void on_closed(void *user) {
  struct rig *rig = user;
  rig->closed = true;
  oriel_desktop_destroy(rig->desktop); /* the last moment at which it may wake the server */
  for (size_t i = 0; i < RIG_MORE_MAX; i++)
    oriel_desktop_destroy(rig->more[i].desktop);
  uv_close((uv_handle_t *)&rig->call, NULL);
}

static void close_server(struct rig *rig, void *argument) {
  (void)argument;
  oriel_mount_set_desktop(rig->mount, NULL);
  oriel_server_close(rig->server, on_closed, rig);
}

void rig_stop(struct rig *rig) {
  uint64_t start = rig_ms();
  rig_call(rig, close_server, NULL);
  assert_int_equal(uv_thread_join(&rig->thread), 0);
  assert_true(rig->closed);
  assert_true(rig_ms() - start < 6000); /* 1 s promised; the machine may be busy */
  assert_int_equal(uv_loop_close(&rig->loop), 0);
  sem_destroy(&rig->called);
}

int rig_teardown(void **state) {
  rig_stop(*state);
  free(*state);
  return 0;
}

struct more {
  struct rig_more *place;
  const struct oriel_mount_config *config;
  const char *address;
};

static void add(struct rig *rig, void *argument) {
  const struct more *more = argument;
  char why[256];
  assert_int_equal(oriel_server_mount(rig->server, more->config, &more->place->mount, why, sizeof why), 0);
  if (more->address)
    more->place->desktop = open_desktop(rig, more->address, more->place->mount);
}

struct rig_more *rig_mount(struct rig *rig, const struct oriel_mount_config *config, const char *address) {
  struct more more = {.config = config, .address = address};
  for (size_t i = 0; i < RIG_MORE_MAX && !more.place; i++)
    more.place = rig->more[i].mount ? NULL : &rig->more[i];
  assert_non_null(more.place);
  rig_call(rig, add, &more);
  return more.place;
}

static void take_away(struct rig *rig, void *argument) {
  struct rig_more *more = argument;
  (void)rig;
  oriel_mount_set_desktop(more->mount, NULL);
  oriel_desktop_destroy(more->desktop);
  oriel_server_unmount(more->mount);
  *more = (struct rig_more){0};
}

void rig_unmount(struct rig *rig, struct rig_more *more) {
  rig_call(rig, take_away, more);
}

static void copy_stats(struct rig *rig, void *argument) {
  oriel_server_stats(rig->server, argument);
}

void rig_server_stats(struct rig *rig, struct oriel_server_stats *stats) {
  rig_call(rig, copy_stats, stats);
}

bool rig_until(struct rig *rig, bool (*holds)(const struct oriel_server_stats *stats), unsigned limit_ms) {
  uint64_t end = rig_ms() + limit_ms;
  struct oriel_server_stats stats;
  do {
    rig_server_stats(rig, &stats);
    if (holds(&stats))
      return true;
    usleep(10 * 1000);
  } while (rig_ms() < end);
  return false;
}

bool no_viewers(const struct oriel_server_stats *stats) {
  return stats->viewers_now == 0;
}

/* ---- HTTP ---- */

int dial(const struct rig *rig) {
  return dial_from(rig, INADDR_LOOPBACK, 0);
}

int dial_from(const struct rig *rig, uint32_t host, int receive_buffer) {
  struct sockaddr_in from = {.sin_family = AF_INET}, address = {.sin_family = AF_INET, .sin_port = htons(rig->port)};
  from.sin_addr.s_addr = htonl(host);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  assert_true(fd >= 0);
  assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof from), 0);
  if (receive_buffer)
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  struct timeval limit = {.tv_sec = 10};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  const int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
  return fd;
}

static bool send_all(int fd, const void *data, size_t size) {
  const uint8_t *next = data;
  while (size) {
    ssize_t count = send(fd, next, size, MSG_NOSIGNAL);
    if (count <= 0)
      return false;
    next += count;
    size -= (size_t)count;
  }
  return true;
}

void send_text(int fd, const char *format, ...) {
  char text[32 * 1024];
  va_list arguments;
  va_start(arguments, format);
  int size = vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  (void)send_all(fd, text, (size_t)size);
}

void read_answer(int fd, struct answer *answer) {
  size_t size = 0, expected = SIZE_MAX;
  answer->status = 0;
  answer->body = answer->text;
  answer->size = 0;
  while (size < expected && size < sizeof answer->text - 1) {
    ssize_t count = recv(fd, answer->text + size, sizeof answer->text - 1 - size, 0);
    if (count <= 0)
      break;
    size += (size_t)count;
    answer->text[size] = '\0';
    const char *end = strstr(answer->text, "\r\n\r\n");
    const char *length = strcasestr(answer->text, "\r\nContent-Length: ");
    if (end) {
      answer->body = end + 4;
      if (length && length < end)
        expected = (size_t)(answer->body - answer->text) + strtoul(length + 18, NULL, 10);
    }
  }
  answer->text[size] = '\0';
  if (size)
    sscanf(answer->text, "HTTP/1.1 %d", &answer->status);
  answer->size = size - (size_t)(answer->body - answer->text);
}

int ask(const struct rig *rig, struct answer *answer, const char *request, const char *headers, const char *body) {
  int fd = dial(rig);
  char host[64] = "";
  if (!strstr(headers, "Host:"))
    snprintf(host, sizeof host, "Host: 127.0.0.1:%u\r\n", rig->port);
  send_text(fd, "%s HTTP/1.1\r\n%s%sConnection: close\r\n", request, host, headers);
  if (body)
    send_text(fd, "Content-Length: %zu\r\n", strlen(body));
  send_text(fd, "\r\n%s", body ? body : "");
  if (strncmp(request, "HEAD", 4) == 0)
    shutdown(fd, SHUT_WR);
  read_answer(fd, answer);
  close(fd);
  return answer->status;
}

const char *header_of(const struct answer *answer, const char *name, char *value, size_t size) {
  char line[128];
  snprintf(line, sizeof line, "\r\n%s: ", name);
  const char *found = strcasestr(answer->text, line);
  value[0] = '\0';
  if (found && found < answer->body) {
    found += strlen(line);
    snprintf(value, size, "%.*s", (int)strcspn(found, "\r\n"), found);
  }
  return value;
}

unsigned png_width(const struct answer *answer) {
  const uint8_t *bytes = (const uint8_t *)answer->body;
  return (unsigned)(bytes[18] << 8 | bytes[19]);
}

static const char *method_of(const struct oriel_route *route) {
  switch (route->method) {
  case ORIEL_METHOD_GET:
    return "GET";
  case ORIEL_METHOD_POST:
    return "POST";
  case ORIEL_METHOD_PATCH:
    return "PATCH";
  case ORIEL_METHOD_OPTIONS:
    return "OPTIONS";
  default:
    return "DELETE";
  }
}

bool request_of(const struct oriel_route *route, size_t way, const char *name, char *request, size_t size) {
  const char *method = method_of(route), *below = route->below ? "0" : "";
  const enum oriel_scope scope = route->scope;
  if (way == 0)
    snprintf(request, size, "%s %s%s", method, route->path, below);
  else if (way == 1)
    snprintf(request, size, "%s /d/%s%s%s", method, name, route->path, below);
  else
    snprintf(request, size, "%s /api/v1/desktops/%s%s", method, name, route->api ? route->api : "");
  return way == 0   ? scope != ORIEL_SCOPE_NAMED
         : way == 1 ? scope != ORIEL_SCOPE_NAMED && scope != ORIEL_SCOPE_SERVER
                    : route->api != NULL;
}

/* ---- WebSocket ---- */

static const char *handshake_as(const struct rig *rig, const char *headers, char *text, size_t size) {
  snprintf(text, size,
           "GET %s/ws HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
           "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
           "Sec-WebSocket-Extensions: permessage-deflate\r\n%s%s\r\n",
           rig->below ? rig->below : "", rig->port,
           strstr(headers, "Sec-WebSocket-Protocol:") ? "" : "Sec-WebSocket-Protocol: oriel.v1\r\n", headers);
  return text;
}

const char *ws_handshake(const struct rig *rig, char *text, size_t size) {
  return handshake_as(rig, RIG_BEARER, text, size);
}

static bool read_all(int fd, void *data, size_t size) {
  uint8_t *next = data;
  while (size) {
    ssize_t count = recv(fd, next, size, 0);
    if (count <= 0)
      return false;
    next += count;
    size -= (size_t)count;
  }
  return true;
}

int ws_open(const struct rig *rig) {
  return ws_open_as(rig, RIG_BEARER);
}

int ws_open_as(const struct rig *rig, const char *headers) {
  char text[2048];
  size_t size = 0;
  int fd = dial(rig);
  send_text(fd, "%s", handshake_as(rig, headers, text, sizeof text));
  /* Byte by byte: what follows the headers belongs to the frames. */
  while (size < sizeof text - 1 && read_all(fd, text + size, 1)) {
    text[++size] = '\0';
    if (size >= 4 && memcmp(text + size - 4, "\r\n\r\n", 4) == 0)
      break;
  }
  assert_int_equal(strncmp(text, "HTTP/1.1 101 ", 13), 0);
  return fd;
}

size_t ws_frame(uint8_t *out, bool fin, int opcode, const void *data, size_t size) {
  static const uint8_t mask[4] = {0x12, 0x34, 0x56, 0x78};
  size_t at = 0;
  out[at++] = (uint8_t)((fin ? 0x80 : 0) | opcode);
  if (size < 126) {
    out[at++] = (uint8_t)(0x80 | size);
  } else if (size <= UINT16_MAX) {
    out[at++] = 0x80 | 126;
    out[at++] = (uint8_t)(size >> 8);
    out[at++] = (uint8_t)size;
  } else {
    out[at++] = 0x80 | 127;
    for (int shift = 56; shift >= 0; shift -= 8)
      out[at++] = (uint8_t)((uint64_t)size >> shift);
  }
  memcpy(out + at, mask, 4);
  at += 4;
  for (size_t i = 0; i < size; i++)
    out[at + i] = ((const uint8_t *)data)[i] ^ mask[i % 4];
  return at + size;
}

bool ws_send(int fd, bool fin, int opcode, const void *data, size_t size) {
  uint8_t *bytes = malloc(size + 14);
  assert_non_null(bytes);
  bool sent = send_all(fd, bytes, ws_frame(bytes, fin, opcode, data, size));
  free(bytes);
  return sent;
}

void ws_hello(int fd, bool controls) {
  const uint8_t hello[16] = {ORIEL_VIEWER_VIEWER_HELLO, 0, 0, 0, ORIEL_VIEWER_VERSION, 0, controls, 0,
                             ORIEL_VIEWER_CAP_H264 | ORIEL_VIEWER_CAP_TILES | ORIEL_VIEWER_CAP_OPUS};
  ws_send(fd, true, 2, hello, sizeof hello);
}

int ws_join(const struct rig *rig, bool controls) {
  int fd = ws_open(rig);
  ws_hello(fd, controls);
  return fd;
}

int ws_read(int fd, struct frame *frame) {
  uint8_t head[10];
  frame->opcode = -1;
  frame->size = 0;
  if (!read_all(fd, head, 2))
    return -1;
  assert_int_equal(head[0] & 0xf0, 0x80); /* whole, and no extension */
  assert_int_equal(head[1] & 0x80, 0);    /* a server does not mask */
  uint64_t size = head[1] & 0x7f;
  size_t digits = size == 126 ? 2 : size == 127 ? 8 : 0;
  if (!read_all(fd, head + 2, digits))
    return -1;
  for (size_t i = 0; i < digits; i++)
    size = (i ? size << 8 : 0) | head[2 + i];
  assert_true(size <= sizeof frame->data);
  if (!read_all(fd, frame->data, size))
    return -1;
  frame->size = size;
  frame->opcode = head[0] & 0x0f;
  return frame->opcode;
}

bool ws_attend(int fd, const struct frame *frame) {
  uint8_t pong[20] = {ORIEL_VIEWER_PONG}, ack[40] = {ORIEL_VIEWER_ACK};
  if (frame->opcode == 2 && frame->size == 12 && frame->data[0] == ORIEL_VIEWER_PING) {
    memcpy(pong + 4, frame->data + 4, 8);
    pong[12] = 1;
    ws_send(fd, true, 2, pong, sizeof pong);
  }
  if (frame->opcode != 2 || (frame->data[0] != ORIEL_VIEWER_VIDEO && frame->data[0] != ORIEL_VIEWER_TILES))
    return false;
  for (int i = 0; i < 3; i++)
    memcpy(ack + 4 + 4 * i, frame->data + 4, 4);
  ws_send(fd, true, 2, ack, sizeof ack);
  return true;
}

bool ws_until(int fd, struct frame *frame, int type) {
  while (ws_read(fd, frame) >= 0) {
    if (frame->opcode == 2 && frame->size && frame->data[0] == type)
      return true;
    if (frame->opcode == 2 && frame->size && frame->data[0] == ORIEL_VIEWER_PING)
      (void)ws_attend(fd, frame);
  }
  return false;
}

int ws_reason(int fd) {
  struct frame *frame = malloc(sizeof *frame);
  assert_non_null(frame);
  int reason = 0;
  while (ws_read(fd, frame) >= 0) {
    if (frame->opcode == 2 && frame->size >= 8 && frame->data[0] == ORIEL_VIEWER_BYE)
      reason = frame->data[4] | frame->data[5] << 8;
    if (frame->opcode == 8) {
      assert_int_equal(frame->size, 2);
      assert_int_equal(frame->data[0] << 8 | frame->data[1], 4000 + reason);
      ws_send(fd, true, 8, frame->data, 2);
    }
  }
  free(frame);
  return reason;
}

void cut(int fd) {
  const struct linger reset = {.l_onoff = 1};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  close(fd);
}
