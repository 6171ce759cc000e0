/* SPDX-License-Identifier: MIT
 *
 * The driver, linked in, under the simulator of coreaudiod.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/darwin/cf.h"
#include "tests/darwin/hal.h"
#include "tests/darwin/host_time.h"
#include "tests/darwin/rt.h"

void *OrielAudio_Create(CFAllocatorRef allocator, CFUUIDRef type);

static struct hal *open_driver(bool real_time) {
  struct hal_options options = {.factory = OrielAudio_Create, .real_time = real_time};
  struct hal *hal = NULL;
  char why[256] = "";
  cf_faults_reset();
  if (hal_open(&options, &hal, why, sizeof why) != 0)
    fail_msg("%s", why);
  return hal;
}

static void expect_clean(struct hal *hal) {
  if (hal_fault_count(hal))
    hal_print(hal);
  assert_int_equal(hal_fault_count(hal), 0);
  hal_close(hal);
  if (cf_fault_count())
    fail_msg("%s", cf_fault_text());
}

static void driver_has_no_fault(void **state) {
  (void)state;
  struct hal *hal = open_driver(false);
  hal_check_all(hal);
  expect_clean(hal);
}

static void driver_has_no_fault_at_24_mhz(void **state) {
  (void)state;
  host_time_set_base(125, 3);
  struct hal *hal = open_driver(false);
  hal_check_all(hal);
  expect_clean(hal);
  host_time_set_base(1, 1);
}

static void driver_survives_a_storm(void **state) {
  (void)state;
  struct hal *hal = open_driver(false);
  hal_check_storm(hal, 1000);
  expect_clean(hal);
}

static void driver_stamps_agree_between_threads(void **state) {
  (void)state;
  struct hal *hal = open_driver(true);
  hal_check_stamps_threads(hal, 0.7);
  expect_clean(hal);
}

/* The daemon restarts, with others already waiting: each life begins as the first did. */
static void driver_starts_again(void **state) {
  (void)state;
  for (int life = 0; life < 20; life++) {
    struct hal *hal = open_driver(false);
    hal_check_clients(hal);
    expect_clean(hal);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(driver_has_no_fault),
    cmocka_unit_test(driver_has_no_fault_at_24_mhz),
    cmocka_unit_test(driver_survives_a_storm),
    cmocka_unit_test(driver_stamps_agree_between_threads),
    cmocka_unit_test(driver_starts_again),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
