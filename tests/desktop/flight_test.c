/* SPDX-License-Identifier: MIT
 *
 * desktop/flight: windows, minima and pictures on their way, by hand-made times.
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

static void depart(struct oriel_flight *flight, uint32_t sequence, uint64_t now_ns) {
  const struct oriel_packet packet = {.sequence = sequence};
  oriel_flight_depart(flight, &packet, true, now_ns);
}

static void flight_has_room_for_a_window_of_pictures(void **state) {
  (void)state;
  struct oriel_flight flight = {.rtt_us = 1};
  assert_int_equal(oriel_flight_oldest_ns(&flight), 0);
  for (uint32_t sequence = 1; sequence <= 3; sequence++) {
    assert_true(oriel_flight_has_room(&flight, 60, start));
    depart(&flight, sequence, start + sequence);
  }
  assert_false(oriel_flight_has_room(&flight, 60, start));
  assert_int_equal(oriel_flight_oldest_ns(&flight), start + 1);
  assert_non_null(oriel_flight_receive(&flight, 2));
  assert_true(oriel_flight_has_room(&flight, 60, start));
  assert_int_equal(oriel_flight_oldest_ns(&flight), start + 3);
}

static void flight_has_no_room_for_who_decodes_nothing_or_is_gone(void **state) {
  (void)state;
  struct oriel_flight flight = {.rtt_us = 1};
  for (uint32_t sequence = 1; sequence <= ORIEL_DECODE_BACKLOG_MAX + 1; sequence++) {
    depart(&flight, sequence, start);
    oriel_flight_receive(&flight, sequence);
  }
  assert_false(oriel_flight_has_room(&flight, 60, start));
  assert_non_null(oriel_flight_decode(&flight, 1));
  assert_true(oriel_flight_has_room(&flight, 60, start));
  depart(&flight, 100, start);
  assert_true(oriel_flight_has_room(&flight, 60, start + 5 * ORIEL_NS_PER_SECOND));
  assert_false(oriel_flight_has_room(&flight, 60, start + 5 * ORIEL_NS_PER_SECOND + 1));
  oriel_flight_forget(&flight); /* it looks again */
  assert_true(oriel_flight_has_room(&flight, 60, start + 6 * ORIEL_NS_PER_SECOND));
}

static void flight_believes_of_a_page_what_was_sent_to_it(void **state) {
  (void)state;
  struct oriel_flight flight = {.rtt_us = 1};
  depart(&flight, 10, start);
  depart(&flight, 12, start);
  assert_null(oriel_flight_receive(&flight, 9));   /* nothing of that is on its way */
  assert_null(oriel_flight_decode(&flight, 12));   /* before it has it */
  assert_non_null(oriel_flight_receive(&flight, 10));
  assert_null(oriel_flight_receive(&flight, 10));  /* twice */
  assert_null(oriel_flight_receive(&flight, 4000)); /* all of it, and no such picture */
  assert_int_equal(flight.received_count, 2);
  assert_null(oriel_flight_paint(&flight, 11, start));
  assert_non_null(oriel_flight_paint(&flight, 12, start));
  assert_null(oriel_flight_paint(&flight, 12, start));
  assert_int_equal(oriel_flight_paints(&flight, start + 1), 1);
  assert_int_equal(oriel_flight_paints(&flight, start + ORIEL_NS_PER_SECOND), 0);
}

static void flight_forgets_the_oldest_of_many(void **state) {
  (void)state;
  struct oriel_flight flight = {.rtt_us = 1};
  for (uint32_t sequence = 1; sequence <= ORIEL_SENT_RING + 1; sequence++)
    depart(&flight, sequence, start);
  assert_null(oriel_flight_find(&flight, 1));
  assert_int_equal(oriel_flight_find(&flight, 2)->sequence, 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(window_covers_the_round_trip),
    cmocka_unit_test(minimum_forgets_after_ten_seconds),
    cmocka_unit_test(flight_has_room_for_a_window_of_pictures),
    cmocka_unit_test(flight_has_no_room_for_who_decodes_nothing_or_is_gone),
    cmocka_unit_test(flight_believes_of_a_page_what_was_sent_to_it),
    cmocka_unit_test(flight_forgets_the_oldest_of_many),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
