/* SPDX-License-Identifier: MIT
 *
 * A TCP flow with always something to send, on the same link as a call. For tests. One thread.
 */
#ifndef ORIEL_TESTS_WEBRTC_RIVAL_H
#define ORIEL_TESTS_WEBRTC_RIVAL_H

#include <stdbool.h>
#include <stdint.h>

#include "link.h"

enum { RIVAL_ID = 1 << 24, RIVAL_BYTES = 1500 };

enum rival_kind {
  RIVAL_MIXED, /* slow start, one packet more a round trip, 0.7 of the window after a loss: the most patient */
  RIVAL_RENO,  /* the same with a half (RFC 5681) */
  RIVAL_CUBIC, /* RFC 9438 */
};

struct rival {
  enum rival_kind kind;
  bool running;
  double window, threshold; /* packets */
  unsigned on_way;
  uint64_t cut_ns, arrived_bytes;
  double most; /* CUBIC: the window before the last loss */
  struct {
    uint64_t at_ns;
    bool lost;
  } answers[LINK_PACKETS];
  unsigned first, count;
};

void rival_start(struct rival *rival, enum rival_kind kind);
/** Sends no more; what is on its way still arrives. */
void rival_stop(struct rival *rival);
/** Takes what came back by now and sends what the window lets through. */
void rival_step(struct rival *rival, struct link *link);
/** A packet with RIVAL_ID came out of the link. */
void rival_arrived(struct rival *rival, const struct link *link, const struct link_packet *packet);

#endif
