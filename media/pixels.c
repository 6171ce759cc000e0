/* SPDX-License-Identifier: MIT
 *
 * Whatever pixel format a source hands over, made into BGRX. Called by source threads; stateless. The 32 bit formats
 * are plain loops that the compiler vectorises; libyuv does the packed and the 16 bit ones.
 */
#include "media/picture.h"

#include <libyuv/convert_argb.h>
#include <stddef.h>
#include <string.h>

#define OPAQUE 0xFF000000u

static uint32_t load_word(const uint8_t *pixel) {
  uint32_t word;
  memcpy(&word, pixel, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  word = __builtin_bswap32(word);
#endif
  return word;
}

static void store_word(uint8_t *pixel, uint32_t word) {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  word = __builtin_bswap32(word);
#endif
  memcpy(pixel, &word, sizeof word);
}

static void row_from_bgrx(uint8_t *restrict to, const uint8_t *restrict from, int width) {
  for (int x = 0; x < width; x++)
    store_word(to + 4 * x, load_word(from + 4 * x) | OPAQUE);
}

static void row_from_rgbx(uint8_t *restrict to, const uint8_t *restrict from, int width) {
  for (int x = 0; x < width; x++) {
    uint32_t word = load_word(from + 4 * x);
    store_word(to + 4 * x, OPAQUE | (word & 0xFF) << 16 | (word & 0xFF00) | (word >> 16 & 0xFF));
  }
}

static void row_from_xrgb(uint8_t *restrict to, const uint8_t *restrict from, int width) {
  for (int x = 0; x < width; x++)
    store_word(to + 4 * x, OPAQUE | __builtin_bswap32(load_word(from + 4 * x)));
}

static void row_from_xbgr(uint8_t *restrict to, const uint8_t *restrict from, int width) {
  for (int x = 0; x < width; x++)
    store_word(to + 4 * x, OPAQUE | load_word(from + 4 * x) >> 8);
}

int oriel_pixel_size(enum oriel_pixel_format format) {
  switch (format) {
  case ORIEL_PIXEL_BGR888:
  case ORIEL_PIXEL_RGB888:
    return 3;
  case ORIEL_PIXEL_RGB565:
  case ORIEL_PIXEL_XRGB1555:
    return 2;
  default:
    return 4;
  }
}

static void row_to_bgrx(uint8_t *to, const uint8_t *from, enum oriel_pixel_format format, int width) {
  switch (format) {
  case ORIEL_PIXEL_RGBX8888:
    row_from_rgbx(to, from, width);
    break;
  case ORIEL_PIXEL_XRGB8888:
    row_from_xrgb(to, from, width);
    break;
  case ORIEL_PIXEL_XBGR8888:
    row_from_xbgr(to, from, width);
    break;
  case ORIEL_PIXEL_BGR888: /* libyuv names formats by their little-endian word: its RGB24 is B,G,R in memory */
    RGB24ToARGB(from, 0, to, 0, width, 1);
    break;
  case ORIEL_PIXEL_RGB888:
    RAWToARGB(from, 0, to, 0, width, 1);
    break;
  case ORIEL_PIXEL_RGB565:
    RGB565ToARGB(from, 0, to, 0, width, 1);
    break;
  case ORIEL_PIXEL_XRGB1555: /* the top bit is nobody's, but libyuv takes it for alpha */
    ARGB1555ToARGB(from, 0, to, 0, width, 1);
    for (int x = 0; x < width; x++)
      to[4 * x + 3] = 0xFF;
    break;
  default:
    row_from_bgrx(to, from, width);
    break;
  }
}

void oriel_pixels_to_bgrx(uint8_t *bgrx, int bgrx_stride, const uint8_t *pixels, int stride,
                          enum oriel_pixel_format format, int width, int height) {
  for (int y = 0; y < height; y++)
    row_to_bgrx(bgrx + (ptrdiff_t)y * bgrx_stride, pixels + (ptrdiff_t)y * stride, format, width);
}
