/* SPDX-License-Identifier: MIT
 *
 * media/limiter: within full scale, without clicks, and untouched where nothing is loud.
 */
#include "media/limiter.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { BLOCK = 960, BLOCKS = 50 };

static void tones(float *frames, size_t from, float amplitude) {
  for (size_t i = 0; i < BLOCK; i++) {
    const double at = (double)(from + i) / 48000;
    const float sample = amplitude * (float)(sin(2 * M_PI * 440 * at) + sin(2 * M_PI * 1000 * at));
    frames[2 * i] = sample;
    frames[2 * i + 1] = -sample;
  }
}

static void quiet_sound_is_untouched(void **state) {
  (void)state;
  struct oriel_limiter limiter = {0};
  float frames[BLOCK * 2], before[BLOCK * 2];
  for (size_t block = 0; block < BLOCKS; block++) {
    tones(frames, block * BLOCK, 0.4f);
    memcpy(before, frames, sizeof before);
    oriel_limiter_run(&limiter, frames, BLOCK);
    assert_memory_equal(frames, before, sizeof before);
  }
}

/* Two tones of full scale: bounded, loud, and no steeper than they are themselves. */
static void loud_sound_is_bounded_without_clicks(void **state) {
  (void)state;
  struct oriel_limiter limiter = {0};
  float frames[BLOCK * 2], last = 0, step = 0, peak = 0;
  for (size_t block = 0; block < BLOCKS; block++) {
    tones(frames, block * BLOCK, 1);
    oriel_limiter_run(&limiter, frames, BLOCK);
    assert_true(oriel_limiter_peak(frames, BLOCK) <= 1);
    peak = fmaxf(peak, oriel_limiter_peak(frames, BLOCK));
    for (size_t i = 0; i < BLOCK; i++) {
      if (block > 0 || i > 0)
        step = fmaxf(step, fabsf(frames[2 * i] - last));
      last = frames[2 * i];
    }
  }
  assert_true(peak > 0.9f);
  assert_true(step < 2 * (float)M_PI * 1440 / 48000);
}

static void gain_comes_back(void **state) {
  (void)state;
  struct oriel_limiter limiter = {0};
  float frames[BLOCK * 2], before[BLOCK * 2];
  tones(frames, 0, 2);
  oriel_limiter_run(&limiter, frames, BLOCK);
  assert_true(limiter.lowered > 0.3f);
  for (size_t block = 0; block < 12; block++) { /* 240 ms */
    tones(frames, block * BLOCK, 0.2f);
    memcpy(before, frames, sizeof before);
    oriel_limiter_run(&limiter, frames, BLOCK);
  }
  assert_memory_equal(frames, before, sizeof before);
}

static void blocks_of_any_size_are_bounded(void **state) {
  (void)state;
  struct oriel_limiter limiter = {0};
  float frames[BLOCK * 2];
  for (size_t count = 0; count < 300; count++) {
    tones(frames, count * 31, 8);
    oriel_limiter_run(&limiter, frames, count);
    assert_true(oriel_limiter_peak(frames, count) <= 1);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(quiet_sound_is_untouched),
    cmocka_unit_test(loud_sound_is_bounded_without_clicks),
    cmocka_unit_test(gain_comes_back),
    cmocka_unit_test(blocks_of_any_size_are_bounded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
