/* SPDX-License-Identifier: MIT
 *
 * core/bytes: values, sticking errors, exact bounds. Buffers are heap blocks of the exact size, so that
 * AddressSanitizer sees a single byte too far.
 */
#include "core/bytes.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void reader_decodes(void **state) {
  (void)state;
  const uint8_t data[] = { 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0x0F,
                           0xFE, 0xFF, 0xFD, 0xFF, 0xFF, 0xFF, 0xFC, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                           0x12, 0x34, 0x56, 0x78, 0x9A, 0xBC, 'e', 'n', 'd' };
  struct oriel_reader reader;
  oriel_reader_init(&reader, data, sizeof data);
  assert_int_equal(oriel_read_u8(&reader), 0x01);
  assert_int_equal(oriel_read_u16(&reader), 0x0302);
  assert_int_equal(oriel_read_u32(&reader), 0x07060504);
  assert_true(oriel_read_u64(&reader) == 0x0F0E0D0C0B0A0908u);
  assert_int_equal(oriel_read_i16(&reader), -2);
  assert_int_equal(oriel_read_i32(&reader), -3);
  assert_true(oriel_read_i64(&reader) == -4);
  assert_int_equal(oriel_read_u16_be(&reader), 0x1234);
  assert_true(oriel_read_u32_be(&reader) == 0x56789ABCu);
  assert_false(oriel_reader_done(&reader));
  assert_memory_equal(oriel_read_bytes(&reader, 3), "end", 3);
  assert_true(oriel_reader_done(&reader));
}

static void reader_sticks_after_overrun(void **state) {
  (void)state;
  uint8_t *data = malloc(3);
  memset(data, 0xAB, 3);
  struct oriel_reader reader;
  oriel_reader_init(&reader, data, 3);
  assert_int_equal(oriel_read_u32(&reader), 0);
  assert_false(oriel_reader_ok(&reader));
  /* Three bytes are there, but the message is already known to be wrong. */
  assert_int_equal(oriel_read_u8(&reader), 0);
  assert_null(oriel_read_bytes(&reader, 0));
  assert_false(oriel_reader_done(&reader));
  free(data);
}

/* Lesson 31: sizes near SIZE_MAX must not wrap a bound. */
static void reader_refuses_absurd_size(void **state) {
  (void)state;
  const uint8_t data[4] = { 0 };
  for (size_t back = 0; back < 8; back++) {
    struct oriel_reader reader;
    oriel_reader_init(&reader, data, sizeof data);
    oriel_read_u8(&reader);
    assert_null(oriel_read_bytes(&reader, SIZE_MAX - back));
    assert_false(oriel_reader_ok(&reader));
  }
}

static void reader_empty_message(void **state) {
  (void)state;
  struct oriel_reader reader;
  oriel_reader_init(&reader, NULL, 0);
  assert_true(oriel_reader_done(&reader));
  assert_non_null(oriel_read_bytes(&reader, 0));
  assert_true(oriel_reader_done(&reader));
  assert_int_equal(oriel_read_u8(&reader), 0);
  assert_false(oriel_reader_ok(&reader));
}

static void reader_null_with_size_fails(void **state) {
  (void)state;
  struct oriel_reader reader;
  oriel_reader_init(&reader, NULL, 8);
  assert_int_equal(oriel_read_u64(&reader), 0);
  assert_false(oriel_reader_ok(&reader));
}

static void write_everything(struct oriel_writer *writer) {
  oriel_write_u8(writer, 0x11);
  oriel_write_u16(writer, 0x2233);
  oriel_write_u32(writer, 0x44556677);
  oriel_write_u64(writer, 0x8899AABBCCDDEEFFu);
  oriel_write_i16(writer, INT16_MIN);
  oriel_write_i32(writer, -2);
  oriel_write_i64(writer, INT64_MIN);
  oriel_write_u16_be(writer, 0x2233);
  oriel_write_u32_be(writer, 0x44556677);
  oriel_write_bytes(writer, "xy", 2);
  oriel_write_bytes(writer, NULL, 0);
}

static const uint8_t everything[] = {
  0x11, 0x33, 0x22, 0x77, 0x66, 0x55, 0x44, 0xFF, 0xEE, 0xDD, 0xCC, 0xBB, 0xAA, 0x99, 0x88, 0x00, 0x80, 0xFE, 0xFF,
  0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x80, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 'x', 'y',
};

static void writer_encodes(void **state) {
  (void)state;
  uint8_t data[sizeof everything];
  struct oriel_writer writer;
  oriel_writer_init(&writer, data, sizeof data);
  write_everything(&writer);
  assert_int_equal(oriel_writer_size(&writer), sizeof everything);
  assert_memory_equal(data, everything, sizeof everything);
}

static void writer_short_buffer_yields_nothing(void **state) {
  (void)state;
  for (size_t size = 0; size < sizeof everything; size++) {
    uint8_t *data = malloc(size ? size : 1);
    struct oriel_writer writer;
    oriel_writer_init(&writer, data, size);
    write_everything(&writer);
    assert_int_equal(oriel_writer_size(&writer), 0);
    /* What was written before the failure is a prefix; nothing slips in behind it. */
    assert_true(writer.written <= size);
    assert_memory_equal(data, everything, writer.written);
    free(data);
  }
}

static void writer_without_memory_yields_nothing(void **state) {
  (void)state;
  struct oriel_writer writer;
  oriel_writer_init(&writer, NULL, 100);
  oriel_write_u8(&writer, 1);
  assert_int_equal(oriel_writer_size(&writer), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(reader_decodes),
    cmocka_unit_test(reader_sticks_after_overrun),
    cmocka_unit_test(reader_refuses_absurd_size),
    cmocka_unit_test(reader_empty_message),
    cmocka_unit_test(reader_null_with_size_fails),
    cmocka_unit_test(writer_encodes),
    cmocka_unit_test(writer_short_buffer_yields_nothing),
    cmocka_unit_test(writer_without_memory_yields_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
