/* SPDX-License-Identifier: MIT
 *
 * Viewers' connections counted: how many there are, of which kind, who has the controls, and who makes room for
 * another. Nothing here changes any. Thread-safety: the loop thread only.
 */
#ifndef ORIEL_SERVER_PEER_CROWD_H
#define ORIEL_SERVER_PEER_CROWD_H

#include <stdbool.h>
#include <stdint.h>

struct oriel_media;
struct oriel_mount;
struct oriel_mounts;
struct oriel_peer;

/** The next one of all desktops; NULL for the first, NULL at the end. Borrowed. */
struct oriel_peer *oriel_peers_next(const struct oriel_mounts *mounts, const struct oriel_peer *peer);
/** The one that waits longest to say who it is, where `peer`, which is not in a list yet, is one too many; else
 *  NULL. */
struct oriel_peer *oriel_peers_excess(const struct oriel_peer *peer);
/** True when a viewer of this browser session has the controls of this desktop. */
bool oriel_peers_control(const struct oriel_mount *mount, uint64_t session);
/** The pictures of the viewer with this ticket (media.h), whose connection is of this browser session (0: of none);
 *  NULL. Borrowed until the viewer leaves. */
struct oriel_media *oriel_peers_media(const struct oriel_mount *mount, const char *ticket, uint64_t session);
/** What the viewer with the controls is called; NULL = nobody has them. Borrowed until it is renamed or leaves. */
const char *oriel_peers_controller(const struct oriel_mount *mount);
/** Whether one more connection would be too many: of those who watch, of the desktop's viewers, or of all. */
bool oriel_peers_crowded(const struct oriel_mount *mount, bool watcher);
/** Whether a viewer, which is in already, finds its places taken: those of the desktop, or of who only watches. */
bool oriel_peers_full(const struct oriel_mount *mount, bool watcher);

#endif
