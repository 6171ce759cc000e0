/* SPDX-License-Identifier: MIT
 *
 * desktop/pace: token bucket, window, bitrate, back-off, tiles or video. Times are made up; no thread, no clock.
 */
#include "desktop/pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/clock.h"
#include "media/tiles.h"

#define MS ORIEL_NS_PER_MS
static const uint64_t start = 1000 * ORIEL_NS_PER_SECOND;

static void pace_lets_an_isolated_change_leave_at_once(void **state) {
  (void)state;
  struct oriel_pace pace;
  oriel_pace_init(&pace, 50, 2);
  for (int i = 0; i < 10; i++) {
    uint64_t now = start + (uint64_t)i * 100 * MS;
    assert_true(oriel_pace_next(&pace, now) == now);
    oriel_pace_take(&pace, now);
  }
}

static void pace_allows_two_at_once_then_the_rate(void **state) {
  (void)state;
  struct oriel_pace pace;
  oriel_pace_init(&pace, 50, 2);
  oriel_pace_take(&pace, start);
  assert_true(oriel_pace_next(&pace, start) == start);
  oriel_pace_take(&pace, start);
  assert_true(oriel_pace_next(&pace, start) == start + 20 * MS);
  uint64_t now = start;
  unsigned sent = 2;
  while (now < start + ORIEL_NS_PER_SECOND) { /* as fast as it may */
    now = oriel_pace_next(&pace, now);
    oriel_pace_take(&pace, now);
    sent++;
  }
  assert_in_range(sent, 50, 52);
}

static void pace_without_burst_keeps_the_gap(void **state) {
  (void)state;
  struct oriel_pace keys;
  oriel_pace_init(&keys, 4, 1);
  oriel_pace_take(&keys, start);
  assert_true(oriel_pace_next(&keys, start + 1) == start + 250 * MS);
  assert_true(oriel_pace_next(&keys, start + 250 * MS) == start + 250 * MS);
}

static void window_covers_the_round_trip(void **state) {
  (void)state;
  assert_int_equal(oriel_pace_window(1, 60), 3);
  assert_int_equal(oriel_pace_window(100000, 60), 2 + 8); /* 125 ms hold 7.5 pictures */
  assert_int_equal(oriel_pace_window(10000000, 240), ORIEL_WINDOW_MAX);
  assert_int_equal(oriel_pace_window(0, 60), oriel_pace_window(ORIEL_RTT_UNKNOWN_US, 60));
}

static void minimum_forgets_after_ten_seconds(void **state) {
  (void)state;
  struct oriel_minimum minimum = {0};
  int64_t value = 77;
  assert_false(oriel_minimum_read(&minimum, start, &value));
  assert_int_equal(value, 77);
  oriel_minimum_add(&minimum, -5, start);
  oriel_minimum_add(&minimum, 10, start + 1);
  oriel_minimum_add(&minimum, 20, start + 6 * ORIEL_NS_PER_SECOND);
  assert_true(oriel_minimum_read(&minimum, start + 9 * ORIEL_NS_PER_SECOND, &value));
  assert_int_equal(value, -5);
  assert_true(oriel_minimum_read(&minimum, start + 11 * ORIEL_NS_PER_SECOND, &value));
  assert_int_equal(value, 20);
  assert_false(oriel_minimum_read(&minimum, start + 30 * ORIEL_NS_PER_SECOND, &value));
}

/* Lesson 17: the first cut is on delay, long before anything is lost. */
static void bitrate_cuts_on_rising_delay(void **state) {
  (void)state;
  struct oriel_bitrate rate;
  oriel_bitrate_init(&rate, 10000, start);
  assert_false(oriel_bitrate_delay(&rate, 30000, 5000, start));
  assert_true(oriel_bitrate_delay(&rate, 30001, 5000, start));
  assert_int_equal(oriel_bitrate_kbps(&rate, start), 7000);
  /* A long way is allowed more: its own round trip. */
  assert_false(oriel_bitrate_delay(&rate, 90000, 100000, start + ORIEL_NS_PER_SECOND));
}

static void bitrate_cuts_at_most_four_times_a_second(void **state) {
  (void)state;
  struct oriel_bitrate rate;
  oriel_bitrate_init(&rate, 10000, start);
  unsigned cuts = 0;
  for (uint64_t now = start; now < start + ORIEL_NS_PER_SECOND; now += 10 * MS)
    cuts += oriel_bitrate_delay(&rate, 500000, 1000, now);
  assert_int_equal(cuts, 4);
  assert_in_range(oriel_bitrate_kbps(&rate, start + ORIEL_NS_PER_SECOND), 2400, 3500);
}

static void bitrate_recovers_slowly_up_to_the_cap(void **state) {
  (void)state;
  struct oriel_bitrate rate;
  oriel_bitrate_init(&rate, 10000, start);
  oriel_bitrate_delay(&rate, 500000, 1000, start);
  assert_int_equal(oriel_bitrate_kbps(&rate, start + ORIEL_NS_PER_SECOND), 7500);
  assert_int_equal(oriel_bitrate_kbps(&rate, start + 60 * ORIEL_NS_PER_SECOND), 10000);
}

