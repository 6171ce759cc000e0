/* SPDX-License-Identifier: MIT
 *
 * webrtc/rtp_sender and webrtc/rtp_history: a shared unit becomes two viewers' packets; what was lost comes again as
 * RTX, for as long as it is kept; all numbers wrap.
 */
#include "webrtc/rtp_sender.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/clock.h"
#include "webrtc/rtcp.h"
#include "webrtc/rtcp_write.h"
#include "webrtc/rtp_history.h"
#include "webrtc/rtp_unit.h"

#define MS ORIEL_NS_PER_MS
enum { VIDEO = 102, RTX = 103, SSRC = 0x1111, RTX_SSRC = 0x2222 };
static const uint64_t start = 1000 * ORIEL_NS_PER_SECOND;

static const struct oriel_rtp_sender_config video = {
  .ssrc = SSRC, .rtx_ssrc = RTX_SSRC, .type = VIDEO, .rtx_type = RTX, .clock_rate = ORIEL_RTP_VIDEO_CLOCK,
  .marks_end = true, .ids = {.mid = 1, .transport = 2, .playout = 3}, .mid = "0",
  .first_sequence = 65530, .first_rtx_sequence = 65535, .first_timestamp = 0xffffff00,
};

struct fixture {
  struct oriel_rtp_history history;
  struct oriel_rtp_sender sender;
  uint8_t data[ORIEL_RTP_PACKET_MAX];
};

static int set_up(void **state) {
  struct fixture *fixture = calloc(1, sizeof *fixture);
  oriel_rtp_history_init(&fixture->history);
  assert_int_equal(oriel_rtp_sender_init(&fixture->sender, &video), 0);
  *state = fixture;
  return 0;
}

static int tear_down(void **state) {
  struct fixture *fixture = *state;
  oriel_rtp_history_finish(&fixture->history);
  oriel_rtp_sender_finish(&fixture->sender);
  free(fixture);
  return 0;
}

/* A unit of `count` packets of 4 bytes that say which they are. The history's reference is the only one. */
static struct oriel_rtp_unit *add(struct fixture *fixture, uint32_t count, uint8_t tag, uint64_t now_ns) {
  struct oriel_rtp_unit *unit = oriel_rtp_unit_create(count, count * 4);
  assert_non_null(unit);
  for (uint32_t i = 0; i < count; i++) {
    oriel_rtp_unit_append(unit, (const uint8_t[]){tag, (uint8_t)i, (uint8_t)(i >> 8), 0}, 4);
    oriel_rtp_unit_end_packet(unit);
  }
  unit->timestamp = tag * 1000u;
  oriel_rtp_history_add(&fixture->history, unit, now_ns);
  oriel_rtp_unit_unref(unit);
  return unit;
}

static size_t write_packet(struct fixture *fixture, const struct oriel_rtp_unit *unit, uint32_t index,
                           struct oriel_rtp_header *header) {
  const struct oriel_rtp_stamp stamp = {.now_ns = start, .has_transport = true, .transport = 7};
  size_t size = oriel_rtp_sender_write(&fixture->sender, unit, index, &stamp, fixture->data, sizeof fixture->data);
  assert_true(size);
  assert_int_equal(oriel_rtp_read(fixture->data, size, &video.ids, header), 0);
  return size;
}

static void send_all(struct fixture *fixture, const struct oriel_rtp_unit *unit) {
  struct oriel_rtp_header header;
  for (uint32_t i = 0; i < unit->count; i++)
    write_packet(fixture, unit, i, &header);
}

/* The RTX of `sequence`; false: there is none. */
static bool again(struct fixture *fixture, uint16_t sequence, struct oriel_rtp_header *header) {
  const struct oriel_rtp_stamp stamp = {.now_ns = start, .has_transport = true, .transport = 8};
  size_t size = oriel_rtp_sender_write_again(&fixture->sender, &fixture->history, sequence, &stamp, fixture->data,
                                             sizeof fixture->data);
  return size && !oriel_rtp_read(fixture->data, size, &video.ids, header);
}

