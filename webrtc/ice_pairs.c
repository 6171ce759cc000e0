/* SPDX-License-Identifier: MIT
 *
 * Which of the ways to a peer is in use. Caller's thread.
 */
#include "webrtc/ice_pairs.h"

#include <stddef.h>

void oriel_ice_pairs_init(struct oriel_ice_pairs *pairs) {
  *pairs = (struct oriel_ice_pairs){ .selected = -1, .fallback = -1 };
}

static int find(const struct oriel_ice_pairs *pairs, const struct oriel_webrtc_path *path) {
  for (int i = 0; i < ORIEL_ICE_PAIRS_MAX; i++)
    if (pairs->list[i].path.peer.size && oriel_webrtc_path_equal(&pairs->list[i].path, path))
      return i;
  return -1;
}

/** Unused, or silent for longest; never one in use. */
static int make_room(const struct oriel_ice_pairs *pairs) {
  int room = -1;
  for (int i = 0; i < ORIEL_ICE_PAIRS_MAX; i++) {
    if (i == pairs->selected || i == pairs->fallback)
      continue;
    if (!pairs->list[i].path.peer.size)
      return i;
    if (room < 0 || pairs->list[i].heard_ns < pairs->list[room].heard_ns)
      room = i;
  }
  return room;
}

/** Whether the peer reported from there later than from the address that is sure. */
static bool is_proven(const struct oriel_ice_pairs *pairs, int pair) {
  const int sure = pairs->fallback >= 0 ? pairs->fallback : pairs->selected;
  return pairs->list[pair].reported_ns > pairs->list[sure].reported_ns;
}

/** The newest nomination counts: that is how peers move. Without one, only silence does: a peer behind a NAT that
 *  forgot it goes on with its consent checks from another address, and these nominate nothing. */
static bool may_move(const struct oriel_ice_pairs *pairs, int pair, bool use_candidate, uint64_t now_ns) {
  if (pairs->selected < 0 || now_ns - pairs->list[pairs->selected].heard_ns >= ORIEL_ICE_MOVE_NS)
    return true;
  return use_candidate && (now_ns >= pairs->held_ns || is_proven(pairs, pair));
}

static void move(struct oriel_ice_pairs *pairs, int pair, uint64_t now_ns) {
  if (pair == pairs->selected)
    return;
  if (!pairs->reported_ns || pair == pairs->fallback || is_proven(pairs, pair)) {
    pairs->fallback = -1;
    pairs->moved_ns = now_ns;
  } else if (pairs->fallback < 0) { /* one move after another has the time of the first */
    pairs->fallback = pairs->selected;
    pairs->moved_ns = now_ns;
  }
  pairs->selected = pair;
}

void oriel_ice_pairs_check(struct oriel_ice_pairs *pairs, const struct oriel_webrtc_path *from, bool use_candidate,
                           uint64_t now_ns) {
  int pair = find(pairs, from);
  if (pair < 0) {
    pair = make_room(pairs);
    pairs->list[pair] = (struct oriel_ice_pair){ .path = *from };
  }
  if (may_move(pairs, pair, use_candidate, now_ns))
    move(pairs, pair, now_ns);
  pairs->list[pair].heard_ns = now_ns;
  const bool sure = pair == pairs->selected && pairs->fallback < 0;
  if (!pairs->reported_ns || (sure && now_ns - pairs->reported_ns < ORIEL_ICE_PROOF_NS))
    pairs->heard_ns = now_ns;
}

void oriel_ice_pairs_heard(struct oriel_ice_pairs *pairs, const struct oriel_webrtc_path *from, uint64_t now_ns) {
  const int pair = find(pairs, from);
  if (pair < 0)
    return;
  pairs->list[pair].heard_ns = pairs->list[pair].reported_ns = pairs->heard_ns = pairs->reported_ns = now_ns;
  if (pair == pairs->selected)
    pairs->fallback = -1;
}

void oriel_ice_pairs_tick(struct oriel_ice_pairs *pairs, uint64_t now_ns) {
  if (pairs->fallback < 0 || now_ns - pairs->moved_ns < ORIEL_ICE_CONFIRM_NS)
    return;
  pairs->selected = pairs->fallback;
  pairs->fallback = -1;
  pairs->moved_ns = 0;
  pairs->held_ns = now_ns + ORIEL_ICE_HOLD_NS;
}

/** Whether a check, from where the peer is for sure, allows media without a newer report. */
static bool has_consent(const struct oriel_ice_pairs *pairs, uint64_t now_ns) {
  const struct oriel_ice_pair *pair = &pairs->list[pairs->selected];
  return pairs->fallback < 0 && pair->reported_ns && now_ns - pair->heard_ns < ORIEL_ICE_CONSENT_NS &&
         now_ns - pairs->reported_ns < ORIEL_ICE_PROOF_NS;
}

bool oriel_ice_pairs_may_send(const struct oriel_ice_pairs *pairs, uint64_t now_ns) {
  if (!pairs->reported_ns || pairs->selected < 0 || has_consent(pairs, now_ns))
    return true;
  const uint64_t reported_ns = pairs->list[pairs->selected].reported_ns;
  const uint64_t here_ns = reported_ns > pairs->moved_ns ? reported_ns : pairs->moved_ns;
  return now_ns - pairs->reported_ns < ORIEL_ICE_UNHEARD_NS && now_ns - here_ns < ORIEL_ICE_UNHEARD_NS;
}

bool oriel_ice_pairs_know(const struct oriel_ice_pairs *pairs, const struct oriel_webrtc_address *from) {
  for (unsigned i = 0; i < ORIEL_ICE_PAIRS_MAX; i++)
    if (from->size && oriel_webrtc_address_equal(&pairs->list[i].path.peer, from))
      return true;
  return false;
}

uint64_t oriel_ice_pairs_heard_ns(const struct oriel_ice_pairs *pairs, const struct oriel_webrtc_address *from) {
  uint64_t heard_ns = 0;
  for (unsigned i = 0; i < ORIEL_ICE_PAIRS_MAX; i++) {
    const struct oriel_ice_pair *pair = &pairs->list[i];
    if (oriel_webrtc_address_equal(&pair->path.peer, from) && pair->heard_ns > heard_ns)
      heard_ns = pair->heard_ns;
  }
  return heard_ns;
}

const struct oriel_webrtc_path *oriel_ice_pairs_peer(const struct oriel_ice_pairs *pairs) {
  return pairs->selected < 0 ? NULL : &pairs->list[pairs->selected].path;
}
