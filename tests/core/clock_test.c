/* SPDX-License-Identifier: MIT
 *
 * core/clock: never 0, never falling, and at the pace of the system's monotonic clock; a thread's is that of its work.
 */
#include "core/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

static uint64_t system_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Lesson 9: 0 is the mark of a missing time. */
static void clock_never_zero_nor_falling(void **state) {
  (void)state;
  uint64_t last = oriel_clock_ns();
  assert_true(last > 0);
  for (int i = 0; i < 100000; i++) {
    const uint64_t now = oriel_clock_ns();
    assert_true(now >= last);
    last = now;
  }
}

static void clock_is_monotonic_ns(void **state) {
  (void)state;
  const uint64_t before = system_ns();
  const uint64_t now = oriel_clock_ns();
  const uint64_t after = system_ns();
  assert_true(before <= now && now <= after);
}

/* Work counts, however long it had to wait for a processor; waiting does not. */
static void clock_of_a_thread_counts_its_work(void **state) {
  (void)state;
  const uint64_t work_ns = 5 * ORIEL_NS_PER_MS, slack_ns = ORIEL_NS_PER_MS;
  const struct timespec nap = {.tv_nsec = 20 * (long)ORIEL_NS_PER_MS};
  uint64_t from = oriel_clock_ns(), before = oriel_clock_thread_ns();
  while (oriel_clock_thread_ns() < before + work_ns)
    continue;
  assert_true(oriel_clock_ns() - from + slack_ns >= work_ns);
  before = oriel_clock_thread_ns();
  nanosleep(&nap, NULL);
  assert_true(oriel_clock_thread_ns() - before < 10 * ORIEL_NS_PER_MS);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(clock_never_zero_nor_falling),
    cmocka_unit_test(clock_is_monotonic_ns),
    cmocka_unit_test(clock_of_a_thread_counts_its_work),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
