/* SPDX-License-Identifier: MIT
 *
 * Accelerators are believed only when they run guest code, within a bound. Scripts stand for QEMU; one case uses the
 * real.
 */
#include "fixture.h"

#include <errno.h>

#include "core/clock.h"
#include "vm/accel.h"
#include "vm/qemu.h"

static void probe_real_tcg_runs_guest_code(void **state) {
  (void)state;
  char qemu[512], version[32], why[512] = "";
  assert_int_equal(oriel_qemu_find(qemu, sizeof qemu, version, sizeof version, why, sizeof why), 0);
  assert_int_equal(oriel_accel_probe(qemu, ORIEL_ACCEL_TCG, 20000, why, sizeof why), 0);
}

static void probe_hanging_qemu_times_out(void **state) {
  (void)state;
  char why[512] = "";
  const char *qemu = write_script("hang", "exec sleep 600");
  const uint64_t before = oriel_clock_ns();
  assert_int_equal(oriel_accel_probe(qemu, ORIEL_ACCEL_TCG, 300, why, sizeof why), -ETIMEDOUT);
  assert_true(oriel_clock_ns() - before < 1500 * ORIEL_NS_PER_MS);
  assert_non_null(strstr(why, "no guest code within 300 ms"));
}

static void probe_wants_the_guests_own_exit_status(void **state) {
  (void)state;
  char why[512] = "";
  assert_int_equal(oriel_accel_probe(write_script("good", "exit 85"), ORIEL_ACCEL_TCG, 5000, why, sizeof why), 0);
  assert_int_equal(oriel_accel_probe(write_script("zero", "exit 0"), ORIEL_ACCEL_TCG, 5000, why, sizeof why), -ENODEV);
  assert_int_equal(oriel_accel_probe(write_script("says", "echo could not access the module >&2; exit 1"),
                                     ORIEL_ACCEL_TCG, 5000, why, sizeof why),
                   -ENODEV);
  assert_non_null(strstr(why, "could not access the module"));
}

static void probe_leaves_no_file(void **state) {
  (void)state;
  char why[512];
  mkdir(in_scratch("tmp"), 0700);
  setenv("TMPDIR", in_scratch("tmp"), 1);
  oriel_accel_probe(write_script("good", "exit 85"), ORIEL_ACCEL_TCG, 5000, why, sizeof why);
  unsetenv("TMPDIR");
  assert_int_equal(rmdir(in_scratch("tmp")), 0); /* only an empty directory goes */
}

static void probe_hvf_is_for_macos(void **state) {
  (void)state;
  char why[512] = "";
  assert_int_equal(oriel_accel_probe("/bin/false", ORIEL_ACCEL_HVF, 1000, why, sizeof why), -ENODEV);
  assert_non_null(strstr(why, "macOS"));
}

static void cache_remembers_one_answer(void **state) {
  (void)state;
  setenv("XDG_CACHE_HOME", in_scratch("deep/er/cache"), 1);
  bool works = false;
  assert_false(oriel_accel_cache_read("kvm a b", &works));
  oriel_accel_cache_write("kvm a b", true);
  assert_true(oriel_accel_cache_read("kvm a b", &works));
  assert_true(works);
  oriel_accel_cache_write("kvm a b", false);
  assert_true(oriel_accel_cache_read("kvm a b", &works));
  assert_false(works);
  assert_false(oriel_accel_cache_read("kvm a", &works)); /* a prefix is another key */
  assert_false(oriel_accel_cache_read("kvm a b c", &works));
  unsetenv("XDG_CACHE_HOME");
}

static void cache_key_names_boot_kernel_and_qemu(void **state) {
  (void)state;
  char one[4352], two[4352];
  oriel_accel_cache_key("/usr/bin/qemu", "7.2.22", ORIEL_ACCEL_KVM, one, sizeof one);
  oriel_accel_cache_key("/usr/bin/qemu", "7.2.23", ORIEL_ACCEL_KVM, two, sizeof two);
  assert_string_not_equal(one, two);
  assert_non_null(strstr(one, "kvm "));
  assert_null(strchr(one, '\n'));
}

/** With or without /dev/kvm: a QEMU that hangs ends in TCG in bounded time, and the second time at once. */
static void choose_auto_falls_back_in_bounded_time(void **state) {
  (void)state;
  setenv("XDG_CACHE_HOME", in_scratch("cache"), 1);
  const char *qemu = write_script("hang", "exec sleep 600");
  enum oriel_accel chosen = ORIEL_ACCEL_AUTO;
  char why[512] = "";
  uint64_t before = oriel_clock_ns();
  assert_int_equal(oriel_accel_choose(qemu, "7.2", ORIEL_ACCEL_AUTO, false, &chosen, why, sizeof why), 0);
  assert_int_equal(chosen, ORIEL_ACCEL_TCG);
  assert_string_not_equal(why, "");
  assert_true(oriel_clock_ns() - before < 2500 * ORIEL_NS_PER_MS);
  before = oriel_clock_ns();
  assert_int_equal(oriel_accel_choose(qemu, "7.2", ORIEL_ACCEL_AUTO, false, &chosen, why, sizeof why), 0);
  assert_true(oriel_clock_ns() - before < 300 * ORIEL_NS_PER_MS);
  assert_int_equal(oriel_accel_choose(qemu, "7.2", ORIEL_ACCEL_TCG, false, &chosen, why, sizeof why), 0);
  assert_int_equal(chosen, ORIEL_ACCEL_TCG);
  assert_true(oriel_accel_choose(qemu, "7.2", ORIEL_ACCEL_HVF, false, &chosen, why, sizeof why) < 0);
  unsetenv("XDG_CACHE_HOME");
}

static void accel_names_are_parsed(void **state) {
  (void)state;
  static const char *const names[] = {"auto", "kvm", "tcg", "hvf"};
  for (size_t i = 0; i < 4; i++) {
    enum oriel_accel accel = ORIEL_ACCEL_AUTO;
    assert_int_equal(oriel_accel_parse(names[i], &accel), 0);
    assert_string_equal(oriel_accel_name(accel), names[i]);
  }
  enum oriel_accel untouched = ORIEL_ACCEL_TCG;
  assert_int_equal(oriel_accel_parse("KVM", &untouched), -EINVAL);
  assert_int_equal(untouched, ORIEL_ACCEL_TCG);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(probe_real_tcg_runs_guest_code),
    cmocka_unit_test(probe_hanging_qemu_times_out),
    cmocka_unit_test(probe_wants_the_guests_own_exit_status),
    cmocka_unit_test(probe_leaves_no_file),
    cmocka_unit_test(probe_hvf_is_for_macos),
    cmocka_unit_test(cache_remembers_one_answer),
    cmocka_unit_test(cache_key_names_boot_kernel_and_qemu),
    cmocka_unit_test(choose_auto_falls_back_in_bounded_time),
    cmocka_unit_test(accel_names_are_parsed),
  };
  return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
