/* SPDX-License-Identifier: MIT
 *
 * Bitrate: how many bits pictures may cost, by the delay that they meet. Pure arithmetic on times that the caller passes
 * in. Thread-safety: none; the owner's lock guards it.
 */
#ifndef ORIEL_MEDIA_BITRATE_H
#define ORIEL_MEDIA_BITRATE_H

#include <stdbool.h>
#include <stdint.h>

struct oriel_bitrate {
  uint32_t cap_kbps;
  double base_kbps;  /* in force at base_ns; grows by 5 % of the cap a second from there */
  uint64_t base_ns, cut_ns;
  uint64_t cuts;
};

void oriel_bitrate_init(struct oriel_bitrate *rate, uint32_t cap_kbps, uint64_t now_ns);
/** A new cap (the size changed); keeps the proportion. */
void oriel_bitrate_cap(struct oriel_bitrate *rate, uint32_t cap_kbps, uint64_t now_ns);
uint32_t oriel_bitrate_kbps(const struct oriel_bitrate *rate, uint64_t now_ns);
/** One picture took `excess_us` longer on its way than the quickest of the last ten seconds. Cuts to 0.7 when that is
 *  more than the smallest round trip and than 30 ms, at most once per 250 ms (lesson 17: delay warns before loss).
 *  True when it cut. */
bool oriel_bitrate_delay(struct oriel_bitrate *rate, int64_t excess_us, uint32_t rtt_min_us, uint64_t now_ns);

#endif
