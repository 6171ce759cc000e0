/* SPDX-License-Identifier: MIT
 *
 * What leaves of a session, in which order, in virtual time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "caller.h"
#include "core/clock.h"
#include "webrtc/session_state.h"

static void picture_arrives_whole_and_in_order(void **state) {
  struct caller caller;
  uint32_t sequence;
  uint64_t left_ns;
  (void)state;
  caller_connect(&caller);
  assert_true(caller_send_picture(&caller, 41, CALLER_PICTURE_SIZE));
  assert_false(oriel_webrtc_session_take_sent(caller.session, &sequence, &left_ns));
  caller_run(&caller, ORIEL_NS_PER_SECOND);
  assert_true(caller.count >= CALLER_PICTURE_SIZE / 1200);
  const struct oriel_rtp_header first = caller_header(&caller, 0);
  assert_int_equal(first.type, 39);
  assert_int_equal(first.sequence, caller.session->video.config.first_sequence);
  assert_int_equal(first.extensions.mid_size, 1); /* it is named until the client has reported */
  for (unsigned i = 0; i < caller.count; i++) {
    const struct oriel_rtp_header header = caller_header(&caller, i);
    assert_int_equal(header.sequence, (uint16_t)(first.sequence + i));
    assert_int_equal(header.timestamp, first.timestamp);
    assert_true(header.extensions.has_transport);
    assert_int_equal(header.marker, i + 1 == caller.count);
  }
  assert_true(oriel_webrtc_session_take_sent(caller.session, &sequence, &left_ns));
  assert_int_equal(sequence, 41);
  assert_false(oriel_webrtc_session_take_sent(caller.session, &sequence, &left_ns));
  caller_hang_up(&caller);
}

static void pictures_of_one_moment_have_two_timestamps(void **state) {
  struct caller caller;
  (void)state;
  caller_connect(&caller);
  assert_true(caller_send_picture(&caller, 1, 500) && caller_send_picture(&caller, 2, 500));
  assert_false(oriel_webrtc_session_has_room(caller.session));
  assert_false(caller_send_picture(&caller, 3, 500));
  caller_run(&caller, ORIEL_NS_PER_SECOND);
  assert_true((int32_t)(caller_header(&caller, caller.count - 1).timestamp - caller_header(&caller, 0).timestamp) > 0);
  caller_hang_up(&caller);
}

static void sound_goes_before_pictures(void **state) {
  struct caller caller;
  (void)state;
  caller_connect(&caller);
  assert_true(caller_send_picture(&caller, 1, CALLER_PICTURE_SIZE));
  assert_true(caller_send_sound(&caller) && caller_send_sound(&caller));
  caller_run(&caller, ORIEL_NS_PER_SECOND);
  assert_int_equal(caller_header(&caller, 0).type, 111);
  assert_int_equal(caller_header(&caller, 1).type, 111);
  assert_int_equal(caller_header(&caller, 1).timestamp - caller_header(&caller, 0).timestamp, 960);
  assert_int_equal(caller_header(&caller, 2).type, 39);
  for (unsigned i = 0; i < SESSION_SOUNDS; i++)
    assert_true(caller_send_sound(&caller));
  assert_false(caller_send_sound(&caller)); /* a socket that stands still does not pile up sound */
  caller_hang_up(&caller);
}

/** How long a picture takes to leave behind so many packets of sound. */
static uint64_t time_behind_sound(unsigned sounds) {
  struct caller caller;
  uint32_t sequence;
  uint64_t left_ns;
  caller_connect(&caller);
  const uint64_t start_ns = caller.now_ns;
  for (unsigned i = 0; i < sounds; i++)
    assert_true(caller_send_sound(&caller));
  assert_true(caller_send_picture(&caller, 1, CALLER_PICTURE_SIZE));
  caller_run(&caller, ORIEL_NS_PER_SECOND);
  assert_true(oriel_webrtc_session_take_sent(caller.session, &sequence, &left_ns));
  caller_hang_up(&caller);
  return left_ns - start_ns;
}

/* However much of it waits, a picture leaves with it. */
static void sound_delays_no_picture(void **state) {
  (void)state;
  const uint64_t alone_ns = time_behind_sound(0);
  assert_true(time_behind_sound(5) <= alone_ns + 2 * ORIEL_NS_PER_MS);
  assert_true(time_behind_sound(SESSION_SOUNDS) <= alone_ns + 10 * ORIEL_NS_PER_MS); /* its 2 KB, at the pace */
}

/* Firefox' offers are so. A number that nothing carries would be told as lost, and the estimate would fall. */
static void sound_that_feedback_leaves_out_uses_no_numbers(void **state) {
  struct caller caller;
  unsigned sounds = 0;
  (void)state;
  caller_connect_by(&caller, false);
  assert_true(caller_send_sound(&caller) && caller_send_picture(&caller, 1, CALLER_PICTURE_SIZE));
  assert_true(caller_send_sound(&caller));
  caller_run(&caller, ORIEL_NS_PER_SECOND);
  for (unsigned i = 0; i < caller.count; i++) {
    const struct oriel_rtp_header header = caller_header(&caller, i);
    assert_int_equal(header.extensions.has_transport, header.type != 111);
    sounds += header.type == 111;
  }
  assert_int_equal(sounds, 2);
  assert_int_equal(caller.session->transport, caller.count - sounds + caller.repeats);
  caller_hang_up(&caller);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(picture_arrives_whole_and_in_order),
    cmocka_unit_test(pictures_of_one_moment_have_two_timestamps),
    cmocka_unit_test(sound_goes_before_pictures),
    cmocka_unit_test(sound_delays_no_picture),
    cmocka_unit_test(sound_that_feedback_leaves_out_uses_no_numbers),
  };
  return cmocka_run_group_tests(tests, identity_set_up, identity_tear_down);
}
