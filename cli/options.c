/* SPDX-License-Identifier: MIT
 *
 * The table of options and what reads it. Main thread.
 */
#include "cli/options.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/nearest.h"
#include "cli/value.h"
#include "server/proxies.h"
#include "server/public.h"

enum type { STRING, FLAG, NUMBER, LIST, MEMORY, DISPLAY, ACCEL, LEVEL, NETWORK, CONTROL };

/** What no Host header can be would be listed and never match. */
static bool is_host(const char *text) {
  return text[strcspn(text, "/@?# \t\"\\")] == '\0';
}

static bool is_origin(const char *text) {
  const size_t scheme = strncmp(text, "https://", 8) == 0 ? 8 : strncmp(text, "http://", 7) == 0 ? 7 : 0;
  return scheme > 0 && text[scheme] != '\0' && is_host(text + scheme);
}

static bool is_prefix(const char *text) {
  struct oriel_prefix prefix;
  return oriel_prefix_parse(text, &prefix) == 0;
}

static bool is_address(const char *text) {
  return strstr(text, "://") != NULL;
}

struct option {
  const char *name, *value; /* "listen", "ADDR:PORT" (NULL for flags) */
  unsigned commands;
  enum type type;
  size_t offset;
  unsigned min, max;   /* NUMBER */
  bool (*accepts)(const char *word); /* LIST; needed there */
  const char *allowed; /* completes "must be ..." in errors; NULL for NUMBER (its range) and STRING */
  const char *help;
  const char *excludes; /* an option that this one replaces when it comes from a stronger place */
};

enum { SERVING = ORIEL_CLI_RUN | ORIEL_CLI_SERVE, EVERY = SERVING | ORIEL_CLI_DOCTOR };

#define AT(field) offsetof(struct oriel_options, field)

