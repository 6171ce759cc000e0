/* SPDX-License-Identifier: MIT
 *
 * oriel: from the command line to a command.
 */
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "cli/abort.h"
#include "cli/audio.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/nearest.h"
#include "cli/options_parse.h"
#include "cli/report.h"
#include "core/log.h"
#include "core/shortage.h"
#include "core/streams.h"
#include "cli/version.h"

enum { FILES_MIN = 64 }; /* a start takes some 30, a page with its viewer 10 */

static const struct {
  const char *name;
  enum oriel_command command;
  int (*run)(const struct oriel_options *options);
} commands[] = {
  {"run", ORIEL_CLI_RUN, oriel_run_command},
  {"serve", ORIEL_CLI_SERVE, oriel_serve_command},
  {"config", ORIEL_CLI_CONFIG, oriel_config_command},
  {"doctor", ORIEL_CLI_DOCTOR, oriel_doctor_command},
};

static int find_command(const char *name) {
  for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
    if (strcmp(commands[i].name, name) == 0)
      return (int)i;
  return -1;
}

/** A viewer is one descriptor; the usual soft limit of 1024 is meant for programs that use select(). Below the least
 *  what fails would be named after whatever came last. */
static int raise_file_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
    return ORIEL_EXIT_OK;
  if (limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  if (limit.rlim_max >= FILES_MIN)
    return ORIEL_EXIT_OK;
  return oriel_report(ORIEL_EXIT_ERROR, "cannot start: no more than %u files may be open, %d are needed; %s",
                      (unsigned)limit.rlim_max, FILES_MIN, oriel_shortage_advice(EMFILE));
}

static bool has_digest(const char *name) {
  EVP_MD *digest = EVP_MD_fetch(NULL, name, NULL);
  EVP_MD_free(digest);
  return digest != NULL;
}

/** OpenSSL makes what it needs at its first use, and what it gets no memory for then it lacks to the end: secrets are
 *  hashed by SHA-256, WebSocket's handshake by SHA-1. */
static int prepare_crypto(void) {
  if (OSSL_LIB_CTX_get0_global_default() != NULL && has_digest("SHA256") && has_digest("SHA1"))
    return ORIEL_EXIT_OK;
  return oriel_report(ORIEL_EXIT_ERROR, "cannot start: OpenSSL gets no memory; %s", oriel_shortage_advice(ENOMEM));
}

/** `oriel config` shows every mistake in a file, the others begin with the first. */
static int read_options(enum oriel_command command, int argc, char *argv[], struct oriel_options *options) {
  char why[512] = "";
  const int result = command == ORIEL_CLI_CONFIG
                         ? oriel_options_check(command, argc, argv, options, stderr, why, sizeof why)
                         : oriel_options_parse(command, argc, argv, options, why, sizeof why);
  const int status = result == 0 ? ORIEL_EXIT_OK : result == -EINVAL ? ORIEL_EXIT_USAGE : ORIEL_EXIT_ERROR;
  return result < 0 && why[0] != '\0' ? oriel_report(status, "%s", why) : status;
}

static int run_command(int index, int argc, char *argv[]) {
  struct oriel_options options;
  int status = read_options(commands[index].command, argc, argv, &options);
  if (status != ORIEL_EXIT_OK)
    return status;
  if (options.help) {
    oriel_command_help(stdout, commands[index].command);
    oriel_options_finish(&options);
    return ORIEL_EXIT_OK;
  }
  oriel_log_configure(options.log_level, options.log_json);
  signal(SIGPIPE, SIG_IGN);
  oriel_abort_catch();
  status = raise_file_limit();
  if (status == ORIEL_EXIT_OK)
    status = prepare_crypto();
  if (status == ORIEL_EXIT_OK)
    status = commands[index].run(&options);
  oriel_options_finish(&options);
  return status;
}

/** The sound devices' commands have words and options of their own. */
static int run_audio(int argc, char *argv[]) {
  oriel_log_configure(ORIEL_LOG_WARN, false);
  signal(SIGPIPE, SIG_IGN);
  return oriel_audio_command(argc, argv);
}

static int no_command(const char *word) {
  static const char *const others[] = {"audio", "help", "version"};
  struct oriel_nearest nearest;
  char hint[64];
  oriel_nearest_init(&nearest, word, strlen(word));
  for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
    oriel_nearest_consider(&nearest, commands[i].name);
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
    oriel_nearest_consider(&nearest, others[i]);
  oriel_nearest_hint(&nearest, "oriel ", hint, sizeof hint);
  return oriel_report(ORIEL_EXIT_USAGE, "no command \"%.100s\": see `oriel help`%s", word, hint);
}

static int help(int argc, char *argv[]) {
  if (argc > 0 && strcmp(argv[0], "audio") == 0)
    return run_audio(1, (char *[]){(char *)"--help", NULL});
  const int index = argc > 0 ? find_command(argv[0]) : -1;
  if (argc == 0)
    oriel_help(stdout);
  else if (index >= 0)
    oriel_command_help(stdout, commands[index].command);
  else
    return no_command(argv[0]);
  return ORIEL_EXIT_OK;
}

int main(int argc, char *argv[]) {
  if (oriel_streams_open() < 0)
    return ORIEL_EXIT_ERROR; /* with nowhere to say so */
  if (argc < 2) {
    oriel_help(stderr);
    return ORIEL_EXIT_USAGE;
  }
  const char *word = argv[1];
  const int index = find_command(word);
  if (index >= 0)
    return run_command(index, argc - 2, argv + 2);
  if (strcmp(word, "audio") == 0)
    return run_audio(argc - 2, argv + 2);
  if (strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
    return help(argc - 2, argv + 2);
  if (strcmp(word, "version") == 0 || strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0 ||
      strcmp(word, "-v") == 0) {
    printf("oriel %s\n", ORIEL_VERSION);
    return ORIEL_EXIT_OK;
  }
  return no_command(word);
}
