/* SPDX-License-Identifier: MIT
 *
 * Tiles: small damage coded losslessly, for the shortest way from a key press to a changed pixel. A few hundred
 * microseconds of QOI (qoiformat.org specification 1.0) replace a millisecond of video encoding and several of decoding
 * in the browser, and text arrives sharp. Used when damage is small; large damage goes through video.
 *
 * Payload (little-endian): u16 count 1..16, then per tile u16 x, y, width, height (pixels), u32 size, then `size` bytes
 * of QOI chunks (no QOI header, no end marker) that yield exactly width x height pixels, alpha always 255.
 *
 * Thread-safety: none needed; stateless.
 */
#ifndef ORIEL_MEDIA_TILES_H
#define ORIEL_MEDIA_TILES_H

#include <stdint.h>

#include "core/damage.h"
#include "core/packet.h"

enum {
  ORIEL_TILES_PIXELS_MAX = 96 * 1024,     /* in one packet; above it video is faster */
  ORIEL_TILES_BYTES_MAX = 32 * 1024,      /* coded; above it video is smaller */
  ORIEL_TILES_WHOLE_PIXELS_MAX = 1920 * 1200, /* of a whole picture: above it, coding keeps the surface too long */
  ORIEL_TILES_WHOLE_BYTES_MAX = 64 * 1024,    /* a key frame of a full screen is no smaller */
};

/** Codes the damaged rectangles of a BGRX picture (stride in bytes, width x height pixels) into a new
 *  ORIEL_PACKET_TILES; rectangles may overlap and reach outside. The caller sets sequence and times. 0; -EINVAL when no
 *  damage lies inside the picture; -E2BIG when a limit above would be passed (the caller encodes video); -ENOMEM. */
int oriel_tiles_encode(const uint8_t *bgrx, int stride, uint16_t width, uint16_t height,
                       const struct oriel_damage *damage, struct oriel_packet **packet);

/** The whole picture in strips, which a decoder draws from a cache, within the WHOLE limits above. 0, -E2BIG, -EINVAL
 *  (no pixels), -ENOMEM. */
int oriel_tiles_encode_whole(const uint8_t *bgrx, int stride, uint16_t width, uint16_t height,
                             struct oriel_packet **packet);

/** Decodes a payload over a BGRX picture; the reference for tests. 0, -EBADMSG (malformed, outside the picture). */
int oriel_tiles_decode(const void *payload, size_t size, uint8_t *bgrx, int stride, uint16_t width, uint16_t height);

#endif