static const struct option table[] = {
  {.name = "cpus", .value = "N", .commands = ORIEL_CLI_RUN, .type = NUMBER, .offset = AT(cpus), .min = 1, .max = 64,
   .help = "processors of the guest (default 2; demo guest 1)"},
  {.name = "memory", .value = "SIZE", .commands = ORIEL_CLI_RUN, .type = MEMORY, .offset = AT(memory_mib),
   .allowed = "64M to 1T, as 512M, 2G or a number of MiB", .help = "memory of the guest (default 2G; demo guest 512M)"},
  {.name = "display", .value = "WxH", .commands = ORIEL_CLI_RUN, .type = DISPLAY, .offset = AT(width),
   .allowed = "between 64x64 and 7680x4320, as 1280x720", .help = "first size of the screen (default 1280x720)"},
  {.name = "accel", .value = "KIND", .commands = ORIEL_CLI_RUN, .type = ACCEL, .offset = AT(accel),
   .allowed = "auto, kvm, tcg or hvf", .help = "auto, kvm, tcg or hvf (default auto: what passes a probe)"},
  {.name = "name", .value = "NAME", .commands = ORIEL_CLI_RUN, .type = STRING, .offset = AT(name),
   .help = "name of the VM and of its runtime directory (default: by the disk)"},
  {.name = "persistent", .commands = ORIEL_CLI_RUN, .type = FLAG, .offset = AT(persistent),
   .help = "write to the disk image (default: changes are thrown away)"},
  {.name = "shutdown-timeout", .value = "S", .commands = ORIEL_CLI_RUN, .type = NUMBER,
   .offset = AT(shutdown_timeout_s), .min = 0, .max = 3600,
   .help = "with --persistent: seconds that the guest has to power down when oriel is told to end (default 60; "
           "0 = none)"},
  {.name = "disk-format", .value = "FORMAT", .commands = ORIEL_CLI_RUN, .type = STRING, .offset = AT(disk_format),
   .help = "raw, qcow2, vmdk, ... (default: detected)"},
  {.name = "network", .value = "KIND", .commands = ORIEL_CLI_RUN, .type = NETWORK, .offset = AT(network),
   .allowed = "user or none", .help = "user (behind NAT) or none (default user; demo guest none)"},
  {.name = "listen", .value = "ADDR:PORT", .commands = EVERY, .type = STRING, .offset = AT(listen),
   .help = "address to serve on, or a port of 127.0.0.1 (default 127.0.0.1:8080; port 0 = any)"},
  {.name = "public-url", .value = "URL", .commands = SERVING, .type = STRING, .offset = AT(public_url),
   .help = "where browsers find this server behind a reverse proxy, as https://vm.example or "
           "https://host:8443/vms/one/"},
  {.name = "token", .value = "TOKEN", .commands = SERVING, .type = STRING, .offset = AT(token),
   .excludes = "token-file",
   .help = "secret that opens the desktop, 16 characters or more (default: 256 random bits). Other users of this host "
           "can read command lines: prefer --token-file or ORIEL_TOKEN"},
  {.name = "token-file", .value = "FILE", .commands = SERVING, .type = STRING, .offset = AT(token_file),
   .excludes = "token",
   .help = "file that holds the secret"},
  {.name = "view-token", .value = "TOKEN", .commands = SERVING, .type = STRING, .offset = AT(view_token),
   .excludes = "view-token-file",
   .help = "secret that only lets watch (default: 256 random bits)"},
  {.name = "view-token-file", .value = "FILE", .commands = SERVING, .type = STRING, .offset = AT(view_token_file),
   .excludes = "view-token", .help = "file that holds it"},
  {.name = "print-token", .commands = SERVING, .type = FLAG, .offset = AT(print_token),
   .help = "print the address with a token made at start even where standard output is no terminal, and whoever reads "
           "that log can come in (default: in a file of yours, which is named)"},
  {.name = "control", .value = "WAY", .commands = SERVING, .type = CONTROL, .offset = AT(control),
   .allowed = "ask, newest or fixed",
   .help = "how a viewer comes to the controls that another uses: ask (by consent; at once after 10 s without input), "
           "newest (at once) or fixed (when they are given up) (default ask)"},
  {.name = "tls-cert", .value = "FILE", .commands = SERVING, .type = STRING, .offset = AT(tls_cert),
   .excludes = "tls-self-signed", .help = "certificate chain (PEM); serve https"},
  {.name = "tls-key", .value = "FILE", .commands = SERVING, .type = STRING, .offset = AT(tls_key),
   .help = "its private key (PEM)"},
  {.name = "tls-self-signed", .commands = SERVING, .type = FLAG, .offset = AT(tls_self_signed), .excludes = "tls-cert",
   .help = "serve https with a certificate made at start; its fingerprint is printed"},
  {.name = "insecure", .commands = SERVING, .type = FLAG, .offset = AT(insecure),
   .help = "listen beyond loopback without TLS: anybody on the way can read and type"},
  {.name = "allow-host", .value = "HOST", .commands = SERVING, .type = LIST, .offset = AT(allow_hosts),
   .accepts = is_host, .allowed = "a host name, as vm.example or vm.example:8443",
   .help = "further name this server is reached by (repeatable)"},
  {.name = "allow-origin", .value = "ORIGIN", .commands = SERVING, .type = LIST, .offset = AT(allow_origins),
   .accepts = is_origin, .allowed = "a scheme and a host, as https://vm.example",
   .help = "further page origin that may connect (repeatable)"},
  {.name = "trusted-proxy", .value = "NETWORK", .commands = SERVING, .type = LIST, .offset = AT(trusted_proxies),
   .accepts = is_prefix, .allowed = "an address or a network, as 127.0.0.1 or 10.0.0.0/8",
   .help = "reverse proxy whose X-Forwarded-For or Forwarded says who its clients are (repeatable)"},
  {.name = "fps", .value = "N", .commands = SERVING, .type = NUMBER, .offset = AT(fps), .min = 1, .max = 240,
   .help = "most pictures a second (default 60)"},
  {.name = "bitrate", .value = "KBIT", .commands = SERVING, .type = NUMBER, .offset = AT(bitrate_kbps), .min = 100,
   .max = 400000,
   .help = "upper bound of the video in kbit/s (default: by size)"},
  {.name = "encoder", .value = "NAME", .commands = SERVING, .type = STRING, .offset = AT(encoder),
   .help = "video encoder (default: the first that works; see `oriel doctor`)"},
  {.name = "audio-frame", .value = "MS", .commands = SERVING, .type = NUMBER, .offset = AT(audio_frame_ms), .min = 5,
   .max = 20,
   .allowed = "5, 10 or 20", .help = "length of a sound packet: 5, 10 or 20 ms (default 20)"},
  {.name = "audio-listen", .value = "ADDRESS", .commands = SERVING, .type = LIST, .offset = AT(audio_listen),
   .accepts = is_address,
   .allowed = "an address, as vsock://any:5000, unix:///PATH, tcp://HOST:PORT or serial:///DEVICE",
   .help = "take sound that an agent or driver in the guest sends: vsock://any:5000, unix:///PATH, tcp://HOST:PORT, "
           "serial:///DEVICE or mux:///PATH?port=N (repeatable; default with `run`: a serial port of "
           "the VM, org.oriel.audio)"},
  {.name = "audio-udp-listen", .value = "HOST:PORT", .commands = SERVING, .type = STRING,
   .offset = AT(audio_udp_listen),
   .help = "take sound as one Opus packet a datagram, bare or in RTP; or, with ?format=pcm (&rate=44100, "
           "&sample=s16le), as PCM"},
  {.name = "audio-microphone", .value = "ADDRESS", .commands = SERVING, .type = STRING, .offset = AT(audio_microphone),
   .help = "where the guest fetches the viewer's microphone, as vsock://any:5001 (default with `run`: "
           "org.oriel.microphone)"},
  {.name = "audio-passthru", .commands = SERVING, .type = FLAG, .offset = AT(audio_passthru),
   .help = "play the desktop's sound on this host's speakers, too"},
  {.name = "auth-fail-limit", .value = "N", .commands = SERVING, .type = NUMBER, .offset = AT(auth_fail_limit),
   .min = 1,
   .max = 1000000, .help = "wrong tokens per address and window before 429 (default 10)"},
  {.name = "auth-fail-window", .value = "S", .commands = SERVING, .type = NUMBER, .offset = AT(auth_fail_window_s),
   .min = 1,
   .max = 86400, .help = "length of that window in seconds (default 60)"},
  {.name = "stats", .value = "SECONDS", .commands = SERVING, .type = NUMBER, .offset = AT(stats_s), .min = 1,
   .max = 86400,
   .help = "print a line of key numbers this often"},
  {.name = "log-level", .value = "LEVEL", .commands = EVERY, .type = LEVEL, .offset = AT(log_level),
   .allowed = "error, warn, info or debug", .help = "error, warn, info or debug (default info)"},
  {.name = "log-json", .commands = EVERY, .type = FLAG, .offset = AT(log_json), .help = "log lines as JSON objects"},
  {.name = "json", .commands = ORIEL_CLI_DOCTOR, .type = FLAG, .offset = AT(json),
   .help = "print the findings as JSON"},
};
enum { OPTIONS = sizeof table / sizeof table[0] };