static void sender_numbers_its_own_packets_of_a_shared_unit(void **state) {
  struct fixture *fixture = *state;
  struct oriel_rtp_header header;
  const struct oriel_rtp_unit *unit = add(fixture, 10, 1, start);
  for (uint32_t i = 0; i < 10; i++) {
    write_packet(fixture, unit, i, &header);
    assert_int_equal(header.sequence, (uint16_t)(65530 + i)); /* wraps */
    assert_int_equal(header.timestamp, 0xffffff00u + 1000);   /* wraps */
    assert_int_equal(header.ssrc, SSRC);
    assert_int_equal(header.type, VIDEO);
    assert_int_equal(header.marker, i == 9);
    assert_int_equal(header.payload[1], i);
    assert_int_equal(header.extensions.transport, 7);
    assert_true(header.extensions.has_playout && !header.extensions.playout_min && !header.extensions.playout_max);
    assert_int_equal(header.extensions.mid_size, 1);
  }
  assert_int_equal(fixture->sender.packets, 10);
  assert_int_equal(fixture->sender.bytes, 40);
}

static void sender_leaves_out_what_a_report_confirmed(void **state) {
  struct fixture *fixture = *state;
  struct oriel_rtp_header header;
  uint64_t trip;
  struct oriel_rtcp_block block = {.ssrc = SSRC};
  assert_false(oriel_rtp_sender_take_block(&fixture->sender, &block, start, &trip)); /* sent nothing yet */
  const struct oriel_rtp_unit *unit = add(fixture, 3, 1, start);
  write_packet(fixture, unit, 0, &header);
  assert_non_null(header.extensions.mid);
  block.ssrc = RTX_SSRC; /* about another stream */
  oriel_rtp_sender_take_block(&fixture->sender, &block, start, &trip);
  write_packet(fixture, unit, 1, &header);
  assert_non_null(header.extensions.mid);
  block.ssrc = SSRC;
  oriel_rtp_sender_take_block(&fixture->sender, &block, start, &trip);
  write_packet(fixture, unit, 2, &header);
  assert_null(header.extensions.mid);
  assert_false(header.extensions.has_playout);
  assert_true(header.extensions.has_transport);
}

static void sender_sends_again_what_was_lost(void **state) {
  struct fixture *fixture = *state;
  struct oriel_rtp_header header;
  for (uint8_t tag = 1; tag <= 20; tag++)
    send_all(fixture, add(fixture, tag, tag, start + tag * 10 * MS));
  /* The third packet of unit 20: 190 were before it. */
  const uint16_t sequence = (uint16_t)(65530 + 190 + 2);
  assert_true(again(fixture, sequence, &header));
  assert_int_equal(header.type, RTX);
  assert_int_equal(header.ssrc, RTX_SSRC);
  assert_int_equal(header.sequence, 65535);
  assert_int_equal(header.timestamp, 0xffffff00u + 20000);
  assert_int_equal(header.payload[0] << 8 | header.payload[1], sequence);
  assert_int_equal(header.payload[2], 20);
  assert_int_equal(header.payload[3], 2);
  assert_int_equal(header.size, 2 + 4);
  assert_int_equal(header.extensions.transport, 8);
  assert_true(again(fixture, 65530, &header));
  assert_int_equal(header.sequence, 0); /* wraps */
  assert_true(header.marker); /* the only packet of its unit */
}

static void sender_skips_units_without_losing_its_place(void **state) {
  struct fixture *fixture = *state;
  struct oriel_rtp_header header;
  send_all(fixture, add(fixture, 4, 1, start));
  add(fixture, 100, 2, start); /* another viewer's only */
  send_all(fixture, add(fixture, 4, 3, start));
  assert_true(again(fixture, (uint16_t)(65530 + 5), &header));
  assert_int_equal(header.payload[2], 3);
  assert_int_equal(header.payload[3], 1);
}

static void sender_refuses_what_was_never_sent(void **state) {
  struct fixture *fixture = *state;
  struct oriel_rtp_header header;
  uint16_t sequence;
  assert_false(again(fixture, 65529, &header));
  assert_false(oriel_rtp_sender_recent(&fixture->sender, 0, &sequence));
  send_all(fixture, add(fixture, 4, 1, start));
  assert_false(again(fixture, 65529, &header));
  assert_false(again(fixture, 65534, &header));
  assert_false(oriel_rtp_sender_wants(&fixture->sender, 65534, 0, start));
  assert_true(oriel_rtp_sender_recent(&fixture->sender, 3, &sequence));
  assert_int_equal(sequence, 65530);
  assert_false(oriel_rtp_sender_recent(&fixture->sender, 4, &sequence));
}

