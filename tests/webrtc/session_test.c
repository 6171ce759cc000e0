/* SPDX-License-Identifier: MIT
 *
 * A session's life, in virtual time: how it begins, who ends it, what strangers can do to it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "caller.h"
#include "core/clock.h"
#include "webrtc/session_state.h"

/* What proves nothing says nothing of who is where, even from an address that a check came from. */
static void only_checks_prove_an_address(void **state) {
  static const uint16_t types[] = {ORIEL_STUN_BINDING_INDICATION, ORIEL_STUN_BINDING_SUCCESS};
  const struct oriel_webrtc_address other = caller_address(7, 7001);
  struct caller caller;
  uint8_t bytes[512];
  (void)state;
  caller_dial(&caller);
  const size_t size = caller_write_check(&caller, caller.session->ice.current.password, false, bytes);
  assert_true(caller_receive(&caller, caller.home, bytes, size));
  assert_true(caller_check_from(&caller, other, caller.session->ice.current.password));
  assert_false(caller_receive(&caller, other, bytes, size)); /* a copy */
  for (unsigned i = 0; i < 2; i++) {
    uint8_t stranger[64];
    struct oriel_stun_writer writer;
    oriel_stun_begin(&writer, stranger, sizeof stranger, types[i], (const uint8_t *)"twelve bytes");
    const size_t written = oriel_stun_finish(&writer, NULL, 0);
    assert_false(caller_receive(&caller, caller.home, stranger, written));
  }
  caller_hang_up(&caller);
}

static void nothing_happens_without_a_check(void **state) {
  struct caller caller;
  (void)state;
  caller_dial(&caller);
  caller_shake(&caller, caller.home);
  assert_false(caller_check_from(&caller, caller.home, "wrongwrongwrongwrongwrong"));
  caller_drain(&caller);
  assert_int_equal(caller.dtls + caller.answers, 0);
  assert_true(caller_check(&caller));
  caller_shake(&caller, caller_address(8, 8000)); /* from where no check came */
  caller_drain(&caller);
  assert_int_equal(caller.answers, 1);
  assert_int_equal(oriel_webrtc_session_state(caller.session), ORIEL_WEBRTC_WAITING);
  caller_hang_up(&caller);
}

static void reports_leave_each_second(void **state) {
  struct caller caller;
  (void)state;
  caller_connect(&caller);
  assert_true(caller_send_picture(&caller, 1, 500));
  caller_run(&caller, 10 * ORIEL_NS_PER_SECOND);
  assert_true(caller.reports >= 8 && caller.reports <= 11);
  caller_hang_up(&caller);
}

/* Chromium starts DTLS up to a second before it nominates, and may never have to. */
static void dtls_comes_before_a_nomination(void **state) {
  struct caller caller;
  uint8_t bytes[512];
  (void)state;
  caller_connect(&caller); /* by a check that nominates nothing */
  assert_true(caller_send_picture(&caller, 1, 500));
  caller_run(&caller, ORIEL_NS_PER_SECOND);
  assert_true(caller.count > 0);
  const size_t size = caller_write_check(&caller, caller.session->ice.current.password, true, bytes);
  assert_true(caller_receive(&caller, caller.home, bytes, size));
  assert_true(caller_send_picture(&caller, 2, 500));
  const unsigned before = caller.count;
  caller_run(&caller, ORIEL_NS_PER_SECOND);
  assert_true(caller.count > before);
  caller_hang_up(&caller);
}

/* Those of Firefox nominate nothing once it has nominated. */
static void consent_needs_no_nomination(void **state) {
  struct caller caller;
  (void)state;
  caller_connect(&caller);
  for (unsigned i = 0; i < 12; i++) {
    caller_run(&caller, 5 * ORIEL_NS_PER_SECOND);
    assert_true(caller_check(&caller));
    assert_true(caller_send_picture(&caller, i, 500));
    const unsigned before = caller.count;
    caller_drain(&caller);
    assert_true(caller.count > before);
  }
  assert_int_equal(oriel_webrtc_session_state(caller.session), ORIEL_WEBRTC_OPEN);
  caller_hang_up(&caller);
}

static void silence_ends_it(void **state) {
  struct caller caller;
  (void)state;
  caller_dial(&caller);
  caller_run(&caller, 9 * ORIEL_NS_PER_SECOND);
  assert_int_equal(oriel_webrtc_session_state(caller.session), ORIEL_WEBRTC_WAITING);
  caller_run(&caller, 2 * ORIEL_NS_PER_SECOND);
  assert_int_equal(oriel_webrtc_session_state(caller.session), ORIEL_WEBRTC_ENDED);
  assert_string_equal(oriel_webrtc_session_reason(caller.session), "no check came");
  caller_hang_up(&caller);
  caller_connect(&caller);
  caller_run(&caller, 30 * ORIEL_NS_PER_SECOND);
  assert_int_equal(oriel_webrtc_session_state(caller.session), ORIEL_WEBRTC_OPEN);
  caller_report(&caller, caller_write_pli); /* a sign of life */
  caller_run(&caller, 30 * ORIEL_NS_PER_SECOND);
  assert_int_equal(oriel_webrtc_session_state(caller.session), ORIEL_WEBRTC_OPEN);
  caller_run(&caller, 10 * ORIEL_NS_PER_SECOND);
  assert_int_equal(oriel_webrtc_session_state(caller.session), ORIEL_WEBRTC_ENDED);
  caller_hang_up(&caller);
}

