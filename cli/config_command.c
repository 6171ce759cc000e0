/* SPDX-License-Identifier: MIT
 *
 * `oriel config`: what is wrong with a configuration file, and what it means. Main thread.
 */
#include "cli/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/check.h"
#include "cli/host.h"
#include "cli/nearest.h"
#include "cli/option_table.h"
#include "cli/option_value.h"
#include "cli/report.h"
#include "cli/secret.h"

/** "FILE:LINE: " of a desktop's section, or nothing. */
static void format_place(const struct oriel_options *options, const struct oriel_desktop_options *desktop, char *text,
                         size_t size) {
  text[0] = '\0';
  if (desktop->line > 0)
    snprintf(text, size, "%.200s:%u: ", options->config, desktop->line);
}

/** The server's own. */
struct tokens {
  char full[ORIEL_TOKEN_SIZE], view[ORIEL_TOKEN_SIZE], admin[ORIEL_TOKEN_SIZE];
};

static bool is_servers(const struct tokens *tokens, const char *token) {
  return token[0] != '\0' && (strcmp(token, tokens->full) == 0 || strcmp(token, tokens->view) == 0 ||
                              strcmp(token, tokens->admin) == 0);
}

/** False after it was printed. */
static bool choose_tokens(const struct oriel_options *options, struct tokens *tokens) {
  char why[512], turn[ORIEL_TOKEN_SIZE];
  const int turn_status = oriel_turn_secret_choose(options, turn, why, sizeof why); /* it opens nothing here */
  explicit_bzero(turn, sizeof turn);
  if (turn_status < 0 || oriel_token_choose(options, tokens->full, why, sizeof why) < 0 ||
      oriel_view_token_choose(options, tokens->view, why, sizeof why) < 0 ||
      oriel_admin_token_choose(options, tokens->admin, why, sizeof why) < 0) {
    (void)oriel_report(ORIEL_EXIT_ERROR, "%s", why);
    return false;
  }
  if (strcmp(tokens->full, tokens->view) != 0 && strcmp(tokens->full, tokens->admin) != 0 &&
      strcmp(tokens->view, tokens->admin) != 0)
    return true;
  (void)oriel_report(ORIEL_EXIT_USAGE, "%.200s: token, view-token and admin-token must be different ones",
                     options->config);
  return false;
}

/** Those of a desktop alone beside the server's; false with a sentence in `why`. */
static bool check_own_tokens(const struct oriel_host_plan *plan, const struct tokens *tokens, char *why,
                             size_t why_size) {
  const char *name = plan->options.name;
  if (is_servers(tokens, plan->token) || is_servers(tokens, plan->view_token))
    snprintf(why, why_size, "a token of desktop %s is one of the server's: give it another one", name);
  else if (plan->token[0] != '\0' && strcmp(plan->token, plan->view_token) == 0)
    snprintf(why, why_size, "desktop %s has one token for both: who only watches needs another", name);
  else
    return true;
  return false;
}

/** What only this host can judge: address, encoder, files with tokens, each of which is read once. Its plan; NULL after
 *  what is wrong was printed. */
static struct oriel_host_plan *check_desktop(const struct oriel_options *options,
                                             const struct oriel_desktop_options *desktop,
                                             const struct tokens *tokens) {
  struct oriel_host_plan *plan = NULL;
  char place[256], why[640];
  format_place(options, desktop, place, sizeof place);
  bool good = oriel_check_desktop(desktop, why, sizeof why) == 0;
  if (!good)
    (void)oriel_report(ORIEL_EXIT_USAGE, "%s%s", place, why);
  if (oriel_host_plan_create(desktop, &plan, why, sizeof why) < 0 ||
      !check_own_tokens(plan, tokens, why, sizeof why)) {
    (void)oriel_report(ORIEL_EXIT_ERROR, "%s%s", place, why);
    good = false;
  }
  if (good)
    return plan;
  oriel_host_plan_destroy(plan);
  return NULL;
}

/** What can be judged of all of them together only; false after it was printed. */
static bool check_together(const struct oriel_options *options, struct oriel_host_plan *const *plans) {
  char why[512];
  for (unsigned i = 0; i < options->desktop_count; i++)
    for (unsigned other = 0; other < i; other++)
      if (oriel_host_plans_check(plans[other], plans[i], why, sizeof why) < 0) {
        (void)oriel_report(ORIEL_EXIT_USAGE, "%.200s: %s", options->config, why);
        return false;
      }
  return true;
}

static int check_desktops(const struct oriel_options *options, const struct tokens *tokens) {
  struct oriel_host_plan **plans = calloc(options->desktop_count, sizeof(struct oriel_host_plan *));
  if (plans == NULL)
    return oriel_report(ORIEL_EXIT_ERROR, "out of memory");
  bool good = true;
  for (unsigned i = 0; i < options->desktop_count; i++) {
    plans[i] = check_desktop(options, &options->desktops[i], tokens);
    good = good && plans[i] != NULL;
  }
  good = good && check_together(options, plans);
  oriel_host_plans_destroy(plans, options->desktop_count);
  return good ? ORIEL_EXIT_OK : ORIEL_EXIT_USAGE;
}

static int check_all(const struct oriel_options *options) {
  struct tokens tokens = {.full = ""};
  const int chosen = choose_tokens(options, &tokens) ? ORIEL_EXIT_OK : ORIEL_EXIT_ERROR;
  int status = check_desktops(options, &tokens);
  if (status == ORIEL_EXIT_OK)
    status = chosen;
  explicit_bzero(&tokens, sizeof tokens);
  return status == ORIEL_EXIT_OK ? oriel_check_exposure(options) : status;
}

static int check(const struct oriel_options *options) {
  if (options->config == NULL)
    return oriel_report(ORIEL_EXIT_USAGE, "which file to check is missing: `oriel config check FILE`, or ORIEL_CONFIG");
  if (options->desktop_count == 0)
    return oriel_report(ORIEL_EXIT_USAGE, "%.200s has no desktop: add a section [desktop NAME] with address = "
                        "qemu:QMP-SOCKET", options->config);
  const int status = check_all(options);
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
    return oriel_report(ORIEL_EXIT_USAGE, "what to do is missing: `oriel config check` or `oriel config print`");
  oriel_nearest_init(&nearest, word, strlen(word));
  oriel_nearest_consider(&nearest, "check");
  oriel_nearest_consider(&nearest, "print");
  oriel_nearest_hint(&nearest, "oriel config ", hint, sizeof hint);
  return oriel_report(ORIEL_EXIT_USAGE, "no command \"config %.100s\": see `oriel config --help`%s", word, hint);
}
