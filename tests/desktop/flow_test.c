/* SPDX-License-Identifier: MIT
 *
 * desktop/flow: which input is heard, and what its clock says.
 */
#include "desktop/flow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/clock.h"

static const uint64_t ms = ORIEL_NS_PER_MS, start = 1000 * ORIEL_NS_PER_SECOND;

/* Packets of 20 ms in [from, to). */
static void hear(struct oriel_flow *flow, uint64_t from_ms, uint64_t to_ms) {
  for (uint64_t at = from_ms; at < to_ms; at += 20)
    oriel_flow_heard(flow, 20 * ms, start + at * ms);
}

static void choice_starts_with_whoever_is_heard(void **state) {
  (void)state;
  struct oriel_flow flows[3] = {0};
  assert_int_equal(oriel_flow_choose(flows, 3, ORIEL_FLOW_NONE, start), ORIEL_FLOW_NONE);
  hear(&flows[2], 0, 20);
  assert_int_equal(oriel_flow_choose(flows, 3, ORIEL_FLOW_NONE, start), 2);
}

/* Packets in which something sounds. */
static void sound(struct oriel_flow *flow, uint64_t from_ms, uint64_t to_ms) {
  for (uint64_t at = from_ms; at < to_ms; at += 20) {
    hear(flow, at, at + 20);
    oriel_flow_sounded(flow, start + at * ms);
  }
}

static void silence_holds_no_turn(void **state) {
  (void)state;
  struct oriel_flow flows[2] = {0};
  hear(&flows[0], 0, 10000); /* preferred, and digital silence all the time */
  assert_int_equal(oriel_flow_choose(flows, 2, 0, start + 10000 * ms), 0);
  sound(&flows[1], 9980, 10000);
  assert_int_equal(oriel_flow_choose(flows, 2, 0, start + 10000 * ms), 1);
}

static void who_sounds_keeps_the_pace(void **state) {
  (void)state;
  struct oriel_flow flows[2] = {0};
  sound(&flows[1], 0, 1000);
  sound(&flows[0], 500, 1000);
  assert_int_equal(oriel_flow_choose(flows, 2, 1, start + 1000 * ms), 1);
  hear(&flows[1], 1000, 1500); /* silent for longer than a pause between words */
  sound(&flows[0], 1000, 1500);
  assert_int_equal(oriel_flow_choose(flows, 2, 1, start + 1300 * ms), 1);
  assert_int_equal(oriel_flow_choose(flows, 2, 1, start + 1500 * ms), 0);
}

static void choice_falls_back_when_the_active_is_gone(void **state) {
  (void)state;
  struct oriel_flow flows[2] = {0};
  sound(&flows[0], 0, 1000);
  hear(&flows[1], 0, 3000);
  assert_int_equal(oriel_flow_choose(flows, 2, 0, start + 1300 * ms), 0);
  assert_int_equal(oriel_flow_choose(flows, 2, 0, start + 1400 * ms), 1);
  oriel_flow_end(&flows[0]); /* a closed connection is sooner gone, but may be back at once */
  assert_int_equal(oriel_flow_choose(flows, 2, 0, start + 1060 * ms), 0);
  assert_int_equal(oriel_flow_choose(flows, 2, 0, start + 1090 * ms), 1);
}

/* However often it did so: a beep each second beside silence is heard from its first packet, each time. */
static void coming_and_going_is_not_punished(void **state) {
  (void)state;
  struct oriel_flow flows[2] = {0};
  int active = ORIEL_FLOW_NONE, late = 0;
  for (uint64_t at = 0; at < 60000; at += 20) {
    hear(&flows[1], at, at + 20);
    if (at % 1000 < 100) {
      sound(&flows[0], at, at + 20);
      active = oriel_flow_choose(flows, 2, active, start + at * ms);
      late += active != 0;
    }
    active = oriel_flow_choose(flows, 2, active, start + at * ms);
  }
  assert_int_equal(late, 0);
}

