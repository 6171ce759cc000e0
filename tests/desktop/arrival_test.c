/* SPDX-License-Identifier: MIT
 *
 * desktop/arrival: what the times of packets say of their sender.
 */
#include "desktop/arrival.h"

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

static void arrival_of_a_late_packet_is_told(void **state) {
  (void)state;
  struct oriel_arrival arrival = {0};
  hear(&arrival, 0, 2000);
  assert_true(oriel_arrival_heard(&arrival, 20 * ms, start + 2030 * ms) == start + 2000 * ms);
  assert_true(oriel_arrival_heard(&arrival, 20 * ms, start + 2030 * ms) == start + 2020 * ms);
  assert_true(arrival.jitter_us > 0);
}

/* What a sender left out is no delay for ever. */
static void arrival_forgets_what_was_left_out(void **state) {
  (void)state;
  struct oriel_arrival arrival = {0};
  hear(&arrival, 0, 1000);
  hear(&arrival, 1100, 4000);
  assert_true(oriel_arrival_heard(&arrival, 20 * ms, start + 4000 * ms) == start + 4000 * ms);
}

static void drift_is_measured(void **state) {
  (void)state;
  for (int ppm = -300; ppm <= 300; ppm += 300) {
    struct oriel_arrival arrival = {0};
    double now = 0;
    for (int i = 0; i < 60 * 50; i++, now += 20e6 / (1 + ppm * 1e-6))
      oriel_arrival_heard(&arrival, 20 * ms, start + (uint64_t)now + (uint64_t)(i * 7 % 5) * ms);
    assert_true(arrival.drift_ppm > ppm - 15 && arrival.drift_ppm < ppm + 15);
  }
}

/* Nothing is numbered: what is lost is known by the time that is missing, whatever the clocks and the jitter do. */
static void lost_packets_are_worked_out(void **state) {
  (void)state;
  struct oriel_arrival arrival = {0};
  uint64_t random = 1, lost = 0, before = 0;
  for (uint64_t i = 0; i < 3000; i++) { /* a minute */
    random = random * 6364136223846793005ull + 1442695040888963407ull;
    const uint64_t at =
        start + i * 20006 * ORIEL_NS_PER_US + (random >> 40) % 5 * ms; /* 300 ppm slow, 5 ms of jitter */
    if (i == 200)
      before = arrival.lost;
    if (i > 200 && i < 2800 && (random >> 20) % 20 == 0)
      lost++;
    else
      oriel_arrival_heard(&arrival, 20 * ms, at);
  }
  assert_true(lost > 100);
  assert_int_equal(before, 0);
  assert_in_range(arrival.lost, lost - 2, lost + 2);
  assert_true(arrival.late < 5); /* several in a row look like a stall at first */
}

static void stall_that_is_made_up_for_is_late_and_not_lost(void **state) {
  (void)state;
  struct oriel_arrival arrival = {0};
  hear(&arrival, 0, 4000);
  for (uint64_t at = 4000; at < 4300; at += 20) /* a stall of 300 ms, then all at once */
    oriel_arrival_heard(&arrival, 20 * ms, start + 4300 * ms);
  hear(&arrival, 4300, 10000);
  assert_int_equal(arrival.lost, 0);
  assert_int_equal(arrival.late, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(arrival_of_a_late_packet_is_told),
    cmocka_unit_test(arrival_forgets_what_was_left_out),
    cmocka_unit_test(drift_is_measured),
    cmocka_unit_test(lost_packets_are_worked_out),
    cmocka_unit_test(stall_that_is_made_up_for_is_late_and_not_lost),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
