/* SPDX-License-Identifier: MIT
 *
 * source/qemu/describe: what the operator reads and what viewers read.
 */
#include "source/qemu/describe.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char path[] = "/run/user/1000/oriel/vm/qmp.sock";

static void viewers_see_no_path(void **state) {
  (void)state;
  static const int errors[] = {0, -ENOENT, -ECONNREFUSED, -EACCES, -EPERM, -EAGAIN, -EIO, -ENAMETOOLONG};
  char shown[256], logged[256];
  for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
    for (int flags = 0; flags < 8; flags++) {
      const struct oriel_qemu_facts facts = {.name = "debian", .connect_error = errors[i], .connected = flags & 1,
                                             .was_attached = flags & 2, .was_shut_down = flags & 4};
      const enum oriel_source_state told = oriel_qemu_describe(&facts, path, logged, sizeof logged);
      assert_int_equal(oriel_qemu_describe(&facts, NULL, shown, sizeof shown), told);
      assert_non_null(strstr(logged, path)); /* where the operator looks */
      assert_null(strchr(shown, '/'));
      assert_null(strstr(shown, "(null)"));
      assert_true(strlen(shown) > 10);
    }
  }
}

static void viewers_hear_how_it_ended(void **state) {
  (void)state;
  char shown[256];
  struct oriel_qemu_facts facts = {.name = "debian", .was_attached = true, .was_shut_down = true};
  assert_int_equal(oriel_qemu_describe(&facts, NULL, shown, sizeof shown), ORIEL_SOURCE_GONE);
  assert_string_equal(shown, "debian has shut down");
  facts.connect_error = -ENOENT; /* and goes on being said while it is looked for */
  oriel_qemu_describe(&facts, NULL, shown, sizeof shown);
  assert_string_equal(shown, "debian has shut down");
  facts.was_shut_down = false;
  oriel_qemu_describe(&facts, NULL, shown, sizeof shown);
  assert_string_equal(shown, "debian has ended without shutting down");
  facts = (struct oriel_qemu_facts){.connect_error = -ENOENT};
  assert_int_equal(oriel_qemu_describe(&facts, NULL, shown, sizeof shown), ORIEL_SOURCE_CONNECTING);
  assert_string_equal(shown, "the VM does not run yet");
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(viewers_see_no_path),
    cmocka_unit_test(viewers_hear_how_it_ended),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
