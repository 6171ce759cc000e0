/* SPDX-License-Identifier: MIT
 *
 * One section of an offer while it is read: what its formats are, and what of them is sent here. Pure.
 *
 * Thread-safety: none; one owner.
 */
#ifndef ORIEL_WEBRTC_SDP_SECTION_H
#define ORIEL_WEBRTC_SDP_SECTION_H

#include "webrtc/sdp_lines.h"
#include "webrtc/sdp_media.h"

enum { ORIEL_SDP_FORMATS = 128 };

enum oriel_sdp_codec { ORIEL_SDP_UNKNOWN, ORIEL_SDP_H264, ORIEL_SDP_VP8, ORIEL_SDP_OPUS, ORIEL_SDP_RTX };

enum { ORIEL_SDP_NACK = 1, ORIEL_SDP_PLI = 2, ORIEL_SDP_FIR = 4, ORIEL_SDP_TRANSPORT_CC = 8, ORIEL_SDP_REMB = 16 };

/** What a payload type is. */
struct oriel_sdp_format {
  enum oriel_sdp_codec codec;
  bool listed;      /* on the m= line */
  bool fragments;   /* H.264: packetization-mode=1 */
  uint32_t profile; /* H.264; without one 42000a, as RFC 6184 has it */
  int associated;   /* RTX: the payload type that it repeats; -1 = it does not say */
  unsigned feedback;
};

struct oriel_sdp_section {
  struct oriel_sdp_media *media; /* what it becomes; borrowed */
  bool ported, receives, muxed;  /* its port is not 0, or its group's; the client takes media; RTP and RTCP share a port */
  unsigned feedback;             /* for all payload types */
  struct oriel_sdp_format formats[ORIEL_SDP_FORMATS];
};

/** Begins with the value of an m= line. NULL, or a sentence. */
const char *oriel_sdp_section_begin(struct oriel_sdp_section *section, struct oriel_sdp_text line,
                                    struct oriel_sdp_media *media);
/** Takes the value of an a= line. NULL, or a sentence. */
const char *oriel_sdp_section_attribute(struct oriel_sdp_section *section, struct oriel_sdp_text line);
/** All its lines were read: chooses. Sets media->taken where something is sent to it. */
void oriel_sdp_section_choose(struct oriel_sdp_section *section);

#endif
