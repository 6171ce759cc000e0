/* SPDX-License-Identifier: MIT
 *
 * A picture as macroblocks of 16 x 16 pixels: which of them changed, how coarsely each was coded, and what coding some
 * will roughly cost. Private to media/: what encoders need that are told of damage.
 *
 * Thread-safety: none; belongs to one encoder.
 */
#ifndef ORIEL_MEDIA_MACROBLOCKS_H
#define ORIEL_MEDIA_MACROBLOCKS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/damage.h"
#include "media/picture.h"

struct oriel_macroblocks {
  int columns, rows;
  uint8_t *unchanged; /* owned; row by row, 1: as in the picture before, else 0 */
  uint8_t *coded_qp;  /* owned; QP at which each was coded last; 0 at first */
};

/** Of a picture of width x height pixels. 0, -ENOMEM; then there is nothing to finish. */
int oriel_macroblocks_init(struct oriel_macroblocks *blocks, uint16_t width, uint16_t height);
void oriel_macroblocks_finish(struct oriel_macroblocks *blocks);

/** Says what changed, NULL = all, anew; returns how many did. */
int oriel_macroblocks_mark(struct oriel_macroblocks *blocks, const struct oriel_damage *damage);

struct oriel_macroblock_analysis {
  uint64_t activity; /* of what will be coded: the sum of gradients in a fifth of its lines */
  int coarsest;      /* highest QP among what will not */
};
/** Looks at every macroblock: will be coded what changed, or was coded at a QP above `above`. */
struct oriel_macroblock_analysis oriel_macroblocks_analyse(const struct oriel_macroblocks *blocks,
                                                        const struct oriel_picture *picture, int above);
/** The highest QP of all. */
int oriel_macroblocks_coarsest(const struct oriel_macroblocks *blocks);
/** A picture was coded at `qp`: what changed, and what was coarser. True when some are coarser than `sharp` now. */
bool oriel_macroblocks_coded(struct oriel_macroblocks *blocks, int qp, int sharp);

#endif
