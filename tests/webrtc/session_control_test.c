/* SPDX-License-Identifier: MIT
 *
 * What a client's reports do: packets sent again, key frames, and what they may cost. In virtual time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "caller.h"
#include "core/clock.h"
#include "feedback.h"
#include "webrtc/rtcp_write.h"
#include "webrtc/session_state.h"

static void write_foreign_pli(struct oriel_writer *writer, const struct caller *caller) {
  caller_write_feedback(writer, 1, 206, 0, caller->session->video.config.ssrc + 1000);
}

static void write_fir(struct oriel_writer *writer, const struct caller *caller) {
  caller_write_feedback(writer, 4, 206, 2, 0);
  oriel_write_u32_be(writer, caller->session->video.config.ssrc);
  oriel_write_u32_be(writer, 9u << 24);
}

/** Asks for the second packet of the picture and the two after it. */
static void write_nack(struct oriel_writer *writer, const struct caller *caller) {
  caller_write_feedback(writer, 1, 205, 1, caller->session->video.config.ssrc);
  oriel_write_u16_be(writer, (uint16_t)(caller->session->video.config.first_sequence + 1));
  oriel_write_u16_be(writer, 3);
}

static void missed_packets_are_repeated_once_a_round_trip(void **state) {
  struct caller caller;
  (void)state;
  caller_connect(&caller);
  assert_true(caller_send_picture(&caller, 1, CALLER_PICTURE_SIZE));
  caller_run(&caller, ORIEL_NS_PER_SECOND);
  const unsigned before = caller.repeats;
  for (unsigned i = 0; i < 50; i++)
    caller_report(&caller, write_nack);
  caller_drain(&caller);
  caller_run(&caller, ORIEL_NS_PER_SECOND / 2);
  assert_int_equal(caller.repeats, before + 3);
  for (unsigned i = 0; i < 3; i++)
    assert_int_equal(caller.repeated[before + i], (uint16_t)(caller.session->video.config.first_sequence + 1 + i));
  caller_report(&caller, write_nack); /* that was lost, too */
  caller_run(&caller, ORIEL_NS_PER_SECOND / 2);
  assert_int_equal(caller.repeats, before + 6);
  caller_hang_up(&caller);
}

/* What comes after a key frame does not depend on what was before it, but a client that has not got all of the key frame
 * yet still shows what was before: it asks for that, and freezes where it is gone. */
static void loss_before_a_key_frame_is_repaired(void **state) {
  struct caller caller;
  (void)state;
  caller_connect(&caller);
  for (uint32_t i = 1; i <= 3; i++) { /* all of them key frames */
    assert_true(caller_send_picture(&caller, i, CALLER_PICTURE_SIZE));
    caller_run(&caller, ORIEL_NS_PER_SECOND / 4);
  }
  const unsigned before = caller.repeats;
  caller_report(&caller, write_nack); /* of the first */
  caller_run(&caller, ORIEL_NS_PER_SECOND / 4);
  assert_int_equal(caller.repeats, before + 3);
  caller_hang_up(&caller);
}

enum { BEFORE_WRAP = 65533 };

static void write_nack_at_wrap(struct oriel_writer *writer, const struct caller *caller) {
  caller_write_feedback(writer, 1, 205, 1, caller->session->video.config.ssrc);
  oriel_write_u16_be(writer, BEFORE_WRAP + 1);
  oriel_write_u16_be(writer, 7);
}

/* 65534, 65535, 0 and 1 were lost: these come again, once, and the numbers behind them make nobody ask for thousands. */
static void wrap_makes_no_storm(void **state) {
  struct caller caller;
  (void)state;
  caller_connect(&caller);
  caller.session->video.sequence = caller.session->video.config.first_sequence = BEFORE_WRAP;
  assert_true(caller_send_picture(&caller, 1, 2 * CALLER_PICTURE_SIZE));
  caller_run(&caller, ORIEL_NS_PER_SECOND);
  assert_true(caller.count >= 8 && caller.session->video.sequence < 100);
  const unsigned before = caller.repeats;
  for (unsigned i = 0; i < 20; i++)
    caller_report(&caller, write_nack_at_wrap);
  caller_run(&caller, ORIEL_NS_PER_SECOND / 2);
  assert_int_equal(caller.repeats, before + 4);
  for (unsigned i = 0; i < 4; i++)
    assert_int_equal(caller.repeated[before + i], (uint16_t)(BEFORE_WRAP + 1 + i));
  assert_true(caller_send_picture(&caller, 2, CALLER_PICTURE_SIZE));
  caller_run(&caller, ORIEL_NS_PER_SECOND / 2);
  const struct oriel_rtp_header last = caller_header(&caller, caller.count - 1);
  assert_true(last.marker && last.sequence < 100);
  caller_hang_up(&caller);
}

