/* SPDX-License-Identifier: MIT
 *
 * webrtc/rtcp and webrtc/rtcp_write: compound packets; those whose frame is wrong are refused whole, a broken body
 * costs itself only.
 */
#include "webrtc/rtcp.h"
#include "webrtc/rtcp_transport.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "webrtc/rtcp_write.h"

/* The first packet of what must be a well-framed compound. */
static struct oriel_rtcp_packet first_of(const uint8_t *data, size_t size) {
  struct oriel_rtcp_cursor cursor;
  struct oriel_rtcp_packet packet;
  assert_int_equal(oriel_rtcp_begin(&cursor, data, size), 0);
  assert_true(oriel_rtcp_next(&cursor, &packet));
  return packet;
}

static void rtcp_that_we_write_reads_the_same(void **state) {
  (void)state;
  uint8_t data[256];
  struct oriel_writer writer;
  const struct oriel_rtcp_sender_report report = {.ssrc = 0x01020304, .ntp = 0x1122334455667788, .timestamp = 9,
                                                  .packets = 10, .bytes = 11};
  const struct oriel_rtcp_block blocks[] = {
    {.ssrc = 5, .fraction_lost = 255, .lost = -3, .highest_sequence = 0x10002, .jitter = 6, .last_report = 7,
     .delay = 8},
    {.ssrc = 6, .lost = 0x7fffff},
  };
  oriel_writer_init(&writer, data, sizeof data);
  oriel_rtcp_write_sender_report(&writer, &report, blocks, 1);
  oriel_rtcp_write_receiver_report(&writer, 77, blocks, 2);
  oriel_rtcp_write_name(&writer, 0x01020304, "oriel");
  oriel_rtcp_write_bye(&writer, 0x01020304);
  const size_t size = oriel_writer_size(&writer);
  assert_true(size && size % 4 == 0);
  struct oriel_rtcp_cursor cursor;
  struct oriel_rtcp_packet packet;
  struct oriel_rtcp_block block;
  uint32_t ssrc = 0;
  assert_int_equal(oriel_rtcp_begin(&cursor, data, size), 0);
  assert_true(oriel_rtcp_next(&cursor, &packet));
  assert_int_equal(packet.kind, ORIEL_RTCP_SENDER_REPORT);
  assert_int_equal(packet.ssrc, 0x01020304);
  assert_true(packet.ntp == 0x1122334455667788);
  assert_int_equal(packet.timestamp, 9);
  assert_true(oriel_rtcp_read_block(&packet, &block));
  assert_true(block.ssrc == 5 && block.fraction_lost == 255 && block.lost == -3 && block.highest_sequence == 0x10002 &&
              block.jitter == 6 && block.last_report == 7 && block.delay == 8);
  assert_false(oriel_rtcp_read_block(&packet, &block));
  assert_true(oriel_rtcp_next(&cursor, &packet));
  assert_int_equal(packet.kind, ORIEL_RTCP_RECEIVER_REPORT);
  assert_int_equal(packet.ssrc, 77);
  assert_true(oriel_rtcp_read_block(&packet, &block) && oriel_rtcp_read_block(&packet, &block));
  assert_int_equal(block.lost, 0x7fffff);
  assert_true(oriel_rtcp_next(&cursor, &packet));
  assert_int_equal(packet.kind, ORIEL_RTCP_DESCRIPTION);
  assert_true(oriel_rtcp_next(&cursor, &packet));
  assert_int_equal(packet.kind, ORIEL_RTCP_BYE);
  assert_true(oriel_rtcp_read_ssrc(&packet, &ssrc));
  assert_int_equal(ssrc, 0x01020304);
  assert_false(oriel_rtcp_read_ssrc(&packet, &ssrc));
  assert_false(oriel_rtcp_next(&cursor, &packet));
}

static void rtcp_name_of_any_length_ends_with_a_zero(void **state) {
  (void)state;
  uint8_t data[300];
  char name[256] = "";
  for (size_t length = 0; length <= 255; length++) {
    struct oriel_writer writer;
    oriel_writer_init(&writer, data, sizeof data);
    oriel_rtcp_write_name(&writer, 1, name);
    const size_t size = oriel_writer_size(&writer);
    assert_int_equal(size, (8 + 2 + length) / 4 * 4 + 4);
    assert_int_equal(data[size - 1], 0);
    assert_int_equal(first_of(data, size).kind, ORIEL_RTCP_DESCRIPTION);
    if (length < 255) {
      name[length] = 'n';
      name[length + 1] = 0;
    }
  }
}

