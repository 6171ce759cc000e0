/* SPDX-License-Identifier: MIT
 *
 * webrtc/dtls_front: what OpenSSL gets to see, and its bounds.
 */
#include "webrtc/dtls_front.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

#include "core/bytes.h"
#include "tests/webrtc/bytes.h"

enum { HELLO = 1, CERTIFICATE = 11, VERIFY = 15, EXCHANGE = 16 };

struct datagram {
  uint8_t bytes[8192];
  struct oriel_writer writer;
};

static void begin(struct datagram *datagram) {
  oriel_writer_init(&datagram->writer, datagram->bytes, sizeof datagram->bytes);
}

static void add_record(struct datagram *datagram, uint8_t type, uint16_t epoch, const void *content, size_t size) {
  static const uint8_t sequence[6];
  oriel_write_u8(&datagram->writer, type);
  oriel_write_u16_be(&datagram->writer, 0xfefd);
  oriel_write_u16_be(&datagram->writer, epoch);
  oriel_write_bytes(&datagram->writer, sequence, sizeof sequence);
  oriel_write_u16_be(&datagram->writer, (uint16_t)size);
  oriel_write_bytes(&datagram->writer, content, size);
}

static void write_u24(struct oriel_writer *writer, uint32_t value) {
  oriel_write_u8(writer, (uint8_t)(value >> 16));
  oriel_write_u16_be(writer, (uint16_t)value);
}

/** A fragment in a record of its own: `size` bytes at `offset` of a message of `length`. */
static void add_fragment(struct datagram *datagram, uint8_t type, uint16_t sequence, uint32_t length, uint32_t offset,
                         uint32_t size) {
  static const uint8_t zeros[2048];
  uint8_t content[4096];
  struct oriel_writer writer;
  oriel_writer_init(&writer, content, sizeof content);
  oriel_write_u8(&writer, type);
  write_u24(&writer, length);
  oriel_write_u16_be(&writer, sequence);
  write_u24(&writer, offset);
  write_u24(&writer, size);
  oriel_write_bytes(&writer, zeros, size);
  add_record(datagram, 22, 0, content, oriel_writer_size(&writer));
}

static size_t take(struct dtls_front *front, const struct datagram *datagram) {
  const size_t size = oriel_writer_size(&datagram->writer);
  uint8_t *copy = exact_copy(datagram->bytes, size);
  const size_t passed = dtls_front_take(front, copy, size);
  free(copy);
  return passed;
}

static size_t take_fragment(struct dtls_front *front, uint8_t type, uint16_t sequence, uint32_t length, uint32_t offset,
                            uint32_t size) {
  struct datagram datagram;
  begin(&datagram);
  add_fragment(&datagram, type, sequence, length, offset, size);
  return take(front, &datagram);
}

/** A front that has seen a whole ClientHello. */
static struct dtls_front begun(void) {
  struct dtls_front front = { .begun = false };
  assert_true(take_fragment(&front, HELLO, 0, 200, 0, 200) > 0);
  return front;
}

static void second_fragment_may_come_first(void **state) {
  (void)state;
  struct dtls_front front = { .begun = false };
  assert_true(take_fragment(&front, HELLO, 0, 1400, 1200, 200) > 0);
  assert_true(take_fragment(&front, HELLO, 0, 1400, 0, 1200) > 0);
}

static void nothing_but_a_hello_begins(void **state) {
  (void)state;
  struct dtls_front front = { .begun = false };
  struct datagram datagram;
  assert_int_equal(take_fragment(&front, CERTIFICATE, 1, 200, 0, 200), 0);
  begin(&datagram);
  add_record(&datagram, 20, 0, "\1", 1);
  assert_int_equal(take(&front, &datagram), 0);
  begin(&datagram);
  add_record(&datagram, 22, 1, "encrypted", 9);
  assert_int_equal(take(&front, &datagram), 0);
  begin(&datagram);
  add_record(&datagram, 21, 0, "\2\50", 2);
  assert_int_equal(take(&front, &datagram), 0);
}

static void hello_of_4_kb_is_taken_and_of_17_refused(void **state) {
  (void)state;
  struct dtls_front front = { .begun = false };
  assert_int_equal(take_fragment(&front, HELLO, 0, DTLS_REASSEMBLY_MAX + 1, 0, 100), 0);
  assert_false(front.begun);
  for (uint32_t at = 0; at < 4096; at += 1024)
    assert_true(take_fragment(&front, HELLO, 0, 4096, at, 1024) > 0);
}

static void claims_are_bounded(void **state) {
  (void)state;
  struct dtls_front front = begun();
  assert_true(take_fragment(&front, CERTIFICATE, 1, 16000, 0, 10) > 0);
  assert_int_equal(take_fragment(&front, EXCHANGE, 2, 185, 0, 10), 0);
  assert_true(take_fragment(&front, EXCHANGE, 2, 184, 0, 10) > 0); /* 200 + 16000 + 184 is all there may be */
  assert_int_equal(take_fragment(&front, VERIFY, 3, 1, 0, 1), 0);
  assert_true(take_fragment(&front, CERTIFICATE, 1, 16000, 10, 10) > 0);
}

