/* SPDX-License-Identifier: MIT
 *
 * Transport-wide congestion control feedback, read (draft-holmer-rmcat-transport-wide-cc-extensions-01): which packets
 * of all streams arrived, and when by the receiver's clock. Private to webrtc/.
 *
 * Thread-safety: none; one owner. No allocation: statuses are given one by one.
 */
#ifndef ORIEL_WEBRTC_RTCP_TRANSPORT_H
#define ORIEL_WEBRTC_RTCP_TRANSPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/bytes.h"

struct oriel_rtcp_packet;

enum {
  ORIEL_RTCP_TRANSPORT_MAX = 2048, /* packets one feedback may speak of: a second of 20 Mbit/s */
};

struct oriel_rtcp_transport {
  uint16_t base;      /* number of the first packet */
  uint16_t count;     /* packets it speaks of, 1..ORIEL_RTCP_TRANSPORT_MAX */
  int32_t reference;  /* where its times start, units of 64 ms, 24 bits; wraps */
  uint8_t number;     /* of this feedback; wraps */
  /* Where oriel_rtcp_transport_next is. */
  uint16_t next, left;
  uint16_t chunk;       /* what is left of the present one, its next symbol first */
  uint16_t chunk_left;  /* symbols of it */
  uint8_t symbol_bits;  /* 0: all are `chunk` */
  int64_t time;         /* units of 250 us */
  struct oriel_reader chunks, deltas;
};

struct oriel_rtcp_arrival {
  uint16_t sequence;
  bool received;
  int64_t arrived_us; /* since the zero of `reference`; of a received one. May fall: packets overtake each other */
};

/** Reads only which packets it speaks of, as it says: `base` and `count`. 0; -EBADMSG: another kind, too short, no
 *  packets or too many. */
int oriel_rtcp_transport_read_head(struct oriel_rtcp_transport *transport, const struct oriel_rtcp_packet *packet);
/** Checks the whole of a packet of kind ORIEL_RTCP_TRANSPORT before anything of it is given. 0; -EBADMSG: no packets or
 *  too many, a reserved symbol, statuses or times that end early. */
int oriel_rtcp_transport_begin(struct oriel_rtcp_transport *transport, const struct oriel_rtcp_packet *packet);
/** The next packet's status, in the order of their numbers. False: that was the last. */
bool oriel_rtcp_transport_next(struct oriel_rtcp_transport *transport, struct oriel_rtcp_arrival *arrival);

#endif
