/* SPDX-License-Identifier: MIT
 *
 * Missed cycles of the graph's clock.
 */
#include "guest/agent/cycle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct step {
  struct agent_cycle now;
  uint64_t missed, xruns; /* expected; xruns altogether */
};

static void check(const struct step *steps, size_t count) {
  struct agent_cycle last = {0};
  uint64_t xruns = 0;
  for (size_t i = 0; i < count; i++) {
    assert_int_equal(agent_cycle_missed(&last, steps[i].now, &xruns), steps[i].missed);
    assert_int_equal(xruns, steps[i].xruns);
  }
}

#define CHECK(steps) check(steps, sizeof steps / sizeof steps[0])

static void cycle_on_time_misses_nothing(void **state) {
  (void)state;
  static const struct step steps[] = {
    {{0, 128, 1}, 0, 0}, {{128, 128, 1}, 0, 0}, {{256, 128, 1}, 0, 0}, {{99999, 128, 2}, 0, 0}, {{0, 0, 2}, 0, 0},
    {{5000, 128, 2}, 0, 0}};
  CHECK(steps);
}

static void cycle_of_another_duration_is_on_time(void **state) {
  (void)state;
  static const struct step by_the_old[] = {
    {{1000, 128, 1}, 0, 0}, {{1128, 1024, 1}, 0, 0}, {{2152, 128, 1}, 0, 0}, {{2280, 128, 1}, 0, 0}};
  CHECK(by_the_old);
  static const struct step by_the_new[] = {
    {{1000, 128, 1}, 0, 0}, {{2024, 1024, 1}, 0, 0}, {{2152, 128, 1}, 0, 0}, {{2280, 128, 1}, 0, 0}};
  CHECK(by_the_new);
}

static void cycle_missed_is_counted(void **state) { /* lesson 25 */
  (void)state;
  static const struct step steps[] = {
    {{1000, 128, 1}, 0, 0}, {{1256, 128, 1}, 128, 1}, {{1768, 128, 1}, 384, 4},
    {{1768 + 1024 + 256, 1024, 1}, 256, 5}, /* the longer duration is not missed */
    {{3000, 1024, 1}, 0, 6}};               /* back: an xrun, but nothing to make up for */
  CHECK(steps);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(cycle_on_time_misses_nothing),
    cmocka_unit_test(cycle_of_another_duration_is_on_time),
    cmocka_unit_test(cycle_missed_is_counted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
