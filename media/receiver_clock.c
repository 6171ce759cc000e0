/* SPDX-License-Identifier: MIT
 *
 * The delay-locked loop. Called by whichever thread owns the clock.
 */
#include "media/receiver_clock.h"

#include <math.h>

enum {
  SHORT_PER_SECOND = 4, /* blocks while rate or phase are new; later they last a second */
  NEW_RATE = 8, NEW_PHASE = 4,
  LATE_SECONDS = 1,     /* so long without one punctual packet: the path has become longer */
  RUN_BLOCKS = 8,       /* residuals of one sign: the clock itself changed its pace */
};
#define MEMORY_S 32.0         /* some tenths of a ppm from millisecond jitter, and crystals do not turn faster */
#define UNKNOWN 1e6           /* variance of a phase or a rate (of ns a second) nothing is known of */
#define LONG_VARIANCE 0.0625  /* of a long block against a short one's: the least of four times as many */
#define EARLY_NS 1e6      /* earlier than the line by more than this proves the line wrong */
#define RATE_LIMIT 6e-3   /* no sample clock is further off; the control stops at 0.5 % anyway */
#define OUTLIER_NS 0.5e6
#define OUTLIER_FIRST_NS 2e6 /* while the rate is unknown: RATE_LIMIT of one block and some jitter */
#define BIAS_NS 30e3

void receiver_clock_init(struct receiver_clock *clock, uint32_t rate, double step_ns) {
  *clock = (struct receiver_clock){.nominal_ns = 1e9 / rate, .step_ns = step_ns};
  receiver_clock_reset(clock);
}

void receiver_clock_reset(struct receiver_clock *clock) {
  uint32_t shifts = clock->shifts + 1;
  *clock = (struct receiver_clock){.nominal_ns = clock->nominal_ns, .period_ns = clock->nominal_ns,
                                   .step_ns = clock->step_ns, .deviation_ns = 100e3, .shifts = shifts,
                                   .phase_var = UNKNOWN, .rate_var = UNKNOWN};
}

double receiver_clock_due(const struct receiver_clock *clock, uint64_t frame, uint64_t ns) {
  return (double)(int64_t)(clock->ns - ns) + clock->offset_ns +
         (double)(int64_t)(frame - clock->frame) * clock->period_ns;
}

double receiver_clock_uncertainty(const struct receiver_clock *clock) {
  if (clock->rate_blocks < 3)
    return 1;
  return 3 * 1.25 * clock->deviation_ns * sqrt(clock->rate_var) / 1e9; /* 1.25: mean magnitude to standard deviation */
}

static bool is_new(const struct receiver_clock *clock) {
  return clock->rate_blocks < NEW_RATE || clock->phase_blocks < NEW_PHASE;
}

static void start_block(struct receiver_clock *clock, uint64_t frame) {
  clock->block_frame = frame;
  clock->least_ns = INFINITY;
  clock->block_s = is_new(clock) ? 1.0 / SHORT_PER_SECOND : 1;
}

/* Moves the reference along the line. */
static void move_reference(struct receiver_clock *clock, uint64_t frame) {
  double due = receiver_clock_due(clock, frame, clock->ns), whole = floor(due);
  double passed_s = (double)(int64_t)(frame - clock->frame) * clock->nominal_ns / 1e9;
  clock->phase_var += passed_s * (2 * clock->cross_var + passed_s * clock->rate_var);
  clock->cross_var += passed_s * clock->rate_var;
  clock->ns += (uint64_t)(int64_t)whole;
  clock->offset_ns = due - whole;
  clock->frame = frame;
}

static void shift(struct receiver_clock *clock, uint64_t frame, double by_ns) {
  int sign = by_ns > 0 ? 1 : -1;
  bool again = clock->phase_blocks > 0 && clock->phase_blocks < 8 && sign == clock->shift_sign;
  move_reference(clock, frame);
  /* Shifts one way within two seconds of each other are a wrong rate, not a changed path. */
  if (clock->rate_blocks < NEW_RATE || again) {
    clock->rate_blocks = 0;
    clock->rate_var = UNKNOWN;
  }
  clock->phase_var = UNKNOWN;
  clock->cross_var = 0;
  clock->shift_sign = sign;
  clock->offset_ns += by_ns;
  clock->phase_blocks = 0;
  clock->late_count = 0;
  clock->late_s = 0;
  clock->run = 0;
  clock->bias_ns = 0;
  clock->shifts++;
  start_block(clock, frame);
}

