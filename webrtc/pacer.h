/* SPDX-License-Identifier: MIT
 *
 * When the next packet may leave: spreads what waits over time, at a rate, in bursts that no queue on the way minds.
 * Holds no packets. Private to webrtc/.
 *
 * A burst is what leaves in 5 ms at the rate, one group of those whose delays the estimate compares, but no more than
 * 12,000 bytes, which any sender of TCP may begin with (RFC 6928), unless half a millisecond takes more. So a picture of
 * some packets goes to the kernel as one; and never has more left than the rate, one burst and what late timers are
 * forgiven.
 *
 * Thread-safety: none; one owner.
 */
#ifndef ORIEL_WEBRTC_PACER_H
#define ORIEL_WEBRTC_PACER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ORIEL_PACER_BURST_NS 5000000u
#define ORIEL_PACER_BURST_MIN_NS 500000u
enum { ORIEL_PACER_BURST_BYTES = 12000 };
#define ORIEL_PACER_LATE_NS 3000000u /* by so much a timer may be late at no cost */

struct oriel_pacer {
  uint64_t bps;
  uint64_t burst_ns; /* of that rate; 0 = packet by packet */
  uint64_t free_ns;  /* when what has left is on the wire */
  bool spent;        /* a burst has left: the next one waits until all of it is on the wire */
};

/** `bps` > 0: bits a second, somewhat above what the media are coded at. */
void oriel_pacer_init(struct oriel_pacer *pacer, uint64_t bps, uint64_t now_ns);
/** A new rate; what has left keeps its time at the old one. */
void oriel_pacer_rate(struct oriel_pacer *pacer, uint64_t bps);
/** The same, packet by packet: how packets are spaced is measured. */
void oriel_pacer_rate_evenly(struct oriel_pacer *pacer, uint64_t bps);
/** When the next packet may leave; in the past: at once. */
uint64_t oriel_pacer_next_ns(const struct oriel_pacer *pacer);
/** `bytes` of packets leave now. Of sound, too, which does not wait: it takes from the others. */
void oriel_pacer_sent(struct oriel_pacer *pacer, size_t bytes, uint64_t now_ns);

#endif
