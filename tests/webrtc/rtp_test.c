/* SPDX-License-Identifier: MIT
 *
 * webrtc/rtp: headers and their extensions, in and out; what is cut short or reaches too far is refused.
 */
#include "webrtc/rtp.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/clock.h"

static const struct oriel_rtp_extension_ids one_byte = {.mid = 1, .transport = 5, .playout = 14, .send_time = 3};
static const struct oriel_rtp_extension_ids two_byte = {.mid = 16, .transport = 5, .playout = 255, .send_time = 3};

static struct oriel_rtp_header full(void) {
  return (struct oriel_rtp_header){
    .marker = true, .type = 102, .sequence = 0xfffe, .timestamp = 0x89abcdef, .ssrc = 0x01020304,
    .extensions = {.mid = "video-0123456789", .mid_size = 16, .has_transport = true, .transport = 0xbeef,
                   .has_playout = true, .playout_min = 0xabc, .playout_max = 0x123, .has_send_time = true,
                   .send_time = 0x654321},
  };
}

static void check_round_trip(const struct oriel_rtp_extension_ids *ids) {
  uint8_t data[ORIEL_RTP_PACKET_MAX];
  const struct oriel_rtp_header written = full();
  struct oriel_rtp_header read;
  size_t size = oriel_rtp_write(&written, ids, data, sizeof data);
  assert_true(size > 12 && size % 4 == 0);
  /* With the largest payload, RTX's number and an authentication tag it is still a packet. */
  assert_true(size + ORIEL_RTP_PAYLOAD_MAX + 2 + 16 <= ORIEL_RTP_PACKET_MAX);
  memcpy(data + size, "abc", 3);
  assert_int_equal(oriel_rtp_read(data, size + 3, ids, &read), 0);
  assert_true(read.marker);
  assert_int_equal(read.type, 102);
  assert_int_equal(read.sequence, 0xfffe);
  assert_true(read.timestamp == 0x89abcdef && read.ssrc == 0x01020304);
  assert_int_equal(read.extensions.mid_size, 16);
  assert_memory_equal(read.extensions.mid, "video-0123456789", 16);
  assert_true(read.extensions.has_transport && read.extensions.has_playout && read.extensions.has_send_time);
  assert_int_equal(read.extensions.transport, 0xbeef);
  assert_int_equal(read.extensions.playout_min, 0xabc);
  assert_int_equal(read.extensions.playout_max, 0x123);
  assert_int_equal(read.extensions.send_time, 0x654321);
  assert_int_equal(read.size, 3);
  assert_memory_equal(read.payload, "abc", 3);
  for (size_t cut = 0; cut < size; cut++)
    assert_int_equal(oriel_rtp_write(&written, ids, data, cut), 0);
}

static void rtp_of_one_byte_extensions_reads_as_written(void **state) {
  (void)state;
  check_round_trip(&one_byte);
}

static void rtp_of_numbers_above_14_takes_the_two_byte_form(void **state) {
  (void)state;
  check_round_trip(&two_byte);
}

static void rtp_without_extensions_is_twelve_bytes(void **state) {
  (void)state;
  uint8_t data[64];
  struct oriel_rtp_header header = full();
  assert_int_equal(oriel_rtp_write(&header, &(struct oriel_rtp_extension_ids){0}, data, sizeof data), 12);
  assert_int_equal(data[0], 0x80);
  assert_int_equal(data[1], 0x80 | 102);
  header.extensions = (struct oriel_rtp_extensions){.mid = NULL};
  assert_int_equal(oriel_rtp_write(&header, &one_byte, data, sizeof data), 12);
}

static void rtp_playout_and_transport_are_where_rfcs_say(void **state) {
  (void)state;
  uint8_t data[64];
  const struct oriel_rtp_header header = {
    .type = 96, .extensions = {.has_transport = true, .transport = 0x1234, .has_playout = true, .playout_max = 1},
  };
  const uint8_t expected[] = {0xbe, 0xde, 0, 2, 0x51, 0x12, 0x34, 0xe2, 0x00, 0x00, 0x01, 0};
  assert_int_equal(oriel_rtp_write(&header, &one_byte, data, sizeof data), 12 + sizeof expected);
  assert_memory_equal(data + 12, expected, sizeof expected);
}

