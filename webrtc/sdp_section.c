/* SPDX-License-Identifier: MIT
 *
 * One section of an offer: its formats, and the choice among them. Pure.
 */
#include "webrtc/sdp_section.h"

#include <stddef.h>
#include <string.h>

#include "core/number.h"

#define PROFILE_OF_RFC 0x42000au
#define WEBRTC_DATACHANNEL "webrtc-datachannel"

enum { PROFILE_HIGH = 0x64, PROFILE_MAIN = 0x4d, PROFILE_BASELINE = 0x42 };

static const struct {
  const char *uri;
  size_t at; /* in oriel_rtp_extension_ids */
} extensions[] = {
  {"urn:ietf:params:rtp-hdrext:sdes:mid", offsetof(struct oriel_rtp_extension_ids, mid)},
  {"http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
   offsetof(struct oriel_rtp_extension_ids, transport)},
  {"http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
   offsetof(struct oriel_rtp_extension_ids, playout)},
  {"http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
   offsetof(struct oriel_rtp_extension_ids, send_time)},
};

static const struct {
  const char *name;
  unsigned feedback;
} feedbacks[] = {
  {"nack", ORIEL_SDP_NACK}, {"nack pli", ORIEL_SDP_PLI},   {"ccm fir", ORIEL_SDP_FIR},
  {"transport-cc", ORIEL_SDP_TRANSPORT_CC}, {"goog-remb", ORIEL_SDP_REMB},
};

static enum oriel_sdp_kind kind_of(struct oriel_sdp_text type) {
  if (oriel_sdp_is(type, "audio"))
    return ORIEL_SDP_AUDIO;
  if (oriel_sdp_is(type, "video"))
    return ORIEL_SDP_VIDEO;
  return oriel_sdp_is(type, "application") ? ORIEL_SDP_APPLICATION : ORIEL_SDP_OTHER;
}

static bool take_type(struct oriel_sdp_text text, uint32_t *type) {
  return oriel_number_parse(text.at, text.size, 0, ORIEL_SDP_FORMATS - 1, type) == 0;
}

static void list_formats(struct oriel_sdp_section *section, struct oriel_sdp_text formats) {
  uint32_t type;
  while (formats.size) {
    if (take_type(oriel_sdp_take(&formats, ' '), &type))
      section->formats[type].listed = true;
  }
}

/** RTP with feedback under DTLS, by its two names; nothing else is sent. */
static bool is_secure_rtp(const char *protocol) {
  return strcmp(protocol, "UDP/TLS/RTP/SAVPF") == 0 || strcmp(protocol, "TCP/TLS/RTP/SAVPF") == 0;
}

const char *oriel_sdp_section_begin(struct oriel_sdp_section *section, struct oriel_sdp_text line,
                                    struct oriel_sdp_media *media) {
  uint32_t port;
  *section = (struct oriel_sdp_section){.media = media, .receives = true};
  for (unsigned i = 0; i < ORIEL_SDP_FORMATS; i++)
    section->formats[i] = (struct oriel_sdp_format){.profile = PROFILE_OF_RFC, .associated = -1};
  const struct oriel_sdp_text type = oriel_sdp_take(&line, ' '), ports = oriel_sdp_take(&line, ' '),
                              protocol = oriel_sdp_take(&line, ' ');
  struct oriel_sdp_text formats = line;
  *media = (struct oriel_sdp_media){.kind = kind_of(type)};
  if (!oriel_sdp_copy(type, media->type, sizeof media->type) ||
      oriel_number_parse(ports.at, ports.size, 0, 65535, &port) < 0 ||
      !oriel_sdp_copy(protocol, media->protocol, sizeof media->protocol) ||
      !oriel_sdp_copy(oriel_sdp_take(&line, ' '), media->format, sizeof media->format))
    return "an m= line is not of the form m=media port protocol formats";
  section->ported = port != 0;
  list_formats(section, formats);
  return NULL;
}

static const char *take_map(struct oriel_sdp_section *section, struct oriel_sdp_text line) {
  uint32_t type;
  if (!take_type(oriel_sdp_take(&line, ' '), &type))
    return "a=rtpmap names a payload type beyond 0..127";
  if (oriel_sdp_is_fold(line, "H264/90000"))
    section->formats[type].codec = ORIEL_SDP_H264;
  else if (oriel_sdp_is_fold(line, "VP8/90000"))
    section->formats[type].codec = ORIEL_SDP_VP8;
  else if (oriel_sdp_is_fold(line, "opus/48000/2"))
    section->formats[type].codec = ORIEL_SDP_OPUS;
  else if (oriel_sdp_is_fold(line, "rtx/90000") || oriel_sdp_is_fold(line, "rtx/48000"))
    section->formats[type].codec = ORIEL_SDP_RTX;
  return NULL;
}

