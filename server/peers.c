/* SPDX-License-Identifier: MIT
 *
 * What is done with many viewers' connections. Loop thread.
 */
#include "server/peers.h"

#include "server/peer.h"
#include "server/peer_crowd.h"
#include "server/peer_state.h"

/* A peer only ever removes itself, so the next one taken before the call is still there after it; and it holds its
 * mount until its handle is closed, which happens in another part of the loop's turn. */

void oriel_peers_flush(struct oriel_mount *mount) {
  for (struct oriel_peer *peer = mount->peers, *next; peer; peer = next) {
    next = peer->next;
    /* One whose socket is full goes on by itself when it empties. */
    if (peer->phase == PEER_LIVE && oriel_outbox_idle(&peer->outbox) && oriel_viewer_pending(peer->viewer))
      oriel_peer_flush(peer);
  }
}

void oriel_peers_tick(struct oriel_mounts *mounts, uint64_t now_ns) {
  for (struct oriel_mount *mount = mounts->first; mount; mount = mount->next) {
    if (mount->desktop && (mount->peers || mount->whep_count))
      oriel_desktop_look(mount->desktop, now_ns);
  }
  for (struct oriel_peer *peer = oriel_peers_next(mounts, NULL), *next; peer; peer = next) {
    next = oriel_peers_next(mounts, peer);
    oriel_peer_tick(peer, now_ns);
  }
}

void oriel_peers_bye(struct oriel_mount *mount, enum oriel_viewer_reason reason, const char *text, uint64_t limit_ns) {
  for (struct oriel_peer *peer = mount->peers, *next; peer; peer = next) {
    next = peer->next;
    oriel_peer_bye(peer, reason, text, limit_ns);
  }
}

void oriel_peers_bye_all(struct oriel_mounts *mounts, enum oriel_viewer_reason reason, const char *text,
                         uint64_t limit_ns) {
  for (struct oriel_mount *mount = mounts->first; mount; mount = mount->next)
    oriel_peers_bye(mount, reason, text, limit_ns);
}

void oriel_peers_logout(struct oriel_mounts *mounts, uint64_t session) {
  for (struct oriel_peer *peer = oriel_peers_next(mounts, NULL), *next; peer; peer = next) {
    next = oriel_peers_next(mounts, peer);
    if (session && peer->session == session)
      oriel_peer_bye(peer, ORIEL_VIEWER_REASON_UNAUTHORISED, "logged out", ORIEL_PEER_CLOSE_NS);
  }
}
