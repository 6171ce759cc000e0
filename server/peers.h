/* SPDX-License-Identifier: MIT
 *
 * Viewers' connections taken together: those of one desktop, and all of them. Safe while peers end. Thread-safety: the
 * loop thread only.
 */
#ifndef ORIEL_SERVER_PEERS_H
#define ORIEL_SERVER_PEERS_H

#include "server/mounts.h"

/** Sends what waits for the viewers of one desktop; one whose socket is full goes on by itself. */
void oriel_peers_flush(struct oriel_mount *mount);
/** As oriel_peer_bye: of one desktop, or of all. */
void oriel_peers_bye(struct oriel_mount *mount, enum oriel_viewer_reason reason, const char *text, uint64_t limit_ns);
void oriel_peers_bye_all(struct oriel_mounts *mounts, enum oriel_viewer_reason reason, const char *text,
                         uint64_t limit_ns);
/** Time limits and pings. */
void oriel_peers_tick(struct oriel_mounts *mounts, uint64_t now_ns);
/** Closes the viewers of one browser session, which logged out, whatever their desktops. */
void oriel_peers_logout(struct oriel_mounts *mounts, uint64_t session);

#endif
