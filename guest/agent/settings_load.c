/* SPDX-License-Identifier: MIT
 *
 * Settings from files and command line. Main thread.
 */
#include "guest/agent/settings_load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/setting_lines.h"
#include "guest/agent/setting.h"

enum {
  FILE_MAX = 64 * 1024,
  VALUE_MAX = 1024, /* an address as it is printed, each byte of its path as three */
  PLACE_MAX = 128,  /* a file's name and a line */
};

/** What a line says that is none. */
static int refuse_line(const struct oriel_setting_line *line, const char *place, bool has_equals, char *why,
                       size_t why_size) {
  const int shown = (int)(line->key_size < 60 ? line->key_size : 60);
  if (has_equals)
    snprintf(why, why_size, "%s: no setting \"%.*s\": see `oriel-agent --help` for those there are", place, shown,
             line->key);
  else
    snprintf(why, why_size, "%s: \"%.*s\" is no line of the form key = value", place, shown, line->key);
  return -EINVAL;
}

static int set_line(struct agent_settings *settings, const struct oriel_setting_line *line, const char *place,
                    char *why, size_t why_size) {
  const struct setting *setting = agent_setting_find(line->key, line->key_size);
  char text[VALUE_MAX], shown[PLACE_MAX + 32];
  if (!setting)
    return refuse_line(line, place, true, why, why_size);
  snprintf(shown, sizeof shown, "%s: %s", place, setting->key);
  if (oriel_setting_text(line->value, line->value_size, text, sizeof text) == 0)
    return agent_setting_set(settings, setting, shown, text, why, why_size);
  snprintf(why, why_size, "%s: the value is longer than %d bytes or holds a zero byte: shorten it", shown,
           VALUE_MAX - 1);
  return -EINVAL;
}

int agent_settings_parse(struct agent_settings *settings, const char *shown, const char *text, size_t size, char *why,
                         size_t why_size) {
  struct oriel_setting_lines lines = {.text = text, .size = size};
  struct oriel_setting_line line;
  int error = 0;
  for (int more; error == 0 && (more = oriel_setting_lines_next(&lines, &line)) != 0;) {
    char place[PLACE_MAX];
    snprintf(place, sizeof place, "%.100s:%u", shown, lines.number);
    error = more < 0 ? refuse_line(&line, place, false, why, why_size)
                     : set_line(settings, &line, place, why, why_size);
  }
  return error;
}

/** A file that is not there is fine unless it was asked for. */
static int read_file(struct agent_settings *settings, const char *path, bool is_needed, char *why, size_t why_size) {
  FILE *file = fopen(path, "re");
  if (!file && errno == ENOENT && !is_needed)
    return 0;
  char *text = malloc(FILE_MAX + 1);
  int error = !file ? -errno : !text ? -ENOMEM : 0;
  size_t size = 0;
  if (error == 0) {
    errno = 0;
    size = fread(text, 1, FILE_MAX + 1, file);
    error = ferror(file) ? -(errno != 0 ? errno : EIO) : 0;
  }
  if (error < 0)
    snprintf(why, why_size, "cannot read %s: %s: check the path and its permissions", path, strerror(-error));
  else if (size > FILE_MAX) {
    snprintf(why, why_size, "%s is longer than %d bytes: it is no file of settings", path, FILE_MAX);
    error = -EINVAL;
  } else
    error = agent_settings_parse(settings, path, text, size, why, why_size);
  free(text);
  if (file)
    fclose(file);
  return error;
}

bool agent_settings_user_file(char *path, size_t size) {
  const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
  int length = -1;
  if (base && base[0] == '/')
    length = snprintf(path, size, "%s/oriel/agent.conf", base);
  else if (home && home[0] == '/')
    length = snprintf(path, size, "%s/.config/oriel/agent.conf", home);
  return length > 0 && (size_t)length < size;
}

