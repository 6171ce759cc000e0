/* SPDX-License-Identifier: MIT
 *
 * Speaker layouts and the downmix to stereo.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "media/downmix.h"

static void start(struct oriel_downmix *downmix, unsigned channels) {
  enum oriel_speaker layout[ORIEL_SPEAKERS_MAX];
  oriel_layout(channels, layout);
  oriel_downmix_init(downmix, layout, channels);
}

/** Left and right of one frame in which only channel `c` sounds. */
static void fold_one(unsigned channels, unsigned c, float level, float out[2]) {
  struct oriel_downmix downmix;
  float frame[ORIEL_SPEAKERS_MAX] = {0};
  frame[c] = level;
  start(&downmix, channels);
  oriel_downmix(&downmix, frame, out, 1);
}

static void downmix_of_plain_stereo_loses_nothing(void **state) {
  (void)state;
  for (unsigned channels = 2; channels <= 16; channels++) {
    struct oriel_downmix downmix;
    float frame[ORIEL_SPEAKERS_MAX] = {0.7f, -0.9f}, out[2];
    start(&downmix, channels);
    for (int i = 0; i < 100; i++) {
      oriel_downmix(&downmix, frame, out, 1);
      assert_true(out[0] == 0.7f && out[1] == -0.9f);
    }
  }
}

static void downmix_keeps_the_sides(void **state) {
  (void)state;
  for (unsigned channels = 3; channels <= 16; channels++) {
    enum oriel_speaker layout[ORIEL_SPEAKERS_MAX];
    oriel_layout(channels, layout);
    for (unsigned c = 0; c < channels; c++) {
      float out[2];
      fold_one(channels, c, 1, out);
      switch (layout[c]) {
      case ORIEL_SPEAKER_LFE: assert_true(out[0] == 0 && out[1] == 0); break;
      case ORIEL_SPEAKER_CENTRE: case ORIEL_SPEAKER_BACK: assert_true(out[0] > 0.4f && out[0] == out[1]); break;
      case ORIEL_SPEAKER_NUMBERED:
        assert_float_equal(out[c % 2], 0.70710678f, 1e-6f);
        assert_true(out[1 - c % 2] == 0);
        break;
      default: { /* the rest are pairs, left ones first */
        const unsigned side = (layout[c] - ORIEL_SPEAKER_LEFT + (layout[c] > ORIEL_SPEAKER_BACK)) % 2;
        assert_float_equal(out[side], c < 2 ? 1.0f : 0.70710678f, 1e-6f);
        assert_true(out[1 - side] == 0);
      }
      }
    }
  }
}

static void downmix_names_the_usual_layouts(void **state) {
  (void)state;
  static const struct {
    unsigned channels, channel;
    enum oriel_speaker speaker;
  } places[] = {
    {1, 0, ORIEL_SPEAKER_MONO}, {3, 2, ORIEL_SPEAKER_CENTRE}, {4, 2, ORIEL_SPEAKER_SURROUND_LEFT},
    {5, 2, ORIEL_SPEAKER_CENTRE}, {5, 4, ORIEL_SPEAKER_SURROUND_RIGHT}, {6, 3, ORIEL_SPEAKER_LFE},
    {6, 5, ORIEL_SPEAKER_SURROUND_RIGHT}, {7, 6, ORIEL_SPEAKER_BACK}, {8, 7, ORIEL_SPEAKER_SECOND_RIGHT},
    {12, 7, ORIEL_SPEAKER_SECOND_RIGHT}, {12, 8, ORIEL_SPEAKER_NUMBERED}, {16, 8, ORIEL_SPEAKER_WIDE_LEFT},
    {16, 15, ORIEL_SPEAKER_TOP_BACK_RIGHT},
  };
  for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
    enum oriel_speaker layout[ORIEL_SPEAKERS_MAX];
    oriel_layout(places[i].channels, layout);
    assert_int_equal(layout[places[i].channel], places[i].speaker);
  }
}

/* What adds up to more than full scale is turned down rather than cut, and comes back when it is over. */
static void downmix_turns_down_what_adds_up(void **state) {
  (void)state;
  for (unsigned channels = 3; channels <= 16; channels++) {
    struct oriel_downmix downmix;
    float all[ORIEL_SPEAKERS_MAX], front[ORIEL_SPEAKERS_MAX] = {0.5f, 0.5f}, out[2], last = 0;
    for (unsigned c = 0; c < channels; c++)
      all[c] = 1;
    start(&downmix, channels);
    for (int i = 0; i < 1000; i++) {
      oriel_downmix(&downmix, all, out, 1);
      assert_true(out[0] <= 1 && out[1] <= 1 && out[0] > 0.99f);
    }
    for (int i = 0; i < 24000; i++) {
      oriel_downmix(&downmix, front, out, 1);
      assert_true(out[0] >= last && out[0] <= 0.5f);
      last = out[0];
    }
    assert_true(last == 0.5f);
  }
}

static void downmix_survives_what_is_no_number(void **state) {
  (void)state;
  struct oriel_downmix downmix;
  const float bad[6] = {INFINITY, NAN, 1, 1, -INFINITY, 3e38f}, good[6] = {0.25f, 0.25f};
  float out[2];
  start(&downmix, 6);
  oriel_downmix(&downmix, bad, out, 1);
  for (int i = 0; i < 24001; i++)
    oriel_downmix(&downmix, good, out, 1);
  assert_true(out[0] == 0.25f && out[1] == 0.25f);
}

static void downmix_follows_a_layout_of_ones_own(void **state) {
  (void)state;
  static const enum oriel_speaker layout[4] = {ORIEL_SPEAKER_LFE, ORIEL_SPEAKER_CENTRE, ORIEL_SPEAKER_RIGHT,
                                               ORIEL_SPEAKER_LEFT};
  const float frame[4] = {1, 0, 0.25f, 0.5f};
  struct oriel_downmix downmix;
  float out[2];
  oriel_downmix_init(&downmix, layout, 4);
  oriel_downmix(&downmix, frame, out, 1);
  assert_true(out[0] == 0.5f && out[1] == 0.25f);
  static const enum oriel_speaker swapped[2] = {ORIEL_SPEAKER_RIGHT, ORIEL_SPEAKER_LEFT};
  oriel_downmix_init(&downmix, swapped, 2);
  oriel_downmix(&downmix, frame + 2, out, 1);
  assert_true(out[0] == 0.5f && out[1] == 0.25f);
}

static void spread_fills_the_first_two(void **state) {
  (void)state;
  const float in[4] = {0.5f, -0.25f, 0.125f, 1};
  float out[32];
  oriel_upmix(in, out, 1, 2);
  assert_true(out[0] == 0.125f && out[1] == 0.5625f);
  oriel_upmix(in, out, 2, 2);
  assert_memory_equal(out, in, sizeof in);
  oriel_upmix(in, out, 16, 2);
  for (int i = 0; i < 32; i++)
    assert_true(out[i] == (i == 0 ? 0.5f : i == 1 ? -0.25f : i == 16 ? 0.125f : i == 17 ? 1.0f : 0.0f));
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(downmix_of_plain_stereo_loses_nothing), cmocka_unit_test(downmix_keeps_the_sides),
    cmocka_unit_test(downmix_names_the_usual_layouts),       cmocka_unit_test(downmix_turns_down_what_adds_up),
    cmocka_unit_test(downmix_survives_what_is_no_number),    cmocka_unit_test(downmix_follows_a_layout_of_ones_own),
    cmocka_unit_test(spread_fills_the_first_two),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
