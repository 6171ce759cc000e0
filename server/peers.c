/* SPDX-License-Identifier: MIT
 *
 * Viewers' connections taken together: those of one desktop, and all of them. Loop thread. They are walked, not
 * indexed: there are hundreds, and each of these walks is made some times a second or once a connection.
 */
#include <string.h>

#include "server/peer_private.h"

enum {
  UNPROVED_MAX = 8,    /* connections of one session that have not said AUTHENTICATE yet; of one address, LOGIN */
  STRANGERS_MAX = 64,  /* connections of all addresses that have not said LOGIN yet */
  BYES_MAX = 16,       /* connections beyond a desktop's viewers that are being told so */
};

/** Nobody knows who that is: before it says so, and while it is told that it was wrong. */
static bool is_stranger(const struct oriel_peer *peer) {
  return !peer->proved && !peer->session;
}

/** The first of this mount's viewers or those of later ones. */
static struct oriel_peer *first_from(const struct oriel_mount *mount) {
  while (mount && !mount->peers)
    mount = mount->next;
  return mount ? mount->peers : NULL;
}

/** The next one of all; NULL for the first. */
static struct oriel_peer *next_of_all(const struct oriel_server *server, const struct oriel_peer *peer) {
  if (!peer)
    return first_from(server->mounts);
  return peer->next ? peer->next : first_from(peer->mount->next);
}

/** Whether both lack proof of the same: of a session's secret, or, without one, of any from this address. */
static bool is_like(const struct oriel_peer *peer, const struct oriel_peer *other) {
  if (peer->proved || peer->session != other->session)
    return false;
  return peer->session || memcmp(&peer->key, &other->key, sizeof peer->key) == 0;
}

/** At once: hundreds come between two ticks, and all count. */
static void push_out(struct oriel_peer *peer) {
  oriel_peer_bye(peer, ORIEL_VIEWER_REASON_TIMEOUT, "it did not say who it is", 0);
  if (peer->phase != PEER_GONE)
    oriel_peer_end(peer);
}

/* A page of another port has the cookie, but not the secret, and anybody may say that a LOGIN will come: what they
 * open may not keep the right page out, so the one that waits longest makes room. */
void oriel_peers_make_room(struct oriel_server *server, const struct oriel_peer *peer) {
  struct oriel_peer *oldest = NULL, *stranger = NULL;
  unsigned waiting = 0, strangers = 0;
  for (struct oriel_peer *other = NULL; (other = next_of_all(server, other)) != NULL;) {
    if (is_like(other, peer)) {
      waiting++;
      oldest = !oldest || other->born_ns < oldest->born_ns ? other : oldest;
    }
    if (is_stranger(other)) {
      strangers++;
      stranger = !stranger || other->born_ns < stranger->born_ns ? other : stranger;
    }
  }
  if (waiting >= UNPROVED_MAX)
    push_out(oldest);
  else if (is_stranger(peer) && strangers >= STRANGERS_MAX)
    push_out(stranger);
}

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

void oriel_peers_tick(struct oriel_server *server, uint64_t now_ns) {
  for (struct oriel_mount *mount = server->mounts; mount; mount = mount->next) {
    if (mount->desktop && mount->peers)
      oriel_desktop_look(mount->desktop, now_ns);
  }
  for (struct oriel_peer *peer = next_of_all(server, NULL), *next; peer; peer = next) {
    next = next_of_all(server, peer);
    oriel_peer_tick(peer, now_ns);
  }
}

void oriel_peers_bye(struct oriel_mount *mount, enum oriel_viewer_reason reason, const char *text, uint64_t limit_ns) {
  for (struct oriel_peer *peer = mount->peers, *next; peer; peer = next) {
    next = peer->next;
    oriel_peer_bye(peer, reason, text, limit_ns);
  }
}

void oriel_peers_bye_all(struct oriel_server *server, enum oriel_viewer_reason reason, const char *text,
                         uint64_t limit_ns) {
  for (struct oriel_mount *mount = server->mounts; mount; mount = mount->next)
    oriel_peers_bye(mount, reason, text, limit_ns);
}

bool oriel_peers_control(const struct oriel_mount *mount, uint64_t session) {
  for (const struct oriel_peer *peer = mount->peers; peer; peer = peer->next) {
    if (session && peer->session == session && oriel_peer_party(peer) == ORIEL_PARTY_CONTROLLER)
      return true;
  }
  return false;
}

const char *oriel_peers_controller(const struct oriel_mount *mount) {
  for (const struct oriel_peer *peer = mount->peers; peer; peer = peer->next) {
    if (peer->viewer && oriel_viewer_controls(peer->viewer))
      return oriel_viewer_name(peer->viewer);
  }
  return NULL;
}

static unsigned count_strangers(const struct oriel_mount *mount) {
  unsigned count = 0;
  for (const struct oriel_peer *peer = mount->peers; peer; peer = peer->next)
    count += is_stranger(peer);
  return count;
}

/** `joined`: those alone that are viewers now. */
static unsigned count_watchers(const struct oriel_mount *mount, bool joined) {
  unsigned count = 0;
  for (const struct oriel_peer *peer = mount->peers; peer; peer = peer->next)
    count += peer->view && (peer->viewer || !joined);
  return count;
}

/* One too many is let in to hear BYE with reason FULL, which a page can see; a refused handshake it cannot. */
bool oriel_peers_crowded(const struct oriel_mount *mount, bool watcher) {
  if (watcher && count_watchers(mount, false) >= oriel_mount_watchers_max(mount) + BYES_MAX / 2)
    return true;
  return mount->peer_count - count_strangers(mount) >= mount->viewers_max + BYES_MAX ||
         mount->server->peer_count >= ORIEL_VIEWERS_MAX;
}

bool oriel_peers_full(const struct oriel_mount *mount, bool watcher) {
  if (watcher && count_watchers(mount, true) >= oriel_mount_watchers_max(mount))
    return true; /* a link that is passed around keeps nobody out who has the full token */
  unsigned joined = 0;
  for (const struct oriel_peer *peer = mount->peers; peer; peer = peer->next)
    joined += peer->viewer != NULL;
  return joined >= mount->viewers_max;
}

void oriel_peers_logout(struct oriel_server *server, uint64_t session) {
  for (struct oriel_peer *peer = next_of_all(server, NULL), *next; peer; peer = next) {
    next = next_of_all(server, peer);
    if (session && peer->session == session)
      oriel_peer_bye(peer, ORIEL_VIEWER_REASON_UNAUTHORISED, "logged out", ORIEL_PEER_CLOSE_NS);
  }
}
