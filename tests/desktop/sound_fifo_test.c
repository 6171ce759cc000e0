/* SPDX-License-Identifier: MIT
 *
 * desktop/sound_fifo: frames with their times, in simulated time. Lessons 25, 27.
 */
#include "desktop/sound_fifo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/clock.h"

enum { BLOCK = 480, LONG = 48000 };
static const uint64_t ms = ORIEL_NS_PER_MS, start = 1000 * ORIEL_NS_PER_SECOND;
static float frames[LONG * 2];

static int begin(void **state) {
  return oriel_sound_fifo_create((struct oriel_sound_fifo **)state);
}

static int end(void **state) {
  oriel_sound_fifo_destroy(*state);
  return 0;
}

static void times_follow_the_frames(void **state) {
  struct oriel_sound_fifo *fifo = *state;
  for (uint64_t at = 0; at < 50; at += 10)
    assert_true(oriel_sound_fifo_write(fifo, frames, BLOCK, start + at * ms, start + at * ms));
  assert_int_equal(oriel_sound_fifo_arrived(fifo), 5 * BLOCK);
  oriel_sound_fifo_trim(fifo); /* 50 ms is no backlog */
  assert_int_equal(oriel_sound_fifo_level(fifo), 5 * BLOCK);
  for (uint64_t at = 0; at < 50; at += 5) {
    assert_true(oriel_sound_fifo_captured_ns(fifo) == start + at * ms);
    assert_int_equal(oriel_sound_fifo_take(fifo, frames, BLOCK / 2), BLOCK / 2);
  }
  assert_int_equal(oriel_sound_fifo_take(fifo, frames, 1), 0);
  assert_int_equal(oriel_sound_fifo_overruns(fifo), 0);
}

static void pause_within_a_packet_is_seen(void **state) {
  struct oriel_sound_fifo *fifo = *state;
  oriel_sound_fifo_write(fifo, frames, BLOCK, start, start);
  oriel_sound_fifo_write(fifo, frames, BLOCK, start + 500 * ms, start + 500 * ms);
  oriel_sound_fifo_trim(fifo);
  assert_int_equal(oriel_sound_fifo_coherent(fifo, 2 * BLOCK), BLOCK);
  assert_int_equal(oriel_sound_fifo_take(fifo, frames, BLOCK), BLOCK);
  assert_true(oriel_sound_fifo_captured_ns(fifo) == start + 500 * ms);
  assert_int_equal(oriel_sound_fifo_coherent(fifo, 2 * BLOCK), 2 * BLOCK);
}

static void backlog_is_trimmed_to_its_newest(void **state) {
  struct oriel_sound_fifo *fifo = *state;
  assert_true(oriel_sound_fifo_write(fifo, frames, LONG, start, start));
  oriel_sound_fifo_trim(fifo);
  assert_int_equal(oriel_sound_fifo_level(fifo), 60 * 48);
  assert_true(oriel_sound_fifo_captured_ns(fifo) == start + 940 * ms);
  assert_int_equal(oriel_sound_fifo_overruns(fifo), 1);
}

/* A second of it took 800 ms of what may come at once: the rest is the source's to explain. */
static void more_than_real_time_is_left_out(void **state) {
  struct oriel_sound_fifo *fifo = *state;
  assert_true(oriel_sound_fifo_write(fifo, frames, LONG, start, start));
  assert_false(oriel_sound_fifo_write(fifo, frames, BLOCK, start, start));
  assert_int_equal(oriel_sound_fifo_overruns(fifo), 1);
  assert_true(oriel_sound_fifo_write(fifo, frames, BLOCK, start + 1000 * ms, start + 1000 * ms));
}

static void no_room_leaves_out_the_newest(void **state) {
  struct oriel_sound_fifo *fifo = *state;
  oriel_sound_fifo_write(fifo, frames, LONG, start, start);
  oriel_sound_fifo_write(fifo, frames, LONG, start + 2000 * ms, start + 2000 * ms);
  assert_int_equal(oriel_sound_fifo_level(fifo), 65536);
  assert_int_equal(oriel_sound_fifo_overruns(fifo), 1);
}

static void flushed_sound_is_for_nobody(void **state) {
  struct oriel_sound_fifo *fifo = *state;
  oriel_sound_fifo_write(fifo, frames, BLOCK, start, start);
  oriel_sound_fifo_flush(fifo);
  oriel_sound_fifo_write(fifo, frames, BLOCK, start + 20 * ms, start + 20 * ms);
  oriel_sound_fifo_settle(fifo);
  assert_int_equal(oriel_sound_fifo_level(fifo), BLOCK);
  assert_true(oriel_sound_fifo_captured_ns(fifo) == start + 20 * ms);
  oriel_sound_fifo_clear(fifo);
  assert_int_equal(oriel_sound_fifo_level(fifo), 0);
  assert_int_equal(oriel_sound_fifo_arrived(fifo), 2 * BLOCK);
}

#define fifo_case(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
  const struct CMUnitTest tests[] = {
    fifo_case(times_follow_the_frames),
    fifo_case(pause_within_a_packet_is_seen),
    fifo_case(backlog_is_trimmed_to_its_newest),
    fifo_case(more_than_real_time_is_left_out),
    fifo_case(no_room_leaves_out_the_newest),
    fifo_case(flushed_sound_is_for_nobody),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
