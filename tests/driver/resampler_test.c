/* SPDX-License-Identifier: MIT
 *
 * Rates between device and stream.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "driver/resampler.h"

static void resampler_at_equal_rates_copies(void **state) {
  (void)state;
  struct resampler resampler;
  float in[20], out[20];
  for (int i = 0; i < 20; i++)
    in[i] = (float)i;
  assert_int_equal(resampler_init(&resampler, 48000, 48000), 0);
  size_t taken = 10, given = 10;
  resampler_run(&resampler, in, &taken, out, &given);
  assert_int_equal(taken, 10);
  assert_int_equal(given, 10);
  assert_memory_equal(in, out, sizeof in);
  resampler_finish(&resampler);
}

/* A tone of 1 kHz must come out as that tone, whatever the blocks. */
static void resample_tone(uint32_t from, uint32_t to) {
  struct resampler resampler;
  float in[2 * 97], out[2 * 300];
  double phase = 0, error = 0;
  size_t total_in = 0, total_out = 0;
  assert_int_equal(resampler_init(&resampler, from, to), 0);
  for (int block = 0; block < 400; block++) {
    const size_t want = 1 + (size_t)block % 97;
    for (size_t i = 0; i < want; i++, phase += 2 * 3.14159265358979 * 1000 / from)
      in[2 * i] = in[2 * i + 1] = (float)sin(phase);
    size_t taken = want, given = 300;
    resampler_run(&resampler, in, &taken, out, &given);
    assert_int_equal(taken, want);
    for (size_t i = 0; i < given; i++) {
      /* The first output lies on the middle of the first taps: 16 frames in. */
      const double time = (double)(total_out + i) / to - (RESAMPLER_TAPS / 2.0) / from;
      const double ideal = sin(2 * 3.14159265358979 * 1000 * time);
      if (total_out + i > 200 && fabs((double)out[2 * i] - ideal) > error)
        error = fabs((double)out[2 * i] - ideal);
      assert_true(out[2 * i] == out[2 * i + 1]);
    }
    total_in += taken;
    total_out += given;
  }
  assert_true(error < 0.003);
  assert_true(fabs((double)total_out / to - (double)total_in / from) < 2.0 / from);
  resampler_finish(&resampler);
}

static void resampler_keeps_a_tone(void **state) {
  (void)state;
  static const uint32_t rates[] = {44100, 88200, 96000};
  for (int i = 0; i < 3; i++) {
    resample_tone(rates[i], 48000);
    resample_tone(48000, rates[i]);
  }
}

static void resampler_knows_its_need(void **state) {
  (void)state;
  static const uint32_t rates[] = {44100, 48000, 88200, 96000};
  float in[2 * 2048] = {0}, out[2 * 1024];
  for (int i = 0; i < 4; i++) {
    struct resampler resampler;
    assert_int_equal(resampler_init(&resampler, 48000, rates[i]), 0);
    for (size_t want = 1; want < 700; want += 13) {
      size_t taken = resampler_input_for(&resampler, want), given = want;
      const size_t needed = taken;
      resampler_run(&resampler, in, &taken, out, &given);
      assert_int_equal(given, want);
      assert_int_equal(taken, needed);
    }
    resampler_finish(&resampler);
  }
}

static void resampler_refuses_odd_ratios(void **state) {
  (void)state;
  struct resampler resampler;
  assert_int_equal(resampler_init(&resampler, 0, 48000), -EINVAL);
  assert_int_equal(resampler_init(&resampler, 44101, 48000), -EINVAL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(resampler_at_equal_rates_copies), cmocka_unit_test(resampler_keeps_a_tone),
    cmocka_unit_test(resampler_knows_its_need),        cmocka_unit_test(resampler_refuses_odd_ratios),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
