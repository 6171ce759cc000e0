/* SPDX-License-Identifier: MIT
 *
 * Headers of RTP: RFC 3550, section 5.1.
 */
#include "wire/rtp.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t plain[] = {0x80, 0xe0, 0x12, 0x34, 0, 1, 0, 2, 0xca, 0xfe, 0xba, 0xbe, 0xfc, 0xff, 0xfe};

static void plain_header_is_read(void **state) {
  (void)state;
  struct oriel_rtp_packet packet;
  assert_int_equal(oriel_rtp_parse(plain, sizeof plain, &packet), 0);
  assert_true(packet.marker);
  assert_int_equal(packet.type, 96);
  assert_int_equal(packet.sequence, 0x1234);
  assert_int_equal(packet.timestamp, 0x10002);
  assert_int_equal(packet.ssrc, 0xcafebabe);
  assert_int_equal(packet.size, 3);
  assert_memory_equal(packet.payload, "\xfc\xff\xfe", 3);
}

/* Two contributing sources, an extension of one word, two bytes of padding. */
static void everything_a_header_may_have_is_skipped(void **state) {
  (void)state;
  const uint8_t data[] = {0xb2, 111, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 1, 1, 1, 1, 2, 2, 2, 2,
                          0xbe, 0xde, 0, 1, 9, 9, 9, 9, 0xfc, 0, 2};
  struct oriel_rtp_packet packet;
  assert_int_equal(oriel_rtp_parse(data, sizeof data, &packet), 0);
  assert_int_equal(packet.size, 1);
  assert_int_equal(packet.payload[0], 0xfc);
  assert_int_equal(packet.type, 111);
  assert_false(packet.marker);
  for (size_t size = 0; size < sizeof data - 2; size++)
    assert_true(oriel_rtp_parse(data, size, &packet) == -EBADMSG || packet.payload + packet.size <= data + size);
}

static void what_is_no_rtp_is_refused(void **state) {
  (void)state;
  struct oriel_rtp_packet packet;
  uint8_t data[sizeof plain];
  for (unsigned version = 0; version < 4; version++) {
    memcpy(data, plain, sizeof data);
    data[0] = (uint8_t)(version << 6);
    assert_int_equal(oriel_rtp_parse(data, sizeof data, &packet), version == 2 ? 0 : -EBADMSG);
  }
  memcpy(data, plain, sizeof data);
  assert_int_equal(oriel_rtp_parse(data, ORIEL_RTP_HEADER_SIZE, &packet), -EBADMSG); /* nothing behind it */
  data[0] = 0xa0;
  data[sizeof data - 1] = 3; /* all of it is padding */
  assert_int_equal(oriel_rtp_parse(data, sizeof data, &packet), -EBADMSG);
  data[sizeof data - 1] = 0;
  assert_int_equal(oriel_rtp_parse(data, sizeof data, &packet), -EBADMSG);
  data[0] = 0x80;
  data[1] = 200; /* a sender's report */
  assert_true(oriel_rtp_is_control(data, sizeof data));
  assert_int_equal(oriel_rtp_parse(data, sizeof data, &packet), -EBADMSG);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(plain_header_is_read),
    cmocka_unit_test(everything_a_header_may_have_is_skipped),
    cmocka_unit_test(what_is_no_rtp_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