static bool take_hexadecimal(struct oriel_sdp_text text, uint32_t *value) {
  uint32_t sum = 0;
  for (size_t i = 0; i < text.size; i++) {
    const char *digits = "0123456789abcdefABCDEF", *found = memchr(digits, text.at[i], 22);
    if (!found)
      return false;
    const uint32_t digit = (uint32_t)(found - digits);
    sum = sum * 16 + (digit < 16 ? digit : digit - 6);
  }
  *value = sum;
  return text.size == 6;
}

static const char *take_parameter(struct oriel_sdp_format *format, struct oriel_sdp_text parameter) {
  uint32_t type;
  while (oriel_sdp_skip(&parameter, " "))
    ;
  if (oriel_sdp_skip(&parameter, "packetization-mode=")) {
    format->fragments = oriel_sdp_is(parameter, "1");
  } else if (oriel_sdp_skip(&parameter, "profile-level-id=")) {
    if (!take_hexadecimal(parameter, &format->profile))
      return "a profile-level-id is not six hexadecimal digits";
  } else if (oriel_sdp_skip(&parameter, "apt=")) {
    if (!take_type(parameter, &type))
      return "an apt= names a payload type beyond 0..127";
    format->associated = (int)type;
  }
  return NULL;
}

static const char *take_parameters(struct oriel_sdp_section *section, struct oriel_sdp_text line) {
  uint32_t type;
  const char *fault = NULL;
  if (!take_type(oriel_sdp_take(&line, ' '), &type))
    return "a=fmtp names a payload type beyond 0..127";
  while (line.size && !fault)
    fault = take_parameter(&section->formats[type], oriel_sdp_take(&line, ';'));
  return fault;
}

static const char *take_feedback(struct oriel_sdp_section *section, struct oriel_sdp_text line) {
  const struct oriel_sdp_text target = oriel_sdp_take(&line, ' ');
  uint32_t type = 0;
  const bool all = oriel_sdp_is(target, "*");
  if (!all && !take_type(target, &type))
    return "a=rtcp-fb names a payload type beyond 0..127";
  for (size_t i = 0; i < sizeof feedbacks / sizeof *feedbacks; i++) {
    if (oriel_sdp_is(line, feedbacks[i].name))
      *(all ? &section->feedback : &section->formats[type].feedback) |= feedbacks[i].feedback;
  }
  return NULL;
}

/* Ids from 15 on take two-byte headers, which are not written here: such an extension is not taken up. */
static void take_extension(struct oriel_sdp_section *section, struct oriel_sdp_text line) {
  struct oriel_sdp_text number = oriel_sdp_take(&line, ' ');
  number = oriel_sdp_take(&number, '/');
  const struct oriel_sdp_text uri = oriel_sdp_take(&line, ' ');
  uint32_t id;
  if (oriel_number_parse(number.at, number.size, 1, 14, &id) < 0)
    return;
  for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++) {
    uint8_t *slot = (uint8_t *)&section->media->ids + extensions[i].at;
    if (*slot == 0 && oriel_sdp_is(uri, extensions[i].uri))
      *slot = (uint8_t)id;
  }
}

static const char *take_sctp_port(struct oriel_sdp_section *section, struct oriel_sdp_text line) {
  uint32_t port;
  if (oriel_number_parse(line.at, line.size, 1, UINT16_MAX, &port) < 0)
    return "an a=sctp-port is not 1..65535";
  section->media->sctp_port = (uint16_t)port;
  return NULL;
}

/* Drafts of RFC 8841: a=sctpmap:5000 webrtc-datachannel 1024 */
static const char *take_sctp_map(struct oriel_sdp_section *section, struct oriel_sdp_text line) {
  const struct oriel_sdp_text port = oriel_sdp_take(&line, ' ');
  if (!oriel_sdp_is(oriel_sdp_take(&line, ' '), WEBRTC_DATACHANNEL))
    return NULL;
  section->media->sctp_map = true;
  return take_sctp_port(section, port) ? "an a=sctpmap names a port beyond 1..65535" : NULL;
}

