/* SPDX-License-Identifier: MIT
 *
 * Which packets of an SSRC were there: the 48-bit index behind 16-bit sequence numbers, and the replay window (RFC 3711
 * sections 3.3.1 and 3.3.2). Thread-safety: none; one owner.
 */
#ifndef ORIEL_WEBRTC_SRTP_STREAM_H
#define ORIEL_WEBRTC_SRTP_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "webrtc/srtp_keys.h"

enum { SRTP_WINDOW = 64 };

struct srtp_stream {
  uint32_t ssrc;
  bool used;
  uint64_t newest; /* index */
  uint64_t seen;   /* bit n: index newest - n */
};

struct srtp_streams {
  struct srtp_stream streams[ORIEL_SRTP_STREAMS_MAX];
};

/** A packet's place, before it is known to be authentic. */
struct srtp_place {
  struct srtp_stream *stream; /* NULL: there is no room for this SSRC */
  uint32_t ssrc;
  uint64_t index;
};

/** Finds a packet by its 16-bit number, as the nearest to the newest. 0; -EALREADY: seen, or too old. */
int oriel_srtp_place_rtp(struct srtp_streams *streams, uint32_t ssrc, uint16_t sequence, struct srtp_place *place);
/** Finds a packet that says its index itself. */
int oriel_srtp_place_rtcp(struct srtp_streams *streams, uint32_t ssrc, uint32_t index, struct srtp_place *place);
/** The packet was authentic, or was sent: it is seen from now on. `place` is newer than any other taken. */
void oriel_srtp_place_take(const struct srtp_place *place);

#endif
