/* SPDX-License-Identifier: MIT
 *
 * What opens a server: its tokens, the browser sessions that began with one, and what is remembered of wrong ones. What
 * opens a single desktop beside them is in server/mount_access.h. Thread-safety: the loop thread only.
 */
#ifndef ORIEL_SERVER_ACCESS_H
#define ORIEL_SERVER_ACCESS_H

#include "server/bucket.h"
#include "server/config.h"
#include "server/lockout.h"
#include "server/session.h"
#include "server/stats.h"

struct oriel_access {
  struct oriel_secret token, view_token, admin_token;
  char *share; /* the token for viewing as it is, for a link; NULL = there is none */
  struct oriel_sessions sessions;
  struct oriel_lockout lockout;
  struct oriel_bucket refusals; /* audit lines about what a role may not do, a second */
  struct oriel_server_stats *stats; /* borrowed; wrong credentials are counted there */
};

/** Whether these tokens can be used together. 0; -EINVAL with a sentence in `why`. */
int oriel_access_check(const struct oriel_server_config *config, char *why, size_t why_size);
/** 0, -ENOMEM; finish is due in any case. */
int oriel_access_init(struct oriel_access *access, const struct oriel_server_config *config,
                      struct oriel_server_stats *stats);
/** Wipes what is secret; of a zeroed one, too. */
void oriel_access_finish(struct oriel_access *access);

/** Whether one of the server's own tokens has this secret. */
bool oriel_access_owns(const struct oriel_access *access, const struct oriel_secret *secret);
/** Counts a wrong credential, unless there were too many: what was right never comes here. Seconds until it would be
 *  counted, 0 when it was. */
unsigned oriel_access_count_wrong(struct oriel_access *access, const struct oriel_address_key *key,
                                  enum oriel_lockout_kind kind);

#endif
