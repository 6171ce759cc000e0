/* SPDX-License-Identifier: MIT
 *
 * desktop/resampler: a guest's PCM at this host's pace, in simulated time. Lessons 24, 25, 27.
 */
#include "desktop/resampler.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/clock.h"
#include "media/opus.h"

enum { PERIOD = 120, TAKE = 960, HZ = 440 };
#define AMPLITUDE 0.5
/* The tone's own steepest step, and as much again by half for what a fade adds. */
#define STEP_MOST (AMPLITUDE * 2 * M_PI * HZ / 48000 * 1.5)

struct path {
  struct oriel_resampler resampler;
  double ppm, jitter_ns, lost; /* of the sender's clock; evenly up to; share of packets that never come */
  bool silent;
  uint32_t number;
  uint64_t frame, random;
  double next_ns, arrival_ns; /* when the next packet is sent; when the last one came */
  uint64_t now_ns;
  /* What is heard. */
  float last;
  double step_most, delay_most_ns, energy;
  uint64_t takes, heard, lost_packets;
};

static int set_up(void **state) {
  struct path *path = calloc(1, sizeof *path);
  assert_non_null(path);
  assert_int_equal(oriel_resampler_init(&path->resampler, true, TAKE), 0);
  path->now_ns = 1000 * ORIEL_NS_PER_SECOND;
  path->next_ns = (double)path->now_ns;
  path->random = 1;
  path->number = UINT32_MAX - 300; /* it wraps soon */
  *state = path;
  return 0;
}

static int tear_down(void **state) {
  struct path *path = *state;
  oriel_resampler_finish(&path->resampler);
  free(path);
  return 0;
}

static double next_random(struct path *path) {
  path->random = path->random * 6364136223846793005ull + 1442695040888963407ull;
  return (double)(path->random >> 11) * 0x1p-53;
}

static void send(struct path *path) {
  float frames[PERIOD * 2];
  const double at = fmax(path->next_ns + path->jitter_ns * next_random(path), path->arrival_ns);
  for (size_t i = 0; i < PERIOD; i++, path->frame++)
    frames[2 * i] = frames[2 * i + 1] = (float)(AMPLITUDE * sin(2 * M_PI * fmod((double)path->frame * HZ / 48000, 1)));
  path->number++;
  path->next_ns += PERIOD * 1e9 / 48000 / (1 + path->ppm * 1e-6);
  if (path->lost > 0 && next_random(path) < path->lost) {
    path->lost_packets++;
    return;
  }
  path->arrival_ns = at;
  if (!path->silent)
    oriel_resampler_push(&path->resampler, frames, sizeof frames, path->number, (uint64_t)at);
}

static void take(struct path *path) {
  float frames[TAKE * 2];
  uint64_t captured_ns = 0;
  path->takes++;
  if (!oriel_resampler_take(&path->resampler, frames, path->now_ns, &captured_ns))
    memset(frames, 0, sizeof frames);
  else {
    path->heard++;
    path->delay_most_ns = fmax(path->delay_most_ns, (double)path->now_ns - (double)captured_ns);
  }
  for (size_t i = 0; i < TAKE; i++) {
    path->step_most = fmax(path->step_most, fabs((double)(frames[2 * i] - path->last)));
    path->last = frames[2 * i];
    path->energy += (double)frames[2 * i] * (double)frames[2 * i];
  }
}

/* Sends and takes for so long; whoever takes is awake up to 3 ms late. */
static void run(struct path *path, double seconds) {
  const double end = (double)path->now_ns + seconds * 1e9;
  double late = 0;
  for (;;) {
    const double due = path->resampler.due_ns ? (double)path->resampler.due_ns + late : INFINITY;
    if (fmin(due, path->next_ns) >= end)
      break;
    if (path->next_ns <= due) {
      path->now_ns = (uint64_t)fmax(path->next_ns, (double)path->now_ns);
      send(path);
      continue;
    }
    path->now_ns = (uint64_t)fmax(due, (double)path->now_ns);
    take(path);
    late = 3e6 * next_random(path);
  }
  path->now_ns = (uint64_t)end;
}

static void forget_heard(struct path *path) {
  path->step_most = path->delay_most_ns = path->energy = 0;
  path->takes = path->heard = 0;
}

static struct oriel_receiver_stats stats_of(const struct path *path) {
  struct oriel_receiver_stats stats;
  oriel_receiver_stats(path->resampler.receiver, &stats);
  return stats;
}

