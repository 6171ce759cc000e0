/* SPDX-License-Identifier: MIT
 *
 * Conversions, against a plain reference in floating point.
 */
#include "media/picture.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "scene.h"

enum { TOLERANCE = 2 }; /* libyuv works with 7 and 8 bit coefficients */

static uint8_t *random_bgrx(int stride, int height, uint32_t seed) {
  uint8_t *bgrx = malloc((size_t)stride * (size_t)height);
  assert_non_null(bgrx);
  for (int i = 0; i < stride * height; i++) /* soft, so that chroma averages mean something, with full range */
    bgrx[i] = (uint8_t)(scene_noise(seed + (uint32_t)(i / 16)) + (scene_noise(seed ^ (uint32_t)i) & 15));
  return bgrx;
}

static int clamp_to(int value, int most) {
  return value < most ? value : most;
}

/* BT.601 matrix, full range (ITU-T T.871, section 7) */
static double luma(const uint8_t *p) {
  return 0.299 * p[2] + 0.587 * p[1] + 0.114 * p[0];
}

static double chroma(const uint8_t *p, bool red) {
  double y = 0.299 * p[2] + 0.587 * p[1] + 0.114 * p[0];
  return 128 + (red ? (p[2] - y) / 1.402 : (p[0] - y) / 1.772);
}

static double chroma_average(const uint8_t *bgrx, int stride, int width, int height, int x, int y, bool red) {
  double sum = 0;
  for (int dy = 0; dy < 2; dy++)
    for (int dx = 0; dx < 2; dx++)
      sum += chroma(bgrx + (ptrdiff_t)clamp_to(2 * y + dy, height - 1) * stride +
                      4 * (ptrdiff_t)clamp_to(2 * x + dx, width - 1), red);
  return sum / 4;
}

static void check_area(const struct oriel_picture *picture, const uint8_t *bgrx, int stride, struct oriel_rect rect) {
  int width = picture->width, height = picture->height;
  for (int y = rect.y; y < rect.y + rect.height; y++)
    for (int x = rect.x; x < rect.x + rect.width; x++) {
      const uint8_t *pixel = bgrx + (ptrdiff_t)clamp_to(y, height - 1) * stride + 4 * (ptrdiff_t)clamp_to(x, width - 1);
      double expected = luma(pixel);
      assert_true(fabs(picture->y[(ptrdiff_t)y * picture->stride_y + x] - expected) <= TOLERANCE);
    }
  for (int y = rect.y / 2; y < (rect.y + rect.height) / 2; y++)
    for (int x = rect.x / 2; x < (rect.x + rect.width) / 2; x++) {
      ptrdiff_t at = (ptrdiff_t)y * picture->stride_uv + x;
      assert_true(fabs(picture->u[at] - chroma_average(bgrx, stride, width, height, x, y, false)) <= TOLERANCE);
      assert_true(fabs(picture->v[at] - chroma_average(bgrx, stride, width, height, x, y, true)) <= TOLERANCE);
    }
}

static void picture_whole(void **unused) {
  (void)unused;
  static const int sizes[][2] = {{64, 64}, {65, 64}, {64, 65}, {65, 65}, {127, 99}, {130, 67}, {640, 360}, {641, 361}};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    int width = sizes[i][0], height = sizes[i][1], stride = width * 4 + 12;
    uint8_t *bgrx = random_bgrx(stride, height, (uint32_t)i);
    struct oriel_picture picture;
    assert_int_equal(oriel_picture_init(&picture, (uint16_t)width, (uint16_t)height, ORIEL_RANGE_FULL), 0);
    assert_int_equal(picture.coded_width, (width + 1) & ~1);
    assert_int_equal(picture.coded_height, (height + 1) & ~1);
    assert_int_equal(picture.stride_y % 64 + picture.stride_uv % 64, 0);
    assert_int_equal((uintptr_t)picture.y % 64, 0);
    const struct oriel_damage all = {.count = 1, .rects = {{0, 0, width, height}}};
    oriel_picture_convert(&picture, bgrx, stride, &all);
    check_area(&picture, bgrx, stride, (struct oriel_rect){0, 0, picture.coded_width, picture.coded_height});
    oriel_picture_finish(&picture);
    free(bgrx);
  }
}