static int read_files(struct agent_settings *settings, const char *config, char *why, size_t why_size) {
  if (config)
    return read_file(settings, config, true, why, why_size);
  int error = read_file(settings, "/etc/oriel/agent.conf", false, why, why_size);
  char path[1024];
  if (error == 0 && agent_settings_user_file(path, sizeof path))
    error = read_file(settings, path, false, why, why_size);
  return error;
}

static const struct {
  const char *name;
  enum agent_action action;
} actions[] = {
  {"--check", AGENT_CHECK}, {"--status", AGENT_STATUS}, {"--help", AGENT_HELP}, {"-h", AGENT_HELP},
  {"--version", AGENT_VERSION},
};

static bool take_action(struct agent_settings *settings, const char *word) {
  for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++)
    if (strcmp(word, actions[i].name) == 0) {
      settings->action = actions[i].action;
      return true;
    }
  return false;
}

/** One argument and maybe its value. That of --config goes to `*config`, any other into `settings`. */
static int take_argument(struct agent_settings *settings, int argc, char *const argv[], int *next,
                         const char **config, char *why, size_t why_size) {
  const char *word = argv[*next];
  if (take_action(settings, word))
    return 0;
  const bool is_option = strncmp(word, "--", 2) == 0;
  const size_t length = is_option ? strcspn(word + 2, "=") : 0;
  const bool is_config = is_option && length == 6 && strncmp(word + 2, "config", 6) == 0;
  const struct setting *setting = is_option && !is_config ? agent_setting_find(word + 2, length) : NULL;
  if (!setting && !is_config) {
    snprintf(why, why_size, "%s \"%.100s\": see `oriel-agent --help`", is_option ? "unknown option" : "unexpected",
             word);
    return -EINVAL;
  }
  const char *value = word[2 + length] == '=' ? word + 2 + length + 1 : NULL;
  if (!value && setting && setting->type == FLAG)
    value = "true";
  if (!value && *next + 1 < argc)
    value = argv[++*next];
  if (!value) {
    snprintf(why, why_size, "--%.*s needs a value: --%.*s %s", (int)length, word + 2, (int)length, word + 2,
             is_config ? "FILE" : setting->value);
    return -EINVAL;
  }
  if (is_config) {
    *config = value;
    return 0;
  }
  char shown[64];
  snprintf(shown, sizeof shown, "--%s", setting->key);
  return agent_setting_set(settings, setting, shown, value, why, why_size);
}

static int take_arguments(struct agent_settings *settings, int argc, char *const argv[], const char **config,
                          char *why, size_t why_size) {
  int error = 0;
  for (int i = 1; i < argc && error == 0; i++)
    error = take_argument(settings, argc, argv, &i, config, why, why_size);
  return error;
}

/** What no single value shows to be wrong. */
static int check(const struct agent_settings *settings, char *why, size_t why_size) {
  if (settings->output.is_on && !settings->output.address.is_pcm &&
      agent_end_frame_us(settings, &settings->output) < 5000) {
    snprintf(why, why_size,
             "output: packets of 2.5 ms need PCM: choose frame 5, 10 or 20, or add ?format=pcm to the address");
    return -EINVAL;
  }
  return 0;
}

int agent_settings_load(struct agent_settings *settings, int argc, char *const argv[], char *why, size_t why_size) {
  const char *config = NULL;
  struct agent_settings scratch; /* a first pass over the arguments finds --config, --help and mistakes */
  agent_settings_default(&scratch);
  int error = take_arguments(&scratch, argc, argv, &config, why, why_size);
  if (error < 0)
    return error;
  agent_settings_default(settings);
  settings->action = scratch.action;
  if (scratch.action == AGENT_HELP || scratch.action == AGENT_VERSION)
    return 0;
  error = read_files(settings, config, why, why_size);
  if (error == 0)
    error = take_arguments(settings, argc, argv, &config, why, why_size);
  if (error == 0)
    error = check(settings, why, why_size);
  return error;
}
