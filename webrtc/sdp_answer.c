/* SPDX-License-Identifier: MIT
 *
 * The writer of answers. Pure.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "webrtc/sctp.h"
#include "webrtc/sdp.h"

struct output {
  char *text;
  size_t size, used;
  bool failed;
};

static void say(struct output *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct output *out, const char *format, ...) {
  va_list arguments;
  if (out->failed)
    return;
  va_start(arguments, format);
  const int size = vsnprintf(out->text + out->used, out->size - out->used, format, arguments);
  va_end(arguments);
  if (size < 0 || (size_t)size >= out->size - out->used)
    out->failed = true;
  else
    out->used += (size_t)size;
}

static void say_candidates(struct output *out, const struct oriel_sdp_answer *answer) {
  char candidate[ORIEL_ICE_CANDIDATE_MAX];
  for (unsigned i = 0; i < answer->candidate_count; i++) {
    if (oriel_ice_candidate(&answer->candidates[i], i, candidate))
      say(out, "a=%s\r\n", candidate);
  }
  say(out, "a=end-of-candidates\r\n");
}

static void say_transport(struct output *out, const struct oriel_sdp_answer *answer) {
  say(out, "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\na=fingerprint:%s\r\na=setup:passive\r\n", answer->ufrag,
      answer->password, answer->fingerprint);
}

static void say_feedback(struct output *out, const struct oriel_sdp_media *media) {
  const struct {
    bool is;
    const char *name;
  } names[] = {{media->nack, "nack"}, {media->pli, "nack pli"}, {media->fir, "ccm fir"},
               {media->transport_cc, "transport-cc"}, {media->remb && !media->transport_cc, "goog-remb"}};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (names[i].is)
      say(out, "a=rtcp-fb:%u %s\r\n", media->payload_type, names[i].name);
  }
}

static void say_extensions(struct output *out, const struct oriel_sdp_media *media) {
  const struct {
    uint8_t id;
    const char *uri;
  } ids[] = {
    {media->ids.mid, "urn:ietf:params:rtp-hdrext:sdes:mid"},
    {media->ids.transport, "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"},
    {media->ids.playout, "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"},
    {media->ids.send_time, "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"},
  };
  for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
    if (ids[i].id)
      say(out, "a=extmap:%u %s\r\n", ids[i].id, ids[i].uri);
  }
}

static void say_video(struct output *out, const struct oriel_sdp_media *media) {
  if (media->codec == ORIEL_CODEC_VP8)
    say(out, "a=rtpmap:%u VP8/90000\r\n", media->payload_type);
  else
    say(out, "a=rtpmap:%u H264/90000\r\na=fmtp:%u level-asymmetry-allowed=1;packetization-mode=1;"
             "profile-level-id=%06" PRIx32 "\r\n", media->payload_type, media->payload_type, media->profile);
  if (media->repeat_type)
    say(out, "a=rtpmap:%u rtx/90000\r\na=fmtp:%u apt=%u\r\n", media->repeat_type, media->repeat_type,
        media->payload_type);
}

static void say_audio(struct output *out, const struct oriel_sdp_media *media) {
  say(out, "a=rtpmap:%u opus/48000/2\r\na=fmtp:%u stereo=1;sprop-stereo=1;useinbandfec=1\r\n", media->payload_type,
      media->payload_type);
}

/* One stream id for both: a client may show the streams of its first track alone. */
static void say_sources(struct output *out, const struct oriel_sdp_answer *answer, const struct oriel_sdp_media *media,
                        const struct oriel_sdp_stream *stream) {
  say(out, "a=msid:oriel %s\r\n", media->type);
  if (media->repeat_type)
    say(out, "a=ssrc-group:FID %" PRIu32 " %" PRIu32 "\r\n", stream->ssrc, stream->repeat_ssrc);
  say(out, "a=ssrc:%" PRIu32 " cname:%s\r\n", stream->ssrc, answer->cname);
  if (media->repeat_type)
    say(out, "a=ssrc:%" PRIu32 " cname:%s\r\n", stream->repeat_ssrc, answer->cname);
}

/* webrtcbin takes no answer of which a section, refused or not, is without a fingerprint and what goes with it. */
static void say_refused(struct output *out, const struct oriel_sdp_answer *answer,
                        const struct oriel_sdp_media *media) {
  say(out, "m=%s 0 %s %s\r\nc=IN IP4 0.0.0.0\r\na=inactive\r\n", media->type, media->protocol, media->format);
  if (media->mid[0])
    say(out, "a=mid:%s\r\n", media->mid);
  say_transport(out, answer);
}

