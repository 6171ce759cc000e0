/* SPDX-License-Identifier: MIT
 *
 * The devices' clock: which frame is due at which host time. Both devices count from the same host time and by the same
 * ticks, so equal rates mean equal sample times. A stamp is computed from the host time alone, not from an earlier
 * stamp: no client starts, stops or moves it (lesson 26), and any number of threads may ask.
 *
 * Thread-safety: timeline_read, timeline_stamp and the conversions from any thread, real-time safe, never waiting;
 * timeline_change from one thread at a time.
 */
#ifndef ORIEL_DRIVER_TIMELINE_H
#define ORIEL_DRIVER_TIMELINE_H

#include <stdatomic.h>
#include <stdint.h>

enum {
  TIMELINE_PERIOD = 16384, /* frames between zero time stamps; the host refuses less than 10923 */
  TIMELINE_SLOTS = 4,
};

struct timeline_view {
  uint64_t anchor; /* host ticks of frame 0 */
  uint64_t seed;   /* changes with every timeline, never 0 */
  uint64_t ticks_per_second;
  uint32_t rate;   /* Hz */
};

struct timeline {
  uint64_t ticks_per_second;
  /* The newest view is slots[changes % SLOTS]. Only the next slot is ever written, so a reader is disturbed only by
   * three changes during its few loads; then it reads again. */
  atomic_uint_fast64_t changes;
  struct {
    atomic_uint_fast64_t anchor;
    atomic_uint_fast32_t rate;
  } slots[TIMELINE_SLOTS];
};

void timeline_init(struct timeline *timeline, uint64_t ticks_per_second, uint64_t now, uint32_t rate);
/** A new timeline from host time `now` on: frame 0 is due now, and the seed is another. */
void timeline_change(struct timeline *timeline, uint64_t now, uint32_t rate);
void timeline_read(const struct timeline *timeline, struct timeline_view *view);

/** Host ticks at which `frame` is due; frames that are due by `now`. */
uint64_t timeline_host(const struct timeline_view *view, uint64_t frame);
uint64_t timeline_frame(const struct timeline_view *view, uint64_t now);
/** The last multiple of TIMELINE_PERIOD that is due by `now`. */
void timeline_stamp(const struct timeline_view *view, uint64_t now, uint64_t *frame, uint64_t *host);

#endif
