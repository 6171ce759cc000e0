/* SPDX-License-Identifier: MIT
 *
 * What arrives: rates over the last packets, by the receiver's clock and by ours. Private to webrtc/estimate.
 *
 * Thread-safety: none; one owner.
 */
#ifndef ORIEL_WEBRTC_ESTIMATE_GOODPUT_H
#define ORIEL_WEBRTC_ESTIMATE_GOODPUT_H

#include <stdbool.h>
#include <stdint.h>

enum { ORIEL_GOODPUT_PACKETS = 256 };

struct oriel_goodput {
  struct {
    int64_t sent_us, arrived_us;
    uint32_t bytes;
  } packets[ORIEL_GOODPUT_PACKETS]; /* a ring, in the order of their numbers */
  unsigned count; /* so far; wraps */
};

/** The same packets seen from both ends. */
struct oriel_goodput_rate {
  unsigned packets;
  uint64_t sent_bps, arrived_bps; /* UINT64_MAX: all at one time */
};

void oriel_goodput_add(struct oriel_goodput *goodput, int64_t sent_us, int64_t arrived_us, uint32_t bytes);
/** Of the packets that arrived within `window_us` before the last one. False: they are less than `packets_min`, or all
 *  came at one time. */
bool oriel_goodput_over(const struct oriel_goodput *goodput, int64_t window_us, unsigned packets_min,
                        struct oriel_goodput_rate *rate);

#endif
