/* SPDX-License-Identifier: MIT
 *
 * Pacing and rate, see pace.h. Called by the media thread, and by the network thread under the hub's lock.
 */
#include "desktop/pace.h"

#include <string.h>

#include "core/clock.h"
#include "media/tiles.h"

void oriel_pace_init(struct oriel_pace *pace, uint32_t rate, unsigned burst) {
  pace->interval_ns = ORIEL_NS_PER_SECOND / (rate ? rate : 1);
  pace->slack_ns = pace->interval_ns * (burst ? burst - 1 : 0);
  pace->due_ns = 0;
}

uint64_t oriel_pace_next(const struct oriel_pace *pace, uint64_t now_ns) {
  if (pace->due_ns <= now_ns + pace->slack_ns)
    return now_ns;
  return pace->due_ns - pace->slack_ns;
}

void oriel_pace_take(struct oriel_pace *pace, uint64_t now_ns) {
  uint64_t from = pace->due_ns > now_ns ? pace->due_ns : now_ns;
  pace->due_ns = from + pace->interval_ns;
}

unsigned oriel_pace_window(uint32_t rtt_us, uint32_t fps) {
  uint64_t rtt = rtt_us ? rtt_us : ORIEL_RTT_UNKNOWN_US;
  uint64_t on_the_way = (rtt * 5 / 4 * fps + 999999) / 1000000;
  uint64_t window = on_the_way + 2;
  return window > ORIEL_WINDOW_MAX ? ORIEL_WINDOW_MAX : (unsigned)window;
}

void oriel_minimum_add(struct oriel_minimum *minimum, int64_t value, uint64_t now_ns) {
  uint64_t second = now_ns / ORIEL_NS_PER_SECOND + 1;
  unsigned slot = (unsigned)(second % ORIEL_MINIMUM_SECONDS);
  if (minimum->second[slot] != second || value < minimum->value[slot])
    minimum->value[slot] = value;
  minimum->second[slot] = second;
}

bool oriel_minimum_read(const struct oriel_minimum *minimum, uint64_t now_ns, int64_t *value) {
  uint64_t second = now_ns / ORIEL_NS_PER_SECOND + 1;
  bool found = false;
  int64_t least = 0;
  for (unsigned slot = 0; slot < ORIEL_MINIMUM_SECONDS; slot++) {
    if (!minimum->second[slot] || minimum->second[slot] + ORIEL_MINIMUM_SECONDS <= second)
      continue;
    if (!found || minimum->value[slot] < least)
      least = minimum->value[slot];
    found = true;
  }
  if (found)
    *value = least;
  return found;
}

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

uint64_t oriel_backoff_break(struct oriel_backoff *backoff, uint64_t now_ns) {
  static const uint64_t calm_ns = 10 * ORIEL_NS_PER_SECOND;
  if (backoff->last_ns && now_ns < backoff->last_ns + calm_ns)
    backoff->level = backoff->level < 3 ? backoff->level + 1 : 3;
  else
    backoff->level = 0;
  backoff->last_ns = now_ns;
  return backoff->level ? now_ns + (ORIEL_NS_PER_SECOND << (backoff->level - 1)) : now_ns;
}

static const uint64_t motion_gap_ns = 300 * ORIEL_NS_PER_MS;
static const double motion_burst_bytes = 96 * 1024; /* a page of text at once stays lossless */
static const double motion_tile_cost = 0.3;         /* bytes a pixel of moving pictures costs as tiles, about */

static double motion_spent(const struct oriel_motion *motion, uint32_t kbps, uint64_t now_ns) {
  double elapsed_s = now_ns > motion->spent_ns ? (double)(now_ns - motion->spent_ns) / (double)ORIEL_NS_PER_SECOND : 0;
  double left = motion->spent_bytes - elapsed_s * kbps * 1000.0 / 8 / 2;
  return left > 0 ? left : 0;
}

bool oriel_motion_tiles(const struct oriel_motion *motion, uint64_t area, uint32_t kbps, uint64_t now_ns) {
  if (area > ORIEL_TILES_PIXELS_MAX)
    return false;
  if (motion->large >= ORIEL_MOTION_LARGE && now_ns < motion->large_ns + motion_gap_ns)
    return false;
  double limit = motion->overspent ? motion_burst_bytes / 2 : motion_burst_bytes;
  return motion_spent(motion, kbps, now_ns) < limit;
}

void oriel_motion_note(struct oriel_motion *motion, uint64_t area, uint64_t tile_bytes, uint32_t kbps,
                       uint64_t now_ns) {
  double bytes = (double)tile_bytes;
  if (!tile_bytes && motion->overspent && area <= ORIEL_TILES_PIXELS_MAX)
    bytes = (double)area * motion_tile_cost; /* as tiles it would go on like this: stay with video while it lasts */
  motion->spent_bytes = motion_spent(motion, kbps, now_ns) + bytes;
  if (motion->spent_bytes > 2 * motion_burst_bytes)
    motion->spent_bytes = 2 * motion_burst_bytes;
  motion->spent_ns = now_ns;
  if (motion->spent_bytes >= motion_burst_bytes)
    motion->overspent = true;
  else if (motion->spent_bytes < motion_burst_bytes / 2)
    motion->overspent = false;
  if (area <= ORIEL_TILES_PIXELS_MAX)
    return;
  if (now_ns >= motion->large_ns + motion_gap_ns)
    motion->large = 0;
  if (motion->large < ORIEL_MOTION_LARGE_MAX)
    motion->large++;
  motion->large_ns = now_ns;
}
