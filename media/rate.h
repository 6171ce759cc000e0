/* SPDX-License-Identifier: MIT
 *
 * Rate control for pictures that come when something changes, not at a steady pace: a leaky bucket in real time, and
 * guesses of a picture's size from the gradients in its damaged luma. Private to media/.
 *
 * x264's own control would need its low-resolution look-ahead for every picture, which costs more than coding small
 * damage does (measured: 1280x720, a 32x32 block changes: 2.9 ms with, 1.6 ms without), and refills its bucket per
 * picture, so that an idle second would count for one sixtieth.
 *
 * Thread-safety: none; belongs to one encoder.
 */
#ifndef ORIEL_MEDIA_RATE_H
#define ORIEL_MEDIA_RATE_H

#include <stdint.h>

enum oriel_rate_kind {
  ORIEL_RATE_KEY,
  ORIEL_RATE_DELTA,
  ORIEL_RATE_SHARPEN,
};

/* How the last large delta went: what the next one of the same motion starts from. */
struct oriel_rate_motion {
  uint64_t ns; /* 0 = none */
  uint64_t activity;
  int qp;
  double cost;  /* bits per unit of activity, at that QP */
  double steps; /* QP steps that halve the size of this content */
};

struct oriel_rate {
  double bits_per_second;
  double bits_per_step; /* the share of one picture at the highest fps */
  double level;         /* bits that may be sent now; negative is debt */
  uint64_t now_ns;      /* time of the last refill; 0 = none yet */
  double refilled;      /* bits that came in between the last two pictures */
  double scene_cost;    /* bits per unit of activity of new content, at QP 26 */
  double sharpen_cost;  /* the same for what a sharpening pass adds */
  struct oriel_rate_motion motion;
};

void oriel_rate_init(struct oriel_rate *rate, uint32_t bitrate_kbps, uint32_t fps);
/** New limits; what was learned stays. */
void oriel_rate_set(struct oriel_rate *rate, uint32_t bitrate_kbps, uint32_t fps);
/** The lowest QP in [qp_min, qp_max] at which a picture of this activity is foreseen to fit what may be sent at
 *  `now_ns`. */
int oriel_rate_qp(struct oriel_rate *rate, enum oriel_rate_kind kind, uint64_t now_ns, uint64_t activity, int qp_min,
                  int qp_max);
/** Takes what the picture really cost and learns from it. */
void oriel_rate_spend(struct oriel_rate *rate, enum oriel_rate_kind kind, uint64_t activity, int qp, uint64_t bits);

#endif