/** Where each option's value came from; the stronger place wins. */
enum place { NOWHERE, ENVIRONMENT, COMMAND_LINE };

struct parser {
  struct oriel_options *options;
  enum place place[OPTIONS];
  char *why;
  size_t why_size;
};

const char *oriel_command_name(enum oriel_command command) {
  switch (command) {
    case ORIEL_CLI_RUN: return "run";
    case ORIEL_CLI_SERVE: return "serve";
    case ORIEL_CLI_DOCTOR: return "doctor";
  }
  return "unknown";
}

static void environment_name(const struct option *option, char *name, size_t size) {
  snprintf(name, size, "ORIEL_%s", option->name);
  for (char *c = name; *c != '\0'; c++)
    *c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
}

static int find_option(const char *name, size_t length) {
  for (int i = 0; i < OPTIONS; i++)
    if (strlen(table[i].name) == length && strncmp(table[i].name, name, length) == 0)
      return i;
  return -1;
}

/** Adds the comma-separated words of `text`. */
static int add_words(struct oriel_list *list, const char *text, bool (*accepts)(const char *word)) {
  while (*text != '\0') {
    const size_t length = strcspn(text, ",");
    if (length > 0) {
      if (list->count == ORIEL_LIST_MAX)
        return -E2BIG;
      char *word = strndup(text, length);
      if (word == NULL)
        return -ENOMEM;
      list->words[list->count++] = word; /* the list's from here on, also when it is refused */
      if (!accepts(word))
        return -EINVAL;
    }
    text += length + (text[length] == ',' ? 1 : 0);
  }
  return 0;
}

