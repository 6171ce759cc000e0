/* SPDX-License-Identifier: MIT
 *
 * What a session sends, and in which order: answers to checks, DTLS, reports, sound, data channels; then, as fast as
 * the way carries it, what is asked for again and pictures. Network thread.
 */
#include <string.h>

#include "core/clock.h"
#include "webrtc/rtcp_write.h"
#include "webrtc/rtp_unit.h"
#include "webrtc/sctp.h"
#include "webrtc/session.h"
#include "webrtc/session_channels.h"
#include "webrtc/session_state.h"

/* ---- queues ---- */

bool oriel_webrtc_session_has_room(const struct oriel_webrtc_session *session) {
  return session->state == ORIEL_WEBRTC_OPEN && session->picture_count < SESSION_PICTURES;
}

bool oriel_webrtc_session_send(struct oriel_webrtc_session *session, struct oriel_packet *packet, uint64_t now_ns) {
  const bool sound = packet->kind == ORIEL_PACKET_AUDIO;
  const bool carried = sound ? session->offer.audio >= 0
                             : session->offer.video >= 0 && packet->kind == ORIEL_PACKET_VIDEO &&
                                 packet->codec == oriel_webrtc_session_codec(session);
  if (!carried || session->state != ORIEL_WEBRTC_OPEN || (!sound && session->picture_count == SESSION_PICTURES))
    return false;
  struct oriel_rtp_unit *unit = oriel_webrtc_feed_unit(session->feed, packet, now_ns);
  if (!unit)
    return false;
  return sound ? oriel_session_queue_sound(session, unit)
               : oriel_session_queue_picture(session, unit, packet->sequence);
}

/* ---- packets ---- */

/** Whether feedback speaks of a stream's packets. One that does not carry the numbers may not use any up: they would be
 *  missed as lost. */
static bool is_numbered(const struct oriel_webrtc_session *session, const struct oriel_rtp_sender *sender) {
  return session->feedback && sender->config.ids.transport;
}

static struct oriel_rtp_stamp stamp_of(const struct oriel_webrtc_session *session,
                                       const struct oriel_rtp_sender *sender, uint64_t now_ns) {
  return (struct oriel_rtp_stamp){.now_ns = now_ns, .has_transport = is_numbered(session, sender),
                                  .transport = session->transport};
}

/** Bytes of what stays readable of a packet that we wrote. */
static size_t head_size(const uint8_t *packet) {
  const size_t fixed = 12;
  if (!(packet[0] & 0x10))
    return fixed;
  return fixed + 4 + 4 * ((size_t)packet[fixed + 2] << 8 | packet[fixed + 3]);
}

/** Encrypts a packet of `size` bytes where it lies, and counts it. */
static size_t finish(struct oriel_webrtc_session *session, const struct oriel_rtp_sender *sender, uint8_t *packet,
                     size_t size, unsigned probe, uint64_t now_ns) {
  if (size == 0)
    return 0;
  const size_t head = head_size(packet);
  const int sent = oriel_srtp_protect(session->send, packet, head, packet + head, size - head, packet,
                                      ORIEL_WEBRTC_DATAGRAM_MAX);
  if (sent <= 0)
    return 0;
  if (is_numbered(session, sender))
    oriel_estimate_sent(session->estimate, session->transport++, (uint32_t)sent, probe, now_ns);
  oriel_pacer_sent(&session->pacer, (size_t)sent, now_ns);
  session->packets++;
  session->bytes += (uint64_t)sent;
  return (size_t)sent;
}

static size_t next_sound(struct oriel_webrtc_session *session, uint64_t now_ns, uint8_t *datagram) {
  struct oriel_rtp_unit *unit = oriel_session_next_sound(session);
  if (!unit)
    return 0;
  const struct oriel_rtp_stamp stamp = stamp_of(session, &session->audio, now_ns);
  const size_t size =
    oriel_rtp_sender_write(&session->audio, unit, 0, &stamp, datagram, ORIEL_WEBRTC_DATAGRAM_MAX);
  oriel_rtp_unit_unref(unit);
  const size_t sent = finish(session, &session->audio, datagram, size, 0, now_ns);
  if (sent && is_numbered(session, &session->audio))
    oriel_repair_pass(&session->repair, (uint16_t)(session->transport - 1));
  return sent;
}