/** In the form of the offer. */
static void say_channels(struct output *out, const struct oriel_sdp_answer *answer,
                         const struct oriel_sdp_media *media) {
  if (media->sctp_map)
    say(out, "m=%s 9 %s %d\r\n", media->type, media->protocol, ORIEL_SCTP_PORT);
  else
    say(out, "m=%s 9 %s %s\r\n", media->type, media->protocol, media->format);
  say(out, "c=IN IP4 0.0.0.0\r\na=mid:%s\r\n", media->mid);
  say_transport(out, answer);
  if (media->sctp_map)
    say(out, "a=sctpmap:%d webrtc-datachannel %d\r\n", ORIEL_SCTP_PORT, ORIEL_SCTP_STREAMS);
  else
    say(out, "a=sctp-port:%d\r\n", ORIEL_SCTP_PORT);
  say(out, "a=max-message-size:%d\r\n", ORIEL_SCTP_MESSAGE_MAX);
}

static void say_stream(struct output *out, const struct oriel_sdp_answer *answer,
                       const struct oriel_sdp_media *media) {
  const bool video = media->kind == ORIEL_SDP_VIDEO;
  say(out, "m=%s 9 %s %u", media->type, media->protocol, media->payload_type);
  if (media->repeat_type)
    say(out, " %u", media->repeat_type);
  say(out, "\r\nc=IN IP4 0.0.0.0\r\n");
  if (media->mid[0])
    say(out, "a=mid:%s\r\n", media->mid);
  say(out, "a=sendonly\r\na=rtcp-mux\r\n");
  if (media->reduced)
    say(out, "a=rtcp-rsize\r\n");
  say_transport(out, answer);
  (video ? say_video : say_audio)(out, media);
  say_feedback(out, media);
  say_extensions(out, media);
  say_sources(out, answer, media, video ? &answer->video : &answer->audio);
}

static void say_media(struct output *out, const struct oriel_sdp_answer *answer, unsigned at, bool first) {
  const struct oriel_sdp_media *media = &answer->offer->media[at];
  if (!media->taken) {
    say_refused(out, answer, media);
    return;
  }
  (media->kind == ORIEL_SDP_APPLICATION ? say_channels : say_stream)(out, answer, media);
  if (first)
    say_candidates(out, answer);
}

static void say_group(struct output *out, const struct oriel_sdp_offer *offer) {
  if (!offer->bundled)
    return;
  say(out, "a=group:BUNDLE");
  for (unsigned i = 0; i < offer->media_count; i++) {
    if (offer->media[i].taken)
      say(out, " %s", offer->media[i].mid);
  }
  say(out, "\r\n");
}

static size_t finish(const struct output *out) {
  return out->failed ? 0 : out->used;
}

size_t oriel_sdp_write_answer(const struct oriel_sdp_answer *answer, char *text, size_t size) {
  struct output out = {.text = text, .size = size};
  const struct oriel_sdp_offer *offer = answer->offer;
  bool first = true;
  say(&out, "v=0\r\no=- %" PRIu64 " 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=ice-lite\r\n", answer->id);
  say_group(&out, offer);
  say(&out, "a=msid-semantic:WMS oriel\r\n");
  for (unsigned i = 0; i < offer->media_count; i++) {
    say_media(&out, answer, i, first);
    first = first && !offer->media[i].taken;
  }
  return finish(&out);
}

size_t oriel_sdp_write_fragment(const struct oriel_sdp_answer *answer, char *text, size_t size) {
  struct output out = {.text = text, .size = size};
  const struct oriel_sdp_offer *offer = answer->offer;
  const struct oriel_sdp_media *media = &offer->media[offer->video >= 0 ? offer->video : offer->audio];
  say(&out, "a=ice-lite\r\na=ice-ufrag:%s\r\na=ice-pwd:%s\r\nm=%s 9 %s %u\r\n", answer->ufrag, answer->password,
      media->type, media->protocol, media->payload_type);
  if (media->mid[0])
    say(&out, "a=mid:%s\r\n", media->mid);
  say_candidates(&out, answer);
  return finish(&out);
}
