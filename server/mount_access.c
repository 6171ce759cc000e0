/* SPDX-License-Identifier: MIT
 *
 * What opens a desktop, and for how many. Loop thread.
 */
#include "server/mount_access.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"

/** Of one that may be the token or the one for viewing. */
static enum oriel_right right_of(const struct oriel_secret *secret, const struct oriel_secret *token,
                                 const struct oriel_secret *view_token) {
  const bool full = oriel_secret_equal(secret, token), view = oriel_secret_equal(secret, view_token);
  return full ? ORIEL_RIGHT_FULL : view ? ORIEL_RIGHT_VIEW : ORIEL_RIGHT_NONE;
}

enum oriel_right oriel_mount_right(const struct oriel_mounts *mounts, const struct oriel_mount *mount,
                                   const struct oriel_secret *secret, bool *all) {
  enum oriel_right best = right_of(secret, &mounts->access->token, &mounts->access->view_token);
  if (all)
    *all = best != ORIEL_RIGHT_NONE;
  if (best != ORIEL_RIGHT_NONE)
    return best;
  if (mount)
    return right_of(secret, &mount->token, &mount->view_token);
  while ((mount = oriel_mount_next(mounts, mount)) != NULL) {
    const enum oriel_right right = right_of(secret, &mount->token, &mount->view_token);
    best = right > best ? right : best;
  }
  return best;
}

enum oriel_right oriel_mount_session_right(const struct oriel_mounts *mounts, const struct oriel_mount *mount,
                                           uint64_t session) {
  const struct oriel_session *found = oriel_sessions_get(&mounts->access->sessions, session, oriel_clock_ns());
  return found ? oriel_mount_right(mounts, mount, &found->key, NULL) : ORIEL_RIGHT_NONE;
}

unsigned oriel_mount_watchers_max(const struct oriel_mount *mount) {
  return (mount->viewers_max + 1) / 2;
}

/** Makes a token for viewing. False when memory or random numbers are short. */
static bool make_share(struct oriel_mount *mount) {
  char digits[ORIEL_SESSION_ID_SIZE + 1];
  if (oriel_secret_draw(digits) < 0 || !oriel_secret_set(&mount->view_token, digits, ORIEL_SESSION_ID_SIZE))
    return false;
  mount->share = strdup(digits);
  mount->view_token.known = mount->share_made = mount->share != NULL;
  explicit_bzero(digits, sizeof digits);
  return mount->share;
}

const char *oriel_mount_share(struct oriel_mount *mount, bool all) {
  const char *shared = mount->mounts->access->share;
  if (mount->share && !mount->share_made)
    return mount->share;
  if (!shared || (all && mount->alone))
    return shared;
  return mount->share || make_share(mount) ? mount->share : NULL;
}