/* Answers to checks go on; pictures wait, and what waits does not keep the loop busy. */
static void media_stop_where_nobody_reports(void **state) {
  struct caller caller;
  (void)state;
  caller_connect(&caller);
  caller_report(&caller, caller_write_pli);
  for (unsigned i = 0; i < 4; i++) {
    assert_true(caller_check(&caller));
    caller_run(&caller, ORIEL_ICE_PROOF_NS / 4);
  }
  assert_true(caller_check(&caller));
  const unsigned answers = caller.answers;
  assert_true(caller_send_picture(&caller, 1, CALLER_PICTURE_SIZE) && caller_send_sound(&caller));
  caller_drain(&caller);
  assert_int_equal(caller.answers, answers + 1);
  assert_int_equal(caller.count, 0);
  assert_true(oriel_webrtc_session_due_ns(caller.session, caller.now_ns) > caller.now_ns);
  caller_report(&caller, caller_write_pli);
  caller_run(&caller, ORIEL_NS_PER_SECOND);
  assert_true(caller.count > 0 && caller_header(&caller, 0).type == 39);
  caller_hang_up(&caller);
}

/* A page in the background checks and reports each 20 to 30 s: it is seen there, too, as in a picture in a picture. */
static void media_go_on_in_the_background(void **state) {
  struct caller caller;
  (void)state;
  caller_connect(&caller);
  caller_report(&caller, caller_write_pli);
  for (unsigned i = 0; i < 10; i++) {
    caller_run(&caller, 30 * ORIEL_NS_PER_SECOND - 1);
    const unsigned before = caller.count;
    assert_true(caller_send_picture(&caller, i, 500));
    caller_drain(&caller);
    assert_true(caller.count > before);
    assert_true(caller_check(&caller));
    if (i % 2)
      caller_report(&caller, caller_write_pli);
  }
  caller_hang_up(&caller);
}

static void close_says_goodbye(void **state) {
  struct caller caller;
  (void)state;
  caller_connect(&caller);
  assert_true(caller_send_picture(&caller, 1, CALLER_PICTURE_SIZE));
  const unsigned before = caller.dtls;
  oriel_webrtc_session_close(caller.session);
  caller_drain(&caller);
  assert_int_equal(caller.dtls, before + 1);
  assert_int_equal(caller.count, 0);
  assert_false(caller_send_picture(&caller, 2, 500));
  caller_hang_up(&caller);
}

static void restart_keeps_the_session(void **state) {
  static const struct oriel_sdp_fragment none = {{0}, {0}, 0, false};
  struct oriel_sdp_fragment fragment = {"newufrag", "newpasswordnewpassword00", 0, false};
  char text[2048], before[ORIEL_ICE_UFRAG_SIZE + 1];
  struct caller caller;
  (void)state;
  caller_connect(&caller);
  snprintf(before, sizeof before, "%s", oriel_webrtc_session_ufrag(caller.session));
  assert_int_equal(oriel_webrtc_session_restart(caller.session, &none, &caller.home, 1, text, sizeof text), 0);
  assert_string_equal(oriel_webrtc_session_ufrag(caller.session), before);
  assert_true(oriel_webrtc_session_restart(caller.session, &fragment, &caller.home, 1, text, sizeof text) > 0);
  assert_string_not_equal(oriel_webrtc_session_ufrag(caller.session), before);
  assert_non_null(strstr(text, oriel_webrtc_session_ufrag(caller.session)));
  assert_true(caller_check(&caller));
  assert_true(caller_send_picture(&caller, 1, 500));
  caller_run(&caller, ORIEL_NS_PER_SECOND);
  assert_true(caller.count > 0);
  caller_hang_up(&caller);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(nothing_happens_without_a_check),
    cmocka_unit_test(only_checks_prove_an_address),
    cmocka_unit_test(reports_leave_each_second),
    cmocka_unit_test(dtls_comes_before_a_nomination),
    cmocka_unit_test(consent_needs_no_nomination),
    cmocka_unit_test(silence_ends_it),
    cmocka_unit_test(media_stop_where_nobody_reports),
    cmocka_unit_test(media_go_on_in_the_background),
    cmocka_unit_test(close_says_goodbye),
    cmocka_unit_test(restart_keeps_the_session),
  };
  return cmocka_run_group_tests(tests, identity_set_up, identity_tear_down);
}
