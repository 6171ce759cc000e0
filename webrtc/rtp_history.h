/* SPDX-License-Identifier: MIT
 *
 * The units that a rendition sent lately, shared by its viewers, so that what one of them lost can be sent again
 * (RFC 4588). Kept by time, not by count, and not emptied by a key frame: what is lost before one may still be shown.
 * Private to webrtc/.
 *
 * Thread-safety: none; one owner.
 */
#ifndef ORIEL_WEBRTC_RTP_HISTORY_H
#define ORIEL_WEBRTC_RTP_HISTORY_H

#include <stddef.h>
#include <stdint.h>

struct oriel_rtp_unit;

enum {
  ORIEL_RTP_HISTORY_UNITS = 512,                    /* 1.2 s at 400 pictures a second */
  ORIEL_RTP_HISTORY_MAX = 2 * 8 * 1024 * 1024,      /* bytes: two of the largest units */
};
#define ORIEL_RTP_HISTORY_NS 1200000000ull /* a second, and a request's way back */

struct oriel_rtp_history {
  struct oriel_rtp_unit *units[ORIEL_RTP_HISTORY_UNITS]; /* a ring; numbers follow each other without gaps */
  unsigned oldest, count;
  uint32_t next; /* number of the next packet; wraps */
  size_t size;   /* bytes of payload held */
};

void oriel_rtp_history_init(struct oriel_rtp_history *history);
/** Gives all units back. */
void oriel_rtp_history_finish(struct oriel_rtp_history *history);
/** Numbers the unit's packets, keeps one reference more of it, and lets go of what is older than ORIEL_RTP_HISTORY_NS,
 *  or of the oldest where a bound says so. A unit belongs to one history, once. */
void oriel_rtp_history_add(struct oriel_rtp_history *history, struct oriel_rtp_unit *unit, uint64_t now_ns);
/** The unit that holds the packet of this number, borrowed until the next add, and the packet's index in it. NULL: it
 *  is gone. */
struct oriel_rtp_unit *oriel_rtp_history_find(const struct oriel_rtp_history *history, uint32_t number,
                                              uint32_t *index);

#endif
