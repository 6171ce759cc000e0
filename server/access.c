/* SPDX-License-Identifier: MIT
 *
 * A server's tokens, sessions and lock-outs. Loop thread.
 */
#include "server/access.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"

enum { REFUSALS_RATE = 10 }; /* logged a second */

/** NULL is fine. */
static int check_token(const char *what, const char *token, char *why, size_t why_size) {
  const size_t size = token ? strlen(token) : 1;
  if (size >= 1 && size <= ORIEL_TOKEN_MAX)
    return 0;
  snprintf(why, why_size, "cannot use the %s: it has %zu bytes; give one of 1 to %d", what, size, ORIEL_TOKEN_MAX);
  return -EINVAL;
}

static bool same(const char *one, const char *other) {
  return one && other && strcmp(one, other) == 0;
}

int oriel_access_check(const struct oriel_server_config *config, char *why, size_t why_size) {
  int status = check_token("token", config->token ? config->token : "", why, why_size);
  if (status == 0)
    status = check_token("token for viewing", config->view_token, why, why_size);
  if (status == 0)
    status = check_token("admin token", config->admin_token, why, why_size);
  if (status < 0)
    return status;
  if (same(config->token, config->view_token)) {
    snprintf(why, why_size, "cannot use one token for both: who only watches needs another; change --view-token");
    return -EINVAL;
  }
  if (same(config->admin_token, config->token) || same(config->admin_token, config->view_token)) {
    snprintf(why, why_size, "cannot use one token twice: the admin token must be another one; change --admin-token");
    return -EINVAL;
  }
  return 0;
}

/** NULL is fine: it is then not known. False when memory is short. */
static bool set_token(struct oriel_secret *secret, const char *token) {
  return !token || oriel_secret_set(secret, token, strlen(token));
}

/** 0, -ENOMEM. */
static int init_tokens(struct oriel_access *access, const struct oriel_server_config *config) {
  access->share = config->view_token ? strdup(config->view_token) : NULL;
  return set_token(&access->token, config->token) && set_token(&access->view_token, config->view_token) &&
             set_token(&access->admin_token, config->admin_token) && !access->share == !config->view_token
           ? 0
           : -ENOMEM;
}

int oriel_access_init(struct oriel_access *access, const struct oriel_server_config *config,
                      struct oriel_server_stats *stats) {
  access->stats = stats;
  oriel_bucket_init(&access->refusals, REFUSALS_RATE, oriel_clock_ns());
  int status = init_tokens(access, config);
  if (status == 0)
    status = oriel_sessions_init(&access->sessions);
  if (status == 0)
    status = oriel_lockout_init(&access->lockout, config->auth_fail_limit, config->auth_fail_window_s);
  return status;
}

void oriel_access_finish(struct oriel_access *access) {
  oriel_lockout_finish(&access->lockout);
  oriel_sessions_finish(&access->sessions);
  if (access->share)
    explicit_bzero(access->share, strlen(access->share));
  free(access->share);
  access->share = NULL;
}

bool oriel_access_owns(const struct oriel_access *access, const struct oriel_secret *secret) {
  return oriel_secret_equal(secret, &access->token) || oriel_secret_equal(secret, &access->view_token) ||
         oriel_secret_equal(secret, &access->admin_token);
}

unsigned oriel_access_count_wrong(struct oriel_access *access, const struct oriel_address_key *key,
                                  enum oriel_lockout_kind kind) {
  const uint64_t now_ns = oriel_clock_ns();
  const unsigned wait = oriel_lockout_wait(&access->lockout, key, kind, now_ns);
  if (wait == 0)
    oriel_lockout_fail(&access->lockout, key, kind, now_ns);
  else
    access->stats->auth_limited++;
  return wait;
}
