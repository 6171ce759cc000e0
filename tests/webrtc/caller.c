/* SPDX-License-Identifier: MIT
 *
 * See caller.h.
 */
#include "caller.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/clock.h"
#include "offers.h"
#include "webrtc/rtcp.h"
#include "webrtc/rtcp_write.h"
#include "webrtc/session_state.h"

enum { REPEAT_TYPE = 40 /* of the offer */ };

struct oriel_webrtc_address caller_address(uint8_t host, uint16_t port) {
  return oriel_webrtc_address_make((const uint8_t[4]){192, 0, 2, host}, 4, port);
}

static void take_repeat(struct caller *caller, const uint8_t *data, size_t size) {
  struct oriel_rtp_header header;
  assert_int_equal(oriel_rtp_read(data, size, &caller->session->video.config.ids, &header), 0);
  assert_int_equal(header.ssrc, caller->session->video.config.rtx_ssrc);
  assert_true(header.size > 2);
  caller->repeated[caller->repeats++] = (uint16_t)(header.payload[0] << 8 | header.payload[1]);
}

static void take(struct caller *caller, uint8_t *data, size_t size) {
  if (data[0] < 4) {
    caller->answers++;
  } else if (data[0] < 64) {
    caller->dtls++;
    (void)dtls_client_step(&caller->client, data, size);
  } else if (oriel_rtp_is_rtcp(data, size)) {
    assert_true(oriel_srtp_unprotect_rtcp(caller->in, data, size) > 0);
    caller->reports++;
  } else {
    const int plain = oriel_srtp_unprotect(caller->in, data, size);
    assert_true(plain > 0 && caller->count < CALLER_PACKETS_MAX && caller->repeats < CALLER_PACKETS_MAX);
    if ((data[1] & 0x7f) == REPEAT_TYPE) {
      take_repeat(caller, data, (size_t)plain);
      return;
    }
    memcpy(caller->packets[caller->count], data, (size_t)plain);
    caller->sizes[caller->count++] = (size_t)plain;
  }
}

bool caller_receive(struct caller *caller, struct oriel_webrtc_address from, uint8_t *data, size_t size) {
  const struct oriel_webrtc_path path = {.peer = from};
  return oriel_webrtc_session_receive(caller->session, &path, data, size, caller->now_ns);
}

void caller_drain(struct caller *caller) {
  uint8_t datagram[ORIEL_WEBRTC_DATAGRAM_MAX];
  struct oriel_webrtc_path to;
  for (size_t size; (size = oriel_webrtc_session_next(caller->session, caller->now_ns, datagram, &to)) > 0;) {
    assert_true(size <= 1200 && oriel_webrtc_address_equal(&to.peer, &caller->home));
    take(caller, datagram, size);
  }
}

void caller_run(struct caller *caller, uint64_t limit_ns) {
  const uint64_t end_ns = caller->now_ns + limit_ns;
  for (;;) {
    caller_drain(caller);
    const uint64_t due_ns = oriel_webrtc_session_due_ns(caller->session, caller->now_ns);
    if (!due_ns || due_ns > end_ns)
      break;
    caller->now_ns = due_ns > caller->now_ns ? due_ns : caller->now_ns + 1;
  }
  caller->now_ns = end_ns;
}

size_t caller_write_check_under(struct caller *caller, const struct oriel_ice_credentials *credentials,
                                const char *password, bool nominate, uint8_t bytes[512]) {
  uint8_t transaction[ORIEL_STUN_TRANSACTION_SIZE] = "check";
  char username[300];
  struct oriel_stun_writer writer;
  caller->checks++;
  memcpy(transaction + 8, &caller->checks, 4);
  snprintf(username, sizeof username, "%s:%s", credentials->ufrag, credentials->peer_ufrag);
  oriel_stun_begin(&writer, bytes, 512, ORIEL_STUN_BINDING_REQUEST, transaction);
  oriel_stun_add(&writer, ORIEL_STUN_USERNAME, username, strlen(username));
  oriel_stun_add(&writer, ORIEL_STUN_ICE_CONTROLLING, "tiebreak", 8);
  oriel_stun_add_u32(&writer, ORIEL_STUN_PRIORITY, 1);
  if (nominate)
    oriel_stun_add(&writer, ORIEL_STUN_USE_CANDIDATE, NULL, 0);
  return oriel_stun_finish(&writer, password, strlen(password));
}

size_t caller_write_check(struct caller *caller, const char *password, bool nominate, uint8_t bytes[512]) {
  return caller_write_check_under(caller, &caller->session->ice.current, password, nominate, bytes);
}

bool caller_check_from(struct caller *caller, struct oriel_webrtc_address from, const char *password) {
  uint8_t bytes[512];
  const size_t size = caller_write_check(caller, password, false, bytes);
  return caller_receive(caller, from, bytes, size);
}

bool caller_check(struct caller *caller) {
  return caller_check_from(caller, caller->home, caller->session->ice.current.password);
}

