/* SPDX-License-Identifier: MIT
 *
 * What guest_audio knows and counts of one input. Thread-safety: none needed; values.
 */
#ifndef ORIEL_SOURCE_GUEST_AUDIO_COUNTERS_H
#define ORIEL_SOURCE_GUEST_AUDIO_COUNTERS_H

#include <stdbool.h>
#include <stdint.h>

struct oriel_guest_audio_input {
  bool is_rtp;          /* its Opus comes in RTP */
  /* what it sends instead of what its address says, so that it is not heard; empty = nothing wrong */
  char fault[120];
  bool is_udp, is_pcm, connected; /* UDP: a datagram arrived within the last second */
  char address[300];              /* as given */
  uint64_t packets, bytes;
  uint64_t bad_packets; /* refused: no Opus, no whole frames, 0 or more than 1500 bytes, half a packet for a second */
  bool is_numbered;     /* packets with numbers came: lost and late are exact; else they are not known here */
  uint64_t lost, late;  /* late: came when its place was given up, after it counted as lost */
  uint64_t duplicates;
  uint64_t dropped;     /* beyond twice the speed of sound's own time, or from a second sender of datagrams */
  uint64_t connections, closed_by_us; /* closed by us: for what the peer sent */
};

#endif
