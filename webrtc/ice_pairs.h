/* SPDX-License-Identifier: MIT
 *
 * The ways to an ICE peer, which are its address and the one of ours that an authentic check came to: which of them is
 * in use, and when it was heard on each.
 *
 * A check proves only that the peer once made it: whoever overheard it may send it again, with another's address as the
 * sender. A report (SRTCP) counts once and proves that the peer is there. So once the peer has reported, a move lasts
 * only if a report comes from the new address, and checks alone do not keep a peer that has left.
 *
 * Thread-safety: none; one owner.
 */
#ifndef ORIEL_WEBRTC_ICE_PAIRS_H
#define ORIEL_WEBRTC_ICE_PAIRS_H

#include <stdbool.h>
#include <stdint.h>

#include "webrtc/address.h"

enum { ORIEL_ICE_PAIRS_MAX = 16 }; /* ways to a peer that are remembered; the longest silent one makes room */

#define ORIEL_ICE_MOVE_NS 3000000000ull /* silence of the address in use, after which a check from another moves it */
/* Once the peer has reported: */
#define ORIEL_ICE_CONFIRM_NS 2000000000ull  /* without a report from where it moved to, it moves back, */
#define ORIEL_ICE_HOLD_NS 10000000000ull    /* and so long after that moves only from a silent address */
#define ORIEL_ICE_UNHEARD_NS 15000000000ull /* without a report media need a check; most report each 6.2 s or oftener */
#define ORIEL_ICE_CONSENT_NS 35000000000ull /* a check is consent to media so long: in the background one is made each
                                               20 to 30 s, and reports can be as rare */
#define ORIEL_ICE_PROOF_NS 60000000000ull   /* without a report checks are no sign of life any more */

struct oriel_ice_pair {
  struct oriel_webrtc_path path;    /* its peer of size 0 = unused */
  uint64_t heard_ns;                /* the last authentic check or report */
  uint64_t reported_ns;             /* the last report; 0 = none yet */
};

struct oriel_ice_pairs {
  struct oriel_ice_pair list[ORIEL_ICE_PAIRS_MAX];
  int selected;      /* index of the pair in use; -1 = none yet */
  int fallback;      /* the one before, until a report confirms the move; -1 = nothing is to be confirmed */
  uint64_t heard_ns, reported_ns; /* the last sign of life, and report, from any; 0 = none yet */
  uint64_t moved_ns;              /* when it moved last */
  uint64_t held_ns;               /* until when nominations move nothing */
};

void oriel_ice_pairs_init(struct oriel_ice_pairs *pairs);
/** An authentic check came from `from`, with or without USE-CANDIDATE: remembers the address, and moves to it where
 *  that is due. */
void oriel_ice_pairs_check(struct oriel_ice_pairs *pairs, const struct oriel_webrtc_path *from, bool use_candidate,
                           uint64_t now_ns);
/** A report came from `from`: the peer is there, if the address is known. It confirms a move; it makes none. */
void oriel_ice_pairs_heard(struct oriel_ice_pairs *pairs, const struct oriel_webrtc_path *from, uint64_t now_ns);
/** Time passes: moves back where that is due. */
void oriel_ice_pairs_tick(struct oriel_ice_pairs *pairs, uint64_t now_ns);
/** Whether the peer may be sent more than answers: its reports come, or rare ones and checks from where they came; or it
 *  has never made any. */
bool oriel_ice_pairs_may_send(const struct oriel_ice_pairs *pairs, uint64_t now_ns);
/** Whether a check came from this address, to whichever of ours. */
bool oriel_ice_pairs_know(const struct oriel_ice_pairs *pairs, const struct oriel_webrtc_address *from);
/** When `from` was last heard; 0: never, or it is forgotten. */
uint64_t oriel_ice_pairs_heard_ns(const struct oriel_ice_pairs *pairs, const struct oriel_webrtc_address *from);
/** The way in use, borrowed until the next call; NULL = none yet. */
const struct oriel_webrtc_path *oriel_ice_pairs_peer(const struct oriel_ice_pairs *pairs);

#endif
