/* SPDX-License-Identifier: MIT
 *
 * Making BGRX pictures smaller: of any size to any, for thumbnails, and parts of one to a half or a quarter of it.
 * Thread-safety: none needed; stateless. A whole picture takes milliseconds: never on the network thread.
 */
#ifndef ORIEL_MEDIA_SHRINK_H
#define ORIEL_MEDIA_SHRINK_H

#include <stdint.h>

#include "core/damage.h"

/** The largest size of the same shape within max_width x max_height (each 1 or more) that is no larger than the picture,
 *  1 x 1 at least. */
void oriel_shrink_fit(unsigned width, unsigned height, unsigned max_width, unsigned max_height, unsigned *fit_width,
                      unsigned *fit_height);
/** Each pixel of `out` (out_width x out_height, no larger than the picture, lines without gaps) becomes the mean of
 *  those it stands for. `stride` in bytes. 0, -ENOMEM, -EINVAL (a size of 0, or one that grows). */
int oriel_shrink(const uint8_t *bgrx, int stride, unsigned width, unsigned height, uint8_t *out, unsigned out_width,
                 unsigned out_height);
/** Fills `rect` of a picture `out` from one whose sides are `factor` (2 or 4) times as long, each pixel with the mean of
 *  factor x factor. Strides in bytes; the rectangle lies in both. */
void oriel_shrink_part(const uint8_t *bgrx, int stride, unsigned factor, struct oriel_rect rect, uint8_t *out,
                       int out_stride);

#endif
