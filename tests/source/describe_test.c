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
      struct oriel_qemu_facts facts = {.connect_error = errors[i], .connected = flags & 1,
                                       .was_attached = flags & 2, .was_shut_down = flags & 4};
      oriel_qemu_facts_name(&facts, "debian");
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
  struct oriel_qemu_facts facts = {.was_attached = true, .was_shut_down = true};
  oriel_qemu_facts_name(&facts, "debian");
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

static void vm_name_is_cut_in_sentences(void **state) {
  (void)state;
  struct oriel_qemu_facts facts = {.connected = false};
  oriel_qemu_facts_name(&facts, "a\xC2\x9B" "2J"); /* a host's user gave it, and clears no viewer's terminal */
  assert_string_equal(oriel_qemu_vm_name(&facts), "a?2J");
  oriel_qemu_facts_name(&facts, "a-name-of-exactly-31-characters");
  assert_string_equal(oriel_qemu_vm_name(&facts), "a-name-of-exactly-31-characters");
  oriel_qemu_facts_name(&facts, "a-name-of-exactly-32-characters!");
  assert_string_equal(oriel_qemu_vm_name(&facts), "a-name-of-exactly-32-charact...");
  assert_string_equal(facts.name, "a-name-of-exactly-32-characters!");
  oriel_qemu_facts_name(&facts, "a-name-with-a-last-character-\xC3\xA4\xC3\xB6\xC3\xBC"); /* whole characters */
  assert_string_equal(oriel_qemu_vm_name(&facts), "a-name-with-a-last-character...");
}

/* A VM may have a name of any length: what helps stands at a sentence's end, which must not be cut off on its way. */
static void sentences_fit_however_long_the_name(void **state) {
  (void)state;
  enum { ROOM = 159 }; /* of the hub's, and of the protocol's texts */
  static const char *const stopped[] = {"paused", "prelaunch", "suspended", "shutdown", "guest-panicked", "internal-error",
                                        "io-error", "watchdog", "a-state-of-31-characters-length"};
  char name[200], shown[512];
  memset(name, 'n', sizeof name - 1);
  name[sizeof name - 1] = '\0';
  struct oriel_qemu_facts facts = {.connected = true, .attached = true, .vm_status = "running",
                                   .display = {.width = UINT32_MAX, .height = UINT32_MAX, .format = UINT32_MAX}};
  oriel_qemu_facts_name(&facts, name);
  for (int kind = ORIEL_QEMU_DISPLAY_ON; kind <= ORIEL_QEMU_DISPLAY_BROKEN; kind++) {
    facts.display.kind = (enum oriel_qemu_display_kind)kind;
    oriel_qemu_describe(&facts, NULL, shown, sizeof shown);
    assert_in_range(strlen(shown), 20, ROOM);
  }
  memset(facts.refusal, 'r', sizeof facts.refusal - 1);
  oriel_qemu_describe(&facts, NULL, shown, sizeof shown);
  assert_in_range(strlen(shown), 20, ROOM);
  assert_non_null(strstr(shown, "Oriel tries again"));
  for (size_t i = 0; i < sizeof stopped / sizeof *stopped; i++) {
    snprintf(facts.vm_status, sizeof facts.vm_status, "%s", stopped[i]);
    oriel_qemu_describe(&facts, NULL, shown, sizeof shown);
    assert_in_range(strlen(shown), 20, ROOM);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(viewers_see_no_path),
    cmocka_unit_test(viewers_hear_how_it_ended),
    cmocka_unit_test(vm_name_is_cut_in_sentences),
    cmocka_unit_test(sentences_fit_however_long_the_name),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