static int parse_control(const char *text, enum oriel_control *control) {
  if (strcmp(text, "ask") == 0)
    *control = ORIEL_CONTROL_ASK;
  else if (strcmp(text, "newest") == 0)
    *control = ORIEL_CONTROL_NEWEST;
  else if (strcmp(text, "fixed") == 0)
    *control = ORIEL_CONTROL_FIXED;
  else
    return -EINVAL;
  return 0;
}

static int parse_network(const char *text, enum oriel_network *network) {
  if (strcmp(text, "user") == 0)
    *network = ORIEL_NETWORK_USER;
  else if (strcmp(text, "none") == 0)
    *network = ORIEL_NETWORK_NONE;
  else
    return -EINVAL;
  return 0;
}

static int store(const struct option *option, const char *text, struct oriel_options *options) {
  void *field = (char *)options + option->offset;
  switch (option->type) {
    case STRING:
      if (text[0] == '\0')
        return -EINVAL;
      *(const char **)field = text;
      return 0;
    case FLAG: return oriel_value_flag(text, field);
    case NUMBER: {
      unsigned value = 0;
      if (oriel_value_unsigned(text, option->min, option->max, &value) < 0)
        return -EINVAL;
      if (field == &options->audio_frame_ms && value != 5 && value != 10 && value != 20)
        return -EINVAL;
      *(unsigned *)field = value;
      return 0;
    }
    case LIST: return add_words(field, text, option->accepts);
    case MEMORY: return oriel_value_memory(text, field);
    case DISPLAY: return oriel_value_size(text, &options->width, &options->height);
    case ACCEL: return oriel_accel_parse(text, field);
    case LEVEL: return oriel_log_level_parse(text, field);
    case NETWORK: return parse_network(text, field);
    case CONTROL: return parse_control(text, field);
  }
  return -EINVAL;
}

/** `shown` is the option as the user wrote it: "--fps" or "ORIEL_FPS". */
static int set(struct parser *parser, int index, const char *shown, const char *text, enum place place) {
  const struct option *option = &table[index];
  const int result = store(option, text, parser->options);
  if (result == 0) {
    parser->place[index] = place;
    return 0;
  }
  if (result == -E2BIG)
    snprintf(parser->why, parser->why_size, "%s is given more than %d times: leave some out", shown, ORIEL_LIST_MAX);
  else if (option->allowed != NULL)
    snprintf(parser->why, parser->why_size, "%s is \"%.100s\": it must be %s", shown, text, option->allowed);
  else if (option->type == NUMBER)
    snprintf(parser->why, parser->why_size, "%s is \"%.100s\": it must be a whole number from %u to %u", shown, text,
             option->min, option->max);
  else if (option->type == FLAG)
    snprintf(parser->why, parser->why_size, "%s is \"%.100s\": it must be 1 or 0", shown, text);
  else
    snprintf(parser->why, parser->why_size, "%s is empty: give it a value or leave it out", shown);
  return -EINVAL;
}

static size_t least(size_t a, size_t b) {
  return a < b ? a : b;
}

/** "; did you mean --fps?", or where the option belongs. */
static void hint_option(enum oriel_command command, const char *name, size_t length, char *hint, size_t size) {
  static const enum oriel_command others[] = {ORIEL_CLI_RUN, ORIEL_CLI_SERVE, ORIEL_CLI_DOCTOR};
  const int index = find_option(name, length);
  struct oriel_nearest nearest;
  for (size_t i = 0; index >= 0 && i < sizeof others / sizeof others[0]; i++)
    if (table[index].commands & others[i]) {
      snprintf(hint, size, "; it is an option of `oriel %s`", oriel_command_name(others[i]));
      return;
    }
  oriel_nearest_init(&nearest, name, length);
  oriel_nearest_consider(&nearest, "help");
  for (int i = 0; i < OPTIONS; i++)
    if (table[i].commands & command)
      oriel_nearest_consider(&nearest, table[i].name);
  oriel_nearest_hint(&nearest, "--", hint, size);
}

