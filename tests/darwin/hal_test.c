/* SPDX-License-Identifier: MIT
 *
 * The simulator against the small driver: nothing to find in it as it is, and each planted fault found by its name. A
 * simulator that finds nothing would pass the first and fail all of the others.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/darwin/cf.h"
#include "tests/darwin/faulty.h"
#include "tests/darwin/host_time.h"
#include "tests/darwin/rt.h"

static void check_loop(struct hal *hal) {
  struct hal_device devices[HAL_DEVICES_MAX];
  assert_int_equal(hal_devices(hal, devices), 2);
  hal_check_loop(hal, &devices[0], &devices[1]);
}

static void good_driver_has_no_fault(void **state) {
  (void)state;
  struct hal *hal = faulty_open(FAULT_NONE, false, NULL);
  hal_check_all(hal);
  check_loop(hal);
  faulty_close_clean(hal);
}

/* Apple silicon counts in other ticks. */
static void good_driver_has_no_fault_at_24_mhz(void **state) {
  (void)state;
  host_time_set_base(125, 3);
  struct hal *hal = faulty_open(FAULT_NONE, false, NULL);
  hal_check_all(hal);
  check_loop(hal);
  host_time_set_base(1, 1);
  faulty_close_clean(hal);
}

struct expectation {
  enum fault fault;
  const char *code;
};

static const struct expectation expectations[] = {
  {FAULT_STALE, "loop.stale"},
  {FAULT_STOP_UNCOUNTED, "client.running"},
  {FAULT_STOP_UNCOUNTED, "loop.cut"},
  {FAULT_STOP_STRANGER, "client.running"},
  {FAULT_REANCHOR, "client.anchor"},
  {FAULT_REANCHOR, "stamp.seed"},
  {FAULT_SPLIT, "loop.split"},
  {FAULT_IN_PLACE, "io.in-place"},
  {FAULT_IN_PLACE, "loop.exact"},
  {FAULT_TORN, "property.torn"},
  {FAULT_OVERRUN, "property.overrun"},
  {FAULT_SIZE, "property.size"},
  {FAULT_HAS, "property.has"},
  {FAULT_OBJECT, "property.object"},
  {FAULT_SHORT, "property.short"},
  {FAULT_READ_ONLY, "property.set"},
  {FAULT_LEAK, "property.leak"},
  {FAULT_OVER_RELEASE, "property.release"},
  {FAULT_SCOPE, "tree.scope"},
  {FAULT_OWNED, "tree.control"},
  {FAULT_ALLOCATION, "io.realtime"},
  {FAULT_LOCK, "io.realtime"},
  {FAULT_SYSTEM_CALL, "io.realtime"},
  {FAULT_LOG, "io.realtime"},
  {FAULT_FUTURE, "stamp.future"},
  {FAULT_PERIOD, "stamp.period"},
  {FAULT_DRIFTING_STAMP, "stamp.changed"},
  {FAULT_SEED, "stamp.seed"},
  {FAULT_DECIBEL, "volume.notify"},
  {FAULT_EARLY, "rate.early"},
  {FAULT_ANY_RATE, "rate.listed"},
  {FAULT_HELD_LOCK, "notify.lock"},
  {FAULT_LEFT_RUNNING, "client.running"},
  {FAULT_COUNTED, "stamp.late"},
  {FAULT_DOMAIN, "tree.domain"},
};

static void planted_fault_is_found(void **state) {
  (void)state;
  bool system_calls = rt_watch_syscalls();
  unsigned seen[FAULT_COUNT] = {[FAULT_NONE] = 1};
  for (size_t i = 0; i < sizeof expectations / sizeof expectations[0]; i++) {
    const struct expectation *expected = &expectations[i];
    seen[expected->fault]++;
    if (expected->fault == FAULT_SYSTEM_CALL && !system_calls) {
      print_message("this kernel or build cannot watch system calls\n");
      continue;
    }
    struct hal *hal = faulty_open(expected->fault, false, NULL);
    if (expected->fault == FAULT_HELD_LOCK)
      hal_check_controls(hal); /* each notification waits for its time-out */
    else
      hal_check_all(hal);
    if (expected->fault != FAULT_HELD_LOCK)
      check_loop(hal);
    if (!hal_has(hal, expected->code)) {
      hal_print(hal);
      fail_msg("fault %d was not found as %s", (int)expected->fault, expected->code);
    }
    hal_close(hal);
  }
  for (int fault = 0; fault < FAULT_COUNT; fault++)
    if (!seen[fault])
      fail_msg("fault %d is not in the table", fault);
}

static void storage_survives_the_daemon(void **state) {
  (void)state;
  char path[] = "/tmp/oriel-storage-XXXXXX";
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  close(fd);
  const CFNumberRef number = CFNumberCreate(NULL, kCFNumberIntType, &(int){42});
  for (int life = 0; life < 2; life++) {
    struct hal *hal = faulty_open(FAULT_NONE, false, path);
    AudioServerPlugInHostRef host = (AudioServerPlugInHostRef)(const void *)hal;
    CFPropertyListRef kept = NULL;
    OSStatus status = host->CopyFromStorage(host, CFSTR("volume"), &kept);
    assert_int_equal(status == 0, life == 1);
    if (!life)
      assert_int_equal(host->WriteToStorage(host, CFSTR("volume"), number), 0);
    else
      assert_true(CFEqual(kept, number));
    if (kept)
      CFRelease(kept);
    faulty_close_clean(hal);
  }
  CFRelease(number);
  unlink(path);
}

static void *factory_of_nothing(CFAllocatorRef allocator, CFUUIDRef type) {
  (void)allocator, (void)type;
  return NULL;
}

static void factory_of_another_type_is_refused(void **state) {
  (void)state;
  struct hal_options options = {.factory = factory_of_nothing};
  struct hal *hal = NULL;
  char why[256] = "";
  assert_true(hal_open(&options, &hal, why, sizeof why) < 0);
  assert_null(hal);
  assert_non_null(strstr(why, "factory"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(good_driver_has_no_fault),
    cmocka_unit_test(good_driver_has_no_fault_at_24_mhz),
    cmocka_unit_test(planted_fault_is_found),
    cmocka_unit_test(storage_survives_the_daemon),
    cmocka_unit_test(factory_of_another_type_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
