/* SPDX-License-Identifier: MIT
 *
 * I420 pictures and the conversion of damaged rectangles into them, on libyuv. Called by one media thread.
 */
#include "media/picture.h"

#include <errno.h>
#include <libyuv/convert_from_argb.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum {
  ALIGNMENT = 64,  /* a cache line; also what AVX-512 loads like */
  BLACK_Y = 0, BLACK_Y_LIMITED = 16,
  NEUTRAL_UV = 128,
};

static int align_up(int value) {
  return (value + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

int oriel_picture_init(struct oriel_picture *picture, uint16_t width, uint16_t height, enum oriel_picture_range range) {
  if (width < ORIEL_PICTURE_SIZE_MIN || height < ORIEL_PICTURE_SIZE_MIN || width > ORIEL_PICTURE_WIDTH_MAX ||
      height > ORIEL_PICTURE_HEIGHT_MAX)
    return -EINVAL;
  struct oriel_picture fresh = {
    .width = width,
    .height = height,
    .coded_width = (uint16_t)((width + 1) & ~1),
    .coded_height = (uint16_t)((height + 1) & ~1),
    .range = range,
  };
  fresh.stride_y = align_up(fresh.coded_width);
  fresh.stride_uv = align_up(fresh.coded_width / 2);
  size_t size_y = (size_t)fresh.stride_y * fresh.coded_height;
  size_t size_uv = (size_t)fresh.stride_uv * (fresh.coded_height / 2u);
  fresh.y = aligned_alloc(ALIGNMENT, size_y + 2 * size_uv);
  if (!fresh.y)
    return -ENOMEM;
  fresh.u = fresh.y + size_y;
  fresh.v = fresh.u + size_uv;
  memset(fresh.y, range == ORIEL_RANGE_FULL ? BLACK_Y : BLACK_Y_LIMITED, size_y);
  memset(fresh.u, NEUTRAL_UV, 2 * size_uv);
  *picture = fresh;
  return 0;
}

void oriel_picture_finish(struct oriel_picture *picture) {
  free(picture->y);
  *picture = (struct oriel_picture){0};
}

static void convert_rect(struct oriel_picture *picture, const uint8_t *bgrx, int stride, struct oriel_rect rect) {
  uint8_t *y = picture->y + (ptrdiff_t)rect.y * picture->stride_y + rect.x;
  ptrdiff_t offset_uv = (ptrdiff_t)(rect.y / 2) * picture->stride_uv + rect.x / 2;
  /* For an odd width or height libyuv averages the last column or row with itself, which is the repetition chroma
   * needs; luma has to be repeated by hand. */
  (picture->range == ORIEL_RANGE_FULL ? ARGBToJ420 : ARGBToI420)(
    bgrx + (ptrdiff_t)rect.y * stride + (ptrdiff_t)rect.x * 4, stride, y, picture->stride_y, picture->u + offset_uv,
    picture->stride_uv, picture->v + offset_uv, picture->stride_uv, rect.width, rect.height);
  bool odd_column = rect.width % 2, odd_row = rect.height % 2;
  if (odd_column) {
    for (int32_t row = 0; row < rect.height; row++) {
      uint8_t *last = y + (ptrdiff_t)row * picture->stride_y + rect.width;
      last[0] = last[-1];
    }
  }
  if (odd_row) {
    uint8_t *last = y + (ptrdiff_t)rect.height * picture->stride_y;
    memcpy(last, last - picture->stride_y, (size_t)rect.width + odd_column);
  }
}

void oriel_picture_convert(struct oriel_picture *picture, const uint8_t *bgrx, int stride,
                           const struct oriel_damage *damage) {
  for (int i = 0; i < damage->count; i++) {
    struct oriel_rect rect = oriel_rect_align(damage->rects[i], 2, picture->width, picture->height);
    /* After alignment a side is odd only at the picture's odd edge. */
    if (!oriel_rect_empty(rect))
      convert_rect(picture, bgrx, stride, rect);
  }
}