/* Grey must stay grey and white white: the eye sees a tint of two levels on a page of text. */
static void picture_neutral(void **unused) {
  (void)unused;
  struct oriel_picture picture;
  assert_int_equal(oriel_picture_init(&picture, 64, 64, ORIEL_RANGE_FULL), 0);
  uint8_t *bgrx = malloc(64 * 64 * 4);
  assert_non_null(bgrx);
  for (int level = 0; level < 256; level++) {
    memset(bgrx, level, 64 * 64 * 4);
    const struct oriel_damage all = {.count = 1, .rects = {{0, 0, 64, 64}}};
    oriel_picture_convert(&picture, bgrx, 256, &all);
    assert_int_equal(picture.y[100], level);
    assert_int_equal(picture.u[40], 128);
    assert_int_equal(picture.v[40], 128);
  }
  free(bgrx);
  oriel_picture_finish(&picture);
}

/* Converts what is damaged, aligned to even coordinates, and nothing else. */
static void picture_damage_only(void **unused) {
  (void)unused;
  enum { WIDTH = 131, HEIGHT = 77 };
  static const struct oriel_rect rects[] = {
    {0, 0, 1, 1},      {1, 1, 1, 1},      {3, 5, 17, 9},        {130, 76, 1, 1},           {129, 70, 2, 7},
    {-5, -5, 10, 10},  {100, 60, 500, 500}, {0, 0, 131, 77},    {INT32_MAX - 1, 0, 9, 9},
    {INT32_MIN, INT32_MIN, INT32_MAX, INT32_MAX},
    {20, 20, 0, 5},    {20, 20, -3, 5},   {-100, 3, INT32_MAX, 2},
  };
  uint8_t *bgrx = random_bgrx(WIDTH * 4, HEIGHT, 77);
  for (size_t i = 0; i < sizeof rects / sizeof rects[0]; i++) {
    struct oriel_picture picture;
    assert_int_equal(oriel_picture_init(&picture, WIDTH, HEIGHT, ORIEL_RANGE_FULL), 0);
    memset(picture.y, 0xAA, (size_t)picture.stride_y * picture.coded_height);
    const struct oriel_damage damage = {.count = 1, .rects = {rects[i]}};
    oriel_picture_convert(&picture, bgrx, WIDTH * 4, &damage);
    struct oriel_rect inside = oriel_rect_align(rects[i], 2, WIDTH, HEIGHT);
    if (oriel_rect_empty(inside))
      inside = (struct oriel_rect){0};
    inside.width += inside.width & 1; /* the repeated edge */
    inside.height += inside.height & 1;
    check_area(&picture, bgrx, WIDTH * 4, inside);
    for (int y = 0; y < picture.coded_height; y++)
      for (int x = 0; x < picture.stride_y; x++)
        if (x < inside.x || x >= inside.x + inside.width || y < inside.y || y >= inside.y + inside.height)
          assert_int_equal(picture.y[y * picture.stride_y + x], 0xAA);
    oriel_picture_finish(&picture);
  }
  free(bgrx);
}

static void picture_starts_black(void **unused) {
  (void)unused;
  struct oriel_picture picture;
  assert_int_equal(oriel_picture_init(&picture, 65, 67, ORIEL_RANGE_FULL), 0);
  assert_int_equal(picture.y[0], 0);
  assert_int_equal(picture.u[0], 128);
  assert_int_equal(picture.v[33 * picture.stride_uv + 32], 128);
  oriel_picture_finish(&picture);
  assert_null(picture.y);
}

