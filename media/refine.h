/* SPDX-License-Identifier: MIT
 *
 * Refinement: a screen that stands still ends exact. Video is never that (4:2:0 blurs coloured text, limited range
 * rounds), so once nothing moves and sharpening is through, what came by video is sent again, block by block, as
 * lossless tiles, within half of the bitrate. This keeps which blocks are still owed and when the next may go, and
 * makes their packets. A video picture after that is drawn only where it changed something, and only that is owed
 * again. Times are the caller's.
 *
 * Thread-safety: none; the media thread owns it.
 */
#ifndef ORIEL_MEDIA_REFINE_H
#define ORIEL_MEDIA_REFINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/damage.h"
#include "core/packet.h"
#include "media/surface.h"

enum {
  ORIEL_REFINE_BLOCK = 64, /* pixels; any content of one fits a packet of tiles */
  ORIEL_REFINE_COLUMNS_MAX = (7680 + ORIEL_REFINE_BLOCK - 1) / ORIEL_REFINE_BLOCK,
  ORIEL_REFINE_ROWS_MAX = (4320 + ORIEL_REFINE_BLOCK - 1) / ORIEL_REFINE_BLOCK,
  ORIEL_REFINE_RUN_MAX = 16, /* blocks in one packet: 64 Ki pixels, below ORIEL_TILES_PIXELS_MAX */
};

struct oriel_refine {
  uint16_t width, height; /* pixels; 0 x 0: nothing is owed */
  unsigned columns, rows, left; /* blocks; left: still owed */
  unsigned next;          /* block to look at first */
  unsigned run;           /* blocks to try for at once: content decides how many fit a packet */
  uint64_t at_ns;         /* not before */
  bool owed[ORIEL_REFINE_ROWS_MAX * ORIEL_REFINE_COLUMNS_MAX];
};

/** Everything is owed: a video picture covered all of width x height pixels (at most 7680 x 4320), or whoever missed a
 *  part came back. `at_ns`: when to begin at the earliest. */
void oriel_refine_begin(struct oriel_refine *refine, uint16_t width, uint16_t height, uint64_t at_ns);
/** What of `damage` lies in the picture is owed from now on. */
void oriel_refine_owe(struct oriel_refine *refine, const struct oriel_damage *damage);
/** Says what of a video packet (key, sharpening and size set) viewers draw that have the picture before it, and owes
 *  that: `damage`, which is all that changed since the video picture before, tiles included; of a sharpening pass also
 *  what is owed already, since the rest is exact. Of a key frame, or one of another size, everything is drawn and owed.
 *  `at_ns` as above. */
void oriel_refine_video(struct oriel_refine *refine, const struct oriel_damage *damage, struct oriel_packet *packet,
                        uint64_t at_ns);
/** Nothing is owed. */
void oriel_refine_clear(struct oriel_refine *refine);
/** The next rectangle to send, inside the picture: a run of owed blocks of one row. Empty when nothing is owed. */
struct oriel_rect oriel_refine_next(const struct oriel_refine *refine);
/** `rect`, as oriel_refine_next gave it, went out in `size_bytes`: the next waits until half of `kbps` has paid for it,
 *  and at least 16 ms, a frame in which changes go first. */
void oriel_refine_sent(struct oriel_refine *refine, struct oriel_rect rect, size_t size_bytes, uint32_t kbps,
                       uint64_t now_ns);
/** Codes the next rectangle from the surface, whose lock it takes meanwhile (a fraction of a millisecond), and counts
 *  it as sent. *packet is a new ORIEL_PACKET_TILES marked as sharpening, all times and its part set, owned by the
 *  caller. 0;
 *  -ENODATA: nothing is owed; -ESTALE: the surface has another size by now, and nothing is owed any more; -ENOMEM. */
int oriel_refine_make(struct oriel_refine *refine, struct oriel_surface *surface, uint32_t kbps, uint64_t now_ns,
                      struct oriel_packet **packet);

#endif
