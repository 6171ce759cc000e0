/* SPDX-License-Identifier: MIT
 *
 * Messages that open channels: what is one, and what is none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "webrtc/dcep.h"

static struct oriel_dcep_open opened;

/** An OPEN of this type with a label, claiming lengths. */
static enum oriel_dcep_message parse(uint8_t type, const char *label, size_t claimed, size_t protocol) {
  uint8_t bytes[ORIEL_DCEP_MAX + 64] = {3, type, 0, 0, 0, 0, 0, 0, (uint8_t)(claimed >> 8), (uint8_t)claimed,
                                        (uint8_t)(protocol >> 8), (uint8_t)protocol};
  memcpy(bytes + 12, label, strlen(label));
  return oriel_dcep_parse(bytes, 12 + strlen(label), &opened);
}

static void open_says_its_label_and_kind(void **state) {
  (void)state;
  assert_int_equal(parse(0, "input", 5, 0), ORIEL_DCEP_OPENS);
  assert_string_equal(opened.label, "input");
  assert_false(opened.unordered || opened.partly);
  assert_int_equal(parse(0x81, "input", 5, 0), ORIEL_DCEP_OPENS);
  assert_true(opened.unordered && opened.partly);
  assert_int_equal(parse(0x02, "inputchat", 5, 4), ORIEL_DCEP_OPENS); /* a protocol behind it */
  assert_string_equal(opened.label, "input");
  assert_int_equal(parse(0, "", 0, 0), ORIEL_DCEP_OPENS);
  assert_string_equal(opened.label, "");
}

static void lengths_are_its_own(void **state) {
  (void)state;
  assert_int_equal(parse(0, "input", 6, 0), ORIEL_DCEP_MALFORMED);
  assert_int_equal(parse(0, "input", 4, 0), ORIEL_DCEP_MALFORMED);
  assert_int_equal(parse(0, "input", 5, 1), ORIEL_DCEP_MALFORMED);
  assert_int_equal(parse(0, "input", 65535, 65535), ORIEL_DCEP_MALFORMED);
  assert_int_equal(parse(3, "input", 5, 0), ORIEL_DCEP_MALFORMED);
  assert_int_equal(parse(0x83, "input", 5, 0), ORIEL_DCEP_MALFORMED);
}

/* However long it is, it is not taken for a shorter one. */
static void a_long_label_is_cut_and_marked(void **state) {
  char label[ORIEL_DCEP_LABEL_MAX + 2];
  (void)state;
  memset(label, 'x', sizeof label);
  label[sizeof label - 1] = '\0';
  assert_int_equal(parse(0, label, sizeof label - 1, 0), ORIEL_DCEP_OPENS);
  assert_int_equal(strlen(opened.label), ORIEL_DCEP_LABEL_MAX);
  assert_int_equal(opened.label[ORIEL_DCEP_LABEL_MAX - 1], '?');
  const uint8_t zero[] = {3, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 'i', 'n', 'p', 'u', 't', 0, 'x'};
  assert_int_equal(oriel_dcep_parse(zero, sizeof zero, &opened), ORIEL_DCEP_OPENS);
  assert_string_equal(opened.label, "input?x");
}

static void other_messages(void **state) {
  static const uint8_t large[ORIEL_DCEP_MAX + 1] = {3};
  (void)state;
  assert_int_equal(oriel_dcep_parse((const uint8_t[]){2}, 1, &opened), ORIEL_DCEP_ACKNOWLEDGES);
  assert_int_equal(oriel_dcep_parse((const uint8_t[]){2, 0}, 2, &opened), ORIEL_DCEP_MALFORMED);
  assert_int_equal(oriel_dcep_parse((const uint8_t[]){3}, 1, &opened), ORIEL_DCEP_MALFORMED);
  assert_int_equal(oriel_dcep_parse(NULL, 0, &opened), ORIEL_DCEP_MALFORMED);
  assert_int_equal(oriel_dcep_parse(large, sizeof large, &opened), ORIEL_DCEP_MALFORMED);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(open_says_its_label_and_kind),
    cmocka_unit_test(lengths_are_its_own),
    cmocka_unit_test(a_long_label_is_cut_and_marked),
    cmocka_unit_test(other_messages),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
