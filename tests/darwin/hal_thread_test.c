/* SPDX-License-Identifier: MIT
 *
 * The simulator's checks with several threads, against the small driver: nothing in it as it is, the planted faults
 * found.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/darwin/cf.h"
#include "tests/darwin/faulty.h"
#include "tests/darwin/hal.h"

static struct hal *open_faulty(enum fault fault, bool real_time) {
  struct hal_options options = {.factory = faulty_factory, .real_time = real_time};
  struct hal *hal = NULL;
  char why[256] = "";
  cf_faults_reset();
  faulty_reset(fault);
  if (hal_open(&options, &hal, why, sizeof why) != 0)
    fail_msg("%s", why);
  return hal;
}

static void expect_clean(struct hal *hal) {
  if (hal_fault_count(hal))
    hal_print(hal);
  assert_int_equal(hal_fault_count(hal), 0);
  hal_close(hal);
}

static void threads_agree_on_stamps(void **state) {
  (void)state;
  struct hal *hal = open_faulty(FAULT_NONE, true);
  hal_check_stamps_threads(hal, 0.5);
  expect_clean(hal);
  hal = open_faulty(FAULT_REANCHOR, true);
  hal_check_stamps_threads(hal, 0.5);
  assert_true(hal_has(hal, "stamp.seed"));
  hal_close(hal);
}

static void storm_leaves_nothing_running(void **state) {
  (void)state;
  struct hal *hal = open_faulty(FAULT_NONE, false);
  hal_check_storm(hal, 2000);
  expect_clean(hal);
  hal = open_faulty(FAULT_STOP_UNCOUNTED, false);
  hal_check_storm(hal, 2000);
  assert_true(hal_fault_count(hal) > 0);
  hal_close(hal);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(threads_agree_on_stamps),
      cmocka_unit_test(storm_leaves_nothing_running),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
