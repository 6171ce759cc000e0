/* SPDX-License-Identifier: MIT
 *
 * The parser of offers, and of fragments that trickle. Pure.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "webrtc/sdp.h"
#include "webrtc/sdp_section.h"

struct parser {
  struct oriel_sdp_lines lines;
  struct oriel_sdp_offer *offer;
  struct oriel_sdp_section section;
  struct oriel_sdp_text group; /* of BUNDLE, mids with blanks between */
  unsigned candidates;         /* of this section */
  bool fingerprinted, passive, version;
};

static enum oriel_sdp_fault refuse(char *why, enum oriel_sdp_fault fault, const char *sentence) {
  snprintf(why, ORIEL_SDP_WHY_MAX, "%s", sentence);
  return fault;
}

/** The first counts: in a bundle all are the same. */
static const char *take_credential(struct oriel_sdp_text value, char *copy, size_t size,
                                   bool (*valid)(const char *text, size_t size)) {
  if (*copy)
    return NULL;
  return valid(value.at, value.size) && oriel_sdp_copy(value, copy, size)
           ? NULL
           : "an a=ice-ufrag or a=ice-pwd is not of the length or letters that RFC 8839 asks for";
}

/** The first of a kind that proves something; in a bundle all are the same. */
static const char *take_fingerprint(struct parser *parser, struct oriel_sdp_text line) {
  if (parser->fingerprinted)
    return NULL;
  const int status = oriel_dtls_fingerprint_parse(line.at, line.size, &parser->offer->fingerprint);
  parser->fingerprinted = status == 0;
  return status == -EINVAL ? "an a=fingerprint is not a hash's name and its pairs of digits with colons between" : NULL;
}

static const char *count_candidate(unsigned *candidates) {
  return ++*candidates > ORIEL_SDP_CANDIDATES_MAX ? "there are more than 20 candidates" : NULL;
}

static const char *take_attribute(struct parser *parser, struct oriel_sdp_text line) {
  struct oriel_sdp_offer *offer = parser->offer;
  struct oriel_sdp_text whole = line;
  if (oriel_sdp_skip(&line, "ice-ufrag:"))
    return take_credential(line, offer->ufrag, sizeof offer->ufrag, oriel_ice_ufrag_valid);
  if (oriel_sdp_skip(&line, "ice-pwd:"))
    return take_credential(line, offer->password, sizeof offer->password, oriel_ice_password_valid);
  if (oriel_sdp_skip(&line, "fingerprint:"))
    return take_fingerprint(parser, line);
  if (oriel_sdp_skip(&line, "candidate:"))
    return count_candidate(&parser->candidates);
  if (oriel_sdp_is(line, "setup:passive") || oriel_sdp_is(line, "setup:holdconn"))
    parser->passive = true;
  if (oriel_sdp_skip(&line, "group:BUNDLE ") && offer->media_count == 0)
    parser->group = line;
  return offer->media_count ? oriel_sdp_section_attribute(&parser->section, whole) : NULL;
}

static const char *take_media(struct parser *parser, struct oriel_sdp_text line) {
  struct oriel_sdp_offer *offer = parser->offer;
  if (offer->media_count)
    oriel_sdp_section_choose(&parser->section);
  if (offer->media_count == ORIEL_SDP_MEDIA_MAX)
    return "it has more than 16 m= lines; offer one for the picture and one for the sound";
  parser->candidates = 0;
  return oriel_sdp_section_begin(&parser->section, line, &offer->media[offer->media_count++]);
}

static bool group_has(struct oriel_sdp_text group, const char *mid) {
  while (group.size) {
    if (oriel_sdp_is(oriel_sdp_take(&group, ' '), mid))
      return true;
  }
  return false;
}

static int *slot_of(struct oriel_sdp_offer *offer, const struct oriel_sdp_media *media) {
  if (media->kind == ORIEL_SDP_APPLICATION)
    return &offer->application;
  return media->kind == ORIEL_SDP_VIDEO ? &offer->video : &offer->audio;
}

/** One picture, one sound, and data channels, in one bundle; without a bundle one of the first two. */
static void choose(struct parser *parser) {
  struct oriel_sdp_offer *offer = parser->offer;
  offer->bundled = parser->group.size > 0;
  offer->video = offer->audio = offer->application = -1;
  for (unsigned i = 0; i < offer->media_count; i++) {
    struct oriel_sdp_media *media = &offer->media[i];
    int *slot = slot_of(offer, media);
    const bool alone = !media->bundle_only && offer->video < 0 && offer->audio < 0 &&
                       media->kind != ORIEL_SDP_APPLICATION;
    const bool reached = offer->bundled ? group_has(parser->group, media->mid) : alone;
    media->taken = media->taken && *slot < 0 && reached;
    if (media->taken)
      *slot = (int)i;
  }
}

