/* SPDX-License-Identifier: MIT
 *
 * Viewers' connections counted. Loop thread. They are walked, not indexed: there are hundreds, and each of these walks
 * is made some times a second or once a connection.
 */
#include "server/peer_crowd.h"

#include <string.h>

#include "server/capacity.h"
#include "server/mount_access.h"
#include "server/peer_state.h"

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

struct oriel_peer *oriel_peers_next(const struct oriel_mounts *mounts, const struct oriel_peer *peer) {
  if (!peer)
    return first_from(mounts->first);
  return peer->next ? peer->next : first_from(peer->mount->next);
}

/** Whether both lack proof of the same: of a session's secret, or, without one, of any from this address. */
static bool is_like(const struct oriel_peer *peer, const struct oriel_peer *other) {
  if (peer->proved || peer->session != other->session)
    return false;
  return peer->session || memcmp(&peer->key, &other->key, sizeof peer->key) == 0;
}

/* A page of another port has the cookie, but not the secret, and anybody may say that a LOGIN will come: what they
 * open may not keep the right page out, so the one that waits longest makes room. */
struct oriel_peer *oriel_peers_excess(const struct oriel_peer *peer) {
  struct oriel_peer *oldest = NULL, *stranger = NULL;
  unsigned waiting = 0, strangers = 0;
  for (struct oriel_peer *other = NULL; (other = oriel_peers_next(peer->mounts, other)) != NULL;) {
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
    return oldest;
  return is_stranger(peer) && strangers >= STRANGERS_MAX ? stranger : NULL;
}

bool oriel_peers_control(const struct oriel_mount *mount, uint64_t session) {
  for (const struct oriel_peer *peer = mount->peers; peer; peer = peer->next) {
    if (session && peer->session == session && oriel_peer_party(peer) == ORIEL_PARTY_CONTROLLER)
      return true;
  }
  return false;
}

struct oriel_media *oriel_peers_media(const struct oriel_mount *mount, const char *ticket, uint64_t session) {
  for (struct oriel_peer *peer = mount->peers; peer; peer = peer->next) {
    if (peer->viewer && peer->session == session && oriel_media_owns(&peer->media, ticket))
      return &peer->media;
  }
  return NULL;
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
  return count + mount->whep_watchers;
}

/* One too many is let in to hear BYE with reason FULL, which a page can see; a refused handshake it cannot. */
bool oriel_peers_crowded(const struct oriel_mount *mount, bool watcher) {
  if (watcher && count_watchers(mount, false) >= oriel_mount_watchers_max(mount) + BYES_MAX / 2)
    return true;
  return mount->peer_count - count_strangers(mount) >= mount->viewers_max + BYES_MAX ||
         mount->mounts->peer_count >= ORIEL_VIEWERS_MAX;
}

bool oriel_peers_full(const struct oriel_mount *mount, bool watcher) {
  if (watcher && count_watchers(mount, true) >= oriel_mount_watchers_max(mount))
    return true; /* a link that is passed around keeps nobody out who has the full token */
  unsigned joined = mount->whep_count; /* pages' own are no viewers more */
  for (const struct oriel_peer *peer = mount->peers; peer; peer = peer->next)
    joined += peer->viewer != NULL;
  return joined >= mount->viewers_max;
}
