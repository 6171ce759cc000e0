/* SPDX-License-Identifier: MIT
 *
 * desktop/sound_select: which input sets the pace.
 */
#include "desktop/sound_select.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/clock.h"

static const uint64_t ms = ORIEL_NS_PER_MS, start = 1000 * ORIEL_NS_PER_SECOND;

/* Packets of 20 ms in [from, to). */
static void hear(struct oriel_arrival *arrival, uint64_t from_ms, uint64_t to_ms) {
  for (uint64_t at = from_ms; at < to_ms; at += 20)
    oriel_arrival_heard(arrival, 20 * ms, start + at * ms);
}

static void choice_starts_with_whoever_is_heard(void **state) {
  (void)state;
  struct oriel_arrival arrivals[3] = {0};
  assert_int_equal(oriel_sound_select(arrivals, 3, ORIEL_SOUND_NONE, start), ORIEL_SOUND_NONE);
  hear(&arrivals[2], 0, 20);
  assert_int_equal(oriel_sound_select(arrivals, 3, ORIEL_SOUND_NONE, start), 2);
}

/* Packets in which something sounds. */
static void sound(struct oriel_arrival *arrival, uint64_t from_ms, uint64_t to_ms) {
  for (uint64_t at = from_ms; at < to_ms; at += 20) {
    hear(arrival, at, at + 20);
    oriel_arrival_sounded(arrival, start + at * ms);
  }
}

static void silence_holds_no_turn(void **state) {
  (void)state;
  struct oriel_arrival arrivals[2] = {0};
  hear(&arrivals[0], 0, 10000); /* preferred, and digital silence all the time */
  assert_int_equal(oriel_sound_select(arrivals, 2, 0, start + 10000 * ms), 0);
  sound(&arrivals[1], 9980, 10000);
  assert_int_equal(oriel_sound_select(arrivals, 2, 0, start + 10000 * ms), 1);
}

static void who_sounds_keeps_the_pace(void **state) {
  (void)state;
  struct oriel_arrival arrivals[2] = {0};
  sound(&arrivals[1], 0, 1000);
  sound(&arrivals[0], 500, 1000);
  assert_int_equal(oriel_sound_select(arrivals, 2, 1, start + 1000 * ms), 1);
  hear(&arrivals[1], 1000, 1500); /* silent for longer than a pause between words */
  sound(&arrivals[0], 1000, 1500);
  assert_int_equal(oriel_sound_select(arrivals, 2, 1, start + 1300 * ms), 1);
  assert_int_equal(oriel_sound_select(arrivals, 2, 1, start + 1500 * ms), 0);
}

static void choice_falls_back_when_the_active_is_gone(void **state) {
  (void)state;
  struct oriel_arrival arrivals[2] = {0};
  sound(&arrivals[0], 0, 1000);
  hear(&arrivals[1], 0, 3000);
  assert_int_equal(oriel_sound_select(arrivals, 2, 0, start + 1300 * ms), 0);
  assert_int_equal(oriel_sound_select(arrivals, 2, 0, start + 1400 * ms), 1);
  oriel_arrival_end(&arrivals[0]); /* a closed connection is sooner gone, but may be back at once */
  assert_int_equal(oriel_sound_select(arrivals, 2, 0, start + 1060 * ms), 0);
  assert_int_equal(oriel_sound_select(arrivals, 2, 0, start + 1090 * ms), 1);
}

/* However often it did so: a beep each second beside silence is heard from its first packet, each time. */
static void coming_and_going_is_not_punished(void **state) {
  (void)state;
  struct oriel_arrival arrivals[2] = {0};
  int active = ORIEL_SOUND_NONE, late = 0;
  for (uint64_t at = 0; at < 60000; at += 20) {
    hear(&arrivals[1], at, at + 20);
    if (at % 1000 < 100) {
      sound(&arrivals[0], at, at + 20);
      active = oriel_sound_select(arrivals, 2, active, start + at * ms);
      late += active != 0;
    }
    active = oriel_sound_select(arrivals, 2, active, start + at * ms);
  }
  assert_int_equal(late, 0);
}

static void choice_stays_where_nobody_is_better(void **state) {
  (void)state;
  struct oriel_arrival arrivals[2] = {0};
  hear(&arrivals[0], 0, 100);
  assert_int_equal(oriel_sound_select(arrivals, 2, 0, start + 60000 * ms), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(choice_starts_with_whoever_is_heard),
    cmocka_unit_test(silence_holds_no_turn),
    cmocka_unit_test(who_sounds_keeps_the_pace),
    cmocka_unit_test(choice_falls_back_when_the_active_is_gone),
    cmocka_unit_test(coming_and_going_is_not_punished),
    cmocka_unit_test(choice_stays_where_nobody_is_better),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
