/* SPDX-License-Identifier: MIT
 *
 * `oriel audio status`: asks whoever runs here (agent, macOS driver, devices in shared memory, an oriel that serves)
 * and prints it in one form. Main thread.
 */
#include "cli/audio.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audio/oriel-audio.h"
#include "cli/audio_driver.h"
#include "cli/audio_http.h"
#include "cli/report.h"
#include "core/utf8.h"

static const char help[] =
  "Usage: oriel audio status [OPTIONS]\n"
  "\n"
  "What the sound devices of this system do: of oriel-agent (Linux guests) or OrielAudio.driver (macOS), devices in\n"
  "shared memory, and, with a token, of an oriel that serves.\n"
  "\n"
  "  --control PATH       the agent's socket (default $XDG_RUNTIME_DIR/oriel/agent.sock)\n"
  "  --server URL         ask this oriel, too (default http://127.0.0.1:8080 when a token is given)\n"
  "  --token-file FILE    holds its token (or ORIEL_TOKEN)\n"
  "  --json               print JSON\n"
  "\n"
  "Exit status: 0 something answered, 1 nothing did or an answer was bad, 2 wrong usage.\n";

enum { ANSWER_MAX = 256 * 1024, COLUMN_MAX = 118 };

/* ---- who can be asked ---- */

static json_t *ask_agent(const char *path, char *why, size_t why_size) {
  char *text = malloc(ANSWER_MAX);
  const int fd = oriel_audio_control_connect(path);
  size_t have = 0;
  ssize_t size = 0;
  json_t *root = NULL;
  if (text == NULL || fd < 0)
    snprintf(why, why_size, "no agent answers at %s: %s", path, fd < 0 ? strerror(-fd) : "memory is short");
  else {
    while (have < ANSWER_MAX && (size = read(fd, text + have, ANSWER_MAX - have)) > 0)
      have += (size_t)size;
    root = size == 0 ? json_loadb(text, have, 0, NULL) : NULL;
    if (root == NULL)
      snprintf(why, why_size, "what answers at %s is no oriel-agent", path);
  }
  if (fd >= 0)
    close(fd);
  free(text);
  return root;
}

static json_t *ask_driver(char *why, size_t why_size) {
  char *text = malloc(ANSWER_MAX);
  json_t *root = NULL;
  if (text != NULL && oriel_audio_driver_status(text, ANSWER_MAX, why, why_size) == 0) {
    root = json_loads(text, 0, NULL);
    if (root == NULL)
      snprintf(why, why_size, "the driver's state is no JSON: driver and oriel are of different versions");
  }
  free(text);
  return root;
}

size_t oriel_audio_names(char names[ORIEL_AUDIO_NAMES_MAX][ORIEL_AUDIO_NAME_SIZE]) {
  size_t count = 0;
  DIR *directory = opendir("/dev/shm");
  struct oriel_audio_reader *reader = NULL;
  if (directory == NULL) { /* macOS lists no names: only the driver's usual one can be tried */
    if (oriel_audio_reader_open("oriel-audio", 0, &reader) == 0)
      snprintf(names[count++], ORIEL_AUDIO_NAME_SIZE, "oriel-audio");
    oriel_audio_reader_close(reader);
    return count;
  }
  for (struct dirent *entry; count < ORIEL_AUDIO_NAMES_MAX && (entry = readdir(directory)) != NULL;) {
    if (entry->d_name[0] == '.' || strlen(entry->d_name) > 29)
      continue;
    reader = NULL;
    if (oriel_audio_reader_open(entry->d_name, 0, &reader) == 0)
      snprintf(names[count++], ORIEL_AUDIO_NAME_SIZE, "%.29s", entry->d_name);
    oriel_audio_reader_close(reader);
  }
  closedir(directory);
  return count;
}

