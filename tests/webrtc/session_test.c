/* SPDX-License-Identifier: MIT
 *
 * A session from its first check to its end, with a client on OpenSSL, in virtual time: what leaves, in which order,
 * and what strangers can do. And the router before it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "dtls_client.h"
#include "feedback.h"
#include "offers.h"
#include "webrtc/router.h"
#include "webrtc/rtcp.h"
#include "webrtc/rtcp_write.h"
#include "webrtc/rtp.h"
#include "webrtc/rtp_unit.h"
#include "webrtc/session_state.h"

#define SECOND ORIEL_NS_PER_SECOND

enum { PICTURE_SIZE = 6000, PACKETS_MAX = 256, REPEAT_TYPE = 40 /* of the offer */ };

static struct oriel_dtls_identity *identity;

/** A client, its session, and what of it arrived. */
struct call {
  struct oriel_webrtc_feed *feed;
  struct oriel_webrtc_session *session;
  struct dtls_client client;
  struct oriel_srtp *in, *out; /* the client's */
  struct oriel_webrtc_address home;
  uint64_t now_ns;
  uint32_t checks;
  uint8_t packets[PACKETS_MAX][ORIEL_WEBRTC_DATAGRAM_MAX]; /* of RTP, in plain */
  size_t sizes[PACKETS_MAX];
  unsigned count, reports, dtls, answers;
  uint16_t repeated[PACKETS_MAX]; /* which packets came as RTX: asked for, or to see what the way carries */
  unsigned repeats;
};

static struct oriel_webrtc_address at(uint8_t host, uint16_t port) {
  return oriel_webrtc_address_make((const uint8_t[4]){192, 0, 2, host}, 4, port);
}

static void take_repeat(struct call *call, const uint8_t *data, size_t size) {
  struct oriel_rtp_header header;
  assert_int_equal(oriel_rtp_read(data, size, &call->session->video.config.ids, &header), 0);
  assert_int_equal(header.ssrc, call->session->video.config.rtx_ssrc);
  assert_true(header.size > 2);
  call->repeated[call->repeats++] = (uint16_t)(header.payload[0] << 8 | header.payload[1]);
}

static void take(struct call *call, uint8_t *data, size_t size) {
  if (data[0] < 4) {
    call->answers++;
  } else if (data[0] < 64) {
    call->dtls++;
    (void)dtls_client_step(&call->client, data, size);
  } else if (oriel_rtp_is_rtcp(data, size)) {
    assert_true(oriel_srtp_unprotect_rtcp(call->in, data, size) > 0);
    call->reports++;
  } else {
    const int plain = oriel_srtp_unprotect(call->in, data, size);
    assert_true(plain > 0 && call->count < PACKETS_MAX && call->repeats < PACKETS_MAX);
    if ((data[1] & 0x7f) == REPEAT_TYPE) {
      take_repeat(call, data, (size_t)plain);
      return;
    }
    memcpy(call->packets[call->count], data, (size_t)plain);
    call->sizes[call->count++] = (size_t)plain;
  }
}

/** Lets all leave that may at this time. */
static void drain(struct call *call) {
  uint8_t datagram[ORIEL_WEBRTC_DATAGRAM_MAX];
  struct oriel_webrtc_address to;
  for (size_t size; (size = oriel_webrtc_session_next(call->session, call->now_ns, datagram, &to)) > 0;) {
    assert_true(size <= 1200 && oriel_webrtc_address_equal(&to, &call->home));
    take(call, datagram, size);
  }
}

/** The same until nothing waits, by the times that the session itself names; at most `limit_ns`. */
static void run(struct call *call, uint64_t limit_ns) {
  const uint64_t end_ns = call->now_ns + limit_ns;
  for (;;) {
    drain(call);
    const uint64_t due_ns = oriel_webrtc_session_due_ns(call->session, call->now_ns);
    if (!due_ns || due_ns > end_ns)
      break;
    call->now_ns = due_ns > call->now_ns ? due_ns : call->now_ns + 1;
  }
  call->now_ns = end_ns;
}

/** Writes a check under these credentials with a transaction of its own; its size. */
static size_t write_check_under(struct call *call, const struct oriel_ice_credentials *credentials,
                                const char *password, bool nominate, uint8_t bytes[512]) {
  uint8_t transaction[ORIEL_STUN_TRANSACTION_SIZE] = "check";
  char username[300];
  struct oriel_stun_writer writer;
  call->checks++;
  memcpy(transaction + 8, &call->checks, 4);
  snprintf(username, sizeof username, "%s:%s", credentials->ufrag, credentials->peer_ufrag);
  oriel_stun_begin(&writer, bytes, 512, ORIEL_STUN_BINDING_REQUEST, transaction);
  oriel_stun_add(&writer, ORIEL_STUN_USERNAME, username, strlen(username));
  oriel_stun_add(&writer, ORIEL_STUN_ICE_CONTROLLING, "tiebreak", 8);
  oriel_stun_add_u32(&writer, ORIEL_STUN_PRIORITY, 1);
  if (nominate)
    oriel_stun_add(&writer, ORIEL_STUN_USE_CANDIDATE, NULL, 0);
  return oriel_stun_finish(&writer, password, strlen(password));
}