const char *oriel_sdp_section_attribute(struct oriel_sdp_section *section, struct oriel_sdp_text line) {
  if (oriel_sdp_skip(&line, "rtpmap:"))
    return take_map(section, line);
  if (oriel_sdp_skip(&line, "fmtp:"))
    return take_parameters(section, line);
  if (oriel_sdp_skip(&line, "rtcp-fb:"))
    return take_feedback(section, line);
  if (oriel_sdp_skip(&line, "sctp-port:"))
    return take_sctp_port(section, line);
  if (oriel_sdp_skip(&line, "sctpmap:"))
    return take_sctp_map(section, line);
  if (oriel_sdp_skip(&line, "extmap:"))
    take_extension(section, line);
  else if (oriel_sdp_skip(&line, "mid:"))
    return oriel_sdp_copy(line, section->media->mid, sizeof section->media->mid) ? NULL
                                                                                 : "an a=mid is not 1 to 16 letters";
  else if (oriel_sdp_is(line, "rtcp-mux"))
    section->muxed = true;
  else if (oriel_sdp_is(line, "bundle-only"))
    section->ported = section->media->bundle_only = true;
  else if (oriel_sdp_is(line, "rtcp-rsize"))
    section->media->reduced = true;
  else if (oriel_sdp_is(line, "sendonly") || oriel_sdp_is(line, "inactive"))
    section->receives = false;
  return NULL;
}

/** High above all, then what is nearest to it; 0: not sent. Any of them above VP8, which takes three times as long to
 *  code, and is coded for nobody else. */
static int rank_of(uint32_t profile) {
  switch (profile >> 16) {
  case PROFILE_HIGH:
    return 4;
  case PROFILE_MAIN:
    return 3;
  case PROFILE_BASELINE:
    return 2;
  default:
    return 0;
  }
}

static int rank(const struct oriel_sdp_section *section, unsigned type) {
  const struct oriel_sdp_format *format = &section->formats[type];
  if (!format->listed)
    return 0;
  if (section->media->kind == ORIEL_SDP_AUDIO)
    return format->codec == ORIEL_SDP_OPUS;
  if (format->codec == ORIEL_SDP_VP8)
    return 1;
  return format->codec == ORIEL_SDP_H264 && format->fragments ? rank_of(format->profile) : 0;
}

static int find_repeat(const struct oriel_sdp_section *section, unsigned type) {
  for (unsigned i = 0; i < ORIEL_SDP_FORMATS; i++) {
    const struct oriel_sdp_format *format = &section->formats[i];
    if (format->listed && format->codec == ORIEL_SDP_RTX && format->associated == (int)type)
      return (int)i;
  }
  return 0;
}

static int find_best(const struct oriel_sdp_section *section) {
  int best = -1, best_rank = 0;
  for (unsigned i = 0; i < ORIEL_SDP_FORMATS; i++) {
    const int its = rank(section, i);
    if (its > best_rank) {
      best = (int)i;
      best_rank = its;
    }
  }
  return best;
}

/** Data channels, as RFC 8841 writes them, and as its drafts did. */
static bool carries_channels(const struct oriel_sdp_section *section) {
  const struct oriel_sdp_media *media = section->media;
  if (media->kind != ORIEL_SDP_APPLICATION || !section->ported || !media->sctp_port)
    return false;
  if (media->sctp_map)
    return strcmp(media->protocol, "DTLS/SCTP") == 0;
  return (strcmp(media->protocol, "UDP/DTLS/SCTP") == 0 || strcmp(media->protocol, "TCP/DTLS/SCTP") == 0) &&
         strcmp(media->format, WEBRTC_DATACHANNEL) == 0;
}

void oriel_sdp_section_choose(struct oriel_sdp_section *section) {
  struct oriel_sdp_media *media = section->media;
  if (carries_channels(section)) {
    media->taken = true;
    return;
  }
  const bool carries = media->kind == ORIEL_SDP_AUDIO || media->kind == ORIEL_SDP_VIDEO;
  if (!carries || !section->ported || !section->receives || !section->muxed || !is_secure_rtp(media->protocol))
    return;
  const int best = find_best(section);
  if (best < 0)
    return;
  const struct oriel_sdp_format *format = &section->formats[best];
  const unsigned feedback = format->feedback | section->feedback;
  media->taken = true;
  media->codec = format->codec == ORIEL_SDP_VP8 ? ORIEL_CODEC_VP8 : ORIEL_CODEC_H264;
  media->payload_type = (uint8_t)best;
  media->profile = format->profile;
  media->nack = feedback & ORIEL_SDP_NACK;
  media->pli = feedback & ORIEL_SDP_PLI;
  media->fir = feedback & ORIEL_SDP_FIR;
  media->transport_cc = (feedback & ORIEL_SDP_TRANSPORT_CC) && media->ids.transport;
  media->remb = feedback & ORIEL_SDP_REMB;
  /* Sound is repeated too late to be heard, and has in-band redundancy. */
  if (media->kind == ORIEL_SDP_VIDEO && media->nack)
    media->repeat_type = (uint8_t)find_repeat(section, (unsigned)best);
}
