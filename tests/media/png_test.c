/* SPDX-License-Identifier: MIT
 *
 * PNG: what was written reads back pixel by pixel.
 */
#include "media/png.h"

#include <png.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "scene.h"

static void check_size(int width, int height, int padding) {
  int stride = width * 4 + padding;
  size_t exact = (size_t)stride * (size_t)(height - 1) + (size_t)width * 4;
  uint8_t *bgrx = malloc((size_t)stride * (size_t)height), *tight = malloc(exact);
  assert_true(bgrx && tight);
  scene_text(bgrx, stride, width, height, 0);
  memcpy(tight, bgrx, exact);
  for (size_t i = 3; i < exact; i += 4)
    tight[i] = (uint8_t)i; /* X is nobody's */
  uint8_t *file = NULL;
  size_t size = 0;
  assert_int_equal(oriel_png_encode(tight, stride, (unsigned)width, (unsigned)height, &file, &size), 0);
  png_image image = {.version = PNG_IMAGE_VERSION};
  assert_true(png_image_begin_read_from_memory(&image, file, size));
  assert_int_equal(image.width, width);
  assert_int_equal(image.height, height);
  assert_int_equal(image.format, PNG_FORMAT_RGB); /* no alpha channel */
  image.format = PNG_FORMAT_BGRA;
  uint8_t *back = malloc(PNG_IMAGE_SIZE(image));
  assert_non_null(back);
  assert_true(png_image_finish_read(&image, NULL, back, 0, NULL));
  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++) {
      const uint8_t *want = tight + (ptrdiff_t)y * stride + 4 * x, *got = back + ((ptrdiff_t)y * width + x) * 4;
      assert_memory_equal(want, got, 3);
      assert_int_equal(got[3], 255);
    }
  assert_true(size < (size_t)width * (size_t)height * 3 + 200);
  free(back);
  free(file);
  free(bgrx);
  free(tight);
}

static void png_round_trip(void **unused) {
  (void)unused;
  check_size(1, 1, 0);
  check_size(64, 64, 0);
  check_size(333, 77, 4);
  check_size(1280, 720, 64);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(png_round_trip)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
