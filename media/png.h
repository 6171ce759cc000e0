/* SPDX-License-Identifier: MIT
 *
 * PNG of a BGRX picture, for snapshots. Thread-safety: none needed; stateless. Takes tens of milliseconds: never on the
 * network or media thread.
 */
#ifndef ORIEL_MEDIA_PNG_H
#define ORIEL_MEDIA_PNG_H

#include <stddef.h>
#include <stdint.h>

/** Writes an RGB PNG into a new buffer owned by the caller (free). 0, -ENOMEM, -EIO. */
int oriel_png_encode(const uint8_t *bgrx, int stride, unsigned width, unsigned height, uint8_t **png, size_t *size);

#endif