static void bitrate_has_a_floor(void **state) {
  (void)state;
  struct oriel_bitrate rate;
  oriel_bitrate_init(&rate, 10000, start);
  uint64_t now = start;
  for (int i = 0; i < 100; i++, now += 250 * MS)
    oriel_bitrate_delay(&rate, 500000, 1000, now);
  assert_in_range(oriel_bitrate_kbps(&rate, now - 250 * MS), 500, 700);
}

static void bitrate_keeps_its_share_under_a_new_cap(void **state) {
  (void)state;
  struct oriel_bitrate rate;
  oriel_bitrate_init(&rate, 10000, start);
  oriel_bitrate_delay(&rate, 500000, 1000, start);
  oriel_bitrate_cap(&rate, 2000, start);
  assert_int_equal(oriel_bitrate_kbps(&rate, start), 1400);
}

static void backoff_grows_for_chronic_laggards_only(void **state) {
  (void)state;
  struct oriel_backoff backoff = {0};
  uint64_t now = start;
  const unsigned seconds[] = {0, 1, 2, 4, 4};
  for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++, now += 5 * ORIEL_NS_PER_SECOND)
    assert_true(oriel_backoff_break(&backoff, now) == now + seconds[i] * ORIEL_NS_PER_SECOND);
  now += 20 * ORIEL_NS_PER_SECOND;
  assert_true(oriel_backoff_break(&backoff, now) == now);
}

static void motion_sends_small_changes_as_tiles(void **state) {
  (void)state;
  struct oriel_motion motion = {0};
  for (int i = 0; i < 100; i++) { /* typing */
    uint64_t now = start + (uint64_t)i * 100 * MS;
    assert_true(oriel_motion_tiles(&motion, 128, 4000, now));
    oriel_motion_note(&motion, 128, 200, 4000, now);
  }
  assert_false(oriel_motion_tiles(&motion, ORIEL_TILES_PIXELS_MAX + 1, 4000, start));
}

static void motion_keeps_to_video_while_it_lasts(void **state) {
  (void)state;
  struct oriel_motion motion = {0};
  uint64_t now = start;
  for (int i = 0; i < 10; i++, now += 16 * MS)
    oriel_motion_note(&motion, 900000, 0, 4000, now);
  assert_false(oriel_motion_tiles(&motion, 128, 4000, now));
  assert_true(oriel_motion_tiles(&motion, 128, 4000, now + 400 * MS));
  /* One large change, such as a window that opens, is not motion. */
  oriel_motion_note(&motion, 900000, 0, 4000, now + 1000 * MS);
  assert_true(oriel_motion_tiles(&motion, 128, 4000, now + 1016 * MS));
}

static void motion_turns_a_small_video_over_to_the_encoder(void **state) {
  (void)state;
  struct oriel_motion motion = {0};
  unsigned tiles = 0, changes = 0;
  bool last = true;
  for (int i = 0; i < 300; i++) { /* 320x240 at 60 fps, 30 KB a tile set: 14 Mbit/s */
    uint64_t now = start + (uint64_t)i * 16 * MS;
    bool now_tiles = oriel_motion_tiles(&motion, 76800, 4000, now);
    oriel_motion_note(&motion, 76800, now_tiles ? 30000 : 0, 4000, now);
    tiles += now_tiles;
    changes += now_tiles != last;
    last = now_tiles;
  }
  assert_in_range(tiles, 3, 10);
  assert_int_equal(changes, 1); /* once, not to and fro */
  assert_true(oriel_motion_tiles(&motion, 128, 4000, start + 6 * ORIEL_NS_PER_SECOND)); /* until it stopped */
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(pace_lets_an_isolated_change_leave_at_once),
    cmocka_unit_test(pace_allows_two_at_once_then_the_rate),
    cmocka_unit_test(pace_without_burst_keeps_the_gap),
    cmocka_unit_test(window_covers_the_round_trip),
    cmocka_unit_test(minimum_forgets_after_ten_seconds),
    cmocka_unit_test(bitrate_cuts_on_rising_delay),
    cmocka_unit_test(bitrate_cuts_at_most_four_times_a_second),
    cmocka_unit_test(bitrate_recovers_slowly_up_to_the_cap),
    cmocka_unit_test(bitrate_has_a_floor),
    cmocka_unit_test(bitrate_keeps_its_share_under_a_new_cap),
    cmocka_unit_test(backoff_grows_for_chronic_laggards_only),
    cmocka_unit_test(motion_sends_small_changes_as_tiles),
    cmocka_unit_test(motion_keeps_to_video_while_it_lasts),
    cmocka_unit_test(motion_turns_a_small_video_over_to_the_encoder),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
