/* SPDX-License-Identifier: MIT
 *
 * A delay-locked loop over one sample clock: from "frame N was seen at time t", late now and then, to when frame N is
 * due. Lateness is one-sided (queues only ever add), so the loop follows the lower edge: the least late observation
 * of each block (a quarter second at first, later a second) corrects phase and period, with the gains of recursive
 * least squares: wide at first, narrowing to a fading memory of half a minute. See docs/clocks.md.
 *
 * Thread-safety: one object, one thread. Real-time safe.
 */
#ifndef ORIEL_MEDIA_RECEIVER_CLOCK_H
#define ORIEL_MEDIA_RECEIVER_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/** So many equally late observations in a row are a new phase: sound was lost, or not sent, that nobody counted. */
enum { RECEIVER_CLOCK_ALIKE = 3 };

struct receiver_clock {
  double nominal_ns, period_ns; /* of one frame */
  double step_ns;               /* observations later than this are a new phase at once: a pause, not jitter */
  uint64_t frame, ns;           /* the reference point of the line */
  double offset_ns;             /* sub-nanosecond rest of `ns` */
  double phase_var, rate_var, cross_var; /* how uncertain both are, in variances of one block; they set the gains */
  unsigned phase_blocks, rate_blocks; /* since the phase or the rate started over */
  bool anchored;
  uint64_t block_frame, least_frame;
  double least_ns;              /* how late the least late one of this block was */
  double deviation_ns, bias_ns; /* of accepted blocks' residuals: mean magnitude, mean */
  int run;                      /* residuals of one sign in a row */
  double block_s;               /* length of this block */
  double late_s;                /* time in blocks without a punctual observation */
  double late_ns;               /* of observations in a row that are late by the same amount: frames were lost unseen */
  unsigned late_count;
  int shift_sign;
  uint32_t shifts;              /* times the phase jumped */
};

void receiver_clock_init(struct receiver_clock *clock, uint32_t rate, double step_ns);
/** Forgets all. */
void receiver_clock_reset(struct receiver_clock *clock);
/** Frames up to `frame` were there at `ns`. Returns how late that was in ns, 0 when the phase jumped to it. */
double receiver_clock_observe(struct receiver_clock *clock, uint64_t frame, uint64_t ns);
/** When `frame` is due, in ns after `ns`. */
double receiver_clock_due(const struct receiver_clock *clock, uint64_t frame, uint64_t ns);
/** Three standard deviations of the relative rate; 1 until anything is known. */
double receiver_clock_uncertainty(const struct receiver_clock *clock);

#endif
