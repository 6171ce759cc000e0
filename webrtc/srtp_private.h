/* SPDX-License-Identifier: MIT
 *
 * One direction of SRTP, for the files that implement it. Caller's thread.
 */
#ifndef ORIEL_WEBRTC_SRTP_PRIVATE_H
#define ORIEL_WEBRTC_SRTP_PRIVATE_H

#include "webrtc/srtp_cipher.h"
#include "webrtc/srtp_stream.h"

struct oriel_srtp {
  struct srtp_cipher rtp, rtcp;
  struct srtp_streams rtp_streams, rtcp_streams;
  uint32_t rtcp_next; /* index of the next SRTCP packet that is sent: one row for all SSRCs */
};

#endif
