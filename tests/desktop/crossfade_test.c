/* SPDX-License-Identifier: MIT
 *
 * desktop/crossfade: short, at equal power, without a click whatever becomes of what fades out. Lesson 28.
 */
#include "desktop/crossfade.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { BLOCK = 240, FADE = 2400, BEFORE_HZ = 440, AFTER_HZ = 1000 };
#define AMPLITUDE 0.25
#define STEEPEST(hz) (AMPLITUDE * 2 * M_PI * (hz) / 48000)

static float tone(uint64_t frame, double hz) {
  return (float)(AMPLITUDE * sin(2 * M_PI * fmod((double)frame * hz / 48000, 1)));
}

static void make(float *frames, uint64_t from, size_t count, double hz) {
  for (size_t i = 0; i < count; i++)
    frames[2 * i] = frames[2 * i + 1] = tone(from + i, hz);
}

struct heard {
  double step_most, energy;
  size_t frames;
};

/* A fade in blocks; of what fades out `there` frames come, and after `back` more frames it comes again. */
static struct heard run(struct oriel_crossfade *fade, uint64_t start, size_t there, size_t back, double after_hz) {
  struct heard heard = {0};
  float last = tone(start - 1, BEFORE_HZ);
  oriel_crossfade_begin(fade);
  for (size_t at = 0; oriel_crossfade_runs(fade) || at < FADE + BLOCK; at += BLOCK) {
    float frames[BLOCK * 2], before[BLOCK * 2];
    make(frames, at, BLOCK, after_hz);
    make(before, start + at, BLOCK, BEFORE_HZ);
    if (oriel_crossfade_runs(fade)) {
      size_t got = at >= there + back ? BLOCK : at >= there ? 0 : there - at < BLOCK ? there - at : BLOCK;
      heard.frames += BLOCK;
      oriel_crossfade_mix(fade, frames, BLOCK, before, got);
    }
    for (size_t i = 0; i < BLOCK; i++) {
      heard.step_most = fmax(heard.step_most, fabs((double)(frames[2 * i] - last)));
      heard.energy += (double)frames[2 * i] * (double)frames[2 * i];
      last = frames[2 * i];
    }
  }
  return heard;
}

static int set_up(void **state) {
  struct oriel_crossfade *fade = calloc(1, sizeof *fade);
  assert_non_null(fade);
  assert_int_equal(oriel_crossfade_init(fade), 0);
  assert_false(oriel_crossfade_runs(fade));
  *state = fade;
  return 0;
}

static int tear_down(void **state) {
  oriel_crossfade_finish(*state);
  oriel_crossfade_finish(*state); /* twice is harmless */
  free(*state);
  return 0;
}

static void fade_takes_fifty_ms_at_equal_power(void **state) {
  const struct heard heard = run(*state, 4800, 100000, 0, AFTER_HZ);
  assert_int_equal(heard.frames, FADE);
  assert_true(heard.step_most <= (STEEPEST(BEFORE_HZ) + STEEPEST(AFTER_HZ)) * 1.05);
  assert_true(fabs(heard.energy / (FADE + BLOCK) / (AMPLITUDE * AMPLITUDE / 2) - 1) < 0.1);
}

/* Its packets come late, or never again: it goes on for a moment, and does not stop dead. Without concealment the step
 * is the tone's amplitude. */
static void fade_of_what_ends_early_does_not_click(void **state) {
  for (size_t there = 480; there < FADE; there += 37)
    for (size_t back = 0; back <= 480; back += 240) {
      const struct heard heard = run(*state, 4800 + there, there, back ? back : 100000, AFTER_HZ);
      assert_true(heard.step_most <= (STEEPEST(BEFORE_HZ) + STEEPEST(AFTER_HZ)) * 1.2);
    }
}

static void fade_from_nothing_begins_softly(void **state) {
  run(*state, 4800, 100000, 0, AFTER_HZ); /* a fade before leaves no trace */
  struct oriel_crossfade *fade = *state;
  float frames[FADE * 2], before[FADE * 2];
  oriel_crossfade_begin(fade);
  for (size_t i = 0; i < FADE * 2; i++)
    frames[i] = 1;
  oriel_crossfade_mix(fade, frames, FADE, before, 0);
  for (size_t i = 0; i < FADE; i++)
    assert_true(fabs((double)frames[2 * i] - sin(M_PI / 2 * (double)i / FADE)) < 1e-5);
}

static void frames_keep_the_newest(void **state) {
  (void)state;
  static struct oriel_frames fifo;
  static float some[ORIEL_OPUS_FRAMES_MAX * 2];
  float one[2];
  for (int round = 0; round < 3; round++) {
    for (size_t i = 0; i < ORIEL_OPUS_FRAMES_MAX * 2; i++)
      some[i] = (float)round;
    oriel_frames_put(&fifo, some, ORIEL_OPUS_FRAMES_MAX);
  }
  assert_int_equal(fifo.count, ORIEL_FRAMES_FIFO);
  assert_int_equal(oriel_frames_take(&fifo, one, 1), 1);
  assert_true(one[0] > 0.5f && one[0] < 1.5f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(fade_takes_fifty_ms_at_equal_power, set_up, tear_down),
    cmocka_unit_test_setup_teardown(fade_of_what_ends_early_does_not_click, set_up, tear_down),
    cmocka_unit_test_setup_teardown(fade_from_nothing_begins_softly, set_up, tear_down),
    cmocka_unit_test(frames_keep_the_newest),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