static void dial(struct caller *caller, const char *text, bool numbered, const char *const *labels) {
  static struct oriel_sdp_offer offer;
  char why[ORIEL_SDP_WHY_MAX];
  memset(caller, 0, sizeof *caller);
  caller->now_ns = 100 * ORIEL_NS_PER_SECOND;
  caller->home = caller_address(7, 7000);
  caller->client = dtls_client_make("SRTP_AEAD_AES_128_GCM", true, 1200);
  assert_int_equal(oriel_sdp_parse_offer(text, strlen(text), &offer, why), ORIEL_SDP_FINE);
  offer.fingerprint = caller->client.fingerprint;
  offer.media[offer.audio].transport_cc = numbered;
  caller->feed = oriel_webrtc_feed_create();
  const struct oriel_webrtc_session_config config = {.identity = identity, .feed = caller->feed, .offer = &offer,
                                                     .labels = labels};
  assert_non_null(caller->feed);
  assert_int_equal(oriel_webrtc_session_create(&config, caller->now_ns, &caller->session), 0);
}

void caller_dial_by(struct caller *caller, bool numbered) {
  dial(caller, OFFER, numbered, NULL);
}

void caller_dial_channels(struct caller *caller, const char *const *labels) {
  dial(caller, OFFER_CHANNELS, true, labels);
}

void caller_dial(struct caller *caller) {
  caller_dial_by(caller, true);
}

void caller_shake(struct caller *caller, struct oriel_webrtc_address from) {
  uint8_t datagram[2048];
  (void)dtls_client_step(&caller->client, NULL, 0);
  for (size_t size; (size = dtls_client_send(&caller->client, datagram)) > 0;)
    (void)caller_receive(caller, from, datagram, size);
}

static void take_keys(struct caller *caller) {
  struct oriel_srtp_keys keys;
  assert_int_equal(oriel_dtls_keys(caller->session->dtls, &keys), 0);
  caller->in = oriel_srtp_create(keys.profile, &keys.server);
  caller->out = oriel_srtp_create(keys.profile, &keys.client);
  assert_true(caller->in && caller->out);
}

void caller_open(struct caller *caller) {
  assert_true(caller_check(caller));
  for (unsigned i = 0; i < 20 && oriel_webrtc_session_state(caller->session) == ORIEL_WEBRTC_WAITING; i++) {
    caller_shake(caller, caller->home);
    caller_drain(caller);
  }
  assert_int_equal(oriel_webrtc_session_state(caller->session), ORIEL_WEBRTC_OPEN);
  take_keys(caller);
}

void caller_connect_by(struct caller *caller, bool numbered) {
  caller_dial_by(caller, numbered);
  caller_open(caller);
}

void caller_connect(struct caller *caller) {
  caller_connect_by(caller, true);
}

void caller_hang_up(struct caller *caller) {
  oriel_webrtc_session_destroy(caller->session);
  oriel_webrtc_feed_destroy(caller->feed);
  oriel_srtp_destroy(caller->in);
  oriel_srtp_destroy(caller->out);
  dtls_client_free(&caller->client);
}

struct oriel_packet *caller_picture(uint32_t sequence, size_t size, uint64_t now_ns) {
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

bool caller_send_picture(struct caller *caller, uint32_t sequence, size_t size) {
  struct oriel_packet *packet = caller_picture(sequence, size, caller->now_ns);
  const bool taken = oriel_webrtc_session_send(caller->session, packet, caller->now_ns);
  oriel_packet_unref(packet);
  return taken;
}

bool caller_send_sound(struct caller *caller) {
  struct oriel_packet *packet = oriel_packet_create(ORIEL_PACKET_AUDIO, 80);
  assert_non_null(packet);
  memset(packet->data, 0xfc, 80); /* 20 ms of stereo */
  packet->captured_ns = caller->now_ns;
  const bool taken = oriel_webrtc_session_send(caller->session, packet, caller->now_ns);
  oriel_packet_unref(packet);
  return taken;
}

struct oriel_rtp_header caller_header(const struct caller *caller, unsigned index) {
  struct oriel_rtp_header header;
  assert_true(index < caller->count);
  const struct oriel_rtp_extension_ids *ids = &caller->session->video.config.ids;
  assert_int_equal(oriel_rtp_read(caller->packets[index], caller->sizes[index], ids, &header), 0);
  return header;
}

void caller_report(struct caller *caller, void (*write)(struct oriel_writer *writer, const struct caller *caller)) {
  uint8_t data[1500];
  struct oriel_writer writer;
  oriel_writer_init(&writer, data, sizeof data - ORIEL_SRTCP_OVERHEAD_MAX);
  oriel_rtcp_write_receiver_report(&writer, 1, NULL, 0);
  write(&writer, caller);
  const int size = oriel_srtp_protect_rtcp(caller->out, data, oriel_writer_size(&writer), sizeof data);
  assert_true(size > 0);
  (void)caller_receive(caller, caller->home, data, (size_t)size);
}

void caller_write_feedback(struct oriel_writer *writer, uint8_t kind, uint8_t type, unsigned words, uint32_t media) {
  oriel_write_u8(writer, 0x80 | kind);
  oriel_write_u8(writer, type);
  oriel_write_u16_be(writer, (uint16_t)(2 + words));
  oriel_write_u32_be(writer, 1);
  oriel_write_u32_be(writer, media);
}

void caller_write_pli(struct oriel_writer *writer, const struct caller *caller) {
  caller_write_feedback(writer, 1, 206, 0, caller->session->video.config.ssrc);
}
