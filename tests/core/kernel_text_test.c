/* SPDX-License-Identifier: MIT */
#include "core/kernel_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void text_is_cut_where_the_room_ends(void **state) {
  (void)state;
  char whole[256], cut[5];
  memset(cut, 'x', sizeof cut);
  assert_true(oriel_kernel_text_read("/proc/self/stat", whole, sizeof whole));
  assert_non_null(strrchr(whole, ')'));
  assert_true(oriel_kernel_text_read("/proc/self/stat", cut, sizeof cut));
  assert_int_equal(strlen(cut), 4);
  assert_memory_equal(cut, whole, 4);
}

static void nothing_is_an_empty_text(void **state) {
  (void)state;
  static const char *const paths[] = {"/proc/self/none", "/dev/null", "/proc/self", ""};
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
    char text[8] = "before";
    assert_false(oriel_kernel_text_read(paths[i], text, sizeof text));
    assert_string_equal(text, "");
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(text_is_cut_where_the_room_ends),
    cmocka_unit_test(nothing_is_an_empty_text),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