static size_t write_check(struct call *call, const char *password, bool nominate, uint8_t bytes[512]) {
  return write_check_under(call, &call->session->ice.current, password, nominate, bytes);
}

static bool check_from(struct call *call, struct oriel_webrtc_address from, const char *password) {
  uint8_t bytes[512];
  const size_t size = write_check(call, password, false, bytes);
  return oriel_webrtc_session_receive(call->session, &from, bytes, size, call->now_ns);
}

static bool check(struct call *call) {
  return check_from(call, call->home, call->session->ice.current.password);
}

/** `numbered`: feedback speaks of its sound, too. */
static void dial_by(struct call *call, bool numbered) {
  static struct oriel_sdp_offer offer;
  char why[ORIEL_SDP_WHY_MAX];
  memset(call, 0, sizeof *call);
  call->now_ns = 100 * SECOND;
  call->home = at(7, 7000);
  call->client = dtls_client_make("SRTP_AEAD_AES_128_GCM", true, 1200);
  assert_int_equal(oriel_sdp_parse_offer(OFFER, sizeof OFFER - 1, &offer, why), ORIEL_SDP_FINE);
  offer.fingerprint = call->client.fingerprint;
  offer.media[offer.audio].transport_cc = numbered;
  call->feed = oriel_webrtc_feed_create();
  const struct oriel_webrtc_session_config config = {.identity = identity, .feed = call->feed, .offer = &offer};
  assert_non_null(call->feed);
  assert_int_equal(oriel_webrtc_session_create(&config, call->now_ns, &call->session), 0);
}

static void dial(struct call *call) {
  dial_by(call, true);
}

/** What the client has to say in DTLS, from where it is. */
static void shake(struct call *call, struct oriel_webrtc_address from) {
  uint8_t datagram[2048];
  (void)dtls_client_step(&call->client, NULL, 0);
  for (size_t size; (size = dtls_client_send(&call->client, datagram)) > 0;)
    (void)oriel_webrtc_session_receive(call->session, &from, datagram, size, call->now_ns);
}

static void take_keys(struct call *call) {
  struct oriel_srtp_keys keys;
  assert_int_equal(oriel_dtls_keys(call->session->dtls, &keys), 0);
  call->in = oriel_srtp_create(keys.profile, &keys.server);
  call->out = oriel_srtp_create(keys.profile, &keys.client);
  assert_true(call->in && call->out);
}

static void connect_by(struct call *call, bool numbered) {
  dial_by(call, numbered);
  assert_true(check(call));
  for (unsigned i = 0; i < 20 && oriel_webrtc_session_state(call->session) == ORIEL_WEBRTC_WAITING; i++) {
    shake(call, call->home);
    drain(call);
  }
  assert_int_equal(oriel_webrtc_session_state(call->session), ORIEL_WEBRTC_OPEN);
  take_keys(call);
}

static void connect_call(struct call *call) {
  connect_by(call, true);
}

static void hang_up(struct call *call) {
  oriel_webrtc_session_destroy(call->session);
  oriel_webrtc_feed_destroy(call->feed);
  oriel_srtp_destroy(call->in);
  oriel_srtp_destroy(call->out);
  dtls_client_free(&call->client);
}

/* ---- media ---- */

static struct oriel_packet *picture(uint32_t sequence, size_t size, uint64_t now_ns) {
  static const uint8_t top[] = {0, 0, 0, 1, 0x67, 0x64, 0, 0x1f, 0, 0, 0, 1, 0x68, 0xee, 0, 0, 0, 1, 0x65};
  struct oriel_packet *packet = oriel_packet_create(ORIEL_PACKET_VIDEO, size);
  assert_non_null(packet);
  memset(packet->data, 0xa5, size);
  memcpy(packet->data, top, sizeof top);
  packet->key = true;
  packet->sequence = sequence;
  packet->captured_ns = now_ns;
  return packet;
}

static bool send_picture(struct call *call, uint32_t sequence, size_t size) {
  struct oriel_packet *packet = picture(sequence, size, call->now_ns);
  const bool taken = oriel_webrtc_session_send(call->session, packet, call->now_ns);
  oriel_packet_unref(packet);
  return taken;
}

