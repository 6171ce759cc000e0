/* SPDX-License-Identifier: MIT
 *
 * media/bitrate: cut on rising delay, slow recovery, a floor.
 */
#include "media/bitrate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/clock.h"

#define MS ORIEL_NS_PER_MS
static const uint64_t start = 1000 * ORIEL_NS_PER_SECOND;

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

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(bitrate_cuts_on_rising_delay),
    cmocka_unit_test(bitrate_cuts_at_most_four_times_a_second),
    cmocka_unit_test(bitrate_recovers_slowly_up_to_the_cap),
    cmocka_unit_test(bitrate_has_a_floor),
    cmocka_unit_test(bitrate_keeps_its_share_under_a_new_cap),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