static void choice_stays_where_nobody_is_better(void **state) {
  (void)state;
  struct oriel_flow flows[2] = {0};
  hear(&flows[0], 0, 100);
  assert_int_equal(oriel_flow_choose(flows, 2, 0, start + 60000 * ms), 0);
}

static void arrival_of_a_late_packet_is_told(void **state) {
  (void)state;
  struct oriel_flow flow = {0};
  hear(&flow, 0, 2000);
  assert_true(oriel_flow_heard(&flow, 20 * ms, start + 2030 * ms) == start + 2000 * ms);
  assert_true(oriel_flow_heard(&flow, 20 * ms, start + 2030 * ms) == start + 2020 * ms);
  assert_true(flow.jitter_us > 0);
}

/* What a sender left out is no delay for ever. */
static void arrival_forgets_what_was_left_out(void **state) {
  (void)state;
  struct oriel_flow flow = {0};
  hear(&flow, 0, 1000);
  hear(&flow, 1100, 4000);
  assert_true(oriel_flow_heard(&flow, 20 * ms, start + 4000 * ms) == start + 4000 * ms);
}

static void drift_is_measured(void **state) {
  (void)state;
  for (int ppm = -300; ppm <= 300; ppm += 300) {
    struct oriel_flow flow = {0};
    double now = 0;
    for (int i = 0; i < 60 * 50; i++, now += 20e6 / (1 + ppm * 1e-6))
      oriel_flow_heard(&flow, 20 * ms, start + (uint64_t)now + (uint64_t)(i * 7 % 5) * ms);
    assert_true(flow.drift_ppm > ppm - 15 && flow.drift_ppm < ppm + 15);
  }
}

/* Nothing is numbered: what is lost is known by the time that is missing, whatever the clocks and the jitter do. */
static void lost_packets_are_worked_out(void **state) {
  (void)state;
  struct oriel_flow flow = {0};
  uint64_t random = 1, lost = 0, before = 0;
  for (uint64_t i = 0; i < 3000; i++) { /* a minute */
    random = random * 6364136223846793005ull + 1442695040888963407ull;
    const uint64_t at =
        start + i * 20006 * ORIEL_NS_PER_US + (random >> 40) % 5 * ms; /* 300 ppm slow, 5 ms of jitter */
    if (i == 200)
      before = flow.lost;
    if (i > 200 && i < 2800 && (random >> 20) % 20 == 0)
      lost++;
    else
      oriel_flow_heard(&flow, 20 * ms, at);
  }
  assert_true(lost > 100);
  assert_int_equal(before, 0);
  assert_in_range(flow.lost, lost - 2, lost + 2);
  assert_true(flow.late < 5); /* several in a row look like a stall at first */
}

static void stall_that_is_made_up_for_is_late_and_not_lost(void **state) {
  (void)state;
  struct oriel_flow flow = {0};
  hear(&flow, 0, 4000);
  for (uint64_t at = 4000; at < 4300; at += 20) /* a stall of 300 ms, then all at once */
    oriel_flow_heard(&flow, 20 * ms, start + 4300 * ms);
  hear(&flow, 4300, 10000);
  assert_int_equal(flow.lost, 0);
  assert_int_equal(flow.late, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(choice_starts_with_whoever_is_heard),
    cmocka_unit_test(silence_holds_no_turn),
    cmocka_unit_test(who_sounds_keeps_the_pace),
    cmocka_unit_test(choice_falls_back_when_the_active_is_gone),
    cmocka_unit_test(coming_and_going_is_not_punished),
    cmocka_unit_test(choice_stays_where_nobody_is_better),
    cmocka_unit_test(arrival_of_a_late_packet_is_told),
    cmocka_unit_test(arrival_forgets_what_was_left_out),
    cmocka_unit_test(drift_is_measured),
    cmocka_unit_test(lost_packets_are_worked_out),
    cmocka_unit_test(stall_that_is_made_up_for_is_late_and_not_lost),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
