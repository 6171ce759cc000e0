/* SPDX-License-Identifier: MIT
 *
 * Data channels of a session: through DTLS there and back, their place among media, and what waits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "caller.h"
#include "core/clock.h"
#include "webrtc/dcep.h"
#include "webrtc/sctp.h"
#include "webrtc/session_state.h"

#define MS ORIEL_NS_PER_MS

static const char *const labels[] = {"input", NULL};

/** The client's end of SCTP. */
static struct oriel_sctp *client;

/** The client's packets in records, and ours out of them. */
static void carry(struct caller *caller) {
  uint8_t packet[2048];
  for (size_t size; (size = oriel_sctp_next(client, packet)) > 0;) {
    uint8_t datagram[2048];
    assert_int_equal(SSL_write(caller->client.ssl, packet, (int)size), (int)size);
    while ((size = dtls_client_send(&caller->client, datagram)) > 0)
      (void)caller_receive(caller, caller->home, datagram, size);
  }
  caller_run(caller, MS);
  for (int size; (size = SSL_read(caller->client.ssl, packet, sizeof packet)) > 0;)
    oriel_sctp_receive(client, packet, (size_t)size, caller->now_ns);
}

static void open_client(struct caller *caller) {
  struct oriel_sctp_message message;
  caller_dial_channels(caller, labels);
  assert_true(oriel_webrtc_session_has_channels(caller->session));
  caller_open(caller);
  assert_int_equal(oriel_sctp_create(ORIEL_SCTP_PORT, caller->now_ns, &client), 0);
  for (unsigned i = 0; i < 100 && oriel_sctp_state(client) != ORIEL_SCTP_OPEN; i++) {
    carry(caller);
    assert_false(oriel_sctp_take(client, &message));
  }
  assert_int_equal(oriel_sctp_state(client), ORIEL_SCTP_OPEN);
}

static struct oriel_channel_event await(struct caller *caller) {
  struct oriel_channel_event event;
  for (unsigned i = 0; i < 100; i++) {
    if (oriel_webrtc_session_take_event(caller->session, &event))
      return event;
    carry(caller);
  }
  fail_msg("nothing happened");
  return event;
}

static void open_channel(struct caller *caller) {
  static const uint8_t opening[] = {3, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 'i', 'n', 'p', 'u', 't'};
  open_client(caller);
  assert_int_equal(oriel_sctp_send(client, 0, ORIEL_DCEP_CONTROL, false, opening, sizeof opening), 0);
  assert_int_equal(await(caller).type, ORIEL_CHANNEL_OPENED);
}

static void hang_up(struct caller *caller) {
  oriel_sctp_destroy(client);
  client = NULL;
  caller_hang_up(caller);
}

static void messages_go_through_dtls(void **state) {
  struct caller caller;
  struct oriel_sctp_message message = {0};
  (void)state;
  open_channel(&caller);
  assert_int_equal(oriel_sctp_send(client, 0, ORIEL_DCEP_TEXT, false, "{}", 2), 0);
  const struct oriel_channel_event event = await(&caller);
  assert_true(event.type == ORIEL_CHANNEL_MESSAGE && event.size == 2);
  assert_int_equal(oriel_webrtc_session_say(caller.session, 0, "answer", 6), 0);
  for (unsigned i = 0; i < 20 && message.kind != ORIEL_DCEP_TEXT; i++) {
    carry(&caller);
    while (oriel_sctp_take(client, &message) && message.kind != ORIEL_DCEP_TEXT)
      ;
  }
  assert_int_equal(message.size, 6);
  assert_int_equal(oriel_webrtc_session_say(caller.session, 1, "x", 1), -ENOTCONN);
  hang_up(&caller);
}

static void channels_leave_behind_sound_and_before_pictures(void **state) {
  struct caller caller;
  struct oriel_webrtc_path to;
  uint8_t first[ORIEL_WEBRTC_DATAGRAM_MAX], second[sizeof first], third[sizeof first];
  (void)state;
  open_channel(&caller);
  caller_run(&caller, 20 * MS);
  assert_true(caller_send_picture(&caller, 1, CALLER_PICTURE_SIZE));
  assert_int_equal(oriel_webrtc_session_say(caller.session, 0, "answer", 6), 0);
  assert_true(caller_send_sound(&caller));
  assert_int_equal(oriel_webrtc_session_due_ns(caller.session, caller.now_ns), caller.now_ns);
  assert_true(oriel_webrtc_session_next(caller.session, caller.now_ns, first, &to) > 0);
  assert_true(oriel_webrtc_session_next(caller.session, caller.now_ns, second, &to) > 0);
  assert_int_equal(first[1] & 0x7f, 111); /* of Opus */
  assert_int_equal(second[0], 23);        /* of DTLS: application data */
  for (caller.now_ns += 5 * MS; oriel_webrtc_session_next(caller.session, caller.now_ns, third, &to) == 0;)
    caller.now_ns += MS;
  assert_int_equal(third[1] & 0x7f, 39); /* of H.264 */
  hang_up(&caller);
}

/* What the owner has not taken yet is due, so that it is asked again at once. */
static void untaken_events_are_due(void **state) {
  struct caller caller;
  struct oriel_channel_event event;
  (void)state;
  open_channel(&caller);
  for (unsigned i = 0; i < 3; i++)
    assert_int_equal(oriel_sctp_send(client, 0, ORIEL_DCEP_TEXT, false, "{}", 2), 0);
  uint8_t packet[2048], datagram[2048];
  for (size_t size; (size = oriel_sctp_next(client, packet)) > 0;)
    assert_int_equal(SSL_write(caller.client.ssl, packet, (int)size), (int)size);
  for (size_t size; (size = dtls_client_send(&caller.client, datagram)) > 0;)
    (void)caller_receive(&caller, caller.home, datagram, size);
  for (unsigned left = 3; left; left--) {
    assert_int_equal(oriel_webrtc_session_due_ns(caller.session, caller.now_ns), caller.now_ns);
    assert_true(oriel_webrtc_session_take_event(caller.session, &event));
  }
  assert_false(oriel_webrtc_session_take_event(caller.session, &event));
  caller_drain(&caller);
  assert_true(oriel_webrtc_session_due_ns(caller.session, caller.now_ns) > caller.now_ns);
  hang_up(&caller);
}

/* Where the owner takes none, there is no SCTP that a client could speak to. */
static void without_labels_there_are_none(void **state) {
  struct caller caller;
  struct oriel_channel_event event;
  (void)state;
  caller_dial_channels(&caller, NULL);
  assert_false(oriel_webrtc_session_has_channels(caller.session));
  caller_open(&caller);
  assert_int_equal(oriel_sctp_create(ORIEL_SCTP_PORT, caller.now_ns, &client), 0);
  for (unsigned i = 0; i < 20; i++)
    carry(&caller);
  assert_int_equal(oriel_sctp_state(client), ORIEL_SCTP_CONNECTING);
  assert_null(caller.session->channels);
  assert_false(oriel_webrtc_session_take_event(caller.session, &event));
  assert_int_equal(oriel_webrtc_session_say(caller.session, 0, "x", 1), -ENOTCONN);
  hang_up(&caller);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(messages_go_through_dtls),
    cmocka_unit_test(channels_leave_behind_sound_and_before_pictures),
    cmocka_unit_test(untaken_events_are_due),
    cmocka_unit_test(without_labels_there_are_none),
  };
  return cmocka_run_group_tests(tests, identity_set_up, identity_tear_down);
}
