/* SPDX-License-Identifier: MIT
 *
 * A session's life, and what comes in. Network thread.
 */
#include "webrtc/session.h"

#include <errno.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "webrtc/session_channels.h"
#include "webrtc/session_control.h"
#include "webrtc/session_state.h"

/* RFC 7983: the first byte tells the protocols of one port apart. */
enum { STUN_LAST = 3, DTLS_FIRST = 20, DTLS_LAST = 63, RTP_FIRST = 128, RTP_LAST = 191 };

enum { PICTURES_PERCENT = 95 }; /* of the estimate; the rest is headers, sound and what is sent again */

/* ---- life ---- */

/** What nobody may foresee (RFC 3550, section 5.1). */
struct seeds {
  uint64_t id, cname;
  uint32_t ssrcs[3], timestamps[2];
  uint16_t sequences[4];
};

static bool make_seeds(struct seeds *seeds) {
  if (RAND_bytes((unsigned char *)seeds, sizeof *seeds) != 1)
    return false;
  seeds->id >>= 2; /* fits a signed number of 64 bits, as o= should */
  for (unsigned i = 0; i < 3; i++) /* three different ones, none 0 */
    seeds->ssrcs[i] = (seeds->ssrcs[i] & ~3u) | (i + 1);
  for (unsigned i = 0; i < 4; i++) /* who misses the first packets must not miss a wrap: SRTP would stay unreadable */
    seeds->sequences[i] &= 0x7fff;
  return true;
}

static int init_sender(struct oriel_rtp_sender *sender, const struct oriel_sdp_media *media,
                       const struct seeds *seeds) {
  const bool video = media->kind == ORIEL_SDP_VIDEO;
  struct oriel_rtp_sender_config config = {
    .ssrc = seeds->ssrcs[video ? 0 : 1],
    .rtx_ssrc = video ? seeds->ssrcs[2] : 0,
    .type = media->payload_type,
    .rtx_type = media->repeat_type,
    .clock_rate = video ? ORIEL_RTP_VIDEO_CLOCK : ORIEL_RTP_OPUS_CLOCK,
    .marks_end = video,
    .ids = media->ids,
    .first_sequence = seeds->sequences[video ? 0 : 1],
    .first_rtx_sequence = seeds->sequences[video ? 2 : 3],
    .first_timestamp = seeds->timestamps[video],
  };
  if (!media->transport_cc)
    config.ids.transport = 0;
  memcpy(config.mid, media->mid, sizeof config.mid);
  return oriel_rtp_sender_init(sender, &config);
}

static int init_senders(struct oriel_webrtc_session *session, const struct seeds *seeds) {
  const struct oriel_sdp_offer *offer = &session->offer;
  int status = 0;
  if (offer->video >= 0) {
    status = init_sender(&session->video, &offer->media[offer->video], seeds);
    session->feedback = offer->media[offer->video].transport_cc;
  }
  if (status == 0 && offer->audio >= 0)
    status = init_sender(&session->audio, &offer->media[offer->audio], seeds);
  return status;
}

int oriel_webrtc_session_create(const struct oriel_webrtc_session_config *config, uint64_t now_ns,
                                struct oriel_webrtc_session **out) {
  struct seeds seeds;
  if (!make_seeds(&seeds))
    return -EIO;
  struct oriel_webrtc_session *session = calloc(1, sizeof *session);
  if (!session)
    return -ENOMEM;
  *session = (struct oriel_webrtc_session){.feed = config->feed, .identity = config->identity,
                                           .offer = *config->offer, .labels = config->labels, .id = seeds.id,
                                           .reason = "", .tick_ns = now_ns, .report_ns = now_ns};
  snprintf(session->cname, sizeof session->cname, "%016llx", (unsigned long long)seeds.cname);
  oriel_pacer_init(&session->pacer, SESSION_START_BPS, now_ns);
  if (!session->labels)
    oriel_sdp_refuse_application(&session->offer);
  const struct oriel_sdp_offer *offer = &session->offer;
  int status = oriel_ice_init(&session->ice, offer->ufrag, strlen(offer->ufrag), now_ns);
  if (status == 0)
    status = init_senders(session, &seeds);
  if (status == 0) {
    session->estimate = oriel_estimate_create(SESSION_START_BPS, now_ns);
    session->dtls = oriel_dtls_create(config->identity, &offer->fingerprint, oriel_session_take_record, session,
                                      now_ns);
    status = session->estimate && session->dtls ? 0 : -ENOMEM;
  }
  if (status < 0) {
    oriel_webrtc_session_destroy(session);
    return status;
  }
  *out = session;
  return 0;
}