/** What was finished is of the pictures' stream. */
static size_t note_media(struct oriel_webrtc_session *session, size_t sent, uint16_t sequence, bool again,
                         uint64_t now_ns) {
  if (sent && session->feedback && session->video.config.rtx_type)
    oriel_repair_left(&session->repair, (uint16_t)(session->transport - 1), sequence, again,
                      oriel_estimate_round_trip_ns(session->estimate), now_ns);
  return sent;
}

static size_t write_again(struct oriel_webrtc_session *session, uint16_t sequence, unsigned probe, uint64_t now_ns,
                          uint8_t *datagram) {
  const struct oriel_rtp_stamp stamp = stamp_of(session, &session->video, now_ns);
  const size_t size = oriel_rtp_sender_write_again(&session->video, &session->feed->history, sequence, &stamp,
                                                   datagram, ORIEL_WEBRTC_DATAGRAM_MAX);
  return note_media(session, finish(session, &session->video, datagram, size, probe, now_ns), sequence, true, now_ns);
}

static size_t next_repeat(struct oriel_webrtc_session *session, uint64_t now_ns, uint8_t *datagram) {
  size_t size = 0;
  while (session->repeat_count && !size) {
    session->repeat_count--;
    size = write_again(session, session->repeats[session->repeat_first++ % SESSION_REPEATS], session->probe.id, now_ns,
                       datagram);
  }
  return size;
}

static size_t next_picture(struct oriel_webrtc_session *session, uint64_t now_ns, uint8_t *datagram) {
  struct session_picture *picture = &session->pictures[0];
  if (!session->picture_count)
    return 0;
  const struct oriel_rtp_stamp stamp = stamp_of(session, &session->video, now_ns);
  const uint16_t sequence = session->video.sequence;
  const size_t size = oriel_rtp_sender_write(&session->video, picture->unit, picture->next, &stamp, datagram,
                                             ORIEL_WEBRTC_DATAGRAM_MAX);
  if (++picture->next == picture->unit->count)
    oriel_session_picture_left(session, now_ns);
  const size_t sent = finish(session, &session->video, datagram, size, session->probe.id, now_ns);
  return note_media(session, sent, sequence, false, now_ns);
}

/** A last packet again, where nothing followed and nobody said that it arrived. */
static size_t next_tail(struct oriel_webrtc_session *session, uint64_t now_ns, uint8_t *datagram) {
  const uint64_t due_ns = oriel_repair_due_ns(&session->repair);
  uint16_t sequence;
  if (!due_ns || now_ns < due_ns)
    return 0;
  const unsigned back = oriel_repair_try(&session->repair);
  const size_t size = oriel_rtp_sender_recent(&session->video, back, &sequence)
                        ? write_again(session, sequence, session->probe.id, now_ns, datagram)
                        : 0;
  if (!size) /* it is in no history any more */
    session->repair.open = false;
  return size;
}

/* ---- the pace ---- */

static void end_probe(struct oriel_webrtc_session *session) {
  session->probe = (struct session_probe){0};
  oriel_pacer_rate(&session->pacer, oriel_estimate_pacing_bps(session->estimate));
}

static void begin_probe(struct oriel_webrtc_session *session, uint64_t now_ns) {
  struct oriel_estimate_probe probe;
  if (!session->feedback || session->probe.id || !session->picture_count ||
      !oriel_estimate_wants_probe(session->estimate, 0, now_ns, &probe))
    return;
  session->probe = (struct session_probe){.id = probe.id, .left = probe.bytes};
  oriel_pacer_rate_evenly(&session->pacer, probe.bps);
}

/** The rest of a series that nothing waits for any more is of old packets. */
static size_t next_of_probe(struct oriel_webrtc_session *session, uint64_t now_ns, uint8_t *datagram) {
  uint16_t sequence;
  size_t size = 0;
  if (session->probe.id && oriel_rtp_sender_recent(&session->video, session->probe.back++, &sequence))
    size = write_again(session, sequence, session->probe.id, now_ns, datagram);
  if (!size && session->probe.id)
    end_probe(session);
  return size;
}