static void write_arrivals(struct oriel_writer *writer, const struct caller *caller) {
  uint8_t data[256];
  int64_t arrived_us[3] = {1000, FEEDBACK_LOST, 3000};
  (void)caller;
  oriel_write_bytes(writer, data, feedback_write(data, sizeof data, 0, 0, arrived_us, 3));
}

static void what_feedback_lacks_is_repeated_unasked(void **state) {
  struct caller caller;
  (void)state;
  caller_connect(&caller);
  assert_true(caller_send_picture(&caller, 1, 3500));
  caller_drain(&caller);
  caller_run(&caller, 20 * ORIEL_NS_PER_MS);
  const unsigned before = caller.repeats;
  caller_report(&caller, write_arrivals);
  caller_report(&caller, write_arrivals);
  caller_run(&caller, 20 * ORIEL_NS_PER_MS);
  assert_int_equal(caller.repeats, before + 1);
  assert_int_equal(caller.repeated[before], (uint16_t)(caller.session->video.config.first_sequence + 1));
  caller_hang_up(&caller);
}

static void write_unsent(struct oriel_writer *writer, const struct caller *caller) {
  uint8_t data[256];
  const int64_t arrived_us[2] = {1000, 2000};
  const uint16_t base = (uint16_t)(caller->session->transport - 1); /* the last, and one that has not left */
  oriel_write_bytes(writer, data, feedback_write(data, sizeof data, 0, base, arrived_us, 2));
}

static void write_five(struct oriel_writer *writer, const struct caller *caller) {
  for (unsigned i = 0; i < 5; i++)
    write_arrivals(writer, caller);
}

/* A few bytes of feedback claim thousands of packets. */
static void feedback_costs_what_was_sent(void **state) {
  struct caller caller;
  (void)state;
  caller_connect(&caller);
  assert_true(caller_send_picture(&caller, 1, 3500));
  caller_run(&caller, 20 * ORIEL_NS_PER_MS);
  caller_report(&caller, write_unsent);
  assert_int_equal(oriel_webrtc_session_carries_kbps(caller.session), 0);
  caller_report(&caller, write_five);
  const uint32_t left = caller.session->statuses_left;
  assert_true(oriel_webrtc_session_carries_kbps(caller.session) > 0);
  caller_report(&caller, write_arrivals);
  assert_int_equal(caller.session->statuses_left, left - 3);
  caller_report(&caller, write_five);
  assert_int_equal(caller.session->statuses_left, left - 3 - 4 * 3);
  for (unsigned i = 0; i < 2000; i++)
    caller_report(&caller, write_arrivals);
  assert_true(caller.session->statuses_left < 3);
  caller.now_ns += ORIEL_NS_PER_SECOND;
  caller_report(&caller, write_arrivals);
  assert_int_equal(caller.session->statuses_left, left + 4 * 3 - 3);
  caller_hang_up(&caller);
}

/* Nothing follows a picture, so that the client cannot miss its end; nobody says anything. */
static void last_packets_are_repeated_unasked(void **state) {
  struct caller caller;
  (void)state;
  caller_connect(&caller);
  assert_true(caller_send_picture(&caller, 1, 500));
  caller_run(&caller, ORIEL_NS_PER_SECOND / 20);
  const unsigned before = caller.repeats;
  caller_run(&caller, 2 * ORIEL_NS_PER_SECOND);
  assert_true(caller.repeats > before && caller.repeats <= before + ORIEL_REPAIR_TRIES);
  assert_int_equal(caller.repeated[before], (uint16_t)(caller.session->video.config.first_sequence + caller.count - 1));
  const unsigned after = caller.repeats;
  caller_run(&caller, 20 * ORIEL_NS_PER_SECOND);
  assert_int_equal(caller.repeats, after);
  caller_hang_up(&caller);
}