static bool send_sound(struct call *call) {
  struct oriel_packet *packet = oriel_packet_create(ORIEL_PACKET_AUDIO, 80);
  assert_non_null(packet);
  memset(packet->data, 0xfc, 80); /* 20 ms of stereo */
  packet->captured_ns = call->now_ns;
  const bool taken = oriel_webrtc_session_send(call->session, packet, call->now_ns);
  oriel_packet_unref(packet);
  return taken;
}

static struct oriel_rtp_header header_of(const struct call *call, unsigned index) {
  struct oriel_rtp_header header;
  assert_true(index < call->count);
  assert_int_equal(oriel_rtp_read(call->packets[index], call->sizes[index], &call->session->video.config.ids, &header),
                   0);
  return header;
}

static void say(struct call *call, void (*write)(struct oriel_writer *writer, const struct call *call)) {
  uint8_t data[1500];
  struct oriel_writer writer;
  oriel_writer_init(&writer, data, sizeof data - ORIEL_SRTCP_OVERHEAD_MAX);
  oriel_rtcp_write_receiver_report(&writer, 1, NULL, 0);
  write(&writer, call);
  const int size = oriel_srtp_protect_rtcp(call->out, data, oriel_writer_size(&writer), sizeof data);
  assert_true(size > 0);
  (void)oriel_webrtc_session_receive(call->session, &call->home, data, (size_t)size, call->now_ns);
}

static void write_feedback(struct oriel_writer *writer, uint8_t kind, uint8_t type, unsigned words, uint32_t media) {
  oriel_write_u8(writer, 0x80 | kind);
  oriel_write_u8(writer, type);
  oriel_write_u16_be(writer, (uint16_t)(2 + words));
  oriel_write_u32_be(writer, 1);
  oriel_write_u32_be(writer, media);
}

static void write_pli(struct oriel_writer *writer, const struct call *call) {
  write_feedback(writer, 1, 206, 0, call->session->video.config.ssrc);
}

static void write_foreign_pli(struct oriel_writer *writer, const struct call *call) {
  write_feedback(writer, 1, 206, 0, call->session->video.config.ssrc + 1000);
}

static void write_fir(struct oriel_writer *writer, const struct call *call) {
  write_feedback(writer, 4, 206, 2, 0);
  oriel_write_u32_be(writer, call->session->video.config.ssrc);
  oriel_write_u32_be(writer, 9u << 24);
}

/** Asks for the second packet of the picture and the two after it. */
static void write_nack(struct oriel_writer *writer, const struct call *call) {
  write_feedback(writer, 1, 205, 1, call->session->video.config.ssrc);
  oriel_write_u16_be(writer, (uint16_t)(call->session->video.config.first_sequence + 1));
  oriel_write_u16_be(writer, 3);
}

/* ---- cases ---- */

/* What proves nothing says nothing of who is where, even from an address that a check came from. */
static void only_checks_prove_an_address(void **state) {
  static const uint16_t types[] = {ORIEL_STUN_BINDING_INDICATION, ORIEL_STUN_BINDING_SUCCESS};
  const struct oriel_webrtc_address other = at(7, 7001);
  struct call call;
  uint8_t bytes[512];
  (void)state;
  dial(&call);
  const size_t size = write_check(&call, call.session->ice.current.password, false, bytes);
  assert_true(oriel_webrtc_session_receive(call.session, &call.home, bytes, size, call.now_ns));
  assert_true(check_from(&call, other, call.session->ice.current.password));
  assert_false(oriel_webrtc_session_receive(call.session, &other, bytes, size, call.now_ns)); /* a copy */
  for (unsigned i = 0; i < 2; i++) {
    uint8_t stranger[64];
    struct oriel_stun_writer writer;
    oriel_stun_begin(&writer, stranger, sizeof stranger, types[i], (const uint8_t *)"twelve bytes");
    const size_t written = oriel_stun_finish(&writer, NULL, 0);
    assert_false(oriel_webrtc_session_receive(call.session, &call.home, stranger, written, call.now_ns));
  }
  hang_up(&call);
}

static void nothing_happens_without_a_check(void **state) {
  struct call call;
  (void)state;
  dial(&call);
  shake(&call, call.home);
  assert_false(check_from(&call, call.home, "wrongwrongwrongwrongwrong"));
  drain(&call);
  assert_int_equal(call.dtls + call.answers, 0);
  assert_true(check(&call));
  shake(&call, at(8, 8000)); /* from where no check came */
  drain(&call);
  assert_int_equal(call.answers, 1);
  assert_int_equal(oriel_webrtc_session_state(call.session), ORIEL_WEBRTC_WAITING);
  hang_up(&call);
}

