/* SPDX-License-Identifier: MIT
 *
 * Making BGRX pictures smaller, for thumbnails. Thread-safety: none needed; stateless. Takes milliseconds: never on the
 * network or media thread.
 */
#ifndef ORIEL_MEDIA_SHRINK_H
#define ORIEL_MEDIA_SHRINK_H

#include <stdint.h>

/** The largest size of the same shape within max_width x max_height (each 1 or more) that is no larger than the picture,
 *  1 x 1 at least. */
void oriel_shrink_fit(unsigned width, unsigned height, unsigned max_width, unsigned max_height, unsigned *fit_width,
                      unsigned *fit_height);
/** Each pixel of `out` (out_width x out_height, no larger than the picture, lines without gaps) becomes the mean of
 *  those it stands for. `stride` in bytes. 0, -ENOMEM, -EINVAL (a size of 0, or one that grows). */
int oriel_shrink(const uint8_t *bgrx, int stride, unsigned width, unsigned height, uint8_t *out, unsigned out_width,
                 unsigned out_height);

#endif
