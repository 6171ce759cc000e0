/* SPDX-License-Identifier: MIT
 *
 * For tests and benchmarks: pictures that look like what people have on a screen. Header only; deterministic.
 */
#ifndef ORIEL_TESTS_MEDIA_SCENE_H
#define ORIEL_TESTS_MEDIA_SCENE_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

static inline uint32_t scene_noise(uint32_t seed) {
  seed ^= seed >> 16;
  seed *= 0x7FEB352Du;
  seed ^= seed >> 15;
  seed *= 0x846CA68Bu;
  return seed ^ seed >> 16;
}

static inline void scene_pixel(uint8_t *pixel, unsigned r, unsigned g, unsigned b) {
  pixel[0] = (uint8_t)b;
  pixel[1] = (uint8_t)g;
  pixel[2] = (uint8_t)r;
  pixel[3] = 255;
}

/* How dark a pixel of a letter is: two stems and three bars, of which each letter has some; 0 is paper. */
static inline unsigned scene_ink(uint32_t letter, int column, int row) {
  static const uint8_t stem[7] = {60, 190, 40, 0, 50, 190, 30};
  unsigned ink = 0;
  if (column < 3 && (letter & 1))
    ink = stem[column];
  if (column > 3 && (letter & 2))
    ink = stem[column];
  if (column > 0 && column < 6 && ((row == 3 && (letter & 4)) || (row == 8 && (letter & 8)) ||
                                   (row == 13 && (letter & 16))))
    ink = 190;
  return ink;
}

/** A white window with dark words of random letters on a grey desktop; `line` scrolls by whole text lines. */
static inline void scene_text(uint8_t *bgrx, int stride, int width, int height, int line) {
  for (int y = 0; y < height; y++) {
    uint8_t *row = bgrx + (ptrdiff_t)y * stride;
    uint32_t text = scene_noise((uint32_t)(y / 20 + line)), letter = 0;
    int inside = y % 20, end = text % 8 ? (int)(text >> 8 & 127) + 20 : 0; /* ragged lines, some empty */
    bool inked = inside >= 3 && inside < 14 && y >= 32 && y < height - 24;
    for (int x = 0; x < width; x++) {
      bool margin = x < 24 || x >= width - 24 || y < 32 || y >= height - 24;
      unsigned paper = margin ? 100 : 245, ink = 0;
      if (inked && !margin && x / 9 < end) {
        if (x % 9 == 0)
          letter = scene_noise(text + (uint32_t)(x / 9));
        if (letter % 6 && x % 9 < 7)
          ink = scene_ink(letter >> 8, x % 9, inside);
      }
      scene_pixel(row + 4 * (ptrdiff_t)x, paper - ink, paper - ink, paper - ink);
    }
  }
}

/** A coloured, grainy moving picture: what a video does to an encoder. */
static inline void scene_video(uint8_t *bgrx, int stride, int width, int height, int frame) {
  for (int y = 0; y < height; y++) {
    uint8_t *row = bgrx + (ptrdiff_t)y * stride;
    for (int x = 0; x < width; x++) {
      int u = 4 * x + 7 * frame, v = 4 * y - 3 * frame; /* moves by fractions of a pixel */
      int wave = (u / 4 % 256 < 128 ? u / 4 % 128 : 127 - u / 4 % 128) + (v / 4 & 127) / 2;
      int grain = (int)(scene_noise((uint32_t)(u / 8 * 4099 + v / 8)) & 31);
      int moving = (int)(scene_noise((uint32_t)(x + 8191 * y + 65537 * frame)) & 3);
      scene_pixel(row + 4 * (ptrdiff_t)x, (unsigned)(wave + grain + moving) & 255,
                  (unsigned)(40 + wave / 2 + grain + moving), (unsigned)(200 - wave + grain + moving) & 255);
    }
  }
}

static inline double scene_psnr_planes(const uint8_t *a, int stride_a, const uint8_t *b, int stride_b, int width,
                                       int height) {
  double error = 0;
  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++) {
      double d = (double)a[(ptrdiff_t)y * stride_a + x] - b[(ptrdiff_t)y * stride_b + x];
      error += d * d;
    }
  error /= (double)width * height;
  return error > 0 ? 10 * log10(255 * 255 / error) : 99;
}

#endif