static void picture_arrives_whole_and_in_order(void **state) {
  struct call call;
  uint32_t sequence;
  uint64_t left_ns;
  (void)state;
  connect_call(&call);
  assert_true(send_picture(&call, 41, PICTURE_SIZE));
  assert_false(oriel_webrtc_session_take_sent(call.session, &sequence, &left_ns));
  run(&call, SECOND);
  assert_true(call.count >= PICTURE_SIZE / 1200);
  const struct oriel_rtp_header first = header_of(&call, 0);
  assert_int_equal(first.type, 39);
  assert_int_equal(first.sequence, call.session->video.config.first_sequence);
  assert_int_equal(first.extensions.mid_size, 1); /* it is named until the client has reported */
  for (unsigned i = 0; i < call.count; i++) {
    const struct oriel_rtp_header header = header_of(&call, i);
    assert_int_equal(header.sequence, (uint16_t)(first.sequence + i));
    assert_int_equal(header.timestamp, first.timestamp);
    assert_true(header.extensions.has_transport);
    assert_int_equal(header.marker, i + 1 == call.count);
  }
  assert_true(oriel_webrtc_session_take_sent(call.session, &sequence, &left_ns));
  assert_int_equal(sequence, 41);
  assert_false(oriel_webrtc_session_take_sent(call.session, &sequence, &left_ns));
  hang_up(&call);
}

static void pictures_of_one_moment_have_two_timestamps(void **state) {
  struct call call;
  (void)state;
  connect_call(&call);
  assert_true(send_picture(&call, 1, 500) && send_picture(&call, 2, 500));
  assert_false(oriel_webrtc_session_has_room(call.session));
  assert_false(send_picture(&call, 3, 500));
  run(&call, SECOND);
  assert_true((int32_t)(header_of(&call, call.count - 1).timestamp - header_of(&call, 0).timestamp) > 0);
  hang_up(&call);
}

/* Another session was faster by more pictures than the feed remembers. */
static void late_pictures_are_refused(void **state) {
  struct oriel_webrtc_feed *feed = oriel_webrtc_feed_create();
  struct oriel_packet *packets[ORIEL_FEED_RECENT + 1];
  (void)state;
  assert_non_null(feed);
  for (unsigned i = 0; i <= ORIEL_FEED_RECENT; i++) {
    packets[i] = picture(i + 1, 500, (i + 1) * SECOND);
    struct oriel_rtp_unit *unit = oriel_webrtc_feed_unit(feed, packets[i], SECOND);
    assert_non_null(unit);
    oriel_rtp_unit_unref(unit);
  }
  assert_null(oriel_webrtc_feed_unit(feed, packets[0], SECOND));
  struct oriel_rtp_unit *remembered = oriel_webrtc_feed_unit(feed, packets[1], SECOND);
  assert_non_null(remembered);
  oriel_rtp_unit_unref(remembered);
  packets[0]->captured_ns = 20 * SECOND; /* a new encoder counts from 1 */
  struct oriel_rtp_unit *anew = oriel_webrtc_feed_unit(feed, packets[0], SECOND);
  assert_non_null(anew);
  oriel_rtp_unit_unref(anew);
  for (unsigned i = 0; i <= ORIEL_FEED_RECENT; i++)
    oriel_packet_unref(packets[i]);
  oriel_webrtc_feed_destroy(feed);
}

static void sound_goes_before_pictures(void **state) {
  struct call call;
  (void)state;
  connect_call(&call);
  assert_true(send_picture(&call, 1, PICTURE_SIZE));
  assert_true(send_sound(&call) && send_sound(&call));
  run(&call, SECOND);
  assert_int_equal(header_of(&call, 0).type, 111);
  assert_int_equal(header_of(&call, 1).type, 111);
  assert_int_equal(header_of(&call, 1).timestamp - header_of(&call, 0).timestamp, 960);
  assert_int_equal(header_of(&call, 2).type, 39);
  for (unsigned i = 0; i < SESSION_SOUNDS; i++)
    assert_true(send_sound(&call));
  assert_false(send_sound(&call)); /* a socket that stands still does not pile up sound */
  hang_up(&call);
}

/* Firefox' offers are so. A number that nothing carries would be told as lost, and the estimate would fall. */
static void sound_that_feedback_leaves_out_uses_no_numbers(void **state) {
  struct call call;
  unsigned sounds = 0;
  (void)state;
  connect_by(&call, false);
  assert_true(send_sound(&call) && send_picture(&call, 1, PICTURE_SIZE) && send_sound(&call));
  run(&call, SECOND);
  for (unsigned i = 0; i < call.count; i++) {
    const struct oriel_rtp_header header = header_of(&call, i);
    assert_int_equal(header.extensions.has_transport, header.type != 111);
    sounds += header.type == 111;
  }
  assert_int_equal(sounds, 2);
  assert_int_equal(call.session->transport, call.count - sounds + call.repeats);
  hang_up(&call);
}

