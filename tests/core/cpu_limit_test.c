/* SPDX-License-Identifier: MIT
 *
 * core/cpu_limit: the part holds however work comes, a pause lets a burst pass, nothing waits without a limit.
 */
#include "core/cpu_limit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/clock.h"

#define MS ORIEL_NS_PER_MS
static const uint64_t start = 1000 * ORIEL_NS_PER_SECOND;

/* Works as often as it may for so long, each time for what `cost` says, on a processor that it gets a part of. Time that
 * it used. */
static uint64_t busy(struct oriel_cpu_limit *limit, uint64_t from, uint64_t length, uint64_t (*cost)(unsigned),
                     unsigned slowness) {
  uint64_t used = 0, now = from;
  for (unsigned i = 0; now < from + length; i++) {
    const uint64_t took = cost(i);
    oriel_cpu_limit_take(limit, now, took);
    used += took;
    now = oriel_cpu_limit_next(limit, now + took * slowness);
  }
  return used;
}

static uint64_t even(unsigned i) {
  (void)i;
  return 8 * MS;
}

static uint64_t uneven(unsigned i) {
  return i % 7 ? MS / 20 : 40 * MS;
}

static void part_holds(void **state) {
  static const unsigned percents[] = {5, 25, 50, 90};
  (void)state;
  for (size_t i = 0; i < sizeof percents / sizeof *percents; i++) {
    struct oriel_cpu_limit limit;
    const uint64_t share = 10 * ORIEL_NS_PER_SECOND * percents[i] / 100, burst = 250 * MS * percents[i] / 100;
    oriel_cpu_limit_init(&limit, percents[i]);
    assert_in_range(busy(&limit, start, 10 * ORIEL_NS_PER_SECOND, even, 1), share, share + burst + 8 * MS);
    oriel_cpu_limit_init(&limit, percents[i]);
    assert_in_range(busy(&limit, start, 10 * ORIEL_NS_PER_SECOND, uneven, 1), share - 40 * MS, share + burst + 40 * MS);
  }
}

/* What others took of the processor is no debt of this one's. */
static void waiting_for_a_processor_is_not_use(void **state) {
  (void)state;
  struct oriel_cpu_limit limit;
  oriel_cpu_limit_init(&limit, 25);
  const uint64_t share = 10 * ORIEL_NS_PER_SECOND / 4;
  assert_in_range(busy(&limit, start, 10 * ORIEL_NS_PER_SECOND, even, 3), share, share + 75 * MS);
}

static void pause_lets_a_burst_pass(void **state) {
  (void)state;
  struct oriel_cpu_limit limit;
  oriel_cpu_limit_init(&limit, 10);
  (void)busy(&limit, start, ORIEL_NS_PER_SECOND, even, 1);
  const uint64_t later = start + 60 * ORIEL_NS_PER_SECOND;
  oriel_cpu_limit_take(&limit, later, 25 * MS);
  assert_true(oriel_cpu_limit_next(&limit, later + 25 * MS) == later + 25 * MS);
  oriel_cpu_limit_take(&limit, later + 25 * MS, 5 * MS); /* 30 ms at 10 % are 300 ms */
  assert_true(oriel_cpu_limit_next(&limit, later + 30 * MS) == later + 50 * MS);
}

static void no_limit_waits_for_nothing(void **state) {
  (void)state;
  struct oriel_cpu_limit limit;
  oriel_cpu_limit_init(&limit, 0);
  oriel_cpu_limit_take(&limit, start, 100 * ORIEL_NS_PER_SECOND);
  assert_true(oriel_cpu_limit_next(&limit, start) == start);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(part_holds),
    cmocka_unit_test(waiting_for_a_processor_is_not_use),
    cmocka_unit_test(pause_lets_a_burst_pass),
    cmocka_unit_test(no_limit_waits_for_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
