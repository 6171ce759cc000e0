/* SPDX-License-Identifier: MIT
 *
 * What a client says of what it got. Network thread.
 */
#include "webrtc/session_control.h"

#include "core/clock.h"
#include "webrtc/rtcp.h"
#include "webrtc/rtcp_transport.h"
#include "webrtc/session_state.h"

enum {
  FEEDBACKS = 4,         /* of one datagram: browsers send one or two */
  NACKS = 128,           /* of one packet, for 17 numbers each: browsers ask for a thousand at most */
  STATUSES_BURST = 4096, /* packets that feedback may speak of at once */
};
#define STATUS_NS (ORIEL_NS_PER_SECOND / 20000) /* and then one each: twice what the fastest way carries */

static void take_reports(struct oriel_webrtc_session *session, struct oriel_rtcp_packet *packet, uint64_t now_ns) {
  struct oriel_rtcp_block block;
  uint64_t round_trip_ns;
  while (oriel_rtcp_read_block(packet, &block)) {
    if (oriel_rtp_sender_take_block(&session->video, &block, now_ns, &round_trip_ns) ||
        oriel_rtp_sender_take_block(&session->audio, &block, now_ns, &round_trip_ns)) {
      session->round_trip_ns = round_trip_ns;
      oriel_estimate_round_trip(session->estimate, round_trip_ns);
    }
  }
}

/* What no queue has room for is asked for again, or costs a key frame: a flood of requests makes nothing grow. */
static void repeat(struct oriel_webrtc_session *session, uint16_t sequence, uint64_t now_ns) {
  if (session->repeat_count == SESSION_REPEATS ||
      !oriel_rtp_sender_wants(&session->video, sequence, oriel_estimate_round_trip_ns(session->estimate), now_ns))
    return;
  session->repeats[(session->repeat_first + session->repeat_count++) % SESSION_REPEATS] = sequence;
}

/* Whoever asks for more than may be sent again, or for what never left, is not read to the end. */
static void take_nack(struct oriel_webrtc_session *session, struct oriel_rtcp_packet *packet, uint64_t now_ns) {
  uint16_t sequence, following;
  if (packet->media != session->video.config.ssrc)
    return;
  for (unsigned items = 0; items < NACKS && session->repeat_count < SESSION_REPEATS &&
                           oriel_rtcp_read_nack(packet, &sequence, &following); items++) {
    session->missed += 1 + (unsigned)__builtin_popcount(following);
    repeat(session, sequence, now_ns);
    for (unsigned i = 0; i < 16; i++) {
      if (following >> i & 1)
        repeat(session, (uint16_t)(sequence + 1 + i), now_ns);
    }
  }
}

static void request_key(struct oriel_webrtc_session *session) {
  session->key_requested = true;
  session->key_requests++;
}

static void take_fir(struct oriel_webrtc_session *session, struct oriel_rtcp_packet *packet) {
  uint32_t ssrc;
  uint8_t number;
  while (oriel_rtcp_read_fir(packet, &ssrc, &number)) {
    if (ssrc != session->video.config.ssrc || (session->fir_seen && number == session->fir_number))
      continue;
    session->fir_seen = true;
    session->fir_number = number;
    request_key(session);
  }
}

/* Two bytes can claim thousands of packets: they are read as often as packets leave, and only of such as did. */
static bool may_read(struct oriel_webrtc_session *session, const struct oriel_rtcp_packet *packet, uint64_t now_ns) {
  struct oriel_rtcp_transport head;
  if (!session->feedback || oriel_rtcp_transport_read_head(&head, packet) < 0)
    return false;
  const uint64_t earned = (now_ns - session->statuses_ns) / STATUS_NS;
  session->statuses_ns += earned * STATUS_NS;
  session->statuses_left = earned < STATUSES_BURST - session->statuses_left
                             ? session->statuses_left + (uint32_t)earned : STATUSES_BURST;
  const uint16_t since = (uint16_t)(session->transport - head.base); /* packets that left, from its first on */
  if (head.count > session->statuses_left || head.count > since || since > UINT16_MAX / 2)
    return false;
  session->statuses_left -= head.count;
  return true;
}

static void take_arrivals(struct oriel_webrtc_session *session, const struct oriel_rtcp_packet *packet,
                          uint64_t now_ns) {
  struct oriel_rtcp_transport feedback;
  if (!may_read(session, packet, now_ns) || oriel_rtcp_transport_begin(&feedback, packet) < 0)
    return;
  session->told = true;
  struct oriel_rtcp_transport arrivals = feedback;
  oriel_estimate_feedback(session->estimate, &feedback, now_ns);
  struct oriel_rtcp_arrival arrival;
  uint16_t sequence;
  while (oriel_rtcp_transport_next(&arrivals, &arrival)) {
    if (oriel_repair_told(&session->repair, arrival.sequence, arrival.received, &sequence))
      repeat(session, sequence, now_ns);
  }
}

void oriel_session_control(struct oriel_webrtc_session *session, const uint8_t *data, size_t size, uint64_t now_ns) {
  struct oriel_rtcp_cursor cursor;
  struct oriel_rtcp_packet packet;
  unsigned feedbacks = 0;
  if (oriel_rtcp_begin(&cursor, data, size) < 0)
    return;
  while (oriel_rtcp_next(&cursor, &packet)) {
    switch (packet.kind) {
    case ORIEL_RTCP_SENDER_REPORT:
    case ORIEL_RTCP_RECEIVER_REPORT:
      take_reports(session, &packet, now_ns);
      break;
    case ORIEL_RTCP_NACK:
      take_nack(session, &packet, now_ns);
      break;
    case ORIEL_RTCP_PLI:
      if (packet.media == session->video.config.ssrc)
        request_key(session);
      break;
    case ORIEL_RTCP_FIR:
      take_fir(session, &packet);
      break;
    case ORIEL_RTCP_REMB:
      session->told = true;
      oriel_estimate_remb(session->estimate, packet.bitrate);
      break;
    case ORIEL_RTCP_TRANSPORT:
      if (feedbacks++ < FEEDBACKS)
        take_arrivals(session, &packet, now_ns);
      break;
    default: /* who goes says so by DTLS, or falls silent */
      break;
    }
  }
}
