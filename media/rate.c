/* SPDX-License-Identifier: MIT
 *
 * The leaky bucket and the size model. Called by the encoder, on its media thread.
 */
#include "media/rate.h"

#include <math.h>

/* The bucket holds this much of a second: the queue a burst may build on a link of exactly the configured rate. */
#define BUCKET_SECONDS 0.125
/* A still screen has nobody waiting behind it, so sharpening may go into debt up to here. */
#define SHARPEN_SECONDS 0.25
/* One misjudged picture must not spoil seconds of what follows. */
#define DEBT_SECONDS 0.5
/* Idle longer than this: whatever comes next is likely new content, not motion. */
#define BURST_GAP_NS 200000000u

/* What part of the bucket one picture may take. Half: a steady stream settles at a level of two steps and uses the
 * whole rate, while the first picture after a pause gets four steps. */
#define SHARE_DELTA 0.5
#define SHARE_KEY 0.9

/* Start of learning: measured on text (0.045) and on noise-free gradients (0.02). */
#define COST_START 0.04

void oriel_rate_init(struct oriel_rate *rate, uint32_t bitrate_kbps, uint32_t fps) {
  *rate = (struct oriel_rate){0};
  oriel_rate_set(rate, bitrate_kbps, fps);
  rate->level = rate->bits_per_second * BUCKET_SECONDS;
  for (int kind = 0; kind < ORIEL_RATE_KINDS; kind++)
    rate->cost[kind] = COST_START;
}

void oriel_rate_set(struct oriel_rate *rate, uint32_t bitrate_kbps, uint32_t fps) {
  rate->bits_per_second = (double)bitrate_kbps * 1000;
  rate->bits_per_step = rate->bits_per_second / fps;
  rate->level = fmin(rate->level, rate->bits_per_second * BUCKET_SECONDS);
}

/* How much a change of QP changes the size: halved every six steps, as the quantiser's step doubles. */
static double qp_factor(int qp) {
  return exp2((26 - qp) / 6.0);
}

int oriel_rate_qp(struct oriel_rate *rate, enum oriel_rate_kind kind, uint64_t now_ns, uint64_t activity, int qp_min,
                  int qp_max) {
  if (rate->last_ns && now_ns > rate->last_ns) {
    uint64_t gap = now_ns - rate->last_ns;
    double full = rate->bits_per_second * BUCKET_SECONDS;
    rate->level = fmin(rate->level + rate->bits_per_second * (double)gap * 1e-9, full);
    if (gap > BURST_GAP_NS) /* expect a new scene to cost what a key does */
      rate->cost[ORIEL_RATE_DELTA] = fmax(rate->cost[ORIEL_RATE_DELTA], rate->cost[ORIEL_RATE_KEY]);
  }
  if (now_ns > rate->last_ns)
    rate->last_ns = now_ns;
  double room = rate->level * SHARE_DELTA;
  if (kind == ORIEL_RATE_KEY)
    room = rate->level * SHARE_KEY;
  else if (kind == ORIEL_RATE_SHARPEN)
    room = rate->level + rate->bits_per_second * (SHARPEN_SECONDS - BUCKET_SECONDS);
  room = fmax(room, rate->bits_per_step / 4);
  double foreseen = (double)activity * rate->cost[kind]; /* at QP 26 */
  int qp = 26 + (int)ceil(6 * log2(fmax(foreseen, 1) / room));
  return qp < qp_min ? qp_min : qp > qp_max ? qp_max : qp;
}

void oriel_rate_spend(struct oriel_rate *rate, enum oriel_rate_kind kind, uint64_t activity, int qp, uint64_t bits) {
  rate->level = fmax(rate->level - (double)bits, -rate->bits_per_second * DEBT_SECONDS);
  if (activity < 1000) /* too little to learn from: headers outweigh it */
    return;
  double seen = (double)bits / ((double)activity * qp_factor(qp));
  double *cost = &rate->cost[kind];
  /* Upwards at once, downwards by halves: an underestimate costs delay, an overestimate only some sharpness. */
  *cost = seen > *cost ? seen : (*cost + seen) / 2;
  *cost = fmax(*cost, COST_START / 64);
}