void oriel_webrtc_session_destroy(struct oriel_webrtc_session *session) {
  if (!session)
    return;
  oriel_session_end(session, ORIEL_WEBRTC_CLOSED, "");
  oriel_rtp_sender_finish(&session->video);
  oriel_rtp_sender_finish(&session->audio);
  oriel_srtp_destroy(session->send);
  oriel_srtp_destroy(session->receive);
  oriel_channels_destroy(session->channels);
  oriel_dtls_destroy(session->dtls);
  oriel_estimate_destroy(session->estimate);
  explicit_bzero(session, sizeof *session);
  free(session);
}

void oriel_webrtc_session_close(struct oriel_webrtc_session *session) {
  if (session->state == ORIEL_WEBRTC_OPEN)
    oriel_dtls_close(session->dtls);
  oriel_session_end(session, ORIEL_WEBRTC_CLOSED, "it was closed");
}

/* ---- its descriptions ---- */

const char *oriel_webrtc_session_ufrag(const struct oriel_webrtc_session *session) {
  return session->ice.current.ufrag;
}

const char *oriel_webrtc_session_ufrag_before(const struct oriel_webrtc_session *session) {
  return session->ice.previous.ufrag;
}

const char *oriel_webrtc_session_peer_ufrag(const struct oriel_webrtc_session *session) {
  return session->ice.current.peer_ufrag;
}

static struct oriel_sdp_answer describe(const struct oriel_webrtc_session *session,
                                        const struct oriel_webrtc_address *candidates, unsigned count) {
  return (struct oriel_sdp_answer){
    .offer = &session->offer,
    .id = session->id,
    .ufrag = session->ice.current.ufrag,
    .password = session->ice.current.password,
    .fingerprint = oriel_dtls_identity_fingerprint(session->identity),
    .video = {session->video.config.ssrc, session->video.config.rtx_ssrc},
    .audio = {session->audio.config.ssrc, 0},
    .cname = session->cname,
    .candidates = candidates,
    .candidate_count = count,
  };
}

size_t oriel_webrtc_session_answer(const struct oriel_webrtc_session *session,
                                   const struct oriel_webrtc_address *candidates, unsigned count, char *text,
                                   size_t size) {
  const struct oriel_sdp_answer answer = describe(session, candidates, count);
  return oriel_sdp_write_answer(&answer, text, size);
}

size_t oriel_webrtc_session_restart(struct oriel_webrtc_session *session, const struct oriel_sdp_fragment *fragment,
                                    const struct oriel_webrtc_address *candidates, unsigned count, char *text,
                                    size_t size) {
  if (!fragment->password[0] || oriel_ice_restart(&session->ice, fragment->ufrag, strlen(fragment->ufrag)) < 0)
    return 0;
  const struct oriel_sdp_answer answer = describe(session, candidates, count);
  return oriel_sdp_write_fragment(&answer, text, size);
}

/* ---- what comes in ---- */

static bool take_check(struct oriel_webrtc_session *session, const struct oriel_webrtc_path *from,
                       const uint8_t *data, size_t size, uint64_t now_ns) {
  struct oriel_stun_message message;
  uint8_t answer[ORIEL_ICE_ANSWER_MAX];
  const bool sound = oriel_stun_parse(data, size, &message) == 0;
  const int written = sound ? oriel_ice_check(&session->ice, &message, from, now_ns, answer) : -EBADMSG;
  session->checks_refused += written < 0;
  if (written > 0 && session->answer_count < SESSION_ANSWERS) { /* without one the peer asks again */
    struct session_answer *slot = &session->answers[session->answer_count++];
    *slot = (struct session_answer){.to = *from, .size = (size_t)written};
    memcpy(slot->data, answer, slot->size);
  }
  return written > 0 && oriel_ice_valid(&session->ice, &from->peer);
}

/** Both directions' keys are there. */
static void open_streams(struct oriel_webrtc_session *session, uint64_t now_ns) {
  struct oriel_srtp_keys keys;
  if (oriel_dtls_keys(session->dtls, &keys) == 0) {
    session->send = oriel_srtp_create(keys.profile, &keys.server);
    session->receive = oriel_srtp_create(keys.profile, &keys.client);
    explicit_bzero(&keys, sizeof keys);
  }
  if (!session->send || !session->receive) {
    oriel_session_end(session, ORIEL_WEBRTC_REJECTED, "no keys could be made for its streams");
    return;
  }
  session->state = ORIEL_WEBRTC_OPEN;
  oriel_session_begin_channels(session, now_ns);
}

static void follow_dtls(struct oriel_webrtc_session *session, uint64_t now_ns) {
  const enum oriel_dtls_state state = oriel_dtls_state(session->dtls);
  if (state == ORIEL_DTLS_CONNECTED && session->state == ORIEL_WEBRTC_WAITING)
    open_streams(session, now_ns);
  else if (state == ORIEL_DTLS_CLOSED)
    oriel_session_end(session, ORIEL_WEBRTC_CLOSED, "the client ended it");
  else if (state == ORIEL_DTLS_FAILED)
    oriel_session_end(session, ORIEL_WEBRTC_REJECTED, oriel_dtls_reason(session->dtls));
}