static json_t *one_memory(const char *name) {
  static const char *const states[] = {[ORIEL_AUDIO_GONE] = "gone",
                                       [ORIEL_AUDIO_STALLED] = "stalled",
                                       [ORIEL_AUDIO_IDLE] = "idle",
                                       [ORIEL_AUDIO_RUNNING] = "running"};
  struct oriel_audio_reader *reader = NULL;
  struct oriel_audio_info info;
  json_t *object = NULL;
  if (oriel_audio_reader_open(name, 0, &reader) < 0)
    return NULL;
  if (oriel_audio_reader_info(reader, &info) == 0)
    object = json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:f}", "name", name, "state", states[info.state],
                       "rate", (json_int_t)info.rate, "channels", (json_int_t)info.channels, "ring_frames",
                       (json_int_t)info.ring_frames, "period", (json_int_t)info.period, "delay_frames",
                       (json_int_t)info.delay, "frames", (json_int_t)info.position, "delay_ms",
                       round((info.delay + info.period) * 1e4 / info.rate) / 10);
  oriel_audio_reader_close(reader);
  return object;
}

static json_t *ask_memory(void) {
  char names[ORIEL_AUDIO_NAMES_MAX][ORIEL_AUDIO_NAME_SIZE];
  const size_t count = oriel_audio_names(names);
  json_t *array = json_array();
  for (size_t i = 0; i < count; i++)
    json_array_append_new(array, one_memory(names[i]));
  return array;
}

static bool is_about_sound(const char *key) {
  return strstr(key, "audio") != NULL || strstr(key, "sound") != NULL || strstr(key, "microphone") != NULL;
}

/** What /api/v1/stats says of sound. */
static json_t *ask_server(const char *url, const char *token, char *why, size_t why_size) {
  char *text = malloc(ANSWER_MAX);
  json_t *root = NULL;
  if (text != NULL && oriel_audio_http_get(url, "/api/v1/stats", token, text, ANSWER_MAX, why, why_size) == 0) {
    root = json_loads(text, 0, NULL);
    if (!json_is_object(root)) {
      snprintf(why, why_size, "what answers at %s is no oriel: give its URL with --server", url);
      json_decref(root);
      root = NULL;
    }
  }
  free(text);
  const char *key = NULL;
  json_t *value = NULL, *kept = root != NULL ? json_object() : NULL;
  json_object_foreach(root, key, value)
    if (is_about_sound(key) || strcmp(key, "state") == 0)
      json_object_set(kept, key, value);
  const json_t *stages = json_object_get(root, "stages");
  json_object_foreach((json_t *)stages, key, value)
    if (is_about_sound(key))
      json_object_set(kept, key, value);
  json_decref(root);
  return kept;
}

/* ---- as text ---- */

/** What others wrote must not steer the terminal. */
static void print_text(const char *text) {
  char *clean = strdup(text);
  if (clean != NULL) {
    oriel_utf8_sanitize(clean);
    fputs(clean, stdout);
  }
  free(clean);
}

static void print_scalar(const json_t *value) {
  if (json_is_string(value))
    print_text(json_string_value(value));
  else if (json_is_integer(value))
    printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
  else if (json_is_real(value))
    printf("%.6g", json_real_value(value));
  else
    fputs(json_is_true(value) ? "yes" : json_is_false(value) ? "no" : "none", stdout);
}

static size_t scalar_width(const char *key, const json_t *value) {
  return strlen(key) + 3 + (json_is_string(value) ? strlen(json_string_value(value)) : 8);
}

static void print_value(const char *name, const json_t *value, int indent);

static void print_object(const json_t *object, int indent) {
  const char *key = NULL;
  json_t *value = NULL;
  size_t column = 0;
  json_object_foreach((json_t *)object, key, value) {
    if (json_is_object(value) || json_is_array(value))
      continue;
    if (column > 0 && column + scalar_width(key, value) > COLUMN_MAX) {
      putchar('\n');
      column = 0;
    }
    printf(column == 0 ? "%*s" : "%*s, ", column == 0 ? indent : 0, "");
    print_text(key);
    putchar(' ');
    print_scalar(value);
    column += (column == 0 ? (size_t)indent : 0) + scalar_width(key, value);
  }
  if (column > 0)
    putchar('\n');
  json_object_foreach((json_t *)object, key, value)
    if (json_is_object(value) || json_is_array(value))
      print_value(key, value, indent);
}

static void print_value(const char *name, const json_t *value, int indent) {
  size_t i = 0;
  json_t *one = NULL;
  if (json_is_array(value) && json_array_size(value) == 0)
    return;
  printf("%*s", indent, "");
  print_text(name);
  putchar(':');
  if (json_is_object(value)) {
    putchar('\n');
    print_object(value, indent + 2);
  } else if (json_is_object(json_array_get(value, 0))) {
    putchar('\n');
    json_array_foreach((json_t *)value, i, one)
      print_object(one, indent + 2);
  } else {
    json_array_foreach((json_t *)value, i, one) {
      putchar(' ');
      print_scalar(one);
    }
    putchar('\n');
  }
}