static void sender_answers_a_packet_once_a_round_trip(void **state) {
  struct fixture *fixture = *state;
  send_all(fixture, add(fixture, 4, 1, start));
  unsigned answers = 0;
  for (unsigned ms = 0; ms < 200; ms++) /* a storm: asked for each millisecond */
    answers += oriel_rtp_sender_wants(&fixture->sender, 65531, 50 * MS, start + ms * MS);
  assert_in_range(answers, 4, 5);
  assert_true(oriel_rtp_sender_wants(&fixture->sender, 65532, 50 * MS, start));
}

static void sender_answers_a_flood_with_a_third_at_most(void **state) {
  struct fixture *fixture = *state;
  unsigned answers = 0, sent = 0;
  for (unsigned i = 0; i < 200; i++) { /* all that was ever sent is asked for, without end */
    const uint64_t now_ns = start + i * 100 * MS;
    send_all(fixture, add(fixture, 100, (uint8_t)i, now_ns));
    sent += 100;
    for (uint16_t back = 1; back; back++)
      answers += oriel_rtp_sender_wants(&fixture->sender, (uint16_t)(fixture->sender.sequence - back), 0, now_ns);
  }
  assert_in_range(answers, sent / 2, sent / 2 + ORIEL_RTP_SENDER_CREDIT);
}

static void sender_refuses_what_has_its_number_a_cycle_later(void **state) {
  struct fixture *fixture = *state;
  struct oriel_rtp_header header;
  for (unsigned i = 0; i < 700; i++) /* more than all numbers there are */
    send_all(fixture, add(fixture, 100, (uint8_t)i, start + i * 10 * MS));
  const uint16_t next = fixture->sender.sequence;
  assert_true(again(fixture, (uint16_t)(next - 1), &header));
  assert_true(oriel_rtp_sender_wants(&fixture->sender, (uint16_t)(next - ORIEL_RTP_SENDER_SENT), 0, start));
  assert_false(oriel_rtp_sender_wants(&fixture->sender, (uint16_t)(next - ORIEL_RTP_SENDER_SENT - 1), 0, start));
  assert_false(oriel_rtp_sender_wants(&fixture->sender, next, 0, start)); /* sent a cycle ago, and not yet again */
  assert_false(again(fixture, next, &header));
}

static void sender_without_rtx_repeats_nothing(void **state) {
  struct fixture *fixture = *state;
  struct oriel_rtp_sender plain;
  struct oriel_rtp_sender_config config = video;
  uint16_t sequence;
  uint8_t data[64];
  config.rtx_type = 0;
  assert_int_equal(oriel_rtp_sender_init(&plain, &config), 0);
  assert_null(plain.sent);
  const struct oriel_rtp_stamp stamp = {.now_ns = start};
  const struct oriel_rtp_unit *unit = add(fixture, 1, 1, start);
  assert_true(oriel_rtp_sender_write(&plain, unit, 0, &stamp, data, sizeof data));
  assert_false(oriel_rtp_sender_wants(&plain, 65530, 0, start));
  assert_false(oriel_rtp_sender_recent(&plain, 0, &sequence));
  assert_int_equal(oriel_rtp_sender_write_again(&plain, &fixture->history, 65530, &stamp, data, sizeof data), 0);
  oriel_rtp_sender_finish(&plain);
}

static void sender_counts_nothing_that_does_not_fit(void **state) {
  struct fixture *fixture = *state;
  const struct oriel_rtp_stamp stamp = {.now_ns = start};
  const struct oriel_rtp_unit *unit = add(fixture, 1, 1, start);
  for (size_t size = 0; size < 12 + 12 + 4; size++)
    assert_int_equal(oriel_rtp_sender_write(&fixture->sender, unit, 0, &stamp, fixture->data, size), 0);
  assert_int_equal(fixture->sender.sequence, 65530);
  assert_int_equal(fixture->sender.packets, 0);
}

static void history_keeps_a_second_and_lets_go_of_more(void **state) {
  struct fixture *fixture = *state;
  struct oriel_rtp_header header;
  for (unsigned i = 0; i < 400; i++) /* 100 a second; a key frame among them flushes nothing */
    send_all(fixture, add(fixture, 2, (uint8_t)i, start + i * 10 * MS));
  const uint16_t last = (uint16_t)(65530 + 799);
  assert_true(again(fixture, (uint16_t)(last - 200), &header)); /* a second ago */
  assert_false(again(fixture, (uint16_t)(last - 260), &header));
  assert_in_range(fixture->history.count, 100, 130);
}

