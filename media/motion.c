/* SPDX-License-Identifier: MIT
 *
 * See motion.h. Pure.
 */
#include "media/motion.h"

#include "core/clock.h"
#include "media/tiles.h"

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
