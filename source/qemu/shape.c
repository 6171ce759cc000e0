/* SPDX-License-Identifier: MIT
 *
 * Shapes, see shape.h. Lengths are computed in 64 bits. Stateless.
 */
#include "source/qemu/shape.h"

#include <stddef.h>

#include "source/qemu/format.h"

enum { STRIDE_MAX = 256 * 1024 };

const char oriel_qemu_too_large[] = "size outside 1x1 to 7680x4320";
const char oriel_qemu_unknown_format[] = "unknown pixel format";

const char *oriel_qemu_shape_check(struct oriel_qemu_shape *shape, uint32_t pixman) {
  if (shape->width < 1 || shape->width > ORIEL_PICTURE_WIDTH_MAX || shape->height < 1 ||
      shape->height > ORIEL_PICTURE_HEIGHT_MAX)
    return oriel_qemu_too_large;
  if (!oriel_qemu_format(pixman, &shape->format))
    return oriel_qemu_unknown_format;
  if (shape->stride > STRIDE_MAX || shape->stride < shape->width * (uint32_t)oriel_pixel_size(shape->format))
    return "stride does not fit the width";
  return NULL;
}

uint64_t oriel_qemu_shape_bytes(const struct oriel_qemu_shape *shape) {
  return (uint64_t)shape->stride * (shape->height - 1) +
         (uint64_t)shape->width * (uint32_t)oriel_pixel_size(shape->format);
}