/* A minute of datagrams, one in twenty lost, of a guest whose clock is off: no clicks, no growing delay. */
static void lossy_drifting_minute(struct path *path, double ppm) {
  path->ppm = ppm;
  path->lost = 0.05;
  path->jitter_ns = 1e6;
  run(path, 5);
  forget_heard(path);
  const uint64_t lost = path->lost_packets, told = stats_of(path).lost_packets;
  run(path, 60);
  const struct oriel_receiver_stats stats = stats_of(path);
  assert_true(path->step_most <= STEP_MOST);
  assert_true(path->delay_most_ns < 45e6); /* 20 ms of it are the packet's own length */
  assert_in_range(path->heard, 2998, 3002);
  assert_int_equal(path->heard, path->takes);
  assert_in_range(stats.lost_packets - told, path->lost_packets - lost - 2, path->lost_packets - lost);
  assert_true(path->lost_packets - lost > 1000);
  assert_true(fabs(stats.drift_ppm - ppm) < 20);
  /* Several in a row may be more than the buffer holds. */
  assert_true(stats.underruns <= 20 && stats.concealed_frames < 48000 * 60 / 1000);
  /* And it is the tone, all the time: holes would cost level. */
  assert_true(path->energy / (double)(path->takes * TAKE) > 0.9 * AMPLITUDE * AMPLITUDE / 2);
}

static void lossy_minute_of_a_fast_guest(void **state) {
  lossy_drifting_minute(*state, 300);
}

static void lossy_minute_of_a_slow_guest(void **state) {
  lossy_drifting_minute(*state, -300);
}

static void silence_ends_and_begins_without_a_click(void **state) {
  struct path *path = *state;
  run(path, 2);
  path->silent = true;
  run(path, 0.5);
  assert_true(path->resampler.due_ns != 0);
  assert_false(path->resampler.sounds);
  run(path, 3);
  assert_int_equal(path->resampler.due_ns, 0); /* no clock runs for nobody */
  const uint64_t takes = path->takes;
  run(path, 3);
  assert_int_equal(path->takes, takes);
  path->silent = false;
  run(path, 2);
  assert_true(path->resampler.sounds);
  assert_true(path->step_most <= STEP_MOST);
  assert_true(path->delay_most_ns < 45e6);
}

/* Lesson 27: after a stall of whoever takes, the present is heard. */
static void stall_leaves_no_delay(void **state) {
  struct path *path = *state;
  run(path, 2);
  path->resampler.due_ns += 2 * ORIEL_NS_PER_SECOND; /* nobody takes meanwhile */
  run(path, 2);
  forget_heard(path);
  path->step_most = 0;
  run(path, 1);
  assert_true(path->delay_most_ns < 60e6);
  assert_true(path->heard >= 45);
  assert_true(path->step_most <= STEP_MOST);
}

/* A guest that says 48 kHz and means 44.1 or 96: no growth, no late sound. */
static void wrong_rate_does_not_grow(void **state) {
  struct path *path = *state;
  const double rates[] = {44100, 96000};
  for (int i = 0; i < 2; i++) {
    path->ppm = (rates[i] / 48000 - 1) * 1e6;
    run(path, 10);
    forget_heard(path);
    run(path, 20);
    assert_true(path->delay_most_ns < 300e6);
    assert_true(path->heard > 500);
    assert_true(stats_of(path).level_us < 300000);
  }
}

static void rest_forgets_what_waited(void **state) {
  struct path *path = *state;
  float frames[TAKE * 2];
  uint64_t captured_ns;
  run(path, 1);
  oriel_resampler_idle(&path->resampler);
  assert_int_equal(path->resampler.due_ns, 0);
  const float sound[PERIOD * 2] = {0};
  oriel_resampler_push(&path->resampler, sound, sizeof sound, path->number + 1, path->now_ns + ORIEL_NS_PER_SECOND);
  oriel_resampler_take(&path->resampler, frames, path->now_ns + ORIEL_NS_PER_SECOND, &captured_ns);
  for (size_t i = TAKE; i < TAKE * 2; i++) /* the fade of what was is over in 5 ms */
    assert_true(fabsf(frames[i]) < 1e-6f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(lossy_minute_of_a_fast_guest, set_up, tear_down),
    cmocka_unit_test_setup_teardown(lossy_minute_of_a_slow_guest, set_up, tear_down),
    cmocka_unit_test_setup_teardown(silence_ends_and_begins_without_a_click, set_up, tear_down),
    cmocka_unit_test_setup_teardown(stall_leaves_no_delay, set_up, tear_down),
    cmocka_unit_test_setup_teardown(wrong_rate_does_not_grow, set_up, tear_down),
    cmocka_unit_test_setup_teardown(rest_forgets_what_waited, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