static void missed_packets_are_repeated_once_a_round_trip(void **state) {
  struct call call;
  (void)state;
  connect_call(&call);
  assert_true(send_picture(&call, 1, PICTURE_SIZE));
  run(&call, SECOND);
  const unsigned before = call.repeats;
  for (unsigned i = 0; i < 50; i++)
    say(&call, write_nack);
  drain(&call);
  run(&call, SECOND / 2);
  assert_int_equal(call.repeats, before + 3);
  for (unsigned i = 0; i < 3; i++)
    assert_int_equal(call.repeated[before + i], (uint16_t)(call.session->video.config.first_sequence + 1 + i));
  say(&call, write_nack); /* that was lost, too */
  run(&call, SECOND / 2);
  assert_int_equal(call.repeats, before + 6);
  hang_up(&call);
}

static void write_arrivals(struct oriel_writer *writer, const struct call *call) {
  uint8_t data[256];
  int64_t arrived_us[3] = {1000, FEEDBACK_LOST, 3000};
  (void)call;
  oriel_write_bytes(writer, data, feedback_write(data, sizeof data, 0, 0, arrived_us, 3));
}

static void what_feedback_lacks_is_repeated_unasked(void **state) {
  struct call call;
  (void)state;
  connect_call(&call);
  assert_true(send_picture(&call, 1, 3500));
  drain(&call);
  run(&call, 20 * ORIEL_NS_PER_MS);
  const unsigned before = call.repeats;
  say(&call, write_arrivals);
  say(&call, write_arrivals);
  run(&call, 20 * ORIEL_NS_PER_MS);
  assert_int_equal(call.repeats, before + 1);
  assert_int_equal(call.repeated[before], (uint16_t)(call.session->video.config.first_sequence + 1));
  hang_up(&call);
}

static void write_unsent(struct oriel_writer *writer, const struct call *call) {
  uint8_t data[256];
  const int64_t arrived_us[2] = {1000, 2000};
  const uint16_t base = (uint16_t)(call->session->transport - 1); /* the last, and one that has not left */
  oriel_write_bytes(writer, data, feedback_write(data, sizeof data, 0, base, arrived_us, 2));
}

static void write_five(struct oriel_writer *writer, const struct call *call) {
  for (unsigned i = 0; i < 5; i++)
    write_arrivals(writer, call);
}

/* A few bytes of feedback claim thousands of packets. */
static void feedback_costs_what_was_sent(void **state) {
  struct call call;
  (void)state;
  connect_call(&call);
  assert_true(send_picture(&call, 1, 3500));
  run(&call, 20 * ORIEL_NS_PER_MS);
  say(&call, write_unsent);
  assert_int_equal(oriel_webrtc_session_carries_kbps(call.session), 0);
  say(&call, write_five);
  const uint32_t left = call.session->statuses_left;
  assert_true(oriel_webrtc_session_carries_kbps(call.session) > 0);
  say(&call, write_arrivals);
  assert_int_equal(call.session->statuses_left, left - 3);
  say(&call, write_five);
  assert_int_equal(call.session->statuses_left, left - 3 - 4 * 3);
  for (unsigned i = 0; i < 2000; i++)
    say(&call, write_arrivals);
  assert_true(call.session->statuses_left < 3);
  call.now_ns += SECOND;
  say(&call, write_arrivals);
  assert_int_equal(call.session->statuses_left, left + 4 * 3 - 3);
  hang_up(&call);
}

/* Nothing follows a picture, so that the client cannot miss its end; nobody says anything. */
static void last_packets_are_repeated_unasked(void **state) {
  struct call call;
  (void)state;
  connect_call(&call);
  assert_true(send_picture(&call, 1, 500));
  run(&call, SECOND / 20);
  const unsigned before = call.repeats;
  run(&call, 2 * SECOND);
  assert_true(call.repeats > before && call.repeats <= before + ORIEL_REPAIR_TRIES);
  assert_int_equal(call.repeated[before], (uint16_t)(call.session->video.config.first_sequence + call.count - 1));
  const unsigned after = call.repeats;
  run(&call, 20 * SECOND);
  assert_int_equal(call.repeats, after);
  hang_up(&call);
}

static void key_frames_are_asked_for_once(void **state) {
  struct call call;
  (void)state;
  connect_call(&call);
  assert_false(oriel_webrtc_session_take_key_request(call.session));
  for (unsigned i = 0; i < 1000; i++)
    say(&call, write_pli);
  assert_true(oriel_webrtc_session_take_key_request(call.session));
  assert_false(oriel_webrtc_session_take_key_request(call.session));
  say(&call, write_foreign_pli);
  assert_false(oriel_webrtc_session_take_key_request(call.session));
  say(&call, write_fir);
  assert_true(oriel_webrtc_session_take_key_request(call.session));
  say(&call, write_fir); /* the same request again */
  assert_false(oriel_webrtc_session_take_key_request(call.session));
  hang_up(&call);
}

