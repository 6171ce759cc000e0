/* SPDX-License-Identifier: MIT
 *
 * Pictures made smaller: their sizes, and that every pixel of the large one counts.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "media/shrink.h"

static void sizes_keep_their_shape(void **state) {
  (void)state;
  static const unsigned rows[][4] = {
    {1920, 1080, 384, 216}, {1080, 1920, 135, 240}, {320, 200, 320, 200}, {384, 240, 384, 240}, {385, 240, 384, 239},
    {7680, 64, 384, 3},     {64, 4320, 3, 240},     {7680, 1, 384, 1},    {1, 4320, 1, 240},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    unsigned width, height;
    oriel_shrink_fit(rows[i][0], rows[i][1], 384, 240, &width, &height);
    assert_int_equal(i * 100000 + width, i * 100000 + rows[i][2]);
    assert_int_equal(i * 100000 + height, i * 100000 + rows[i][3]);
  }
}

/* Black and white in turn become grey, not one of both, and colours stay where they are. */
static void pixels_become_their_mean(void **state) {
  (void)state;
  enum { WIDTH = 640, HEIGHT = 400, SMALL_WIDTH = 160, SMALL_HEIGHT = 100, STRIDE = WIDTH * 4 + 64 };
  uint8_t *large = malloc((size_t)STRIDE * HEIGHT), *small = malloc((size_t)SMALL_WIDTH * SMALL_HEIGHT * 4);
  assert_true(large && small);
  for (unsigned y = 0; y < HEIGHT; y++) {
    for (unsigned x = 0; x < WIDTH; x++) {
      const uint8_t grey = (x + y) % 2 ? 255 : 0;
      const uint8_t pixel[4] = {x < WIDTH / 2 ? grey : 200, x < WIDTH / 2 ? grey : 100, x < WIDTH / 2 ? grey : 50, 255};
      memcpy(large + (size_t)y * STRIDE + (size_t)x * 4, pixel, 4);
    }
  }
  assert_int_equal(oriel_shrink(large, STRIDE, WIDTH, HEIGHT, small, SMALL_WIDTH, SMALL_HEIGHT), 0);
  for (unsigned i = 0; i < SMALL_WIDTH * SMALL_HEIGHT; i++) {
    static const int colour[3] = {200, 100, 50};
    for (int k = 0; k < 3; k++) {
      const int expected = i % SMALL_WIDTH < SMALL_WIDTH / 2 ? 127 : colour[k];
      assert_in_range(small[i * 4 + (unsigned)k], expected - 1, expected + 1);
    }
  }
  assert_int_equal(oriel_shrink(large, STRIDE, WIDTH, HEIGHT, small, 0, 1), -EINVAL);
  assert_int_equal(oriel_shrink(large, STRIDE, 10, HEIGHT, small, 11, 1), -EINVAL);
  free(large);
  free(small);
}

/* Part by part or all at once, it is the same picture, but for how libyuv's paths for one and for many pixels round. */
static void parts_make_the_whole(void **state) {
  (void)state;
  enum { WIDTH = 132, HEIGHT = 84 };
  static uint8_t large[HEIGHT][WIDTH][4], whole[HEIGHT / 2][WIDTH / 2][4], parts[HEIGHT / 2][WIDTH / 2][4];
  for (unsigned y = 0; y < HEIGHT; y++)
    for (unsigned x = 0; x < WIDTH; x++)
      for (unsigned k = 0; k < 4; k++)
        large[y][x][k] = (uint8_t)(x * 37 + y * 91 + k * 50);
  for (unsigned factor = 2; factor <= 4; factor += 2) {
    const int width = WIDTH / (int)factor, height = HEIGHT / (int)factor;
    memset(parts, 0, sizeof parts);
    memset(whole, 0, sizeof whole);
    oriel_shrink_part(&large[0][0][0], WIDTH * 4, factor, (struct oriel_rect){0, 0, width, height}, &whole[0][0][0],
                      (int)sizeof whole[0]);
    for (int y = 0; y < height; y += 5)
      for (int x = 0; x < width; x += 7)
        oriel_shrink_part(&large[0][0][0], WIDTH * 4, factor,
                          (struct oriel_rect){x, y, width - x < 7 ? width - x : 7, height - y < 5 ? height - y : 5},
                          &parts[0][0][0], (int)sizeof parts[0]);
    for (size_t i = 0; i < sizeof whole; i++)
      assert_in_range(1 + (&parts[0][0][0])[i] - (&whole[0][0][0])[i], 0, 2);
    for (int i = 0; i < 4; i++)
      assert_int_not_equal(whole[height - 1][width / 2][i], 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(sizes_keep_their_shape),
    cmocka_unit_test(pixels_become_their_mean),
    cmocka_unit_test(parts_make_the_whole),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
