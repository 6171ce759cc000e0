/* SPDX-License-Identifier: MIT
 *
 * core/rate_limit: an isolated event passes at once, a burst as configured, the rest at the rate.
 */
#include "core/rate_limit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/clock.h"

#define MS ORIEL_NS_PER_MS
static const uint64_t start = 1000 * ORIEL_NS_PER_SECOND;

static void limit_lets_an_isolated_change_leave_at_once(void **state) {
  (void)state;
  struct oriel_rate_limit limit;
  oriel_rate_limit_init(&limit, 50, 2);
  for (int i = 0; i < 10; i++) {
    uint64_t now = start + (uint64_t)i * 100 * MS;
    assert_true(oriel_rate_limit_next(&limit, now) == now);
    oriel_rate_limit_take(&limit, now);
  }
}

static void limit_allows_two_at_once_then_the_rate(void **state) {
  (void)state;
  struct oriel_rate_limit limit;
  oriel_rate_limit_init(&limit, 50, 2);
  oriel_rate_limit_take(&limit, start);
  assert_true(oriel_rate_limit_next(&limit, start) == start);
  oriel_rate_limit_take(&limit, start);
  assert_true(oriel_rate_limit_next(&limit, start) == start + 20 * MS);
  uint64_t now = start;
  unsigned sent = 2;
  while (now < start + ORIEL_NS_PER_SECOND) { /* as fast as it may */
    now = oriel_rate_limit_next(&limit, now);
    oriel_rate_limit_take(&limit, now);
    sent++;
  }
  assert_in_range(sent, 50, 52);
}

static void limit_without_burst_keeps_the_gap(void **state) {
  (void)state;
  struct oriel_rate_limit keys;
  oriel_rate_limit_init(&keys, 4, 1);
  oriel_rate_limit_take(&keys, start);
  assert_true(oriel_rate_limit_next(&keys, start + 1) == start + 250 * MS);
  assert_true(oriel_rate_limit_next(&keys, start + 250 * MS) == start + 250 * MS);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(limit_lets_an_isolated_change_leave_at_once),
    cmocka_unit_test(limit_allows_two_at_once_then_the_rate),
    cmocka_unit_test(limit_without_burst_keeps_the_gap),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
