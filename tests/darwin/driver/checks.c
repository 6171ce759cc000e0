/* SPDX-License-Identifier: MIT
 *
 * The driver's checks. See checks.h.
 */
#include "tests/darwin/driver/checks_impl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/darwin/cf.h"
#include "tests/darwin/host_time.h"

static hal_factory (*fresh_factory)(void);
static void (*drop_factory)(void);
static const char *bundle_path;

struct hal *checks_open(bool real_time) {
  struct hal_options options = {.factory = fresh_factory(), .real_time = real_time};
  struct hal *hal = NULL;
  char why[256] = "";
  cf_faults_reset();
  if (!options.factory || hal_open(&options, &hal, why, sizeof why) != 0)
    fail_msg("no driver: %s", why);
  return hal;
}

void checks_close(struct hal *hal) {
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
  struct hal *hal = checks_open(false);
  hal_check_all(hal);
  checks_close(hal);
}

/* Apple silicon counts in other ticks. */
static void driver_has_no_fault_at_24_mhz(void **state) {
  (void)state;
  host_time_set_base(125, 3);
  struct hal *hal = checks_open(false);
  hal_check_all(hal);
  checks_close(hal);
}

static void driver_survives_a_storm(void **state) {
  (void)state;
  struct hal *hal = checks_open(false);
  hal_check_storm(hal, 1000);
  checks_close(hal);
}

static void driver_stamps_agree_between_threads(void **state) {
  (void)state;
  struct hal *hal = checks_open(true);
  hal_check_stamps_threads(hal, 0.7);
  checks_close(hal);
}

/* The daemon restarts: each life begins as the first did. */
static void driver_starts_again(void **state) {
  (void)state;
  for (int life = 0; life < 20; life++) {
    struct hal *hal = checks_open(false);
    hal_check_clients(hal);
    hal_check_rates(hal);
    checks_close(hal);
  }
}

/* A clock that is off by a frame a day is off: the stamps of days keep their line. */
static void driver_keeps_time_for_days(void **state) {
  (void)state;
  struct hal *hal = checks_open(false);
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
  checks_close(hal);
}

static void write_list(const char *path, const char *entries) {
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fprintf(file, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<plist version=\"1.0\"><dict>%s</dict></plist>\n",
          entries);
  assert_int_equal(fclose(file), 0);
}

static void expect_device(struct hal *hal, const char *name, double rate, UInt32 channels) {
  struct hal_device devices[HAL_DEVICES_MAX];
  char text[128];
  assert_int_equal(hal_devices(hal, devices), 2);
  hal_text(hal, devices[0].id, kAudioObjectPropertyName, text, sizeof text);
  assert_string_equal(text, name);
  assert_true(devices[0].rate == rate);
  assert_int_equal(devices[0].output_channels, channels);
}

/* The list beside the bundle counts before the one inside it; bad entries cost only themselves, a bad list
 * all of it. */
static void driver_reads_the_list_beside_its_bundle(void **state) {
  (void)state;
  char folder[] = "/tmp/oriel-bundle-XXXXXX", path[128], inside[160], beside[128];
  assert_non_null(mkdtemp(folder));
  static const char *const parts[] = {"/OrielAudio.driver", "/OrielAudio.driver/Contents",
                                      "/OrielAudio.driver/Contents/Resources"};
  for (size_t i = 0; i < 3; i++) {
    snprintf(path, sizeof path, "%s%s", folder, parts[i]);
    assert_int_equal(mkdir(path, 0755), 0);
  }
  snprintf(inside, sizeof inside, "%s/OrielAudio.plist", path);
  snprintf(beside, sizeof beside, "%s/OrielAudio.plist", folder);
  snprintf(path, sizeof path, "%s/OrielAudio.driver", folder);
  cf_bundle_set("org.oriel.audio", path);
  write_list(inside, "<key>OutputName</key><string>Inside</string><key>Transport</key><string></string>");
  struct hal *hal = checks_open(false);
  expect_device(hal, "Inside", 48000, 2);
  checks_close(hal);
  write_list(beside, "<key>OutputName</key><string>K\xc3\xbc"
                     "che &amp; Bad</string><key>Rate</key><integer>96000</integer>"
                     "<key>OutputChannels</key><integer>17</integer><key>Nobody</key><true/>"
                     "<key>Transport</key><string></string>");
  hal = checks_open(false);
  expect_device(hal, "K\xc3\xbc" "che & Bad", 96000, 2);
  checks_close(hal);
  write_list(beside, "<key>OutputName</key><string>torn");
  hal = checks_open(false);
  expect_device(hal, "Oriel Output", 48000, 2);
  checks_close(hal);
  cf_bundle_set("org.oriel.audio", bundle_path);
  unlink(beside);
  unlink(inside);
  for (size_t i = 3; i-- > 0;) {
    snprintf(path, sizeof path, "%s%s", folder, parts[i]);
    assert_int_equal(rmdir(path), 0);
  }
  assert_int_equal(rmdir(folder), 0);
}

int checks_run(const char *bundle, hal_factory (*fresh)(void), void (*drop)(void)) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(driver_has_no_fault),
    cmocka_unit_test(driver_has_no_fault_at_24_mhz),
    cmocka_unit_test(driver_survives_a_storm),
    cmocka_unit_test(driver_stamps_agree_between_threads),
    cmocka_unit_test(driver_starts_again),
    cmocka_unit_test(driver_keeps_time_for_days),
    cmocka_unit_test(driver_reads_the_list_beside_its_bundle),
    cmocka_unit_test(driver_carries_what_is_played),
    cmocka_unit_test(driver_brings_what_is_sent),
    cmocka_unit_test(driver_callbacks_wait_for_no_peer),
    cmocka_unit_test(driver_survives_removal_in_mid_cycle),
  };
  bundle_path = bundle;
  fresh_factory = fresh;
  drop_factory = drop;
  cf_bundle_set("org.oriel.audio", bundle);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