static void rtp_passes_over_what_it_does_not_know(void **state) {
  (void)state;
  struct oriel_rtp_header read;
  /* A contributor; unknown 2 of 2 bytes, padding, transport of a wrong length, then 15 ends the list. */
  const uint8_t one[] = {0x91, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 9, 9, 9, 9, 0xbe, 0xde, 0, 3,
                         0x21, 1, 1, 0, 0x52, 1, 2, 3, 0xf0, 0x51, 7, 7, 'x'};
  assert_int_equal(oriel_rtp_read(one, sizeof one, &one_byte, &read), 0);
  assert_false(read.extensions.has_transport);
  assert_int_equal(read.size, 1);
  /* Another profile: skipped as a whole. */
  const uint8_t other[] = {0x90, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 0, 1, 0x51, 7, 7, 0xff, 'y', 'z'};
  assert_int_equal(oriel_rtp_read(other, sizeof other, &one_byte, &read), 0);
  assert_false(read.extensions.has_transport);
  assert_int_equal(read.size, 2);
  /* Two-byte: an empty element, and a number that is in use with an empty mid. */
  const uint8_t empty[] = {0x90, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0x10, 0x0f, 0, 1, 9, 0, 1, 0};
  assert_int_equal(oriel_rtp_read(empty, sizeof empty, &one_byte, &read), 0);
  assert_null(read.extensions.mid);
  assert_int_equal(read.size, 0);
}

static void rtp_that_reaches_beyond_its_end_is_refused(void **state) {
  (void)state;
  struct oriel_rtp_header read = {.type = 77};
  const uint8_t whole[] = {0xb1, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 9, 9, 9, 9, 0xbe, 0xde, 0, 1, 0x51, 1, 1, 0, 0, 2};
  assert_int_equal(oriel_rtp_read(whole, sizeof whole, &one_byte, &read), 0);
  assert_int_equal(read.size, 0); /* padding alone: how others probe */
  read.type = 77;
  for (size_t size = 0; size < 24; size++) {
    uint8_t *exact = malloc(size ? size : 1); /* for AddressSanitizer */
    memcpy(exact, whole, size);
    assert_int_equal(oriel_rtp_read(exact, size, &one_byte, &read), -EBADMSG);
    free(exact);
  }
  uint8_t broken[sizeof whole];
  memcpy(broken, whole, sizeof whole);
  broken[sizeof whole - 1] = 3; /* more padding than payload */
  assert_int_equal(oriel_rtp_read(broken, sizeof broken, &one_byte, &read), -EBADMSG);
  broken[sizeof whole - 1] = 0;
  assert_int_equal(oriel_rtp_read(broken, sizeof broken, &one_byte, &read), -EBADMSG);
  broken[sizeof whole - 1] = 2;
  broken[20] = 0x5f; /* an element of 16 bytes in a block of 4 */
  assert_int_equal(oriel_rtp_read(broken, sizeof broken, &one_byte, &read), -EBADMSG);
  memcpy(broken, whole, sizeof whole);
  broken[0] = 0x71; /* version 1 */
  assert_int_equal(oriel_rtp_read(broken, sizeof broken, &one_byte, &read), -EBADMSG);
  assert_int_equal(read.type, 77); /* untouched */
}

static void rtp_and_rtcp_share_a_port(void **state) {
  (void)state;
  assert_true(oriel_rtp_is_rtcp((const uint8_t[]){0x81, 200}, 2));
  assert_true(oriel_rtp_is_rtcp((const uint8_t[]){0x8f, 206}, 2));
  assert_false(oriel_rtp_is_rtcp((const uint8_t[]){0x80, 96}, 2));
  assert_false(oriel_rtp_is_rtcp((const uint8_t[]){0x80, 0x80 | 96}, 2));
  assert_false(oriel_rtp_is_rtcp((const uint8_t[]){0x16, 200}, 2));
  assert_false(oriel_rtp_is_rtcp((const uint8_t[]){0x81}, 1));
}

static void rtp_times_keep_their_pace_for_years(void **state) {
  (void)state;
  const uint64_t years = 20ull * 365 * 86400 * ORIEL_NS_PER_SECOND;
  assert_int_equal(oriel_rtp_ticks(years + ORIEL_NS_PER_SECOND / 2, 90000) - oriel_rtp_ticks(years, 90000), 45000);
  assert_int_equal(oriel_rtp_ticks(years + 20 * ORIEL_NS_PER_MS, 48000) - oriel_rtp_ticks(years, 48000), 960);
  assert_true(oriel_rtp_ntp(3 * ORIEL_NS_PER_SECOND + ORIEL_NS_PER_SECOND / 4) == (3ull << 32 | 1ull << 30));
  assert_int_equal(oriel_rtp_send_time(65 * ORIEL_NS_PER_SECOND), 1 << 18); /* 6 bits of seconds */
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(rtp_of_one_byte_extensions_reads_as_written),
    cmocka_unit_test(rtp_of_numbers_above_14_takes_the_two_byte_form),
    cmocka_unit_test(rtp_without_extensions_is_twelve_bytes),
    cmocka_unit_test(rtp_playout_and_transport_are_where_rfcs_say),
    cmocka_unit_test(rtp_passes_over_what_it_does_not_know),
    cmocka_unit_test(rtp_that_reaches_beyond_its_end_is_refused),
    cmocka_unit_test(rtp_and_rtcp_share_a_port),
    cmocka_unit_test(rtp_times_keep_their_pace_for_years),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