static void take_dtls(struct oriel_webrtc_session *session, const uint8_t *data, size_t size, uint64_t now_ns) {
  session->received_ns = now_ns;
  (void)oriel_dtls_receive(session->dtls, data, size, now_ns);
  follow_dtls(session, now_ns);
}

static void take_rtp(struct oriel_webrtc_session *session, const struct oriel_webrtc_path *from, uint8_t *data,
                     size_t size, uint64_t now_ns) {
  if (!session->receive || !oriel_rtp_is_rtcp(data, size))
    return; /* nothing comes in but reports */
  const int plain = oriel_srtp_unprotect_rtcp(session->receive, data, size);
  if (plain < 0) {
    session->forged++;
    return;
  }
  oriel_ice_heard(&session->ice, from, now_ns);
  oriel_session_control(session, data, (size_t)plain, now_ns);
}

bool oriel_webrtc_session_receive(struct oriel_webrtc_session *session, const struct oriel_webrtc_path *from,
                                  uint8_t *data, size_t size, uint64_t now_ns) {
  if (session->state == ORIEL_WEBRTC_ENDED || size == 0 || size > ORIEL_WEBRTC_DATAGRAM_MAX)
    return false;
  if (data[0] <= STUN_LAST)
    return take_check(session, from, data, size, now_ns);
  if (!oriel_ice_valid(&session->ice, &from->peer))
    return false;
  if (data[0] >= DTLS_FIRST && data[0] <= DTLS_LAST)
    take_dtls(session, data, size, now_ns);
  else if (data[0] >= RTP_FIRST && data[0] <= RTP_LAST)
    take_rtp(session, from, data, size, now_ns);
  return false;
}

uint64_t oriel_webrtc_session_heard_ns(const struct oriel_webrtc_session *session,
                                       const struct oriel_webrtc_address *from) {
  return oriel_ice_heard_ns(&session->ice, from);
}

/* ---- what it is asked ---- */

enum oriel_webrtc_state oriel_webrtc_session_state(const struct oriel_webrtc_session *session) {
  return session->state;
}

const char *oriel_webrtc_session_reason(const struct oriel_webrtc_session *session) {
  return session->reason;
}

bool oriel_webrtc_session_has_video(const struct oriel_webrtc_session *session) {
  return session->offer.video >= 0;
}

enum oriel_codec oriel_webrtc_session_codec(const struct oriel_webrtc_session *session) {
  return session->offer.video >= 0 ? session->offer.media[session->offer.video].codec : ORIEL_CODEC_H264;
}

bool oriel_webrtc_session_has_audio(const struct oriel_webrtc_session *session) {
  return session->offer.audio >= 0;
}

uint32_t oriel_webrtc_session_picture_time(const struct oriel_webrtc_session *session) {
  return session->picture_time;
}

bool oriel_webrtc_session_take_key_request(struct oriel_webrtc_session *session) {
  const bool requested = session->key_requested;
  session->key_requested = false;
  return requested;
}

bool oriel_webrtc_session_take_sent(struct oriel_webrtc_session *session, uint32_t *sequence, uint64_t *left_ns) {
  if (!session->picture_left)
    return false;
  session->picture_left = false;
  *sequence = session->left_sequence;
  *left_ns = session->left_ns;
  return true;
}

bool oriel_webrtc_session_has_channels(const struct oriel_webrtc_session *session) {
  return session->offer.application >= 0;
}

bool oriel_webrtc_session_take_event(struct oriel_webrtc_session *session, struct oriel_channel_event *event) {
  return session->state == ORIEL_WEBRTC_OPEN && session->channels && oriel_channels_take(session->channels, event);
}

int oriel_webrtc_session_say(struct oriel_webrtc_session *session, unsigned channel, const char *text, size_t size) {
  if (session->state != ORIEL_WEBRTC_OPEN || !session->channels)
    return -ENOTCONN;
  return oriel_channels_say(session->channels, channel, text, size);
}

uint32_t oriel_webrtc_session_carries_kbps(const struct oriel_webrtc_session *session) {
  if (!session->told)
    return 0;
  return (uint32_t)(oriel_estimate_bps(session->estimate) * PICTURES_PERCENT / 100 / 1000);
}

enum oriel_webrtc_cause oriel_webrtc_session_cause(const struct oriel_webrtc_session *session) {
  return session->cause;
}

void oriel_webrtc_session_stats(const struct oriel_webrtc_session *session, struct oriel_webrtc_stats *stats) {
  *stats = (struct oriel_webrtc_stats){
    .round_trip_ns = session->round_trip_ns,
    .queue_ns = oriel_estimate_queue_ns(session->estimate),
    .bps = oriel_estimate_bps(session->estimate),
    .packets = session->packets,
    .bytes = session->bytes,
    .repeated = session->video.resent,
    .missed = session->missed,
    .key_requests = session->key_requests,
    .forged = session->forged,
    .checks_refused = session->checks_refused,
  };
}
