/* SPDX-License-Identifier: MIT
 *
 * Compound RTCP packets, read (RFC 3550, section 6; feedback of RFC 4585 and 5104; REMB). A cursor over the bytes: what
 * a packet counts is never expanded, so that a lying count costs nothing. Private to webrtc/.
 *
 * Thread-safety: none; one owner per value. No allocation.
 */
#ifndef ORIEL_WEBRTC_RTCP_H
#define ORIEL_WEBRTC_RTCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/bytes.h"

enum oriel_rtcp_kind {
  ORIEL_RTCP_SENDER_REPORT,   /* and report blocks: oriel_rtcp_read_block */
  ORIEL_RTCP_RECEIVER_REPORT, /* report blocks */
  ORIEL_RTCP_DESCRIPTION,     /* nothing of it is used */
  ORIEL_RTCP_BYE,             /* oriel_rtcp_read_ssrc: who leaves */
  ORIEL_RTCP_NACK,            /* oriel_rtcp_read_nack */
  ORIEL_RTCP_PLI,
  ORIEL_RTCP_FIR,             /* oriel_rtcp_read_fir */
  ORIEL_RTCP_REMB,            /* `bitrate`; oriel_rtcp_read_ssrc: of what */
  ORIEL_RTCP_TRANSPORT,       /* webrtc/rtcp_transport.h */
  ORIEL_RTCP_OTHER,           /* a kind that is not used here */
  ORIEL_RTCP_BROKEN,          /* a known kind whose body is shorter than it says */
};

struct oriel_rtcp_packet {
  enum oriel_rtcp_kind kind;
  uint32_t ssrc;  /* who sends it; 0 where the kind names nobody */
  uint32_t media; /* feedback: what it is about; FIR and REMB name that in their items */
  uint64_t ntp;       /* sender report */
  uint32_t timestamp; /* the same time in the stream's clock */
  uint64_t bitrate;   /* REMB, bits a second */
  uint8_t count;             /* items left to read, of kinds whose header counts them */
  struct oriel_reader items; /* what the oriel_rtcp_read_ functions take from */
};

/** One report block: how one stream of ours arrives. */
struct oriel_rtcp_block {
  uint32_t ssrc;
  uint8_t fraction_lost;     /* of 256, since the report before */
  int32_t lost;              /* in all; negative: duplicates */
  uint32_t highest_sequence; /* with its wraps in the upper half */
  uint32_t jitter;           /* in the stream's clock */
  uint32_t last_report;      /* middle 32 bits of the last sender report's time; 0: none came */
  uint32_t delay;            /* since that came, 1/65536 s */
};

struct oriel_rtcp_cursor {
  struct oriel_reader left;
};

/** Looks at the frame of a decrypted compound packet, also of reduced size (RFC 5506): every length within it, version
 *  2 throughout. 0, and oriel_rtcp_next gives its packets; -EBADMSG, and nothing of it may be believed. `data` is lent
 *  to the cursor and to what it gives. */
int oriel_rtcp_begin(struct oriel_rtcp_cursor *cursor, const uint8_t *data, size_t size);
/** The next packet. False: that was the last. */
bool oriel_rtcp_next(struct oriel_rtcp_cursor *cursor, struct oriel_rtcp_packet *packet);

/* Each takes the next item of a packet of its kind. False: there is none left. */
bool oriel_rtcp_read_block(struct oriel_rtcp_packet *packet, struct oriel_rtcp_block *block);
bool oriel_rtcp_read_ssrc(struct oriel_rtcp_packet *packet, uint32_t *ssrc);
/** `sequence` is missing, and sequence + 1 + i for each bit i of `following`. */
bool oriel_rtcp_read_nack(struct oriel_rtcp_packet *packet, uint16_t *sequence, uint16_t *following);
/** `number` is higher by one with each new request; the same again is a repetition. */
bool oriel_rtcp_read_fir(struct oriel_rtcp_packet *packet, uint32_t *ssrc, uint8_t *number);

#endif
