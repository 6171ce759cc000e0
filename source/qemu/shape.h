/* SPDX-License-Identifier: MIT
 *
 * The form of pixels that another process hands over: checked before anything is made of its numbers. Thread-safety:
 * none needed; stateless.
 */
#ifndef ORIEL_SOURCE_QEMU_SHAPE_H
#define ORIEL_SOURCE_QEMU_SHAPE_H

#include <stdint.h>

#include "media/picture.h"

/** All in pixels but the stride, which is in bytes. */
struct oriel_qemu_shape {
  uint32_t width, height, stride;
  enum oriel_pixel_format format;
};

/* Why a shape is refused, where the display's state tells the user; to be compared by address. */
extern const char oriel_qemu_too_large[], oriel_qemu_unknown_format[];

/** NULL when the sizes are possible and the stride fits them; sets the format from QEMU's number of it. Otherwise why
 *  it is refused (static). */
const char *oriel_qemu_shape_check(struct oriel_qemu_shape *shape, uint32_t pixman);
/** Bytes from the first to the last pixel; of checked shapes, so at most 2^30. */
uint64_t oriel_qemu_shape_bytes(const struct oriel_qemu_shape *shape);

#endif