static void key_frames_are_asked_for_once(void **state) {
  struct caller caller;
  (void)state;
  caller_connect(&caller);
  assert_false(oriel_webrtc_session_take_key_request(caller.session));
  for (unsigned i = 0; i < 1000; i++)
    caller_report(&caller, caller_write_pli);
  assert_true(oriel_webrtc_session_take_key_request(caller.session));
  assert_false(oriel_webrtc_session_take_key_request(caller.session));
  caller_report(&caller, write_foreign_pli);
  assert_false(oriel_webrtc_session_take_key_request(caller.session));
  caller_report(&caller, write_fir);
  assert_true(oriel_webrtc_session_take_key_request(caller.session));
  caller_report(&caller, write_fir); /* the same request again */
  assert_false(oriel_webrtc_session_take_key_request(caller.session));
  caller_hang_up(&caller);
}

/** Asks for the last 340 packets, as if none had come. */
static void write_nacks_of_all(struct oriel_writer *writer, const struct caller *caller) {
  const unsigned items = 20;
  const uint16_t next = caller->session->video.sequence;
  caller_write_feedback(writer, 1, 205, items, caller->session->video.config.ssrc);
  for (unsigned i = 0; i < items; i++) {
    oriel_write_u16_be(writer, (uint16_t)(next - 17 * (items - i)));
    oriel_write_u16_be(writer, 0xffff);
  }
}

static void write_remb(struct oriel_writer *writer, const struct caller *caller) {
  caller_write_feedback(writer, 15, 206, 3, 0);
  oriel_write_u32_be(writer, 0x52454d42);
  oriel_write_u32_be(writer, 1u << 24 | 63u << 18 | 0x3ffff);
  oriel_write_u32_be(writer, caller->session->video.config.ssrc);
}

/* Two seconds of a client that says all the time that it got nothing: what it is sent twice is a bounded share, nothing
 * of it grows, and what it is owed still comes. */
static void flood_of_requests_costs_a_share(void **state) {
  static struct caller caller;
  uint64_t packets = 0, repeats = 0;
  unsigned pictures = 0;
  (void)state;
  caller_connect(&caller);
  for (unsigned step = 0; step < 400; step++) { /* of 5 ms */
    if (step % 6 == 0)
      pictures += caller_send_picture(&caller, step + 1, CALLER_PICTURE_SIZE);
    for (unsigned i = 0; i < 10; i++)
      caller_report(&caller, write_nacks_of_all);
    caller_report(&caller, caller_write_pli);
    caller_report(&caller, write_remb);
    caller_run(&caller, 5 * ORIEL_NS_PER_MS);
    packets += caller.count;
    repeats += caller.repeats;
    caller.count = caller.repeats = 0;
  }
  assert_true(pictures > 30); /* and most of what it was to see came */
  assert_in_range(packets, (pictures - 2) * 5, UINT32_MAX);
  assert_in_range(repeats, 1, ORIEL_RTP_SENDER_CREDIT + packets / 2);
  assert_true(caller.session->repeat_count <= SESSION_REPEATS);
  assert_in_range(oriel_webrtc_session_carries_kbps(caller.session), 1, 100000);
  caller_hang_up(&caller);
}

static void forged_reports_change_nothing(void **state) {
  struct caller caller;
  struct oriel_webrtc_stats stats;
  uint8_t pli[32] = {0x81, 206, 0, 2, 0, 0, 0, 1};
  (void)state;
  caller_connect(&caller);
  (void)caller_receive(&caller, caller.home, pli, sizeof pli);
  assert_false(oriel_webrtc_session_take_key_request(caller.session));
  oriel_webrtc_session_stats(caller.session, &stats);
  assert_int_equal(stats.forged, 1);
  assert_int_equal(oriel_webrtc_session_state(caller.session), ORIEL_WEBRTC_OPEN);
  caller_hang_up(&caller);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(missed_packets_are_repeated_once_a_round_trip),
    cmocka_unit_test(loss_before_a_key_frame_is_repaired),
    cmocka_unit_test(wrap_makes_no_storm),
    cmocka_unit_test(what_feedback_lacks_is_repeated_unasked),
    cmocka_unit_test(feedback_costs_what_was_sent),
    cmocka_unit_test(last_packets_are_repeated_unasked),
    cmocka_unit_test(key_frames_are_asked_for_once),
    cmocka_unit_test(flood_of_requests_costs_a_share),
    cmocka_unit_test(forged_reports_change_nothing),
  };
  return cmocka_run_group_tests(tests, identity_set_up, identity_tear_down);
}
