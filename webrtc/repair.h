/* SPDX-License-Identifier: MIT
 *
 * Packets that a client lacks and cannot know of: it misses a packet when it sees a later one, and what follows damage
 * may have none for minutes. So the last packet is sent again when nothing follows it, and what transport-wide feedback
 * says is missing is sent again unasked. Pure.
 *
 * Thread-safety: none; one owner.
 */
#ifndef ORIEL_WEBRTC_REPAIR_H
#define ORIEL_WEBRTC_REPAIR_H

#include <stdbool.h>
#include <stdint.h>

enum {
  ORIEL_REPAIR_SENT = 1024, /* packets remembered: 250 ms, as far as feedback reaches back, at 40 Mbit/s */
  ORIEL_REPAIR_TRIES = 4,   /* of a last packet */
};

/* So long nothing may follow a picture's last packet: two pictures of a desktop in use are nearer to each other. */
#define ORIEL_REPAIR_WAIT_NS 60000000ull

struct oriel_repair_sent {
  bool media; /* it is of the stream, new or again */
  uint16_t transport, sequence;
};

struct oriel_repair {
  struct oriel_repair_sent sent[ORIEL_REPAIR_SENT]; /* by transport-wide number */
  bool open;          /* whether the last packet arrived is not known */
  uint16_t last;      /* its transport-wide number */
  unsigned tries;     /* how often one was sent again since */
  uint64_t due_ns;    /* when the next try is */
};

/** A packet of the stream left: `sequence`, for the first time or `again`, under this transport-wide number. */
void oriel_repair_left(struct oriel_repair *repair, uint16_t transport, uint16_t sequence, bool again,
                       uint64_t round_trip_ns, uint64_t now_ns);
/** Any other packet left. */
void oriel_repair_pass(struct oriel_repair *repair, uint16_t transport);
/** Feedback speaks of a packet. True with its sequence: it is one of the stream, and did not arrive. */
bool oriel_repair_told(struct oriel_repair *repair, uint16_t transport, bool received, uint16_t *sequence);
/** When a last packet is to be sent again; 0 = not at all. */
uint64_t oriel_repair_due_ns(const struct oriel_repair *repair);
/** It is sent again now: how many packets before the newest it is. */
unsigned oriel_repair_try(struct oriel_repair *repair);

#endif
