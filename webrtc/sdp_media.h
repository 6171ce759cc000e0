/* SPDX-License-Identifier: MIT
 *
 * A section of an offer as it was understood. Thread-safety: values.
 */
#ifndef ORIEL_WEBRTC_SDP_MEDIA_H
#define ORIEL_WEBRTC_SDP_MEDIA_H

#include <stdbool.h>
#include <stdint.h>

#include "core/packet.h"
#include "webrtc/rtp.h"

enum oriel_sdp_kind { ORIEL_SDP_AUDIO, ORIEL_SDP_VIDEO, ORIEL_SDP_APPLICATION, ORIEL_SDP_OTHER };

/** A section (m= line) of an offer, and what was chosen of it. */
struct oriel_sdp_media {
  enum oriel_sdp_kind kind;
  char type[16], protocol[24], format[24]; /* of its m= line, as they came; the first format alone */
  char mid[ORIEL_RTP_MID_MAX + 1];         /* "" = none */
  bool bundle_only;                        /* port 0 refuses nothing: it has its group's (RFC 9143) */
  bool taken;                              /* it is answered with a stream, or channels; false: refused by port 0 */
  enum oriel_codec codec;                  /* video */
  uint8_t payload_type;                    /* of that, or of Opus */
  uint8_t repeat_type;                     /* of RTX for it; 0 = none */
  uint32_t profile;                        /* H.264: profile-level-id */
  bool nack, pli, fir, transport_cc, remb; /* feedback that both sides know */
  bool reduced;                            /* a=rtcp-rsize */
  struct oriel_rtp_extension_ids ids;
  uint16_t sctp_port; /* application: the client's; 0 = none was named */
  bool sctp_map;      /* it was named as drafts of RFC 8841 had it, a=sctpmap:PORT */
};

#endif
