/* SPDX-License-Identifier: MIT
 *
 * Which of a peer's addresses is in use. Caller's thread.
 */
#include "webrtc/ice_pairs.h"

#include <stddef.h>

void oriel_ice_pairs_init(struct oriel_ice_pairs *pairs) {
  *pairs = (struct oriel_ice_pairs){ .selected = -1 };
}

static int find(const struct oriel_ice_pairs *pairs, const struct oriel_webrtc_address *peer) {
  for (int i = 0; i < ORIEL_ICE_PAIRS_MAX; i++)
    if (pairs->list[i].peer.size && oriel_webrtc_address_equal(&pairs->list[i].peer, peer))
      return i;
  return -1;
}

/** Unused, or silent for longest; never the one in use. */
static int make_room(const struct oriel_ice_pairs *pairs) {
  int room = -1;
  for (int i = 0; i < ORIEL_ICE_PAIRS_MAX; i++) {
    if (i == pairs->selected)
      continue;
    if (!pairs->list[i].peer.size)
      return i;
    if (room < 0 || pairs->list[i].heard_ns < pairs->list[room].heard_ns)
      room = i;
  }
  return room;
}

void oriel_ice_pairs_check(struct oriel_ice_pairs *pairs, const struct oriel_webrtc_address *from, bool use_candidate,
                           uint64_t now_ns) {
  int pair = find(pairs, from);
  if (pair < 0) {
    pair = make_room(pairs);
    pairs->list[pair].peer = *from;
  }
  /* The newest nomination counts: that is how peers move. Without one, only silence does: a peer behind a NAT that
   * forgot it goes on with its consent checks from another address, and these nominate nothing. */
  if (pairs->selected < 0 || use_candidate || now_ns - pairs->list[pairs->selected].heard_ns >= ORIEL_ICE_MOVE_NS)
    pairs->selected = pair;
  pairs->list[pair].heard_ns = pairs->heard_ns = now_ns;
}

void oriel_ice_pairs_heard(struct oriel_ice_pairs *pairs, const struct oriel_webrtc_address *from, uint64_t now_ns) {
  const int pair = find(pairs, from);
  if (pair >= 0)
    pairs->list[pair].heard_ns = pairs->heard_ns = now_ns;
}

bool oriel_ice_pairs_know(const struct oriel_ice_pairs *pairs, const struct oriel_webrtc_address *from) {
  return find(pairs, from) >= 0;
}

uint64_t oriel_ice_pairs_heard_ns(const struct oriel_ice_pairs *pairs, const struct oriel_webrtc_address *from) {
  const int pair = find(pairs, from);
  return pair < 0 ? 0 : pairs->list[pair].heard_ns;
}

const struct oriel_webrtc_address *oriel_ice_pairs_peer(const struct oriel_ice_pairs *pairs) {
  return pairs->selected < 0 ? NULL : &pairs->list[pairs->selected].peer;
}
