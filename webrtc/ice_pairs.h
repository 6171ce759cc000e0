/* SPDX-License-Identifier: MIT
 *
 * The addresses of an ICE peer that authentic checks came from: which of them is in use, and when each was heard.
 * Thread-safety: none; one owner.
 */
#ifndef ORIEL_WEBRTC_ICE_PAIRS_H
#define ORIEL_WEBRTC_ICE_PAIRS_H

#include <stdbool.h>
#include <stdint.h>

#include "webrtc/address.h"

enum { ORIEL_ICE_PAIRS_MAX = 8 }; /* addresses of a peer that are remembered; the longest silent one makes room */

#define ORIEL_ICE_MOVE_NS 3000000000ull /* silence of the address in use, after which a check from another moves it */

struct oriel_ice_pair {
  struct oriel_webrtc_address peer; /* size 0 = unused */
  uint64_t heard_ns;                /* the last authentic check or sign of life */
};

struct oriel_ice_pairs {
  struct oriel_ice_pair list[ORIEL_ICE_PAIRS_MAX];
  int selected;      /* index of the pair in use; -1 = none yet */
  uint64_t heard_ns; /* the last sign of life from any; 0 = none yet */
};

void oriel_ice_pairs_init(struct oriel_ice_pairs *pairs);
/** An authentic check came from `from`, with or without USE-CANDIDATE: remembers the address, and moves to it where
 *  that is due. */
void oriel_ice_pairs_check(struct oriel_ice_pairs *pairs, const struct oriel_webrtc_address *from, bool use_candidate,
                           uint64_t now_ns);
/** Something else that is authentic came from `from`: a sign of life, if the address is known. */
void oriel_ice_pairs_heard(struct oriel_ice_pairs *pairs, const struct oriel_webrtc_address *from, uint64_t now_ns);
bool oriel_ice_pairs_know(const struct oriel_ice_pairs *pairs, const struct oriel_webrtc_address *from);
/** When `from` was last heard; 0: never, or it is forgotten. */
uint64_t oriel_ice_pairs_heard_ns(const struct oriel_ice_pairs *pairs, const struct oriel_webrtc_address *from);
/** The address in use, borrowed until the next call; NULL = none yet. */
const struct oriel_webrtc_address *oriel_ice_pairs_peer(const struct oriel_ice_pairs *pairs);

#endif
