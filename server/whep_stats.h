/* SPDX-License-Identifier: MIT
 *
 * What is counted of WHEP: of a desktop's clients, and of the port that all share. Thread-safety: values; a server's own
 * are its loop thread's.
 */
#ifndef ORIEL_SERVER_WHEP_STATS_H
#define ORIEL_SERVER_WHEP_STATS_H

#include <stdbool.h>
#include <stdint.h>

#include "webrtc/session_life.h"

/** A desktop's, since it was mounted; sessions that have ended are counted, too. */
struct oriel_whep_stats {
  uint64_t waiting, open; /* now: without media yet, and with */
  uint64_t slowest_kbps, fastest_kbps; /* what the ways of the open ones carry, now; 0 = none has told */
  uint64_t ended[ORIEL_WEBRTC_CAUSES];
  uint64_t packets, bytes; /* of media, sent; what is sent again is among them */
  uint64_t repeated, missed; /* packets sent as RTX; packets that were asked for again (NACK) */
  uint64_t key_requests, keys; /* key frames asked for (PLI, FIR), and handed on */
  /* In data channels: what was said in those that are open; what of `input` was left out; channels and texts that were
   * refused, and what was of no channel. */
  uint64_t said, malformed, channel_refused;
  uint64_t checks_refused, reports_refused; /* STUN and SRTCP that were not authentic */
};

/** The port's, since it was opened. */
struct oriel_whep_port_stats {
  uint64_t received, sent; /* datagrams */
  uint64_t cut;            /* of those sent, as parts of larger ones */
  uint64_t lost;           /* came, and the socket had no room for them */
  uint64_t refused;        /* the kernel did not send them */
  uint64_t strange;        /* for no session */
  bool cuts;               /* large ones are cut apart by the kernel (UDP_SEGMENT) */
};

#endif