/* Residuals of one sign, one after the other: the memory is too long for what the clock does. */
static void watch_bias(struct receiver_clock *clock, double late_ns, double variance) {
  clock->deviation_ns += (fabs(late_ns) / sqrt(variance) - clock->deviation_ns) / 16;
  clock->bias_ns += (late_ns - clock->bias_ns) / 8;
  clock->run = late_ns > 0 ? (clock->run > 0 ? clock->run + 1 : 1) : (clock->run < 0 ? clock->run - 1 : -1);
  if (clock->run < RUN_BLOCKS && clock->run > -RUN_BLOCKS)
    return;
  clock->run = 0;
  if (fabs(clock->bias_ns) > BIAS_NS) {
    clock->phase_var *= 8;
    clock->rate_var *= 64;
    clock->cross_var *= 16;
  }
}

/* One step of recursive least squares: the reference, moved to where `late_ns` was seen, and the period take their
 * shares of it. */
static void follow(struct receiver_clock *clock, double late_ns, double variance) {
  double fade = 1 / (1 - clock->block_s / MEMORY_S);
  double phase = clock->phase_var * fade, cross = clock->cross_var * fade, rate = clock->rate_var * fade;
  double phase_gain = phase / (phase + variance), rate_gain = cross / (phase + variance);
  clock->offset_ns += phase_gain * late_ns;
  clock->period_ns += rate_gain * late_ns * clock->nominal_ns / 1e9;
  double least = clock->nominal_ns * (1 - RATE_LIMIT), most = clock->nominal_ns * (1 + RATE_LIMIT);
  clock->period_ns = fmin(fmax(clock->period_ns, least), most);
  clock->phase_var = fmin(phase * (1 - phase_gain), UNKNOWN);
  clock->cross_var = cross * (1 - phase_gain);
  clock->rate_var = fmin(rate - rate_gain * cross, UNKNOWN);
  clock->phase_blocks++;
  clock->rate_blocks++;
  if (clock->phase_blocks > 3 && clock->rate_blocks > 3)
    watch_bias(clock, late_ns, variance);
}

static void end_block(struct receiver_clock *clock, uint64_t frame) {
  double late = clock->least_ns, variance = clock->block_s < 1 ? 1 : LONG_VARIANCE;
  double outlier = is_new(clock) ? OUTLIER_FIRST_NS : fmax(OUTLIER_NS, 6 * clock->deviation_ns * sqrt(variance));
  if (late <= outlier) {
    clock->late_s = 0;
    move_reference(clock, clock->least_frame);
    follow(clock, late, variance);
  } else if ((clock->late_s += clock->block_s) >= LATE_SECONDS) {
    shift(clock, clock->least_frame, late);
  }
  start_block(clock, frame);
}

/* Sound that was lost without a sequence number makes all that follows late by one amount. Jitter does not do that:
 * held packets come bunched, each less late than the one before. A wrong guess is undone by the next punctual
 * packet. */
static bool lost_unseen(struct receiver_clock *clock, double late_ns) {
  if (late_ns < 2e6 + 6 * clock->deviation_ns) {
    clock->late_count = 0;
    return false;
  }
  if (!clock->late_count || fabs(late_ns - clock->late_ns) > 0.15 * clock->late_ns) {
    clock->late_ns = late_ns;
    clock->late_count = 1;
    return false;
  }
  return ++clock->late_count >= RECEIVER_CLOCK_ALIKE;
}

double receiver_clock_observe(struct receiver_clock *clock, uint64_t frame, uint64_t ns) {
  if (!clock->anchored) {
    clock->anchored = true;
    clock->frame = frame;
    clock->ns = ns;
    clock->offset_ns = 0;
    start_block(clock, frame);
    return 0;
  }
  double late = -receiver_clock_due(clock, frame, ns);
  if (late > clock->step_ns || late < -EARLY_NS || lost_unseen(clock, late)) {
    shift(clock, frame, late);
    return 0;
  }
  if (late < clock->least_ns) {
    clock->least_ns = late;
    clock->least_frame = frame;
  }
  if ((double)(frame - clock->block_frame) * clock->nominal_ns >= clock->block_s * 1e9)
    end_block(clock, frame);
  return late > 0 ? late : 0;
}
