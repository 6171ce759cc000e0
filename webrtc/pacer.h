/* SPDX-License-Identifier: MIT
 *
 * When the next packet may leave: spreads what waits over time, at a rate. Holds no packets. Private to webrtc/.
 *
 * Thread-safety: none; one owner.
 */
#ifndef ORIEL_WEBRTC_PACER_H
#define ORIEL_WEBRTC_PACER_H

#include <stddef.h>
#include <stdint.h>

/* A burst may be this long at the paced rate: what one segmented send may hold, and what a late timer is forgiven. */
#define ORIEL_PACER_BURST_NS 500000u
#define ORIEL_PACER_LATE_NS 3000000u

struct oriel_pacer {
  uint64_t bps;
  uint64_t free_ns; /* when what has left is on the wire */
};

/** `bps` > 0: bits a second, somewhat above what the media are coded at. */
void oriel_pacer_init(struct oriel_pacer *pacer, uint64_t bps, uint64_t now_ns);
/** A new rate; what has left keeps its time at the old one. */
void oriel_pacer_rate(struct oriel_pacer *pacer, uint64_t bps);
/** When the next packet may leave; at or before now: at once. */
uint64_t oriel_pacer_next_ns(const struct oriel_pacer *pacer);
/** Bytes that may leave now in one send: what a late caller missed, and a burst; at least 1 once next_ns has come,
 *  which lets one packet through. 0 before it. */
size_t oriel_pacer_room(const struct oriel_pacer *pacer, uint64_t now_ns);
/** `bytes` of packets leave now. Of sound, too, which does not wait: it takes from the others. */
void oriel_pacer_sent(struct oriel_pacer *pacer, size_t bytes, uint64_t now_ns);

#endif
