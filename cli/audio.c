/* SPDX-License-Identifier: MIT
 *
 * `oriel audio`: from words to one of its commands, and what several of them share. Main thread.
 */
#include "cli/audio.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/nearest.h"
#include "cli/report.h"
#include "cli/value.h"

static const char usage[] =
  "Usage: oriel audio COMMAND [OPTIONS]\n"
  "\n"
  "  status                      devices, clients, levels, drift, delay at every stage, of all that runs here\n"
  "  meter [NAME]                level of a device in shared memory\n"
  "  test [ADDRESS]              hear or send a tone there; measure pitch, delay, jitter, loss\n"
  "  set [KEY=VALUE...]          change the settings of oriel-agent, or of the macOS driver\n"
  "  stage --share DIR           put the macOS driver and its installer into a VM's shared folder\n"
  "\n"
  "`oriel audio COMMAND --help` says more.\n";

static const struct {
  const char *name;
  int (*run)(int argc, char *const argv[]);
} commands[] = {
  {"status", oriel_audio_status_command}, {"meter", oriel_audio_meter_command}, {"test", oriel_audio_test_command},
  {"set", oriel_audio_set_command},       {"stage", oriel_audio_stage_command},
};

int oriel_audio_command(int argc, char *const argv[]) {
  if (argc == 0 || strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0 || strcmp(argv[0], "help") == 0) {
    fputs(usage, argc == 0 ? stderr : stdout);
    return argc == 0 ? ORIEL_EXIT_USAGE : ORIEL_EXIT_OK;
  }
  for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
    if (strcmp(argv[0], commands[i].name) == 0)
      return commands[i].run(argc - 1, argv + 1);
  struct oriel_nearest nearest;
  char hint[64];
  oriel_nearest_init(&nearest, argv[0], strlen(argv[0]));
  for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
    oriel_nearest_consider(&nearest, commands[i].name);
  oriel_nearest_hint(&nearest, "oriel audio ", hint, sizeof hint);
  return oriel_report(ORIEL_EXIT_USAGE, "no command \"audio %.100s\": see `oriel audio --help`%s", argv[0], hint);
}

static const struct oriel_audio_option *find(const struct oriel_audio_words *words, const char *word, size_t length) {
  for (size_t i = 0; i < words->option_count; i++)
    if (strlen(words->options[i].name) == length && strncmp(words->options[i].name, word, length) == 0)
      return &words->options[i];
  return NULL;
}

static int unknown_option(const struct oriel_audio_words *words, const char *word, size_t length) {
  struct oriel_nearest nearest;
  char hint[64];
  oriel_nearest_init(&nearest, word, length);
  oriel_nearest_consider(&nearest, "--help");
  for (size_t i = 0; i < words->option_count; i++)
    oriel_nearest_consider(&nearest, words->options[i].name);
  oriel_nearest_hint(&nearest, "", hint, sizeof hint);
  return oriel_report(ORIEL_EXIT_USAGE, "unknown option %.100s: see --help%s", word, hint);
}

int oriel_audio_parse(struct oriel_audio_words *words, int argc, char *const argv[]) {
  for (int i = 0; i < argc; i++) {
    const char *word = argv[i];
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
      fputs(words->help, stdout);
      return ORIEL_EXIT_OK;
    }
    if (word[0] != '-') {
      if (words->operand_count == words->operands_max)
        return oriel_report(ORIEL_EXIT_USAGE, "unexpected \"%.100s\": see --help", word);
      words->operands[words->operand_count++] = word;
      continue;
    }
    const size_t length = strcspn(word, "=");
    const struct oriel_audio_option *option = find(words, word, length);
    if (option == NULL || (option->flag != NULL && word[length] == '='))
      return unknown_option(words, word, length);
    if (option->flag != NULL)
      *option->flag = true;
    else if (word[length] == '=')
      *option->text = word + length + 1;
    else if (i + 1 < argc)
      *option->text = argv[++i];
    else
      return oriel_report(ORIEL_EXIT_USAGE, "%s needs a value: see --help", option->name);
  }
  return -1;
}

int oriel_audio_number(const char *option, const char *text, unsigned min, unsigned max, unsigned *value) {
  if (text == NULL || oriel_value_unsigned(text, min, max, value) == 0)
    return -1;
  return oriel_report(ORIEL_EXIT_USAGE, "%s is \"%.100s\": it must be a whole number from %u to %u", option, text, min,
                      max);
}

bool oriel_audio_control_path(const char *chosen, char *path, size_t size) {
  const char *runtime = getenv("XDG_RUNTIME_DIR");
  if (chosen != NULL)
    return (size_t)snprintf(path, size, "%s", chosen) < size && path[0] != '\0';
  return runtime != NULL && runtime[0] == '/' && (size_t)snprintf(path, size, "%s/oriel/agent.sock", runtime) < size;
}

int oriel_audio_control_connect(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  const struct timeval limit = {.tv_sec = 5};
  if (strlen(path) >= sizeof address.sun_path)
    return -ENAMETOOLONG;
  memcpy(address.sun_path, path, strlen(path) + 1);
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0)
    return -errno;
  if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) < 0 ||
      setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) < 0 ||
      connect(fd, (const struct sockaddr *)&address, sizeof address) < 0) {
    const int error = -errno;
    close(fd);
    return error;
  }
  return fd;
}
