/* SPDX-License-Identifier: MIT
 *
 * The header of an RTP packet (RFC 3550, section 5.1), as senders of Opus put it in front of each packet (RFC 7587). A
 * parser only: no thread, no allocation.
 */
#ifndef ORIEL_WIRE_RTP_H
#define ORIEL_WIRE_RTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  ORIEL_RTP_HEADER_SIZE = 12,
  ORIEL_RTP_TYPE_DYNAMIC = 96, /* payload types from here to 127 mean what a session says, as Opus' do */
};

struct oriel_rtp_packet {
  bool marker;
  uint8_t type;            /* 0..127 */
  uint16_t sequence;       /* higher by one with each packet; wraps */
  uint32_t timestamp;      /* of Opus: frames at 48 kHz, whatever it was coded at; wraps */
  uint32_t ssrc;           /* who sends */
  const uint8_t *payload;  /* lent from the packet */
  size_t size;             /* of the payload, at least 1 */
};

/** 0; -EBADMSG: not version 2, cut short, or nothing but a header. */
int oriel_rtp_parse(const uint8_t *data, size_t size, struct oriel_rtp_packet *packet);
/** True for a packet of RTCP, which may share the port (RFC 5761, section 4). */
bool oriel_rtp_is_control(const uint8_t *data, size_t size);

#endif
