/* SPDX-License-Identifier: MIT
 *
 * Volume, mute and the ramp (lesson 28).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "driver/gain.h"

static void volume_has_three_values(void **state) { /* lesson 28 */
  (void)state;
  assert_true(volume_scalar_to_db(1) == 0 && volume_db_to_gain(0) == 1);
  assert_true(volume_scalar_to_db(0) == VOLUME_DB_MIN && volume_db_to_gain(VOLUME_DB_MIN) == 0);
  assert_float_equal(volume_scalar_to_db(0.5f), -16, 1e-4);
  assert_float_equal(volume_db_to_gain(-20), 0.1, 1e-6);
  float last = -1;
  for (int i = 0; i <= 1000; i++) {
    const float scalar = (float)i / 1000, db = volume_scalar_to_db(scalar), gain = volume_db_to_gain(db);
    assert_float_equal(volume_db_to_scalar(db), scalar, 1e-4);
    assert_true(gain > last);
    last = gain;
  }
}

static void volume_bounds_what_is_out_of_range(void **state) {
  (void)state;
  assert_true(volume_scalar_to_db(7) == 0 && volume_scalar_to_db(-7) == VOLUME_DB_MIN);
  assert_true(volume_scalar_to_db(NAN) == VOLUME_DB_MIN);
  assert_true(volume_db_to_scalar(NAN) == 0 && volume_db_to_scalar(12) == 1 && volume_db_to_scalar(-400) == 0);
  assert_true(volume_db_to_gain(NAN) == 0 && volume_db_to_gain(3) == 1);
}

static void gain_changes_by_a_ramp_of_30_ms(void **state) { /* lesson 28 */
  (void)state;
  struct gain gain;
  float frames[2 * 64];
  float last = 1;
  gain_init(&gain, 1);
  gain_set(&gain, 0);
  for (int at = 0; at < 1440 + 64; at += 64) {
    for (int i = 0; i < 128; i++)
      frames[i] = 1;
    gain_apply(&gain, frames, 64, 2, 48000);
    for (int i = 0; i < 64; i++) {
      assert_true(frames[2 * i] == frames[2 * i + 1]);
      assert_true(frames[2 * i] <= last && last - frames[2 * i] < 1.1f / 1440);
      last = frames[2 * i];
    }
  }
  assert_true(last == 0);
}

static void gain_set_while_nothing_plays_is_there_at_once(void **state) {
  (void)state;
  struct gain gain;
  float frames[2 * 64];
  gain_init(&gain, 1);
  for (int turn = 0; turn < 4; turn++) {
    const float value = turn % 2 ? 1 : 0.25f;
    for (int i = 0; i < 128; i++)
      frames[i] = 1;
    gain_set(&gain, value);
    gain_start(&gain);
    gain_apply(&gain, frames, 64, 2, 48000);
    for (int i = 0; i < 128; i++)
      assert_true(frames[i] == value);
  }
}

static void gain_at_one_leaves_the_bits(void **state) {
  (void)state;
  struct gain gain;
  uint32_t bits[6] = {0x7FC00001, 1, 0x80000000, 0x3F800000, 0x7F800000, 0x12345678}; /* not-a-number too */
  uint32_t after[6];
  float frames[6];
  memcpy(frames, bits, sizeof bits);
  gain_init(&gain, 1);
  gain_apply(&gain, frames, 3, 2, 48000);
  memcpy(after, frames, sizeof after);
  assert_memory_equal(after, bits, sizeof bits);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(volume_has_three_values),
    cmocka_unit_test(volume_bounds_what_is_out_of_range),
    cmocka_unit_test(gain_changes_by_a_ramp_of_30_ms),
    cmocka_unit_test(gain_set_while_nothing_plays_is_there_at_once),
    cmocka_unit_test(gain_at_one_leaves_the_bits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