static bool offers_video(const struct oriel_sdp_offer *offer) {
  for (unsigned i = 0; i < offer->media_count; i++) {
    if (offer->media[i].kind == ORIEL_SDP_VIDEO)
      return true;
  }
  return false;
}

static enum oriel_sdp_fault judge(const struct parser *parser, char *why) {
  const struct oriel_sdp_offer *offer = parser->offer;
  if (!offer->media_count)
    return refuse(why, ORIEL_SDP_MALFORMED, "the offer has no m= line");
  if (!offer->ufrag[0] || !offer->password[0])
    return refuse(why, ORIEL_SDP_UNFIT, "the offer has no a=ice-ufrag and a=ice-pwd; this server needs ICE");
  if (!parser->fingerprinted)
    return refuse(why, ORIEL_SDP_UNFIT, "the offer has no a=fingerprint by SHA-256 or better; this server needs DTLS");
  if (parser->passive)
    return refuse(why, ORIEL_SDP_UNFIT, "the offer says a=setup:passive, which this server is; offer actpass");
  if (offer->video < 0 && offers_video(offer))
    return refuse(why, ORIEL_SDP_UNFIT,
                  "no video of the offer fits: this server sends H.264 with packetization-mode=1, or VP8, to recvonly "
                  "or sendrecv with a=rtcp-mux");
  if (offer->video < 0 && offer->audio < 0)
    return refuse(why, ORIEL_SDP_UNFIT, "nothing of the offer fits: this server sends H.264, VP8 and Opus");
  return ORIEL_SDP_FINE;
}

static const char *take_line(struct parser *parser, char letter, struct oriel_sdp_text value) {
  if (!parser->version) {
    parser->version = letter == 'v' && oriel_sdp_is(value, "0");
    return parser->version ? NULL : "it does not begin with v=0";
  }
  if (letter == 'm')
    return take_media(parser, value);
  return letter == 'a' ? take_attribute(parser, value) : NULL;
}

static enum oriel_sdp_fault malformed(char *why, const char *what, const char *fault) {
  snprintf(why, ORIEL_SDP_WHY_MAX, "the %s is malformed: %s", what, fault);
  return ORIEL_SDP_MALFORMED;
}

enum oriel_sdp_fault oriel_sdp_parse_offer(const char *text, size_t size, struct oriel_sdp_offer *offer, char *why) {
  struct parser parser = {.lines = {.rest = {text, size}}, .offer = offer};
  struct oriel_sdp_text value;
  const char *fault = size > ORIEL_SDP_MAX ? "it is larger than 32 KiB" : NULL;
  *offer = (struct oriel_sdp_offer){.video = -1, .audio = -1, .application = -1};
  why[0] = '\0';
  for (char letter; !fault && (letter = oriel_sdp_lines_next(&parser.lines, &value)) != '\0';)
    fault = take_line(&parser, letter, value);
  if (!fault)
    fault = parser.lines.fault;
  if (!fault && !parser.version)
    fault = "it is empty";
  if (fault)
    return malformed(why, "offer", fault);
  if (offer->media_count)
    oriel_sdp_section_choose(&parser.section);
  choose(&parser);
  return judge(&parser, why);
}

void oriel_sdp_refuse_application(struct oriel_sdp_offer *offer) {
  if (offer->application >= 0)
    offer->media[offer->application].taken = false;
  offer->application = -1;
}

static const char *take_fragment_line(struct oriel_sdp_fragment *fragment, char letter, struct oriel_sdp_text line) {
  if (letter != 'a')
    return NULL;
  if (oriel_sdp_skip(&line, "ice-ufrag:"))
    return take_credential(line, fragment->ufrag, sizeof fragment->ufrag, oriel_ice_ufrag_valid);
  if (oriel_sdp_skip(&line, "ice-pwd:"))
    return take_credential(line, fragment->password, sizeof fragment->password, oriel_ice_password_valid);
  if (oriel_sdp_skip(&line, "candidate:"))
    return count_candidate(&fragment->candidates);
  fragment->last |= oriel_sdp_is(line, "end-of-candidates");
  return NULL;
}

enum oriel_sdp_fault oriel_sdp_parse_fragment(const char *text, size_t size, struct oriel_sdp_fragment *fragment,
                                              char *why) {
  struct oriel_sdp_lines lines = {.rest = {text, size}};
  struct oriel_sdp_text value;
  const char *fault = size == 0 ? "it is empty" : size > ORIEL_SDP_MAX ? "it is larger than 32 KiB" : NULL;
  *fragment = (struct oriel_sdp_fragment){0};
  why[0] = '\0';
  for (char letter; !fault && (letter = oriel_sdp_lines_next(&lines, &value)) != '\0';)
    fault = take_fragment_line(fragment, letter, value);
  if (!fault)
    fault = lines.fault;
  return fault ? malformed(why, "fragment", fault) : ORIEL_SDP_FINE;
}
