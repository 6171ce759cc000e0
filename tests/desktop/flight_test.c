/* SPDX-License-Identifier: MIT
 *
 * desktop/flight: windows, minima and back-off, by hand-made times.
 */
#include "desktop/flight.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/clock.h"

#define MS ORIEL_NS_PER_MS
static const uint64_t start = 1000 * ORIEL_NS_PER_SECOND;

static void window_covers_the_round_trip(void **state) {
  (void)state;
  assert_int_equal(oriel_flight_window(1, 60), 3);
  assert_int_equal(oriel_flight_window(100000, 60), 2 + 8); /* 125 ms hold 7.5 pictures */
  assert_int_equal(oriel_flight_window(10000000, 240), ORIEL_WINDOW_MAX);
  assert_int_equal(oriel_flight_window(0, 60), oriel_flight_window(ORIEL_RTT_UNKNOWN_US, 60));
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

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(window_covers_the_round_trip),
    cmocka_unit_test(minimum_forgets_after_ten_seconds),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