static void rtcp_nack_is_read_item_by_item(void **state) {
  (void)state;
  static const uint8_t data[] = {0x81, 205, 0, 4, 0, 0, 0, 1, 0, 0, 0, 2, 0xff, 0xff, 0x80, 1, 0, 5, 0, 0};
  struct oriel_rtcp_packet packet = first_of(data, sizeof data);
  uint16_t sequence, following;
  assert_int_equal(packet.kind, ORIEL_RTCP_NACK);
  assert_int_equal(packet.media, 2);
  assert_true(oriel_rtcp_read_nack(&packet, &sequence, &following));
  assert_int_equal(sequence, 0xffff);
  assert_int_equal(following, 0x8001);
  assert_true(oriel_rtcp_read_nack(&packet, &sequence, &following));
  assert_int_equal(sequence, 5);
  assert_false(oriel_rtcp_read_nack(&packet, &sequence, &following));
}

static void rtcp_key_requests_are_told_apart(void **state) {
  (void)state;
  static const uint8_t pli[] = {0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2};
  static const uint8_t fir[] = {0x84, 206, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 7, 0, 0, 0};
  struct oriel_rtcp_packet packet = first_of(pli, sizeof pli);
  uint32_t ssrc;
  uint8_t number;
  assert_int_equal(packet.kind, ORIEL_RTCP_PLI);
  assert_int_equal(packet.media, 2);
  assert_false(oriel_rtcp_read_fir(&packet, &ssrc, &number));
  packet = first_of(fir, sizeof fir);
  assert_int_equal(packet.kind, ORIEL_RTCP_FIR);
  assert_true(oriel_rtcp_read_fir(&packet, &ssrc, &number));
  assert_int_equal(ssrc, 2);
  assert_int_equal(number, 7);
  assert_false(oriel_rtcp_read_fir(&packet, &ssrc, &number));
}

static void rtcp_remb_gives_its_rate(void **state) {
  (void)state;
  uint8_t data[] = {0x8f, 206, 0, 5, 0, 0, 0, 1, 0, 0, 0, 0, 'R', 'E', 'M', 'B', 1, 4 << 2 | 1, 0, 2, 0, 0, 0, 9};
  struct oriel_rtcp_packet packet = first_of(data, sizeof data);
  uint32_t ssrc = 0;
  assert_int_equal(packet.kind, ORIEL_RTCP_REMB);
  assert_true(packet.bitrate == (0x10002u << 4));
  assert_true(oriel_rtcp_read_ssrc(&packet, &ssrc));
  assert_int_equal(ssrc, 9);
  data[17] = 63 << 2 | 3; /* more bits than there are in a number */
  assert_true(first_of(data, sizeof data).bitrate == UINT64_MAX);
  data[16] = 2; /* two streams, one named */
  assert_int_equal(first_of(data, sizeof data).kind, ORIEL_RTCP_BROKEN);
  data[16] = 1;
  data[12] = 'X'; /* another application */
  assert_int_equal(first_of(data, sizeof data).kind, ORIEL_RTCP_OTHER);
}

static void rtcp_of_a_wrong_frame_is_refused_whole(void **state) {
  (void)state;
  struct oriel_rtcp_cursor cursor;
  static const uint8_t good[] = {0x80, 201, 0, 1, 0, 0, 0, 1, 0xa1, 206, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 4};
  assert_int_equal(oriel_rtcp_begin(&cursor, good, sizeof good), 0);
  for (size_t size = 0; size < sizeof good; size++) {
    uint8_t *exact = malloc(size ? size : 1);
    memcpy(exact, good, size);
    assert_int_equal(oriel_rtcp_begin(&cursor, exact, size), size == 8 ? 0 : -EBADMSG);
    free(exact);
  }
  uint8_t bad[sizeof good];
  for (unsigned i = 0; i < 5; i++) {
    static const struct {
      unsigned at;
      uint8_t value;
    } changes[] = {{0, 0x40}, {8, 0x61}, {11, 4}, {3, 200}, {23, 0}};
    memcpy(bad, good, sizeof good);
    bad[changes[i].at] = changes[i].value;
    assert_int_equal(oriel_rtcp_begin(&cursor, bad, sizeof bad), -EBADMSG);
  }
  memcpy(bad, good, sizeof good);
  bad[23] = 16; /* more padding than packet */
  assert_int_equal(oriel_rtcp_begin(&cursor, bad, sizeof bad), -EBADMSG);
}

