/* SPDX-License-Identifier: MIT
 *
 * Pictures in I420 and the conversion into them. An oriel_picture belongs to one media thread; the BGRX side is
 * whatever the source's surface lends. Thread-safety: none; one owner.
 */
#ifndef ORIEL_MEDIA_PICTURE_H
#define ORIEL_MEDIA_PICTURE_H

#include <stdint.h>

#include "core/damage.h"

enum {
  ORIEL_PICTURE_SIZE_MIN = 64,         /* both sides, pixels; smaller desktops are shown on a 64 pixel canvas */
  ORIEL_PICTURE_WIDTH_MAX = 7680,
  ORIEL_PICTURE_HEIGHT_MAX = 4320,
};

/** The side of a picture that shows a surface of this side, 1 or more. */
static inline uint16_t oriel_picture_side(uint16_t side) {
  return side < ORIEL_PICTURE_SIZE_MIN ? (uint16_t)ORIEL_PICTURE_SIZE_MIN : side;
}

/** What black and white are in luma. */
enum oriel_picture_range {
  ORIEL_RANGE_FULL,    /* 0 and 255: rounds less; mean squared error of flat colours there and back 0.39, of limited
                          range 1.01, at the same speed */
  ORIEL_RANGE_LIMITED, /* 16 and 235: all that VP8 knows, which cannot say what it has */
};

/** One picture as three planes: BT.601 matrix (libyuv's public converters know no other), with the primaries and
 *  transfer function of the sRGB desktop it shows; encoders of H.264 write exactly that into the VUI. Planes cover the
 *  coded size: width and height rounded up to even, the last column or row repeated. */
struct oriel_picture {
  uint16_t width, height;             /* visible, pixels */
  uint16_t coded_width, coded_height; /* even */
  int stride_y, stride_uv;            /* bytes; multiples of 64 */
  uint8_t *y, *u, *v;                 /* owned; one allocation, 64 byte aligned */
  enum oriel_picture_range range;
};

/** Allocates planes for width x height in [64, 7680] x [64, 4320], black. 0, -EINVAL, -ENOMEM. */
int oriel_picture_init(struct oriel_picture *picture, uint16_t width, uint16_t height, enum oriel_picture_range range);
void oriel_picture_finish(struct oriel_picture *picture);

/** Converts the damaged rectangles of a BGRX picture (bytes B,G,R,X; stride in bytes) of the same visible size.
 *  Rectangles grow to even coordinates, as chroma needs; parts outside the picture are ignored. 1080p whole: 0.7 ms;
 *  a small rectangle: 0.02 ms (measured, libyuv with AVX2). */
void oriel_picture_convert(struct oriel_picture *picture, const uint8_t *bgrx, int stride,
                           const struct oriel_damage *damage);

/** Pixel formats a source may hand over, as DRM fourccs name them (little-endian words). */
enum oriel_pixel_format {
  ORIEL_PIXEL_BGRX8888, /* bytes B,G,R,X (x8r8g8b8, a8r8g8b8) */
  ORIEL_PIXEL_RGBX8888, /* bytes R,G,B,X (x8b8g8r8, a8b8g8r8) */
  ORIEL_PIXEL_XRGB8888, /* bytes X,R,G,B (b8g8r8x8, b8g8r8a8 big-endian words) */
  ORIEL_PIXEL_XBGR8888, /* bytes X,B,G,R (r8g8b8x8, r8g8b8a8) */
  ORIEL_PIXEL_BGR888,   /* bytes B,G,R (r8g8b8) */
  ORIEL_PIXEL_RGB888,   /* bytes R,G,B (b8g8r8) */
  ORIEL_PIXEL_RGB565,   /* r5g6b5 */
  ORIEL_PIXEL_XRGB1555, /* x1r5g5b5 */
  ORIEL_PIXEL_FORMATS,
};

/** Bytes of one pixel, 2..4. */
int oriel_pixel_size(enum oriel_pixel_format format);
/** Copies width x height pixels of any format into BGRX with X = 255. Strides in bytes; areas must not overlap. */
void oriel_pixels_to_bgrx(uint8_t *bgrx, int bgrx_stride, const uint8_t *pixels, int stride,
                          enum oriel_pixel_format format, int width, int height);

#endif
