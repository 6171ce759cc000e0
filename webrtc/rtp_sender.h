/* SPDX-License-Identifier: MIT
 *
 * One stream to one viewer: its source, sequence and timestamps, what of it was sent, and the same again as RTX
 * (RFC 4588). Payloads come from units that all viewers share. Private to webrtc/.
 *
 * Thread-safety: none; one owner. Allocates once, when initialised.
 */
#ifndef ORIEL_WEBRTC_RTP_SENDER_H
#define ORIEL_WEBRTC_RTP_SENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "webrtc/rtp.h"

struct oriel_rtcp_block;
struct oriel_rtcp_sender_report;
struct oriel_rtp_history;
struct oriel_rtp_unit;

enum {
  ORIEL_RTP_SENDER_SENT = 2048,  /* packets remembered: a second of 20 Mbit/s */
  ORIEL_RTP_SENDER_REPORTS = 8,  /* sender reports that a receiver's may answer */
  ORIEL_RTP_SENDER_CREDIT = 512, /* packets that may be sent again at once; two that are sent earn one */
};

struct oriel_rtp_sender_config {
  uint32_t ssrc, rtx_ssrc;
  uint8_t type, rtx_type; /* payload types; rtx_type 0: the viewer takes no RTX, and nothing is sent again */
  uint32_t clock_rate;    /* timestamps a second */
  bool marks_end;         /* the last packet of a unit carries the marker: video */
  struct oriel_rtp_extension_ids ids;
  char mid[ORIEL_RTP_MID_MAX + 1]; /* "": none */
  /* Random: RFC 3550 wants all three unforeseeable. */
  uint16_t first_sequence, first_rtx_sequence;
  uint32_t first_timestamp;
};

struct oriel_rtp_sent {
  uint32_t number;    /* in the history */
  uint32_t resent_ms; /* low bits of when it was last asked for; 0 = never */
};

struct oriel_rtp_sender {
  struct oriel_rtp_sender_config config;
  uint16_t sequence, rtx_sequence; /* the next ones */
  unsigned half_credits; /* half packets that may be sent again: however much a viewer asks for, it costs a third */
  bool confirmed; /* a report about this stream came: its packets need no mid and no playout delay any more */
  uint32_t packets, bytes; /* of payload, as sender reports count them; wrap */
  uint64_t total;          /* packets, without wraps */
  uint64_t resent;         /* as RTX, probes included */
  struct oriel_rtp_sent *sent; /* by sequence; NULL where RTX is not in use */
  uint32_t reports[ORIEL_RTP_SENDER_REPORTS];  /* middle 32 bits of the last reports' times; 0 = none */
  unsigned next_report;
};

/** What differs from packet to packet. */
struct oriel_rtp_stamp {
  uint64_t now_ns;
  bool has_transport;
  uint16_t transport; /* number of transport-wide feedback */
};

/** `config` is copied. 0, or -ENOMEM; then there is nothing to finish. */
int oriel_rtp_sender_init(struct oriel_rtp_sender *sender, const struct oriel_rtp_sender_config *config);
void oriel_rtp_sender_finish(struct oriel_rtp_sender *sender);
/** Writes packet `index` of `unit`, in plain, and counts it as sent. `unit` should be in a history, or it cannot be
 *  sent again. The packet's bytes; 0 when `size` is too little, and nothing was counted. */
size_t oriel_rtp_sender_write(struct oriel_rtp_sender *sender, const struct oriel_rtp_unit *unit, uint32_t index,
                              const struct oriel_rtp_stamp *stamp, uint8_t *data, size_t size);

/** Whether a packet that the viewer misses is to be sent again: it was sent, RTX is in use, it was not asked for in the
 *  last `round_trip_ns`, in which no answer can have come, and not more is asked for than a path that is worth sending
 *  to loses. Notes that it was asked for. False: the viewer will ask again, or for a key frame. */
bool oriel_rtp_sender_wants(struct oriel_rtp_sender *sender, uint16_t sequence, uint64_t round_trip_ns,
                            uint64_t now_ns);
/** Writes an earlier packet as RTX. Its bytes; 0: it is not in the history any more, or `size` is too little. */
size_t oriel_rtp_sender_write_again(struct oriel_rtp_sender *sender, const struct oriel_rtp_history *history,
                                    uint16_t sequence, const struct oriel_rtp_stamp *stamp, uint8_t *data, size_t size);
/** Sequence of the packet sent `back` (0: the last) packets ago, for probes. False: none, or RTX is not in use. */
bool oriel_rtp_sender_recent(const struct oriel_rtp_sender *sender, unsigned back, uint16_t *sequence);

/** Fills a report for now and remembers it. Not before the first packet was written: a receiver would tie the streams
 *  together by a time that means nothing. */
void oriel_rtp_sender_report(struct oriel_rtp_sender *sender, uint64_t now_ns, struct oriel_rtcp_sender_report *report);
/** Takes a block about this stream (its ssrc). True with the round trip when it answers one of our last reports; not
 *  when it would be negative or longer than 10 s. */
bool oriel_rtp_sender_take_block(struct oriel_rtp_sender *sender, const struct oriel_rtcp_block *block, uint64_t now_ns,
                                 uint64_t *round_trip_ns);

#endif
