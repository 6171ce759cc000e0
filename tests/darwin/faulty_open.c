/* SPDX-License-Identifier: MIT
 *
 * The small driver under the simulator. The test's thread.
 */
#include "tests/darwin/faulty.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/darwin/cf.h"

struct hal *faulty_open(enum fault fault, bool real_time, const char *storage) {
  struct hal_options options = {.factory = faulty_factory, .real_time = real_time, .storage_path = storage};
  struct hal *hal = NULL;
  char why[256] = "";
  cf_faults_reset();
  faulty_reset(fault);
  if (hal_open(&options, &hal, why, sizeof why) != 0)
    fail_msg("%s", why);
  return hal;
}

void faulty_close_clean(struct hal *hal) {
  if (hal_fault_count(hal))
    hal_print(hal);
  assert_int_equal(hal_fault_count(hal), 0);
  hal_close(hal);
}