static int parse_option(struct parser *parser, int argc, char *const argv[], int *next) {
  const char *argument = argv[*next], *name = argument + 2;
  const size_t length = strcspn(name, "=");
  const enum oriel_command command = parser->options->command;
  const int index = find_option(name, length);
  if (index < 0 || (table[index].commands & command) == 0) {
    char hint[96];
    hint_option(command, name, length, hint, sizeof hint);
    snprintf(parser->why, parser->why_size, "unknown option %.*s: see `oriel %s --help`%s", (int)least(length + 2, 100),
             argument, oriel_command_name(command), hint);
    return -EINVAL;
  }
  char shown[64];
  snprintf(shown, sizeof shown, "--%s", table[index].name);
  const char *value = name[length] == '=' ? name + length + 1 : NULL;
  if (table[index].type == FLAG)
    return set(parser, index, shown, value != NULL ? value : "1", COMMAND_LINE);
  if (value == NULL && *next + 1 < argc)
    value = argv[++*next];
  if (value == NULL) {
    snprintf(parser->why, parser->why_size, "%s needs a value: %s %s", shown, shown, table[index].value);
    return -EINVAL;
  }
  return set(parser, index, shown, value, COMMAND_LINE);
}

static int parse_operand(struct parser *parser, const char *text) {
  struct oriel_options *options = parser->options;
  if (options->command != ORIEL_CLI_DOCTOR && options->operand == NULL) {
    options->operand = text;
    return 0;
  }
  snprintf(parser->why, parser->why_size, "unexpected \"%.100s\": see `oriel %s --help`", text,
           oriel_command_name(options->command));
  return -EINVAL;
}

static int parse_arguments(struct parser *parser, int argc, char *const argv[]) {
  for (int i = 0; i < argc; i++) {
    int result = 0;
    if (strcmp(argv[i], "--") == 0) {
      if (parser->options->command == ORIEL_CLI_RUN) {
        parser->options->extra = argv + i + 1;
        return 0;
      }
      continue;
    }
    if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
      parser->options->help = true;
    else if (strncmp(argv[i], "--", 2) == 0)
      result = parse_option(parser, argc, argv, &i);
    else if (argv[i][0] == '-' && argv[i][1] != '\0') {
      snprintf(parser->why, parser->why_size, "unknown option %.100s: see `oriel %s --help`%s", argv[i],
               oriel_command_name(parser->options->command),
               parser->options->command == ORIEL_CLI_RUN ? "; QEMU's own options go behind --" : "");
      result = -EINVAL;
    } else
      result = parse_operand(parser, argv[i]);
    if (result < 0)
      return result;
  }
  return 0;
}

/** True when a stronger or equal place gave the option that this one would contradict. */
static bool replaced(const struct parser *parser, int index) {
  const char *other = table[index].excludes;
  return other != NULL && parser->place[find_option(other, strlen(other))] == COMMAND_LINE;
}

static int parse_environment(struct parser *parser) {
  for (int i = 0; i < OPTIONS; i++) {
    char name[64];
    environment_name(&table[i], name, sizeof name);
    const char *value = getenv(name);
    if (value == NULL || value[0] == '\0' || (table[i].commands & parser->options->command) == 0 ||
        parser->place[i] != NOWHERE || replaced(parser, i))
      continue;
    const int result = set(parser, i, name, value, ENVIRONMENT);
    if (result < 0)
      return result;
  }
  return 0;
}

/** "8080" and ":8080": a port of this host, for this host. What is no port is left for the server to judge. */
static void complete_listen(struct oriel_options *options) {
  const char *port = options->listen + (options->listen[0] == ':');
  const size_t length = strlen(port);
  if (length == 0 || length > 5 || strspn(port, "0123456789") != length)
    return;
  snprintf(options->listen_text, sizeof options->listen_text, "127.0.0.1:%s", port);
  options->listen = options->listen_text;
}

