/* SPDX-License-Identifier: MIT
 *
 * core/clipboard: what may be a text, and that nothing is left of one.
 */
#include "core/clipboard.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void clipboard_takes_texts_alone(void **state) {
  (void)state;
  assert_int_equal(oriel_clipboard_check("x", 1), 0);
  assert_int_equal(oriel_clipboard_check("gr\xC3\xBC\xC3\x9F\tyou\r\n", 12), 0);
  assert_int_equal(oriel_clipboard_check("", 0), -ENODATA);
  assert_int_equal(oriel_clipboard_check("a\0b", 3), -EILSEQ);
  assert_int_equal(oriel_clipboard_check("\xC3", 1), -EILSEQ);
  assert_int_equal(oriel_clipboard_check("\xED\xA0\x80", 3), -EILSEQ); /* half of a surrogate pair */
  char *large = malloc(ORIEL_CLIPBOARD_MAX + 1);
  memset(large, 'a', ORIEL_CLIPBOARD_MAX + 1);
  assert_int_equal(oriel_clipboard_check(large, ORIEL_CLIPBOARD_MAX), 0);
  assert_int_equal(oriel_clipboard_check(large, ORIEL_CLIPBOARD_MAX + 1), -EMSGSIZE);
  free(large);
}

static void clipboard_copies(void **state) {
  (void)state;
  struct oriel_packet *one = NULL, *same = NULL, *longer = NULL;
  assert_int_equal(oriel_clipboard_create("one", 3, &one), 0);
  assert_int_equal(oriel_clipboard_create("one", 3, &same), 0);
  assert_int_equal(oriel_clipboard_create("ones", 4, &longer), 0);
  assert_true(one->kind == ORIEL_PACKET_CLIPBOARD && one->size == 3 && !memcmp(one->data, "one", 3));
  assert_true(oriel_clipboard_equal(one, same) && oriel_clipboard_equal(one, one));
  assert_false(oriel_clipboard_equal(one, longer) || oriel_clipboard_equal(one, NULL) ||
               oriel_clipboard_equal(NULL, NULL));
  oriel_packet_unref(one);
  one = NULL;
  assert_int_equal(oriel_clipboard_create("\xFF", 1, &one), -EILSEQ);
  assert_null(one);
  oriel_packet_unref(same);
  oriel_packet_unref(longer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(clipboard_takes_texts_alone),
    cmocka_unit_test(clipboard_copies),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