static void picture_bad_size(void **unused) {
  (void)unused;
  static const uint16_t bad[][2] = {{63, 64}, {64, 63}, {0, 0}, {7681, 64}, {64, 4321}, {65535, 65535}};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    struct oriel_picture picture = {0};
    assert_int_equal(oriel_picture_init(&picture, bad[i][0], bad[i][1], ORIEL_RANGE_FULL), -EINVAL);
    assert_null(picture.y);
  }
}

/* What each format means, byte by byte, written without any of the code under test. */
static void reference_pixel(const uint8_t *p, enum oriel_pixel_format format, int *r, int *g, int *b) {
  unsigned word = (unsigned)p[0] | (unsigned)p[1] << 8;
  switch (format) {
  case ORIEL_PIXEL_BGRX8888: case ORIEL_PIXEL_BGR888: *b = p[0], *g = p[1], *r = p[2]; break;
  case ORIEL_PIXEL_RGBX8888: case ORIEL_PIXEL_RGB888: *r = p[0], *g = p[1], *b = p[2]; break;
  case ORIEL_PIXEL_XRGB8888: *r = p[1], *g = p[2], *b = p[3]; break;
  case ORIEL_PIXEL_XBGR8888: *b = p[1], *g = p[2], *r = p[3]; break;
  case ORIEL_PIXEL_RGB565:
    *r = (int)(word >> 11) * 255 / 31, *g = (int)(word >> 5 & 63) * 255 / 63, *b = (int)(word & 31) * 255 / 31;
    break;
  case ORIEL_PIXEL_XRGB1555:
    *r = (int)(word >> 10 & 31) * 255 / 31, *g = (int)(word >> 5 & 31) * 255 / 31, *b = (int)(word & 31) * 255 / 31;
    break;
  default: fail();
  }
}

static void pixels_all_formats(void **unused) {
  (void)unused;
  static const int widths[] = {1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 64, 100, 129};
  static const int bytes[ORIEL_PIXEL_FORMATS] = {4, 4, 4, 4, 3, 3, 2, 2};
  for (int format = 0; format < ORIEL_PIXEL_FORMATS; format++) {
    assert_int_equal(oriel_pixel_size((enum oriel_pixel_format)format), bytes[format]);
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
      int width = widths[i], height = 3, stride = width * bytes[format] + 5, to_stride = width * 4 + 8;
      /* Exact allocations: AddressSanitizer sees a byte too many on either side. */
      size_t from_size = (size_t)(stride * (height - 1) + width * bytes[format]);
      size_t to_size = (size_t)(to_stride * (height - 1) + width * 4);
      uint8_t *from = malloc(from_size), *to = malloc(to_size);
      assert_true(from && to);
      for (size_t j = 0; j < from_size; j++)
        from[j] = (uint8_t)scene_noise((uint32_t)(j + 1000 * i));
      memset(to, 0x55, to_size);
      oriel_pixels_to_bgrx(to, to_stride, from, stride, (enum oriel_pixel_format)format, width, height);
      for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
          int r = 0, g = 0, b = 0, slack = bytes[format] == 2 ? 1 : 0; /* 5 bits to 8: by shifts or by division */
          reference_pixel(from + y * stride + x * bytes[format], (enum oriel_pixel_format)format, &r, &g, &b);
          const uint8_t *p = to + y * to_stride + 4 * x;
          assert_true(abs(p[0] - b) <= slack && abs(p[1] - g) <= slack && abs(p[2] - r) <= slack);
          assert_int_equal(p[3], 255);
        }
      for (int y = 0; y + 1 < height; y++) /* padding is nobody's */
        for (int x = width * 4; x < to_stride; x++)
          assert_int_equal(to[y * to_stride + x], 0x55);
      free(from);
      free(to);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(picture_whole),       cmocka_unit_test(picture_neutral),  cmocka_unit_test(picture_damage_only),
    cmocka_unit_test(picture_starts_black), cmocka_unit_test(picture_bad_size), cmocka_unit_test(pixels_all_formats),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
