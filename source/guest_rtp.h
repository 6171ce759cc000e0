/* SPDX-License-Identifier: MIT
 *
 * Whether what a sender of Opus sends is RTP (RFC 3550, 7587), and what its headers say. A bare Opus packet of a narrow
 * band may begin as RTP does, so that a header alone proves little: two that go on from each other do. Pure; whoever
 * owns the values has the thread.
 */
#ifndef ORIEL_SOURCE_GUEST_RTP_H
#define ORIEL_SOURCE_GUEST_RTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** One sender. All zero: nothing came yet. */
struct guest_rtp {
  bool is_rtp;
  bool proven;        /* two headers went on from each other */
  unsigned bare;      /* packets that were taken for bare ones */
  unsigned agrees;    /* headers in a row that go on from each other */
  unsigned differs;   /* packets in a row that are no RTP, of a sender of RTP */
  bool begun;         /* the next four are known */
  uint32_t ssrc, timestamp;
  uint8_t type;
  uint32_t number;    /* the sequence number, without its wraps */
  unsigned frames;    /* of the last packet, if it is Opus */
  unsigned penalty;   /* for packets that hold no Opus */
  bool foreign;       /* there is none in it, until the penalty is gone */
};

enum guest_rtp_kind {
  GUEST_RTP_BARE,       /* no RTP: the packet is what it is */
  GUEST_RTP_SOUND,      /* Opus in RTP */
  GUEST_RTP_NEW_STREAM, /* the same, with another SSRC than before */
  GUEST_RTP_IGNORED,    /* RTCP, or one odd packet */
  GUEST_RTP_FOREIGN,    /* RTP, but no Opus in it */
};

struct guest_rtp_packet {
  const uint8_t *data; /* the Opus packet, lent */
  size_t size;
  uint32_t number;
  uint32_t timestamp;
  uint8_t type;
};

/** `out` is filled for SOUND, NEW_STREAM and FOREIGN. */
enum guest_rtp_kind guest_rtp_take(struct guest_rtp *rtp, const uint8_t *data, size_t size,
                                   struct guest_rtp_packet *out);

#endif
