/* SPDX-License-Identifier: MIT
 *
 * Arrival statistics of one input of sound: whether it is there and heard, how late its packets are, how its sender's
 * clock drifts, what was lost.
 *
 * Thread-safety: pure; whoever owns the values has the thread. Times are monotonic ns.
 */
#ifndef ORIEL_DESKTOP_ARRIVAL_H
#define ORIEL_DESKTOP_ARRIVAL_H

#include <stdbool.h>
#include <stdint.h>

/** One input. All zero: never heard. */
struct oriel_arrival {
  uint64_t since_ns, last_ns; /* of the present run of sound; 0 = never heard */
  uint64_t heard_ns;          /* when something that is not silence was last in it; 0 = never */
  bool ended;                 /* its connection did */
  /* The sender's clock against ours, from when packets came and how long they are. */
  uint64_t media_ns;               /* length of the run so far */
  uint64_t offset_ns, fresh_ns;    /* least arrival - media_ns of the window before, of the present one */
  uint64_t window_ns;              /* when the present window began */
  uint64_t anchor_ns, anchor_offset_ns; /* of the run: drift is measured from here */
  uint32_t jitter_us;
  uint64_t late_ns;                /* of the newest packet */
  double drift_ppm;                /* positive = the sender is faster; 0 until it is known */
  /* Of all runs. */
  uint64_t lost;        /* packets' worth of time that is missing and was not made up for within seconds */
  int64_t early_ns;     /* how much of what counted as lost came after all: the next losses are paid from it */
  uint64_t late;        /* packets that came more than 60 ms later than the one before let expect */
};

/** Sound of `length_ns` arrived. Returns when it would have arrived if no packet were ever late: what a jitter buffer
 *  behind wants to know. At most `now_ns`. */
uint64_t oriel_arrival_heard(struct oriel_arrival *arrival, uint64_t length_ns, uint64_t now_ns);
/** Sound of `length_ns` is known to be lost: what is heard next is not late for its sake. */
void oriel_arrival_missed(struct oriel_arrival *arrival, uint64_t length_ns);
void oriel_arrival_end(struct oriel_arrival *arrival);
/** True while it counts as being there. */
bool oriel_arrival_lives(const struct oriel_arrival *arrival, uint64_t now_ns);

/** Something in it was not silence. */
void oriel_arrival_sounded(struct oriel_arrival *arrival, uint64_t now_ns);
/** True while it counts as being there, and as being heard. */
bool oriel_arrival_sounds(const struct oriel_arrival *arrival, uint64_t now_ns);

#endif
