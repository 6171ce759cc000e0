/* SPDX-License-Identifier: MIT
 *
 * Volume ramps.
 */
#include "guest/agent/volume.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { RATE = 48000, RAMP = RATE * AGENT_RAMP_MS / 1000, CYCLE = 128 };

/** `count` frames of two channels of a tone at full scale through the volume; the largest step from sample to sample of
 * the left one, the last frame before included. */
static float largest_step(struct agent_volume *volume, size_t count, size_t *at, float *last) {
  float most = 0;
  for (size_t done = 0; done < count; done += CYCLE) {
    float frames[CYCLE * 2];
    for (size_t i = 0; i < CYCLE; i++)
      frames[2 * i] = frames[2 * i + 1] = sinf((float)((*at)++ % 480) * (float)(2 * M_PI / 480)); /* 100 Hz */
    agent_volume_apply(volume, frames, frames, CYCLE);
    for (size_t i = 0; i < CYCLE; i++) {
      most = fmaxf(most, fabsf(frames[2 * i] - *last));
      *last = frames[2 * i];
    }
  }
  return most;
}

static void volume_changed_or_muted_steps_nowhere(void **state) { /* lesson 28 */
  (void)state;
  struct agent_volume volume;
  agent_volume_init(&volume, RATE, 2);
  const float own = (float)(2 * M_PI / 480), bound = own * 1.01f + 1.0f / RAMP;
  float last = 0;
  size_t at = 0;
  assert_true(largest_step(&volume, RATE / 10, &at, &last) <= own * 1.01f);
  static const struct {
    float factor;
    bool is_muted;
  } changes[] = {{0.1f, false}, {0.1f, true}, {1, true}, {1, false}, {0, false}, {1, false}};
  for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
    agent_volume_set(&volume, &changes[i].factor, 1, changes[i].is_muted);
    assert_true(largest_step(&volume, i % 2 ? RATE / 10 : RAMP / 2, &at, &last) <= bound); /* also in mid-ramp */
  }
  assert_true(agent_volume_is_one(&volume));
}

static void volume_arrives_after_a_ramp(void **state) {
  (void)state;
  struct agent_volume volume;
  agent_volume_init(&volume, RATE, 2);
  assert_true(agent_volume_is_one(&volume));
  const float factors[] = {0.5f, 0};
  agent_volume_set(&volume, factors, 2, false);
  assert_false(agent_volume_is_one(&volume));
  float frames[2 * RAMP], scaled[2 * RAMP];
  for (size_t i = 0; i < 2 * RAMP; i++)
    frames[i] = 1;
  agent_volume_apply(&volume, frames, scaled, RAMP);
  for (size_t i = 1; i < RAMP; i++)
    assert_true(scaled[2 * i] < scaled[2 * i - 2] && scaled[2 * i + 1] < scaled[2 * i - 1]);
  assert_true(scaled[2 * RAMP - 2] == 0.5f && scaled[2 * RAMP - 1] == 0);
  assert_true(frames[2 * RAMP - 1] == 1); /* what was given is left alone */
}

static void volume_set_while_nothing_plays_is_there_at_once(void **state) {
  (void)state;
  struct agent_volume volume;
  agent_volume_init(&volume, RATE, 1);
  const float half = 0.5f;
  agent_volume_set(&volume, &half, 1, false);
  agent_volume_start(&volume);
  float frame = 1;
  agent_volume_apply(&volume, &frame, &frame, 1);
  assert_true(frame == 0.5f);
}

static void volume_that_is_no_number_is_harmless(void **state) {
  (void)state;
  struct agent_volume volume;
  agent_volume_init(&volume, RATE, 3);
  const float bad[] = {NAN, -1, INFINITY};
  agent_volume_set(&volume, bad, 3, false);
  agent_volume_start(&volume);
  float frame[] = {1, 1, 1};
  agent_volume_apply(&volume, frame, frame, 1);
  assert_true(frame[0] == 0 && frame[1] == 0 && frame[2] == 16);
  agent_volume_set(&volume, bad, 0, true); /* none: as it was */
  assert_false(agent_volume_is_one(&volume));
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(volume_changed_or_muted_steps_nowhere),
    cmocka_unit_test(volume_arrives_after_a_ramp),
    cmocka_unit_test(volume_set_while_nothing_plays_is_there_at_once),
    cmocka_unit_test(volume_that_is_no_number_is_harmless),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