static int check(const struct oriel_options *options, char *why, size_t why_size) {
  struct oriel_public address;
  if (options->token != NULL && options->token_file != NULL)
    snprintf(why, why_size, "--token and --token-file are both given: leave one out");
  else if (options->view_token != NULL && options->view_token_file != NULL)
    snprintf(why, why_size, "--view-token and --view-token-file are both given: leave one out");
  else if (options->tls_self_signed && options->tls_cert != NULL)
    snprintf(why, why_size, "--tls-self-signed and --tls-cert are both given: leave one out");
  else if ((options->tls_cert != NULL) != (options->tls_key != NULL))
    snprintf(why, why_size, "--tls-cert and --tls-key belong together: %s is missing",
             options->tls_cert == NULL ? "--tls-cert" : "--tls-key");
  else if (options->public_url != NULL && oriel_public_parse(options->public_url, &address) < 0)
    snprintf(why, why_size,
             "--public-url is \"%.100s\": it must be as https://vm.example or https://host:8443/vms/one/",
             options->public_url);
  else if (options->name != NULL && !oriel_qemu_name_valid(options->name))
    snprintf(why, why_size, "--name is \"%.100s\": it must be 1 to 64 of A-Z a-z 0-9 _ . - and not start with a dot",
             options->name);
  else if (options->disk_format != NULL &&
           strspn(options->disk_format, "abcdefghijklmnopqrstuvwxyz0123456789-_") != strlen(options->disk_format))
    snprintf(why, why_size, "--disk-format is \"%.100s\": it must be one that `qemu-img --help` lists",
             options->disk_format);
  else if (options->command == ORIEL_CLI_SERVE && options->operand == NULL)
    snprintf(why, why_size, "what to serve is missing: qemu:QMP-SOCKET or pattern:; see `oriel serve --help`");
  else if (options->command == ORIEL_CLI_RUN && options->operand == NULL &&
           (options->persistent || options->disk_format != NULL))
    snprintf(why, why_size, "%s needs a DISK: the demo guest has none",
             options->persistent ? "--persistent" : "--disk-format");
  else
    return 0;
  return -EINVAL;
}

int oriel_options_parse(enum oriel_command command, int argc, char *const argv[], struct oriel_options *options,
                        char *why, size_t why_size) {
  *options = (struct oriel_options){
    .command = command, .listen = "127.0.0.1:8080", .fps = 60, .audio_frame_ms = 20, .auth_fail_limit = 10,
    .auth_fail_window_s = 60, .shutdown_timeout_s = 60, .log_level = ORIEL_LOG_INFO, .width = 1280, .height = 720,
    .accel = ORIEL_ACCEL_AUTO, .control = ORIEL_CONTROL_ASK,
  };
  struct parser parser = {.options = options, .why = why, .why_size = why_size};
  int result = parse_arguments(&parser, argc, argv);
  if (result == 0 && options->help)
    return 0;
  if (result == 0)
    result = parse_environment(&parser);
  /* A key without its certificate on the command line is dropped with the certificate
   * that --tls-self-signed replaced. */
  if (result == 0 && options->tls_self_signed && options->tls_cert == NULL &&
      parser.place[find_option("tls-key", 7)] == ENVIRONMENT)
    options->tls_key = NULL;
  complete_listen(options);
  if (result == 0)
    result = check(options, why, why_size);
  if (result < 0)
    oriel_options_finish(options);
  return result;
}

void oriel_options_finish(struct oriel_options *options) {
  struct oriel_list *const lists[] = {&options->allow_hosts, &options->allow_origins, &options->trusted_proxies,
                                      &options->audio_listen};
  for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
    for (size_t k = 0; k < lists[i]->count; k++)
      free(lists[i]->words[k]);
    *lists[i] = (struct oriel_list){0};
  }
}

/** Prints `text` from the current column `at` on, broken at spaces before column 100. */
static void print_wrapped(FILE *file, const char *text, int at) {
  int column = at;
  while (*text != '\0') {
    const int length = (int)strcspn(text, " ");
    if (column > at && column + 1 + length > 100) {
      fprintf(file, "\n%*s", at, "");
      column = at;
    } else if (column > at) {
      fputc(' ', file);
      column++;
    }
    fprintf(file, "%.*s", length, text);
    column += length;
    text += length + (text[length] == ' ' ? 1 : 0);
  }
  fputc('\n', file);
}

void oriel_options_help(FILE *file, enum oriel_command command) {
  enum { COLUMN = 32 };
  fputs("Options:\n", file);
  for (int i = 0; i < OPTIONS; i++) {
    if ((table[i].commands & command) == 0)
      continue;
    const int width = fprintf(file, "  --%s%s%s", table[i].name, table[i].value != NULL ? " " : "",
                              table[i].value != NULL ? table[i].value : "");
    fprintf(file, "%*s", COLUMN - width, "");
    print_wrapped(file, table[i].help, COLUMN);
  }
  fprintf(file, "  %-*s%s\n", COLUMN - 2, "--help", "this text");
  fputs("\nEvery option can also be set in the environment: --tls-cert as ORIEL_TLS_CERT, lists separated by commas,\n"
        "flags as 1 or 0. The command line is stronger.\n", file);
}
