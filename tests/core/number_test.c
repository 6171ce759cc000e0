/* SPDX-License-Identifier: MIT
 *
 * core/number: digits alone, within the bounds.
 */
#include "core/number.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static int parse(const char *text, uint32_t least, uint32_t most, uint32_t *number) {
  return oriel_number_parse(text, strlen(text), least, most, number);
}

static void number_within_its_bounds(void **state) {
  (void)state;
  uint32_t number = 7;
  assert_int_equal(parse("0", 0, 0, &number), 0);
  assert_int_equal(number, 0);
  assert_int_equal(parse("65535", 1, 65535, &number), 0);
  assert_int_equal(number, 65535);
  assert_int_equal(parse("4294967295", 0, UINT32_MAX, &number), 0);
  assert_true(number == UINT32_MAX);
  assert_int_equal(oriel_number_parse("123456", 3, 0, 1000, &number), 0); /* what lies behind is another's */
  assert_int_equal(number, 123);
}

static void number_that_is_none(void **state) {
  (void)state;
  static const char *const wrong[] = {
    "", " ", "50 ", " 50", "+50", "-50", "50x", "0x50", "50.0", "50,0", "\xd9\xa1", "101", "9", "4294967346",
    "18446744073709551666", "99999999999999999999999999999999999"};
  uint32_t number = 77;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    assert_int_equal(parse(wrong[i], 10, 100, &number), -EINVAL);
  assert_int_equal(oriel_number_parse("1\0002", 3, 0, 1000, &number), -EINVAL);
  assert_int_equal(parse("4294967296", 0, UINT32_MAX, &number), -EINVAL);
  assert_int_equal(number, 77);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(number_within_its_bounds),
    cmocka_unit_test(number_that_is_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
