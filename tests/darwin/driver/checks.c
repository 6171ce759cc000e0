/* SPDX-License-Identifier: MIT
 *
 * The driver's checks. See checks.h.
 */
#include "tests/darwin/driver/checks.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/darwin/cf.h"
#include "tests/darwin/host_time.h"

static hal_factory (*fresh_factory)(void);
static void (*drop_factory)(void);

static struct hal *open_driver(bool real_time) {
  struct hal_options options = {.factory = fresh_factory(), .real_time = real_time};
  struct hal *hal = NULL;
  char why[256] = "";
  cf_faults_reset();
  if (!options.factory || hal_open(&options, &hal, why, sizeof why) != 0)
    fail_msg("no driver: %s", why);
  return hal;
}

static void expect_clean(struct hal *hal) {
  size_t faults = hal_fault_count(hal);
  if (faults)
    hal_print(hal);
  hal_close(hal);
  if (drop_factory)
    drop_factory();
  host_time_set_base(1, 1);
  if (cf_fault_count())
    fail_msg("%s", cf_fault_text());
  assert_int_equal(faults, 0);
}

static void driver_has_no_fault(void **state) {
  (void)state;
  struct hal *hal = open_driver(false);
  hal_check_all(hal);
  expect_clean(hal);
}

/* Apple silicon counts in other ticks. */
static void driver_has_no_fault_at_24_mhz(void **state) {
  (void)state;
  host_time_set_base(125, 3);
  struct hal *hal = open_driver(false);
  hal_check_all(hal);
  expect_clean(hal);
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

/* The daemon restarts: each life begins as the first did. */
static void driver_starts_again(void **state) {
  (void)state;
  for (int life = 0; life < 20; life++) {
    struct hal *hal = open_driver(false);
    hal_check_clients(hal);
    hal_check_rates(hal);
    expect_clean(hal);
  }
}

/* A clock that is off by a frame a day is off: the stamps of days keep their line. */
static void driver_keeps_time_for_days(void **state) {
  (void)state;
  struct hal *hal = open_driver(false);
  struct hal_device devices[HAL_DEVICES_MAX];
  assert_true(hal_devices(hal, devices) > 0);
  UInt32 client = hal_client_add(hal, devices[0].id);
  hal_client_start(hal, devices[0].id, client);
  double rate = devices[0].rate, start = hal_sample_time(hal, devices[0].id, client), passed = 0;
  uint64_t host = host_time_now();
  for (int hour = 0; hour < 24 * 7; hour++) {
    host_time_advance((uint64_t)(3600 * host_time_ticks_per_second()));
    double now = hal_sample_time(hal, devices[0].id, client);
    passed = (double)(host_time_now() - host) / host_time_ticks_per_second() * rate;
    if (now - start < passed - 1 || now - start > passed + 1)
      fail_msg("after %d hours the clock is %g frames off", hour + 1, now - start - passed);
  }
  hal_client_stop(hal, devices[0].id, client);
  hal_client_remove(hal, devices[0].id, client);
  expect_clean(hal);
}

int checks_run(hal_factory (*fresh)(void), void (*drop)(void)) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(driver_has_no_fault),
    cmocka_unit_test(driver_has_no_fault_at_24_mhz),
    cmocka_unit_test(driver_survives_a_storm),
    cmocka_unit_test(driver_stamps_agree_between_threads),
    cmocka_unit_test(driver_starts_again),
    cmocka_unit_test(driver_keeps_time_for_days),
  };
  fresh_factory = fresh;
  drop_factory = drop;
  return cmocka_run_group_tests(tests, NULL, NULL);
}