static void forged_reports_change_nothing(void **state) {
  struct call call;
  struct oriel_webrtc_stats stats;
  uint8_t pli[32] = {0x81, 206, 0, 2, 0, 0, 0, 1};
  (void)state;
  connect_call(&call);
  (void)oriel_webrtc_session_receive(call.session, &call.home, pli, sizeof pli, call.now_ns);
  assert_false(oriel_webrtc_session_take_key_request(call.session));
  oriel_webrtc_session_stats(call.session, &stats);
  assert_int_equal(stats.forged, 1);
  assert_int_equal(oriel_webrtc_session_state(call.session), ORIEL_WEBRTC_OPEN);
  hang_up(&call);
}

static void reports_leave_each_second(void **state) {
  struct call call;
  (void)state;
  connect_call(&call);
  assert_true(send_picture(&call, 1, 500));
  run(&call, 10 * SECOND);
  assert_true(call.reports >= 8 && call.reports <= 11);
  hang_up(&call);
}

static void silence_ends_it(void **state) {
  struct call call;
  (void)state;
  dial(&call);
  run(&call, 9 * SECOND);
  assert_int_equal(oriel_webrtc_session_state(call.session), ORIEL_WEBRTC_WAITING);
  run(&call, 2 * SECOND);
  assert_int_equal(oriel_webrtc_session_state(call.session), ORIEL_WEBRTC_ENDED);
  assert_string_equal(oriel_webrtc_session_reason(call.session), "no check came");
  hang_up(&call);
  connect_call(&call);
  run(&call, 30 * SECOND);
  assert_int_equal(oriel_webrtc_session_state(call.session), ORIEL_WEBRTC_OPEN);
  say(&call, write_pli); /* a sign of life */
  run(&call, 30 * SECOND);
  assert_int_equal(oriel_webrtc_session_state(call.session), ORIEL_WEBRTC_OPEN);
  run(&call, 10 * SECOND);
  assert_int_equal(oriel_webrtc_session_state(call.session), ORIEL_WEBRTC_ENDED);
  hang_up(&call);
}

/* Answers to checks go on; pictures wait, and what waits does not keep the loop busy. */
static void media_stop_where_nobody_reports(void **state) {
  struct call call;
  (void)state;
  connect_call(&call);
  say(&call, write_pli);
  for (unsigned i = 0; i < 4; i++) {
    assert_true(check(&call));
    run(&call, ORIEL_ICE_PROOF_NS / 4);
  }
  assert_true(check(&call));
  const unsigned answers = call.answers;
  assert_true(send_picture(&call, 1, PICTURE_SIZE) && send_sound(&call));
  drain(&call);
  assert_int_equal(call.answers, answers + 1);
  assert_int_equal(call.count, 0);
  assert_true(oriel_webrtc_session_due_ns(call.session, call.now_ns) > call.now_ns);
  say(&call, write_pli);
  run(&call, SECOND);
  assert_true(call.count > 0 && header_of(&call, 0).type == 39);
  hang_up(&call);
}

/* A page in the background checks and reports each 20 to 30 s: it is seen there, too, as in a picture in a picture. */
static void media_go_on_in_the_background(void **state) {
  struct call call;
  (void)state;
  connect_call(&call);
  say(&call, write_pli);
  for (unsigned i = 0; i < 10; i++) {
    run(&call, 30 * SECOND - 1);
    const unsigned before = call.count;
    assert_true(send_picture(&call, i, 500));
    drain(&call);
    assert_true(call.count > before);
    assert_true(check(&call));
    if (i % 2)
      say(&call, write_pli);
  }
  hang_up(&call);
}

static void close_says_goodbye(void **state) {
  struct call call;
  (void)state;
  connect_call(&call);
  assert_true(send_picture(&call, 1, PICTURE_SIZE));
  const unsigned before = call.dtls;
  oriel_webrtc_session_close(call.session);
  drain(&call);
  assert_int_equal(call.dtls, before + 1);
  assert_int_equal(call.count, 0);
  assert_false(send_picture(&call, 2, 500));
  hang_up(&call);
}

