/* SPDX-License-Identifier: MIT
 *
 * core/setting_lines: what is a line, what is skipped, and which number a line has.
 */
#include "core/setting_lines.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct oriel_setting_lines of(const char *text) {
  return (struct oriel_setting_lines){.text = text, .size = strlen(text)};
}

static void expect(struct oriel_setting_lines *lines, unsigned number, const char *key, const char *value) {
  struct oriel_setting_line line;
  char text[64];
  assert_int_equal(oriel_setting_lines_next(lines, &line), value ? 1 : -EINVAL);
  assert_int_equal(lines->number, number);
  assert_int_equal(oriel_setting_text(line.key, line.key_size, text, sizeof text), 0);
  assert_string_equal(text, key);
  if (!value) {
    assert_null(line.value);
    return;
  }
  assert_int_equal(oriel_setting_text(line.value, line.value_size, text, sizeof text), 0);
  assert_string_equal(text, value);
}

static void lines_of_a_text(void **state) {
  (void)state;
  struct oriel_setting_lines lines =
    of("a = 1\n\n \t# b = 2\n#\n\tlong name\t=  two words # no comment \r\nc=\n=d\ne==f=\nno line\r\n  \nlast = 9");
  struct oriel_setting_line line;
  expect(&lines, 1, "a", "1");
  expect(&lines, 5, "long name", "two words # no comment");
  expect(&lines, 6, "c", "");
  expect(&lines, 7, "", "d");
  expect(&lines, 8, "e", "=f=");
  expect(&lines, 9, "no line", NULL);
  expect(&lines, 11, "last", "9"); /* what was wrong does not end the rest */
  for (int again = 0; again < 2; again++)
    assert_int_equal(oriel_setting_lines_next(&lines, &line), 0);
}

static void lines_of_nothing(void **state) {
  (void)state;
  static const char *const texts[] = {"", "\n", "\r\n\n", " ", "# only", "\t#\n"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    struct oriel_setting_lines lines = of(texts[i]);
    struct oriel_setting_line line;
    assert_int_equal(oriel_setting_lines_next(&lines, &line), 0);
  }
}

/* Memory that ends with the text: a read beyond it is seen by the sanitizer. */
static void lines_end_with_their_text(void **state) {
  (void)state;
  static const char text[] = "a = b\r\n# x\n c = d \n";
  for (size_t size = 0; size < sizeof text; size++) {
    char *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, text, size);
    struct oriel_setting_lines lines = {.text = copy, .size = size};
    struct oriel_setting_line line;
    unsigned turns = 0;
    while (oriel_setting_lines_next(&lines, &line) != 0)
      assert_true(++turns < 5);
    assert_int_equal(lines.size, 0);
    free(copy);
  }
}

static void text_that_does_not_fit(void **state) {
  (void)state;
  char text[4] = "old";
  assert_int_equal(oriel_setting_text("abcd", 4, text, sizeof text), -EMSGSIZE);
  assert_int_equal(oriel_setting_text("a\0b", 3, text, sizeof text), -EMSGSIZE);
  assert_int_equal(oriel_setting_text("abc", SIZE_MAX, text, sizeof text), -EMSGSIZE);
  assert_string_equal(text, "old");
  assert_int_equal(oriel_setting_text("abcd", 3, text, sizeof text), 0);
  assert_string_equal(text, "abc");
  assert_int_equal(oriel_setting_text("", 0, text, sizeof text), 0);
  assert_string_equal(text, "");
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(lines_of_a_text),
    cmocka_unit_test(lines_of_nothing),
    cmocka_unit_test(lines_end_with_their_text),
    cmocka_unit_test(text_that_does_not_fit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
