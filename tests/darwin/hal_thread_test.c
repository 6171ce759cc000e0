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

#include "tests/darwin/faulty.h"

static void threads_agree_on_stamps(void **state) {
  (void)state;
  struct hal *hal = faulty_open(FAULT_NONE, true, NULL);
  hal_check_stamps_threads(hal, 0.5);
  faulty_close_clean(hal);
  hal = faulty_open(FAULT_REANCHOR, true, NULL);
  hal_check_stamps_threads(hal, 0.5);
  assert_true(hal_has(hal, "stamp.seed"));
  hal_close(hal);
}

static void storm_leaves_nothing_running(void **state) {
  (void)state;
  struct hal *hal = faulty_open(FAULT_NONE, false, NULL);
  hal_check_storm(hal, 2000);
  faulty_close_clean(hal);
  hal = faulty_open(FAULT_STOP_UNCOUNTED, false, NULL);
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