static size_t next_paced(struct oriel_webrtc_session *session, uint64_t now_ns, uint8_t *datagram) {
  begin_probe(session, now_ns);
  if (oriel_pacer_next_ns(&session->pacer) > now_ns)
    return 0;
  session->full = session->feedback && !session->probe.id && !oriel_estimate_may_send(session->estimate, now_ns);
  if (session->full)
    return 0;
  size_t size = next_repeat(session, now_ns, datagram);
  if (!size)
    size = next_picture(session, now_ns, datagram);
  if (!size)
    size = next_of_probe(session, now_ns, datagram);
  if (!size)
    size = next_tail(session, now_ns, datagram);
  if (session->probe.id && size) {
    session->probe.left -= size < session->probe.left ? (uint32_t)size : session->probe.left;
    if (!session->probe.left)
      end_probe(session);
  }
  return size;
}

/* ---- reports ---- */

static void write_report(struct oriel_webrtc_session *session, struct oriel_rtp_sender *sender,
                         struct oriel_writer *writer, uint64_t now_ns) {
  struct oriel_rtcp_sender_report report;
  if (!sender->total)
    return;
  oriel_rtp_sender_report(sender, now_ns, &report);
  oriel_rtcp_write_sender_report(writer, &report, NULL, 0);
  oriel_rtcp_write_name(writer, report.ssrc, session->cname);
}

static size_t next_report(struct oriel_webrtc_session *session, uint64_t now_ns, uint8_t *datagram) {
  struct oriel_writer writer;
  if (now_ns < session->report_ns)
    return 0;
  session->report_ns = now_ns + SESSION_REPORT_NS;
  oriel_writer_init(&writer, datagram, ORIEL_WEBRTC_DATAGRAM_MAX - ORIEL_SRTCP_OVERHEAD_MAX);
  write_report(session, &session->video, &writer, now_ns);
  write_report(session, &session->audio, &writer, now_ns);
  const size_t size = oriel_writer_size(&writer);
  const int sent = size ? oriel_srtp_protect_rtcp(session->send, datagram, size, ORIEL_WEBRTC_DATAGRAM_MAX) : 0;
  return sent > 0 ? (size_t)sent : 0;
}

/* ---- all of it ---- */

static size_t next_answer(struct oriel_webrtc_session *session, uint8_t *datagram, struct oriel_webrtc_path *to) {
  if (!session->answer_count)
    return 0;
  const struct session_answer answer = session->answers[0];
  memmove(&session->answers[0], &session->answers[1], --session->answer_count * sizeof answer);
  memcpy(datagram, answer.data, answer.size);
  *to = answer.to;
  return answer.size;
}

/** For this reason, where any check came. */
static void end_unheard(struct oriel_webrtc_session *session, enum oriel_webrtc_cause cause, const char *reason) {
  if (session->ice.pairs.heard_ns)
    oriel_session_end(session, cause, reason);
  else
    oriel_session_end(session, ORIEL_WEBRTC_UNREACHED, "no check came");
}

static void tick_dtls(struct oriel_webrtc_session *session, uint64_t now_ns) {
  const uint64_t due_ns = oriel_dtls_deadline(session->dtls);
  if (!due_ns || now_ns < due_ns)
    return;
  oriel_dtls_tick(session->dtls, now_ns);
  if (oriel_dtls_state(session->dtls) == ORIEL_DTLS_FAILED)
    end_unheard(session, ORIEL_WEBRTC_REJECTED, oriel_dtls_reason(session->dtls));
}

