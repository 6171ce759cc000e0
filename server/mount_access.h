/* SPDX-License-Identifier: MIT
 *
 * What opens a desktop, and for how many. Thread-safety: the loop thread only.
 */
#ifndef ORIEL_SERVER_MOUNT_ACCESS_H
#define ORIEL_SERVER_MOUNT_ACCESS_H

#include "server/mounts.h"

/** What a token is good for at this desktop; of the server where `mount` is NULL: then the best that it is good for at
 *  any. *all (NULL is fine): it is one of the server's, which open every desktop. */
enum oriel_right oriel_mount_right(const struct oriel_mounts *mounts, const struct oriel_mount *mount,
                                   const struct oriel_secret *secret, bool *all);
/** The same of a browser session, by its serial; NONE once it has ended. */
enum oriel_right oriel_mount_session_right(const struct oriel_mounts *mounts, const struct oriel_mount *mount,
                                           uint64_t session);
/** Viewers whose tokens only let watch may have half of the places, one at least. */
unsigned oriel_mount_watchers_max(const struct oriel_mount *mount);
/** A token that only lets watch this desktop, for who may control it, and, with `all`, every other. Its own; of one that
 *  is alone the server's; else one that is made now and lasts as long as the mount: it opens none that is added later.
 *  NULL: the server has none, or memory or random numbers are short. */
const char *oriel_mount_share(struct oriel_mount *mount, bool all);

#endif