/* Feedback as libwebrtc writes it: of one packet that arrived after 1 ms, its delta of one byte and one byte of padding. */
static void rtcp_padded_by_less_than_a_word_is_read(void **state) {
  (void)state;
  static const uint8_t data[] = {0xaf, 205, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2, 0, 9, 0, 1, 0, 0, 0, 0, 0x20, 1, 4, 1};
  struct oriel_rtcp_cursor cursor;
  struct oriel_rtcp_packet packet;
  struct oriel_rtcp_transport transport;
  struct oriel_rtcp_arrival arrival;
  assert_int_equal(oriel_rtcp_begin(&cursor, data, sizeof data), 0);
  assert_true(oriel_rtcp_next(&cursor, &packet));
  assert_int_equal(packet.kind, ORIEL_RTCP_TRANSPORT);
  assert_int_equal(oriel_rtcp_transport_begin(&transport, &packet), 0);
  assert_true(oriel_rtcp_transport_next(&transport, &arrival));
  assert_true(arrival.sequence == 9 && arrival.received && arrival.arrived_us == 1000);
  assert_false(oriel_rtcp_transport_next(&transport, &arrival));
  assert_false(oriel_rtcp_next(&cursor, &packet));
}

static void rtcp_with_a_broken_body_goes_on_behind_it(void **state) {
  (void)state;
  /* A report that counts 31 blocks and has none, a BYE of 5 with one, a sender report of two words, feedback without
   * its second SSRC; then a PLI. */
  static const uint8_t data[] = {0x9f, 201, 0, 1, 0, 0, 0, 1, 0x85, 203, 0, 1, 0, 0, 0, 1, 0x80, 200, 0, 2, 0, 0, 0, 1,
                                 0, 0, 0, 2, 0x81, 205, 0, 1, 0, 0, 0, 1, 0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2};
  struct oriel_rtcp_cursor cursor;
  struct oriel_rtcp_packet packet;
  struct oriel_rtcp_block block;
  uint32_t ssrc;
  assert_int_equal(oriel_rtcp_begin(&cursor, data, sizeof data), 0);
  for (unsigned i = 0; i < 4; i++) {
    assert_true(oriel_rtcp_next(&cursor, &packet));
    assert_int_equal(packet.kind, ORIEL_RTCP_BROKEN);
    assert_false(oriel_rtcp_read_block(&packet, &block));
    assert_false(oriel_rtcp_read_ssrc(&packet, &ssrc));
  }
  assert_true(oriel_rtcp_next(&cursor, &packet));
  assert_int_equal(packet.kind, ORIEL_RTCP_PLI);
  assert_false(oriel_rtcp_next(&cursor, &packet));
}

static void rtcp_of_unknown_kinds_is_passed_over(void **state) {
  (void)state;
  static const uint8_t data[] = {0x80, 207, 0, 0, 0x9f, 205, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0x80, 192, 0, 0};
  struct oriel_rtcp_cursor cursor;
  struct oriel_rtcp_packet packet;
  assert_int_equal(oriel_rtcp_begin(&cursor, data, sizeof data), 0);
  for (unsigned i = 0; i < 3; i++) {
    assert_true(oriel_rtcp_next(&cursor, &packet));
    assert_int_equal(packet.kind, ORIEL_RTCP_OTHER);
  }
  assert_false(oriel_rtcp_next(&cursor, &packet));
}

static void rtcp_writers_say_when_there_is_no_room(void **state) {
  (void)state;
  uint8_t data[64];
  const struct oriel_rtcp_sender_report report = {.ssrc = 1};
  for (size_t size = 0; size < 28; size++) {
    struct oriel_writer writer;
    oriel_writer_init(&writer, data, size);
    oriel_rtcp_write_sender_report(&writer, &report, NULL, 0);
    assert_int_equal(oriel_writer_size(&writer), 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(rtcp_that_we_write_reads_the_same),
    cmocka_unit_test(rtcp_name_of_any_length_ends_with_a_zero),
    cmocka_unit_test(rtcp_nack_is_read_item_by_item),
    cmocka_unit_test(rtcp_key_requests_are_told_apart),
    cmocka_unit_test(rtcp_remb_gives_its_rate),
    cmocka_unit_test(rtcp_of_a_wrong_frame_is_refused_whole),
    cmocka_unit_test(rtcp_padded_by_less_than_a_word_is_read),
    cmocka_unit_test(rtcp_with_a_broken_body_goes_on_behind_it),
    cmocka_unit_test(rtcp_of_unknown_kinds_is_passed_over),
    cmocka_unit_test(rtcp_writers_say_when_there_is_no_room),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