/* ---- the command ---- */

struct asked {
  const char *control, *server, *token_file;
  bool json;
};

/** The token into `token`; false when there is none. */
static bool find_token(const struct asked *asked, char *token, size_t size, int *status) {
  const char *given = getenv("ORIEL_TOKEN");
  *status = -1;
  token[0] = '\0';
  if (asked->token_file != NULL) {
    FILE *file = fopen(asked->token_file, "re");
    if (file == NULL || fgets(token, (int)size, file) == NULL)
      *status = oriel_report(ORIEL_EXIT_ERROR, "cannot read a token from %s: %s: check --token-file", asked->token_file,
                             file == NULL ? strerror(errno) : "it is empty");
    if (file != NULL)
      fclose(file);
    token[strcspn(token, "\r\n")] = '\0';
  } else if (given != NULL)
    snprintf(token, size, "%s", given);
  return token[0] != '\0';
}

static void add(json_t *root, json_t *reasons, const char *name, json_t *value, const char *why) {
  if (value != NULL)
    json_object_set_new(root, name, value);
  else if (why[0] != '\0')
    json_object_set_new(reasons, name, json_string(why));
}

static int print(const struct asked *asked, json_t *root, json_t *reasons) {
  const char *key = NULL;
  json_t *value = NULL;
  const bool found = json_object_size(root) > 1 || json_array_size(json_object_get(root, "memory")) > 0;
  if (asked->json) {
    json_object_set(root, "silent", reasons);
    json_dumpf(root, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(6));
    putchar('\n');
  } else {
    json_object_foreach(root, key, value)
      print_value(key, value, 0);
    fflush(stdout);
  }
  /* Who was asked for by name must answer. */
  const char *server = asked->server != NULL ? json_string_value(json_object_get(reasons, "server")) : NULL;
  const char *agent = asked->control != NULL ? json_string_value(json_object_get(reasons, "agent")) : NULL;
  if (server != NULL || agent != NULL)
    return oriel_report(ORIEL_EXIT_ERROR, "%s", server != NULL ? server : agent);
  if (found)
    return ORIEL_EXIT_OK;
  return oriel_report(
      ORIEL_EXIT_ERROR,
      "no sound device answers: %s; start oriel-agent (systemctl --user start oriel-agent), install the driver, or "
      "name a server with --server",
      json_string_value(json_object_get(reasons, "agent")));
}

int oriel_audio_status_command(int argc, char *const argv[]) {
  struct asked asked = {0};
  const struct oriel_audio_option options[] = {
      {"--control", &asked.control, NULL},
      {"--server", &asked.server, NULL},
      {"--token-file", &asked.token_file, NULL},
      {"--json", NULL, &asked.json},
  };
  struct oriel_audio_words words = {
      .options = options, .option_count = sizeof options / sizeof options[0], .help = help};
  int status = oriel_audio_parse(&words, argc, argv);
  char token[256], path[108], why[1024] = "no XDG_RUNTIME_DIR to find the agent's socket in";
  bool has_token = false;
  if (status < 0)
    has_token = find_token(&asked, token, sizeof token, &status);
  if (status >= 0)
    return status;
  if (asked.server != NULL && !has_token)
    return oriel_report(ORIEL_EXIT_USAGE, "--server needs its token: give --token-file FILE or ORIEL_TOKEN");
  json_t *root = json_object(), *reasons = json_object();
  json_t *agent = oriel_audio_control_path(asked.control, path, sizeof path) ? ask_agent(path, why, sizeof why) : NULL;
  add(root, reasons, "agent", agent, why);
  why[0] = '\0';
  add(root, reasons, "driver", ask_driver(why, sizeof why), why);
  json_object_set_new(root, "memory", ask_memory());
  why[0] = '\0';
  if (has_token)
    add(root, reasons, "server",
        ask_server(asked.server != NULL ? asked.server : "http://127.0.0.1:8080", token, why, sizeof why), why);
  status = print(&asked, root, reasons);
  json_decref(root);
  json_decref(reasons);
  return status;
}