static void restart_keeps_the_session(void **state) {
  static const struct oriel_sdp_fragment none = {{0}, {0}, 0, false};
  struct oriel_sdp_fragment fragment = {"newufrag", "newpasswordnewpassword00", 0, false};
  char text[2048], before[ORIEL_ICE_UFRAG_SIZE + 1];
  struct call call;
  (void)state;
  connect_call(&call);
  snprintf(before, sizeof before, "%s", oriel_webrtc_session_ufrag(call.session));
  assert_int_equal(oriel_webrtc_session_restart(call.session, &none, &call.home, 1, text, sizeof text), 0);
  assert_string_equal(oriel_webrtc_session_ufrag(call.session), before);
  assert_true(oriel_webrtc_session_restart(call.session, &fragment, &call.home, 1, text, sizeof text) > 0);
  assert_string_not_equal(oriel_webrtc_session_ufrag(call.session), before);
  assert_non_null(strstr(text, oriel_webrtc_session_ufrag(call.session)));
  assert_true(check(&call));
  assert_true(send_picture(&call, 1, 500));
  run(&call, SECOND);
  assert_true(call.count > 0);
  hang_up(&call);
}

/** Two calls at one router. */
struct exchange {
  struct oriel_webrtc_router router;
  struct call calls[2];
  struct oriel_webrtc_route routes[2];
};

static struct exchange *open_exchange(void) {
  struct exchange *exchange = calloc(1, sizeof *exchange);
  assert_non_null(exchange);
  oriel_webrtc_router_init(&exchange->router);
  for (unsigned i = 0; i < 2; i++) {
    dial(&exchange->calls[i]);
    oriel_webrtc_router_add(&exchange->router, &exchange->routes[i], exchange->calls[i].session);
  }
  return exchange;
}

static void close_exchange(struct exchange *exchange) {
  for (unsigned i = 0; i < 2; i++) {
    oriel_webrtc_router_remove(&exchange->routes[i]);
    hang_up(&exchange->calls[i]);
  }
  free(exchange);
}

/** A check of that call comes from there. */
static void claim(struct exchange *exchange, unsigned index, struct oriel_webrtc_address from, uint64_t now_ns) {
  struct call *call = &exchange->calls[index];
  call->now_ns = now_ns;
  assert_true(check_from(call, from, call->session->ice.current.password));
  oriel_webrtc_router_learn(&exchange->router, &exchange->routes[index], &from, now_ns);
}

/** Whose an address is; -1 = nobody's. */
static int owner_of(struct exchange *exchange, struct oriel_webrtc_address from) {
  const uint8_t hello[16] = {22};
  const struct oriel_webrtc_route *route = oriel_webrtc_router_find(&exchange->router, &from, hello, sizeof hello);
  return route ? (int)(route - exchange->routes) : -1;
}

static void router_knows_addresses_of_checks(void **state) {
  struct exchange *exchange = open_exchange();
  const uint64_t now_ns = 100 * SECOND;
  (void)state;
  assert_int_equal(owner_of(exchange, at(7, 7000)), -1);
  claim(exchange, 0, at(7, 7000), now_ns);
  assert_int_equal(owner_of(exchange, at(7, 7000)), 0);
  claim(exchange, 1, at(7, 7000), now_ns + ORIEL_WEBRTC_OWNED_NS); /* another client there now */
  assert_int_equal(owner_of(exchange, at(7, 7000)), 1);
  oriel_webrtc_router_remove(&exchange->routes[1]);
  assert_int_equal(owner_of(exchange, at(7, 7000)), 0);
  oriel_webrtc_router_remove(&exchange->routes[0]);
  assert_int_equal(owner_of(exchange, at(7, 7000)), -1);
  close_exchange(exchange);
}

/* Whoever forges another's address as a sender must not get what comes from there. */
static void router_leaves_addresses_to_who_is_there(void **state) {
  struct exchange *exchange = open_exchange();
  uint64_t now_ns = 100 * SECOND;
  (void)state;
  for (unsigned i = 0; i < 10; i++) {
    claim(exchange, 0, at(7, 7000), now_ns);
    now_ns += ORIEL_WEBRTC_OWNED_NS - 1;
    claim(exchange, 1, at(7, 7000), now_ns);
    assert_int_equal(owner_of(exchange, at(7, 7000)), 0);
  }
  close_exchange(exchange);
}

/* However many addresses a client has, the one in use leads to it. */
static void router_keeps_the_address_in_use(void **state) {
  struct exchange *exchange = open_exchange();
  uint64_t now_ns = 100 * SECOND;
  (void)state;
  claim(exchange, 0, at(7, 7000), now_ns);
  for (uint16_t port = 1; port <= 3 * ORIEL_WEBRTC_WAYS; port++) {
    claim(exchange, 0, at(9, port), ++now_ns);
    assert_int_equal(owner_of(exchange, at(9, port)), 0);
    assert_int_equal(owner_of(exchange, at(7, 7000)), 0);
  }
  assert_int_equal(owner_of(exchange, at(9, 1)), -1); /* the oldest made room */
  close_exchange(exchange);
}

