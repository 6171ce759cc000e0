/* SPDX-License-Identifier: MIT
 *
 * For tests and benchmarks: pictures that look like what people have on a screen. Header only; deterministic.
 */
#ifndef ORIEL_TESTS_MEDIA_SCENE_H
#define ORIEL_TESTS_MEDIA_SCENE_H

#include <math.h>
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

/** A white window full of dark glyph-like strokes on a grey desktop; `line` scrolls by whole text lines. */
static inline void scene_text(uint8_t *bgrx, int stride, int width, int height, int line) {
  for (int y = 0; y < height; y++) {
    uint8_t *row = bgrx + (ptrdiff_t)y * stride;
    int text = y / 18 + line, inside = y % 18;
    for (int x = 0; x < width; x++) {
      if (x < 24 || x >= width - 24 || y < 32 || y >= height - 24) {
        scene_pixel(row + 4 * (ptrdiff_t)x, 96, 100, 104);
        continue;
      }
      uint32_t glyph = scene_noise((uint32_t)(text * 977 + x / 9));
      int column = x % 9;
      unsigned ink = 0;
      if (glyph % 6 && inside >= 3 && inside < 14 && column < 7) {
        uint32_t stroke = scene_noise(glyph + (uint32_t)(inside / 3));
        ink = (stroke >> column & 1) ? 200 : (stroke >> (column + 8) & 3) == 3 ? 90 : 0;
      }
      scene_pixel(row + 4 * (ptrdiff_t)x, 245 - ink, 245 - ink, 245 - ink);
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
      int moving = (int)(scene_noise((uint32_t)(x + 8191 * y + 65537 * frame)) & 7);
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
