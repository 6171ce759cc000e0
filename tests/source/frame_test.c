/* SPDX-License-Identifier: MIT
 *
 * source/qemu/frame: messages that nobody who calls us sends, and which GLib's parser takes or grows on.
 */
#include "source/qemu/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void put_u32(uint8_t *at, uint32_t value) {
  for (int i = 0; i < 4; i++)
    at[i] = (uint8_t)(value >> 8 * i);
}

static size_t size_of(char order, uint32_t body, uint32_t fields) {
  uint8_t header[ORIEL_QEMU_FRAME_HEADER] = {(uint8_t)order, 1, 0, 1};
  put_u32(header + 4, body);
  put_u32(header + 12, fields);
  return oriel_qemu_frame_size(header);
}

static void frame_sizes(void **state) {
  (void)state;
  enum { MAX = 128 << 20 };
  assert_int_equal(size_of('l', 0, 0), 16);
  assert_int_equal(size_of('l', 5, 1), 16 + 8 + 5);
  assert_int_equal(size_of('B', 0x05000000, 0x01000000), 16 + 8 + 5);
  assert_int_equal(size_of('l', MAX - 16, 0), MAX);
  assert_int_equal(size_of('l', MAX - 15, 0), 0);
  assert_int_equal(size_of('l', 0, 4096), 16 + 4096);
  assert_int_equal(size_of('l', 0, 4097), 0);
  assert_int_equal(size_of('l', UINT32_MAX, UINT32_MAX), 0);
  assert_int_equal(size_of('l', UINT32_MAX - 15, 0), 0);
  for (int order = 0; order < 256; order++)
    assert_true((size_of((char)order, 0, 0) != 0) == (order == 'l' || order == 'B'));
}

struct field {
  uint8_t code;
  char type;        /* 's', 'o', 'g', or 'u', which is 5 */
  const char *text;
};

/** A call with these fields, up to one of code 0, and `count` times `unit` as its body. True when it is parsed. */
static bool parses(uint32_t serial, const struct field *fields, const char *unit, size_t unit_size, size_t count) {
  enum { HEAD = 512 };
  uint8_t *bytes = calloc(1, HEAD + 4 + unit_size * count);
  size_t at = ORIEL_QEMU_FRAME_HEADER;
  for (; fields->code; fields++) {
    at = (at + 7) / 8 * 8;
    bytes[at] = fields->code;
    bytes[at + 1] = 1;
    bytes[at + 2] = (uint8_t)fields->type;
    at += 4;
    const size_t length = fields->type == 'u' ? 0 : strlen(fields->text);
    assert_true(at + length + 16 < HEAD);
    if (fields->type == 'g')
      bytes[at++] = (uint8_t)length;
    else
      put_u32(bytes + at, fields->type == 'u' ? 5 : (uint32_t)length), at += 4;
    memcpy(bytes + at, fields->text ? fields->text : "", length);
    at += length + (fields->type != 'u');
  }
  memcpy(bytes, "l\1\0\1", 4);
  put_u32(bytes + 8, serial);
  put_u32(bytes + 12, (uint32_t)(at - ORIEL_QEMU_FRAME_HEADER));
  at = (at + 7) / 8 * 8;
  if (count) {
    put_u32(bytes + 4, (uint32_t)(4 + unit_size * count));
    put_u32(bytes + at, (uint32_t)(unit_size * count));
  }
  for (size_t i = 0; i < count; i++)
    memcpy(bytes + at + 4 + i * unit_size, unit, unit_size);
  GDBusMessage *message = oriel_qemu_frame_parse(bytes, oriel_qemu_frame_size(bytes));
  const bool parsed = message;
  g_clear_object(&message);
  free(bytes);
  return parsed;
}

#define PATH {1, 'o', "/org/qemu"}
#define MEMBER {3, 's', "Scanout"}

/* GLib 2.74 takes each of them; a member that is a number would be a string at NULL. */
static void frame_fields_that_are_none(void **state) {
  (void)state;
  assert_true(parses(1, (struct field[]){PATH, MEMBER, {0}}, NULL, 0, 0));
  assert_true(parses(1, (struct field[]){PATH, MEMBER, {7, 's', ":1.5"}, {0}}, NULL, 0, 0));
  assert_false(parses(0, (struct field[]){PATH, MEMBER, {0}}, NULL, 0, 0));
  assert_false(parses(1, (struct field[]){PATH, {3, 'u', NULL}, {0}}, NULL, 0, 0));
  assert_false(parses(1, (struct field[]){{1, 'u', NULL}, MEMBER, {0}}, NULL, 0, 0));
  assert_false(parses(1, (struct field[]){PATH, MEMBER, {7, 's', "no name"}, {0}}, NULL, 0, 0));
  assert_false(parses(1, (struct field[]){PATH, {3, 's', "Two\nlines"}, {0}}, NULL, 0, 0));
  assert_false(parses(1, (struct field[]){PATH, {2, 's', "\033[31m"}, MEMBER, {0}}, NULL, 0, 0));
}

/* Of many small values GLib makes many times their bytes: only arrays of bytes may be large. */
static void frame_nests_little(void **state) {
  (void)state;
  static const struct field bytes[] = {PATH, MEMBER, {8, 'g', "ay"}, {0}},
                            variants[] = {PATH, MEMBER, {8, 'g', "av"}, {0}},
                            twice[] = {PATH, MEMBER, {8, 'g', "ay"}, {8, 'g', "av"}, {0}},
                            unknown[] = {PATH, MEMBER, {8, 'g', "ay"}, {77, 'g', "v"}, {0}};
  static const char variant[4] = {1, 'y', 0, 5};
  assert_true(parses(1, bytes, variant, 4, 1 << 20));
  assert_true(parses(1, variants, variant, 4, 1000));
  assert_false(parses(1, variants, variant, 4, 20000));
  assert_false(parses(1, twice, variant, 4, 20000));
  assert_false(parses(1, unknown, variant, 4, 20000));
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(frame_sizes),
    cmocka_unit_test(frame_fields_that_are_none),
    cmocka_unit_test(frame_nests_little),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
