/* SPDX-License-Identifier: MIT
 *
 * Where sound comes from now: when each input came and was heard, and which of them sets the pace. Inputs are judged by
 * what is heard: one that sends silence, or comes and goes, takes nothing from another. They are numbered by
 * preference, 0 first. Pure; whoever owns the values has the thread.
 */
#ifndef ORIEL_DESKTOP_FLOW_H
#define ORIEL_DESKTOP_FLOW_H

#include <stdbool.h>
#include <stdint.h>

/** One input. All zero: never heard. */
struct oriel_flow {
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
uint64_t oriel_flow_heard(struct oriel_flow *flow, uint64_t length_ns, uint64_t now_ns);
/** Sound of `length_ns` is known to be lost: what is heard next is not late for its sake. */
void oriel_flow_missed(struct oriel_flow *flow, uint64_t length_ns);
void oriel_flow_end(struct oriel_flow *flow);
/** True while it counts as being there. */
bool oriel_flow_lives(const struct oriel_flow *flow, uint64_t now_ns);

/** Something in it was not silence. */
void oriel_flow_sounded(struct oriel_flow *flow, uint64_t now_ns);
/** True while it counts as being there, and as being heard. */
bool oriel_flow_sounds(const struct oriel_flow *flow, uint64_t now_ns);

enum { ORIEL_FLOW_NONE = -1 };
/** Which of `count` inputs is to set the pace at which all that sound are mixed, now that `active` (or ORIEL_FLOW_NONE)
 *  does. One that is there keeps its place, unless it is silent and another one sounds. With nobody there `active`
 *  stays. */
int oriel_flow_choose(const struct oriel_flow *flows, int count, int active, uint64_t now_ns);

#endif