static void tick(struct oriel_webrtc_session *session, uint64_t now_ns) {
  if (session->state == ORIEL_WEBRTC_ENDED)
    return;
  tick_dtls(session, now_ns);
  if (now_ns < session->tick_ns)
    return;
  session->tick_ns = now_ns + SESSION_TICK_NS;
  oriel_sctp_tick(now_ns);
  oriel_ice_tick(&session->ice, now_ns);
  if (oriel_ice_state(&session->ice, now_ns) == ORIEL_ICE_LOST)
    end_unheard(session, ORIEL_WEBRTC_LOST, "the client is not heard of any more");
  if (session->state != ORIEL_WEBRTC_OPEN)
    return;
  oriel_estimate_tick(session->estimate, now_ns);
  if (!session->probe.id)
    oriel_pacer_rate(&session->pacer, oriel_estimate_pacing_bps(session->estimate));
}

/** The client is somewhere else: what was learned is of another way, and what got lost on that says nothing of this. */
static void follow_move(struct oriel_webrtc_session *session, const struct oriel_webrtc_path *peer, uint64_t now_ns) {
  if (oriel_webrtc_path_equal(&session->way, peer))
    return;
  const bool moved = session->way.peer.size && session->state == ORIEL_WEBRTC_OPEN;
  session->way = *peer;
  if (!moved)
    return;
  session->probe = (struct session_probe){0};
  oriel_estimate_move(session->estimate, now_ns);
  oriel_pacer_rate(&session->pacer, oriel_estimate_pacing_bps(session->estimate));
}

/** Nobody seems to be there: pictures wait, and sound is gone. */
static size_t hold_media(struct oriel_webrtc_session *session) {
  session->full = true;
  while (session->sound_count)
    oriel_rtp_unit_unref(oriel_session_next_sound(session));
  return 0;
}

size_t oriel_webrtc_session_next(struct oriel_webrtc_session *session, uint64_t now_ns, uint8_t *datagram,
                                 struct oriel_webrtc_path *to) {
  tick(session, now_ns);
  size_t size = next_answer(session, datagram, to);
  const struct oriel_webrtc_path *peer = oriel_ice_peer(&session->ice);
  if (size || !peer)
    return size;
  *to = *peer;
  follow_move(session, peer, now_ns);
  size = oriel_dtls_send(session->dtls, datagram);
  if (size || session->state != ORIEL_WEBRTC_OPEN)
    return size;
  size = next_report(session, now_ns, datagram);
  if (size)
    return size;
  if (!oriel_ice_may_send(&session->ice, now_ns))
    return hold_media(session);
  size = next_sound(session, now_ns, datagram);
  if (!size)
    size = oriel_session_next_of_channels(session, now_ns, datagram);
  return size ? size : next_paced(session, now_ns, datagram);
}

/** Whether its channels have something to send, or to say. */
static bool has_channel_work(const struct oriel_webrtc_session *session, uint64_t now_ns) {
  if (!session->channels)
    return false;
  const bool may_send = oriel_ice_may_send(&session->ice, now_ns);
  return oriel_channels_has_event(session->channels) || (may_send && oriel_channels_has_packet(session->channels));
}

/** When something that keeps to the pace may leave; 0 = nothing waits. */
static uint64_t paced_due_ns(const struct oriel_webrtc_session *session) {
  const uint64_t pace_ns = oriel_pacer_next_ns(&session->pacer), tail_ns = oriel_repair_due_ns(&session->repair);
  if (session->picture_count || session->repeat_count || session->probe.id)
    return pace_ns ? pace_ns : 1;
  return tail_ns && tail_ns < pace_ns ? pace_ns : tail_ns;
}

uint64_t oriel_webrtc_session_due_ns(const struct oriel_webrtc_session *session, uint64_t now_ns) {
  if (session->state == ORIEL_WEBRTC_ENDED)
    return 0;
  uint64_t due_ns = session->tick_ns > now_ns ? session->tick_ns : now_ns;
  oriel_clock_bring_forward(&due_ns, oriel_dtls_deadline(session->dtls));
  if (session->state == ORIEL_WEBRTC_OPEN && has_channel_work(session, now_ns))
    return now_ns;
  if (session->state == ORIEL_WEBRTC_OPEN && !session->full) /* a full one goes on with feedback, or a tick */
    oriel_clock_bring_forward(&due_ns, paced_due_ns(session));
  return due_ns;
}