/** A check under these credentials comes from an address that nobody knows: whether it finds the session, and is good. */
static bool finds_by_name(struct exchange *exchange, const struct oriel_ice_credentials *credentials, bool nominate,
                          uint16_t port) {
  struct call *call = &exchange->calls[0];
  const struct oriel_webrtc_address from = at(9, port);
  uint8_t bytes[512];
  const size_t size = write_check_under(call, credentials, credentials->password, nominate, bytes);
  return oriel_webrtc_router_find(&exchange->router, &from, bytes, size) == &exchange->routes[0] &&
         oriel_webrtc_session_receive(call->session, &from, bytes, size, ++call->now_ns);
}

/* The answer to a restart is lost, and the client, which has moved, checks as before from where it is now. What it had
 * stays good until it uses what is new, also after a second restart. */
static void restart_whose_answer_is_lost_costs_nothing(void **state) {
  static const struct oriel_sdp_fragment fragment = {"newufrag", "newpasswordnewpassword00", 0, false};
  struct exchange *exchange = open_exchange();
  struct oriel_webrtc_session *session = exchange->calls[0].session;
  const struct oriel_ice_credentials old = session->ice.current;
  char text[2048];
  (void)state;
  assert_string_equal(oriel_webrtc_session_ufrag_before(session), "");
  for (uint16_t i = 0; i < 2; i++) {
    assert_true(oriel_webrtc_session_restart(session, &fragment, &exchange->calls[0].home, 1, text, sizeof text) > 0);
    oriel_webrtc_router_rename(&exchange->router, &exchange->routes[0]);
    assert_string_equal(oriel_webrtc_session_ufrag_before(session), old.ufrag);
    assert_true(finds_by_name(exchange, &old, true, (uint16_t)(1 + 2 * i)));
    assert_true(finds_by_name(exchange, &session->ice.current, false, (uint16_t)(2 + 2 * i)));
  }
  assert_true(finds_by_name(exchange, &session->ice.current, true, 8));
  assert_string_equal(oriel_webrtc_session_ufrag_before(session), "");
  assert_false(finds_by_name(exchange, &old, true, 9));
  close_exchange(exchange);
}

/* What a stranger sends costs its reading, and no sum over it: that is the session's, once there is one. */
static void router_sums_nothing_up(void **state) {
  struct oriel_webrtc_router *router = calloc(1, sizeof *router);
  struct oriel_webrtc_route route;
  struct call call;
  uint8_t bytes[512];
  (void)state;
  assert_non_null(router);
  oriel_webrtc_router_init(router);
  dial(&call);
  oriel_webrtc_router_add(router, &route, call.session);
  const size_t size = write_check(&call, call.session->ice.current.password, false, bytes);
  bytes[size - 1] ^= 1;
  assert_ptr_equal(oriel_webrtc_router_find(router, &call.home, bytes, size), &route);
  assert_false(oriel_webrtc_session_receive(call.session, &call.home, bytes, size, call.now_ns));
  oriel_webrtc_router_remove(&route);
  hang_up(&call);
  free(router);
}

static int start(void **state) {
  (void)state;
  return oriel_dtls_identity_create(&identity);
}

static int stop(void **state) {
  (void)state;
  oriel_dtls_identity_destroy(identity);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(nothing_happens_without_a_check),
    cmocka_unit_test(only_checks_prove_an_address),
    cmocka_unit_test(picture_arrives_whole_and_in_order),
    cmocka_unit_test(pictures_of_one_moment_have_two_timestamps),
    cmocka_unit_test(late_pictures_are_refused),
    cmocka_unit_test(sound_goes_before_pictures),
    cmocka_unit_test(sound_that_feedback_leaves_out_uses_no_numbers),
    cmocka_unit_test(missed_packets_are_repeated_once_a_round_trip),
    cmocka_unit_test(what_feedback_lacks_is_repeated_unasked),
    cmocka_unit_test(feedback_costs_what_was_sent),
    cmocka_unit_test(last_packets_are_repeated_unasked),
    cmocka_unit_test(key_frames_are_asked_for_once),
    cmocka_unit_test(forged_reports_change_nothing),
    cmocka_unit_test(reports_leave_each_second),
    cmocka_unit_test(silence_ends_it),
    cmocka_unit_test(media_stop_where_nobody_reports),
    cmocka_unit_test(media_go_on_in_the_background),
    cmocka_unit_test(close_says_goodbye),
    cmocka_unit_test(restart_keeps_the_session),
    cmocka_unit_test(router_knows_addresses_of_checks),
    cmocka_unit_test(router_leaves_addresses_to_who_is_there),
    cmocka_unit_test(router_keeps_the_address_in_use),
    cmocka_unit_test(restart_whose_answer_is_lost_costs_nothing),
    cmocka_unit_test(router_sums_nothing_up),
  };
  return cmocka_run_group_tests(tests, start, stop);
}