static void wrong_fragments_are_refused(void **state) {
  (void)state;
  const struct dtls_front before = begun();
  struct dtls_front front = before;
  assert_int_equal(take_fragment(&front, HELLO, 0, 201, 0, 200), 0);       /* it had 200 bytes */
  assert_int_equal(take_fragment(&front, HELLO, 0, 200, 100, 101), 0);     /* beyond its end */
  assert_int_equal(take_fragment(&front, HELLO, 0, 200, 0xffffff, 1), 0);  /* and far beyond */
  assert_int_equal(take_fragment(&front, HELLO, 1, 200, 0, 200), 0);       /* a second one */
  assert_int_equal(take_fragment(&front, CERTIFICATE, 0, 200, 0, 200), 0); /* under the hello's number */
  assert_int_equal(take_fragment(&front, CERTIFICATE, DTLS_MESSAGES_MAX, 9, 0, 9), 0);
  assert_int_equal(take_fragment(&front, CERTIFICATE, 0xffff, 9, 0, 9), 0);
  assert_int_equal(take_fragment(&front, 2, 1, 9, 0, 9), 0); /* a server's */
  assert_memory_equal(&front, &before, sizeof before);
}

static void wrong_records_are_refused(void **state) {
  (void)state;
  struct dtls_front front = begun();
  struct datagram datagram;
  static const uint8_t many[DTLS_DATAGRAM_MAX];
  begin(&datagram);
  add_record(&datagram, 23, 0, "in the clear", 12);
  assert_int_equal(take(&front, &datagram), 0);
  begin(&datagram);
  add_record(&datagram, 22, 2, "epoch", 5);
  assert_int_equal(take(&front, &datagram), 0);
  begin(&datagram);
  add_record(&datagram, 24, 1, "type", 4);
  assert_int_equal(take(&front, &datagram), 0);
  begin(&datagram);
  add_record(&datagram, 20, 0, "", 0);
  assert_int_equal(take(&front, &datagram), 0);
  begin(&datagram);
  add_record(&datagram, 20, 0, "\1", 1);
  datagram.bytes[1] = 3; /* TLS */
  assert_int_equal(take(&front, &datagram), 0);
  begin(&datagram);
  add_record(&datagram, 20, 0, "\1", 1);
  oriel_write_u8(&datagram.writer, 20); /* and something behind it */
  assert_int_equal(take(&front, &datagram), 0);
  begin(&datagram);
  add_record(&datagram, 23, 1, many, sizeof many); /* too large a datagram */
  assert_int_equal(take(&front, &datagram), 0);
}

static void many_records_are_refused(void **state) {
  (void)state;
  struct dtls_front front = begun();
  for (unsigned count = DTLS_RECORDS_MAX; count <= DTLS_RECORDS_MAX + 1; count++) {
    struct datagram datagram;
    begin(&datagram);
    for (unsigned i = 0; i < count; i++)
      add_record(&datagram, 20, 0, "\1", 1);
    assert_int_equal(take(&front, &datagram) > 0, count == DTLS_RECORDS_MAX);
  }
}

/* OpenSSL keeps each early record in a buffer of its own. What it needs to get on is still let through. */
static void early_records_are_bounded(void **state) {
  (void)state;
  struct dtls_front front = begun();
  struct datagram datagram;
  for (unsigned i = 0; i < 100; i++) {
    begin(&datagram);
    add_record(&datagram, 22, 1, "finished", 8);
    assert_int_equal(take(&front, &datagram), i < DTLS_EARLY_RECORDS_MAX ? 13 + 8 : 0);
  }
  begin(&datagram);
  add_fragment(&datagram, CERTIFICATE, 1, 20, 0, 20);
  const size_t first = oriel_writer_size(&datagram.writer);
  add_record(&datagram, 22, 1, "finished", 8);
  add_record(&datagram, 20, 0, "\1", 1);
  assert_int_equal(take(&front, &datagram), first);
}

static void connection_sees_encrypted_records(void **state) {
  (void)state;
  struct dtls_front front = begun();
  struct datagram datagram;
  front.connected = true;
  for (unsigned i = 0; i < 100; i++) {
    begin(&datagram);
    add_record(&datagram, 23, 1, "message", 7);
    assert_int_equal(take(&front, &datagram), 13 + 7);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(second_fragment_may_come_first),
    cmocka_unit_test(nothing_but_a_hello_begins),
    cmocka_unit_test(hello_of_4_kb_is_taken_and_of_17_refused),
    cmocka_unit_test(claims_are_bounded),
    cmocka_unit_test(wrong_fragments_are_refused),
    cmocka_unit_test(wrong_records_are_refused),
    cmocka_unit_test(many_records_are_refused),
    cmocka_unit_test(early_records_are_bounded),
    cmocka_unit_test(connection_sees_encrypted_records),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
