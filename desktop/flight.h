/* SPDX-License-Identifier: MIT
 *
 * Flight: the pictures on their way to a viewer, how many of them may be, and how quick the way is at best. Pure, on
 * times that the caller passes in. Everything a page says is clamped to what was really sent to it.
 *
 * Thread-safety: none; the lock of its viewer's channel guards each.
 */
#ifndef ORIEL_DESKTOP_FLIGHT_H
#define ORIEL_DESKTOP_FLIGHT_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/packet.h"

enum {
  ORIEL_WINDOW_MAX = 32,
  ORIEL_DECODE_BACKLOG_MAX = 3, /* received and not yet decoded */
  ORIEL_RTT_UNKNOWN_US = 50000, /* before the first ping came back */
};

/** How many pictures may be sent and not yet received: enough to cover 1.25 round trips and two more. rtt_us 0 =
 *  unknown. */
unsigned oriel_flight_window(uint32_t rtt_us, uint32_t fps);

/* ---- minimum over the last ten seconds ---- */

enum { ORIEL_MINIMUM_SECONDS = 10 };

struct oriel_minimum {
  uint64_t second[ORIEL_MINIMUM_SECONDS]; /* which second a slot holds, from 1; 0 = empty */
  int64_t value[ORIEL_MINIMUM_SECONDS];
};

void oriel_minimum_add(struct oriel_minimum *minimum, int64_t value, uint64_t now_ns);
/** False when there is no sample in the window. */
bool oriel_minimum_read(const struct oriel_minimum *minimum, uint64_t now_ns, int64_t *value);

/* ---- pictures on their way ---- */

/** A picture handed to the server. */
struct oriel_sent {
  uint32_t sequence;
  bool timed; /* counts in the stages; a sharpening pass does not */
  uint64_t captured_ns, taken_ns, sent_ns, received_ns, decoded_ns;
};
enum { ORIEL_SENT_RING = 64, ORIEL_PAINT_RING = 256 };
static_assert(ORIEL_SENT_RING >= 2 * ORIEL_WINDOW_MAX, "every picture on its way has its record");

struct oriel_flight {
  /* Positions count the pictures that left since the viewer came; the ring's index is position % ORIEL_SENT_RING. */
  struct oriel_sent sent[ORIEL_SENT_RING];
  uint64_t sent_count, received_count, decoded_count; /* received <= sent, decoded <= received */
  uint32_t painted_sequence;
  uint32_t rtt_us; /* 0 = unknown */
  bool held;       /* its transport has enough to send */
  struct oriel_minimum rtt_min, delay_min;
  uint64_t paints_ns[ORIEL_PAINT_RING];
  uint64_t painted; /* pictures */
};

/** True when one more picture may leave. */
bool oriel_flight_has_room(const struct oriel_flight *flight, uint32_t fps, uint64_t now_ns);
/** When the oldest picture left that was not received; 0 = none is on its way. */
uint64_t oriel_flight_oldest_ns(const struct oriel_flight *flight);
/** A picture leaves. */
void oriel_flight_depart(struct oriel_flight *flight, const struct oriel_packet *packet, bool timed, uint64_t now_ns);
/** What is on its way may be lost for good: it is waited for no longer. */
void oriel_flight_forget(struct oriel_flight *flight);
/** The record of a picture on its way or lately received; NULL when it is not (any more) known. */
struct oriel_sent *oriel_flight_find(struct oriel_flight *flight, uint32_t sequence);
/** All up to `sequence` was received, or decoded. The record of that one; NULL when it is no news or not known. */
struct oriel_sent *oriel_flight_receive(struct oriel_flight *flight, uint32_t sequence);
struct oriel_sent *oriel_flight_decode(struct oriel_flight *flight, uint32_t sequence);
/** The same, painted now. */
struct oriel_sent *oriel_flight_paint(struct oriel_flight *flight, uint32_t sequence, uint64_t now_ns);
/** Pictures painted in the last second. */
uint32_t oriel_flight_paints(const struct oriel_flight *flight, uint64_t now_ns);

#endif
