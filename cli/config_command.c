/* SPDX-License-Identifier: MIT
 *
 * `oriel config`: what is wrong with a configuration file, and what it means. Main thread.
 */
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

#include "cli/check.h"
#include "cli/nearest.h"
#include "cli/option_table.h"
#include "cli/option_value.h"
#include "cli/say.h"
#include "cli/secret.h"

/** "FILE:LINE: " of a desktop's section, or nothing. */
static void format_place(const struct oriel_options *options, const struct oriel_desktop_options *desktop, char *text,
                         size_t size) {
  text[0] = '\0';
  if (desktop->line > 0)
    snprintf(text, size, "%.200s:%u: ", options->config, desktop->line);
}

/** What only this host can judge: address, encoder, files with tokens. False after it was printed. */
static bool check_desktop(const struct oriel_options *options, const struct oriel_desktop_options *desktop) {
  char token[ORIEL_TOKEN_SIZE], view_token[ORIEL_TOKEN_SIZE], place[256], why[640];
  format_place(options, desktop, place, sizeof place);
  bool good = oriel_check_desktop(desktop, why, sizeof why) == 0;
  if (!good)
    (void)oriel_say(ORIEL_EXIT_USAGE, "%s%s", place, why);
  if (oriel_desktop_tokens(desktop, token, view_token, why, sizeof why) < 0) {
    (void)oriel_say(ORIEL_EXIT_ERROR, "%s%s", place, why);
    good = false;
  }
  explicit_bzero(token, sizeof token);
  explicit_bzero(view_token, sizeof view_token);
  return good;
}

static int check(const struct oriel_options *options) {
  char token[ORIEL_TOKEN_SIZE], why[512];
  int status = ORIEL_EXIT_OK;
  if (options->config == NULL)
    return oriel_say(ORIEL_EXIT_USAGE, "which file to check is missing: `oriel config check FILE`, or ORIEL_CONFIG");
  if (options->desktop_count == 0)
    return oriel_say(ORIEL_EXIT_USAGE, "%.200s has no desktop: add a section [desktop NAME] with address = "
                     "qemu:QMP-SOCKET", options->config);
  if (oriel_token_choose(options, token, why, sizeof why) < 0 ||
      oriel_view_token_choose(options, token, why, sizeof why) < 0)
    status = oriel_say(ORIEL_EXIT_ERROR, "%s", why);
  explicit_bzero(token, sizeof token);
  for (unsigned i = 0; i < options->desktop_count; i++)
    if (!check_desktop(options, &options->desktops[i]))
      status = ORIEL_EXIT_USAGE;
  if (status == ORIEL_EXIT_OK)
    status = oriel_check_exposure(options);
  if (status == ORIEL_EXIT_OK)
    printf("%u desktop%s, ok\n", options->desktop_count, options->desktop_count == 1 ? "" : "s");
  return status;
}

static void print_scope(enum oriel_option_scope scope, const void *base) {
  for (int i = 0; i < oriel_option_count; i++)
    if (oriel_option_table[i].scope == scope && strcmp(oriel_option_table[i].name, "config") != 0 &&
        (oriel_option_table[i].commands == 0 || (oriel_option_table[i].commands & ORIEL_CLI_SERVE) != 0))
      oriel_option_print(&oriel_option_table[i], base, stdout);
}

static int print(const struct oriel_options *options) {
  fputs("[server]\n", stdout);
  print_scope(ORIEL_SCOPE_PROCESS, options);
  for (unsigned i = 0; i < options->desktop_count; i++) {
    printf("\n[desktop %s]\naddress = %s\n", options->desktops[i].name, options->desktops[i].address);
    print_scope(ORIEL_SCOPE_DESKTOP, &options->desktops[i]);
  }
  return ORIEL_EXIT_OK;
}

int oriel_config_command(const struct oriel_options *options) {
  const char *word = options->operand;
  struct oriel_nearest nearest;
  char hint[64];
  if (word != NULL && strcmp(word, "check") == 0)
    return check(options);
  if (word != NULL && strcmp(word, "print") == 0)
    return print(options);
  if (word == NULL)
    return oriel_say(ORIEL_EXIT_USAGE, "what to do is missing: `oriel config check` or `oriel config print`");
  oriel_nearest_init(&nearest, word, strlen(word));
  oriel_nearest_consider(&nearest, "check");
  oriel_nearest_consider(&nearest, "print");
  oriel_nearest_hint(&nearest, "oriel config ", hint, sizeof hint);
  return oriel_say(ORIEL_EXIT_USAGE, "no command \"config %.100s\": see `oriel config --help`%s", word, hint);
}