static void history_is_bounded_in_units_and_bytes(void **state) {
  struct fixture *fixture = *state;
  for (unsigned i = 0; i < 3 * ORIEL_RTP_HISTORY_UNITS; i++)
    add(fixture, 1, 1, start);
  assert_int_equal(fixture->history.count, ORIEL_RTP_HISTORY_UNITS);
  static uint8_t megabyte[1 << 20];
  for (unsigned i = 0; i < 40; i++) {
    struct oriel_rtp_unit *unit = oriel_rtp_unit_create(1, sizeof megabyte);
    oriel_rtp_unit_append(unit, megabyte, sizeof megabyte);
    oriel_rtp_unit_end_packet(unit);
    oriel_rtp_history_add(&fixture->history, unit, start);
    oriel_rtp_unit_unref(unit);
    assert_true(fixture->history.size <= ORIEL_RTP_HISTORY_MAX);
  }
}

static void history_finds_across_the_wrap_of_its_numbers(void **state) {
  struct fixture *fixture = *state;
  fixture->history.next = UINT32_MAX - 5;
  for (uint8_t tag = 1; tag <= 5; tag++)
    add(fixture, 3, tag, start);
  for (uint32_t i = 0; i < 15; i++) {
    uint32_t index = 99;
    const struct oriel_rtp_unit *unit = oriel_rtp_history_find(&fixture->history, UINT32_MAX - 5 + i, &index);
    assert_non_null(unit);
    assert_int_equal(unit->timestamp, (1 + i / 3) * 1000);
    assert_int_equal(index, i % 3);
  }
  uint32_t index;
  assert_null(oriel_rtp_history_find(&fixture->history, UINT32_MAX - 6, &index));
  assert_null(oriel_rtp_history_find(&fixture->history, UINT32_MAX - 5 + 15, &index));
}

static void report_and_its_answer_give_the_round_trip(void **state) {
  struct fixture *fixture = *state;
  struct oriel_rtp_sender *sender = &fixture->sender;
  uint64_t trip = 0;
  send_all(fixture, add(fixture, 2, 1, start));
  uint32_t times[10];
  for (unsigned i = 0; i < 10; i++) {
    struct oriel_rtcp_sender_report report;
    oriel_rtp_sender_report(sender, start + i * 100 * MS, &report);
    times[i] = (uint32_t)(report.ntp >> 16);
    assert_int_equal(report.packets, 2);
    assert_int_equal(report.bytes, 8);
    assert_int_equal(report.timestamp, 0xffffff00u + oriel_rtp_ticks(start + i * 100 * MS, 90000));
  }
  struct oriel_rtcp_block block = {.ssrc = SSRC, .last_report = times[4], .delay = 65536 / 4};
  assert_true(oriel_rtp_sender_take_block(sender, &block, start + 400 * MS + 250 * MS + 40 * MS, &trip));
  assert_in_range(trip, 39 * MS, 41 * MS);
  block.last_report = times[1]; /* ten reports ago: more than we remember */
  assert_false(oriel_rtp_sender_take_block(sender, &block, start + 1000 * MS, &trip));
  block.last_report = times[4] + 1; /* invented */
  assert_false(oriel_rtp_sender_take_block(sender, &block, start + 1000 * MS, &trip));
  block.last_report = times[9];
  block.delay = 65536; /* longer than since it was sent */
  assert_false(oriel_rtp_sender_take_block(sender, &block, start + 1000 * MS, &trip));
  block.last_report = block.delay = 0; /* none came yet */
  assert_false(oriel_rtp_sender_take_block(sender, &block, start + 1000 * MS, &trip));
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
    CASE(sender_numbers_its_own_packets_of_a_shared_unit),
    CASE(sender_leaves_out_what_a_report_confirmed),
    CASE(sender_sends_again_what_was_lost),
    CASE(sender_skips_units_without_losing_its_place),
    CASE(sender_refuses_what_was_never_sent),
    CASE(sender_answers_a_packet_once_a_round_trip),
    CASE(sender_answers_a_flood_with_a_third_at_most),
    CASE(sender_refuses_what_has_its_number_a_cycle_later),
    CASE(sender_without_rtx_repeats_nothing),
    CASE(sender_counts_nothing_that_does_not_fit),
    CASE(history_keeps_a_second_and_lets_go_of_more),
    CASE(history_is_bounded_in_units_and_bytes),
    CASE(history_finds_across_the_wrap_of_its_numbers),
    CASE(report_and_its_answer_give_the_round_trip),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
