/* SPDX-License-Identifier: MIT
 *
 * core/utf8: every code point round, every ill-formed kind refused, cuts at borders.
 */
#include "core/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The definition, independent of the table in the implementation. */
static size_t encode(uint32_t code, uint8_t out[4]) {
  if (code < 0x80) {
    out[0] = (uint8_t)code;
    return 1;
  }
  const size_t size = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  for (size_t i = size; i-- > 1; code >>= 6)
    out[i] = (uint8_t)(0x80 | (code & 0x3F));
  out[0] = (uint8_t)((0xF00 >> size) | code);
  return size;
}

static void utf8_every_code_point(void **state) {
  (void)state;
  for (uint32_t code = 0; code <= 0x110FFF; code++) {
    uint8_t bytes[4];
    const size_t size = encode(code, bytes);
    const bool is_scalar = code <= 0x10FFFF && !(code >= 0xD800 && code <= 0xDFFF);
    if (oriel_utf8_character(bytes, size) != (is_scalar ? size : 0))
      fail_msg("U+%04X", (unsigned)code);
    for (size_t part = 0; part < size; part++)
      if (oriel_utf8_character(bytes, part) != 0)
        fail_msg("U+%04X cut to %zu", (unsigned)code, part);
  }
}

/* All two-byte starts with all third bytes: exactly as many well-formed characters as code points. */
static void utf8_counts_only_shortest_forms(void **state) {
  (void)state;
  size_t two = 0, three = 0;
  for (unsigned a = 0x80; a < 0x100; a++) {
    for (unsigned b = 0; b < 0x100; b++) {
      const uint8_t pair[2] = { (uint8_t)a, (uint8_t)b };
      two += oriel_utf8_character(pair, 2) == 2;
      for (unsigned c = 0; c < 0x100; c++) {
        const uint8_t triple[3] = { (uint8_t)a, (uint8_t)b, (uint8_t)c };
        three += oriel_utf8_character(triple, 3) == 3;
      }
    }
  }
  assert_int_equal(two, 0x800 - 0x80);
  assert_int_equal(three, 0x10000 - 0x800 - 0x800); /* less the surrogates */
}

static void utf8_valid_refuses_nul_and_rubbish(void **state) {
  (void)state;
  assert_true(oriel_utf8_valid("", 0));
  assert_true(oriel_utf8_valid("gr\xC3\xBC\xC3\x9F", 6));
  assert_false(oriel_utf8_valid("a\0b", 3));
  assert_false(oriel_utf8_valid("a\xC3", 2));
  assert_false(oriel_utf8_valid("\xC0\x80", 2));
  assert_false(oriel_utf8_valid("\xF4\x90\x80\x80", 4));
}

static void copied(const char *text, size_t limit, const char *expected) {
  char out[32];
  memset(out, '#', sizeof out);
  const size_t size = oriel_utf8_copy(out, limit, text, strlen(text));
  assert_int_equal(size, strlen(expected));
  assert_memory_equal(out, expected, size);
  assert_int_equal(out[size], '#');
}

static void utf8_copy_cuts_at_border(void **state) {
  (void)state;
  copied("abc", 3, "abc");
  copied("abc", 2, "ab");
  copied("a\xE2\x82\xAC", 4, "a\xE2\x82\xAC");
  copied("a\xE2\x82\xAC", 3, "a");
  copied("a\xE2\x82\xAC", 1, "a");
  copied("\xF0\x9F\x98\x80", 3, "");
  copied("abc", 0, "");
}

static void utf8_copy_marks_rubbish(void **state) {
  (void)state;
  copied("a\xFF" "b", 8, "a?b");
  copied("\xE2\x82", 8, "??");
  copied("\xE2\x82\xE2\x82\xAC", 8, "??\xE2\x82\xAC");
  copied("\xED\xA0\x80", 8, "???");
}

static void utf8_control_characters(void **state) {
  (void)state;
  for (uint32_t code = 0; code <= 0x2FF; code++) {
    uint8_t bytes[4];
    const size_t size = encode(code, bytes);
    const bool is_control = code < 0x20 || (code >= 0x7F && code < 0xA0);
    assert_int_equal(oriel_utf8_is_control(bytes, size), is_control);
    assert_int_equal(oriel_utf8_has_control(bytes, size), is_control);
  }
  assert_true(oriel_utf8_has_control("ab\xC2\x9B", 4));
  assert_false(oriel_utf8_has_control("ab\xC2\x9B", 3)); /* cut off: no character */
  assert_true(oriel_utf8_has_control("\xFF\xC2\x80", 3));
  assert_false(oriel_utf8_has_control("\x9B\xC3\xA4", 3));
}

static void utf8_line_of_text(void **state) {
  (void)state;
  assert_true(oriel_utf8_is_line("", 0));
  assert_true(oriel_utf8_is_line("gr\xC3\xBC\xC3\x9F \xE2\x82\xAC", 10));
  assert_false(oriel_utf8_is_line("a\nb", 3));
  assert_false(oriel_utf8_is_line("a\xC2\x9B" "2J", 5));
  assert_false(oriel_utf8_is_line("a\0b", 3));
  assert_false(oriel_utf8_is_line("a\xC3", 2)); /* cut off */
}

static void utf8_sanitize_leaves_what_is_shown(void **state) {
  (void)state;
  char text[] = "a\x1B[2J\xC2\x9B" "2J \xC3\xA4\xC2\xA0\x7F\xE2\x82\xAC\x9B\n\xC2";
  oriel_utf8_sanitize(text);
  assert_string_equal(text, "a?[2J?2J \xC3\xA4\xC2\xA0?\xE2\x82\xAC???");
  char empty[] = "";
  oriel_utf8_sanitize(empty);
  assert_string_equal(empty, "");
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(utf8_every_code_point),
    cmocka_unit_test(utf8_counts_only_shortest_forms),
    cmocka_unit_test(utf8_valid_refuses_nul_and_rubbish),
    cmocka_unit_test(utf8_copy_cuts_at_border),
    cmocka_unit_test(utf8_copy_marks_rubbish),
    cmocka_unit_test(utf8_control_characters),
    cmocka_unit_test(utf8_line_of_text),
    cmocka_unit_test(utf8_sanitize_leaves_what_is_shown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
