/* SPDX-License-Identifier: MIT
 *
 * Flight: how many pictures may be on their way to a viewer, and how quick the way is at best. Pure arithmetic on times
 * that the caller passes in. Thread-safety: none; the hub's lock guards each object.
 */
#ifndef ORIEL_DESKTOP_FLIGHT_H
#define ORIEL_DESKTOP_FLIGHT_H

#include <stdbool.h>
#include <stdint.h>

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

#endif
