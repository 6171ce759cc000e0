/* SPDX-License-Identifier: MIT
 *
 * See bitrate.h. Pure.
 */
#include "media/bitrate.h"

#include "core/clock.h"

enum { RATE_FLOOR_KBPS = 200 };
static const double rate_cut = 0.7, rate_growth = 0.05; /* of the cap, a second */
static const uint64_t rate_cut_gap_ns = 250 * ORIEL_NS_PER_MS;
static const int64_t rate_delay_min_us = 30000;

static double rate_floor(const struct oriel_bitrate *rate) {
  double floor_kbps = rate->cap_kbps * 0.05;
  if (floor_kbps < RATE_FLOOR_KBPS)
    floor_kbps = RATE_FLOOR_KBPS;
  return floor_kbps < rate->cap_kbps ? floor_kbps : rate->cap_kbps;
}

static double rate_now(const struct oriel_bitrate *rate, uint64_t now_ns) {
  double elapsed_s = now_ns > rate->base_ns ? (double)(now_ns - rate->base_ns) / (double)ORIEL_NS_PER_SECOND : 0;
  double kbps = rate->base_kbps + elapsed_s * rate_growth * rate->cap_kbps;
  return kbps < rate->cap_kbps ? kbps : rate->cap_kbps;
}

void oriel_bitrate_init(struct oriel_bitrate *rate, uint32_t cap_kbps, uint64_t now_ns) {
  *rate = (struct oriel_bitrate){.cap_kbps = cap_kbps, .base_kbps = cap_kbps, .base_ns = now_ns};
}

void oriel_bitrate_cap(struct oriel_bitrate *rate, uint32_t cap_kbps, uint64_t now_ns) {
  double share = rate->cap_kbps ? rate_now(rate, now_ns) / rate->cap_kbps : 1;
  rate->cap_kbps = cap_kbps;
  rate->base_kbps = share * cap_kbps;
  rate->base_ns = now_ns;
}

uint32_t oriel_bitrate_kbps(const struct oriel_bitrate *rate, uint64_t now_ns) {
  return (uint32_t)(rate_now(rate, now_ns) + 0.5);
}

bool oriel_bitrate_delay(struct oriel_bitrate *rate, int64_t excess_us, uint32_t rtt_min_us, uint64_t now_ns) {
  int64_t limit_us = rtt_min_us > rate_delay_min_us ? (int64_t)rtt_min_us : rate_delay_min_us;
  if (excess_us <= limit_us)
    return false;
  if (rate->cut_ns && now_ns < rate->cut_ns + rate_cut_gap_ns)
    return false;
  double kbps = rate_now(rate, now_ns) * rate_cut;
  double least = rate_floor(rate);
  rate->base_kbps = kbps > least ? kbps : least;
  rate->base_ns = rate->cut_ns = now_ns;
  rate->cuts++;
  return true;
}
