/* SPDX-License-Identifier: MIT
 *
 * Motion: whether a change goes as tiles or as video. Pure arithmetic on times that the caller passes in.
 * Thread-safety: none; one owner.
 */
#ifndef ORIEL_MEDIA_MOTION_H
#define ORIEL_MEDIA_MOTION_H

#include <stdbool.h>
#include <stdint.h>

enum { ORIEL_MOTION_LARGE = 3, ORIEL_MOTION_LARGE_MAX = 6 };

struct oriel_motion {
  unsigned large;         /* recent pictures too large for tiles */
  uint64_t large_ns;      /* when the last of them was */
  double spent_bytes;     /* leaky bucket of tile bytes */
  uint64_t spent_ns;
  bool overspent;         /* the bucket ran full and is not half empty again */
};

/** Whether damage of `area` pixels should go as tiles: it is small, the last pictures were not motion (three large ones
 *  closer than 300 ms), and tiles did not use more than half of `kbps` lately: a small video on the page is cheaper
 *  as video, a key press is quicker as tiles. Once they did, such a video stays with the encoder until it stops. */
bool oriel_motion_tiles(const struct oriel_motion *motion, uint64_t area, uint32_t kbps, uint64_t now_ns);
/** A picture of `area` pixels went out; `tile_bytes` of tiles, 0 for video. */
void oriel_motion_note(struct oriel_motion *motion, uint64_t area, uint64_t tile_bytes, uint32_t kbps, uint64_t now_ns);

#endif
