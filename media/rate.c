/* SPDX-License-Identifier: MIT
 *
 * The leaky bucket and the size guesses. Called by the encoder, on its media thread.
 */
#include "media/rate.h"

#include <math.h>
#include <stdbool.h>

/* The bucket holds this much of a second: the queue a burst may build on a link of exactly the configured rate. */
#define BUCKET_SECONDS 0.125
/* Whoever joins waits for the key whatever it weighs, and a still screen has nobody waiting behind its sharpening: both
 * may go this much into debt. */
#define LOAN_SECONDS 0.125
/* One misjudged picture must not spoil seconds of what follows. */
#define DEBT_SECONDS 0.5
/* What comes after a longer pause is new content more likely than the same motion. */
#define MOTION_GAP_NS 200000000u

/* What part of the bucket one delta may take, if not what came in since the last one. Half: a steady stream settles at
 * a level of two steps and uses the whole rate, while the first picture after a pause gets several steps. */
#define DELTA_SHARE 0.5

/* Bits per unit of activity at QP 26 before anything was learned: dense text. And bounds for what is learned. */
#define COST_START 0.3
#define COST_MIN 0.02
#define COST_MAX 1.0

/* QP steps that halve the size. Text falls slowly (10), grain fast (3): from afar a middle, along a motion what it
 * showed. */
#define SCENE_STEPS 8.0
#define MOTION_STEPS_MIN 3.0
#define MOTION_STEPS_MAX 10.0
/* Coming down by more a picture makes grain swing between mush and overdraft. */
#define MOTION_DOWN 2

void oriel_rate_init(struct oriel_rate *rate, uint32_t bitrate_kbps, uint32_t fps) {
  *rate = (struct oriel_rate){.level = INFINITY, .scene_cost = COST_START, .sharpen_cost = COST_START / 8,
                              .motion.steps = SCENE_STEPS};
  oriel_rate_set(rate, bitrate_kbps, fps);
}

void oriel_rate_set(struct oriel_rate *rate, uint32_t bitrate_kbps, uint32_t fps) {
  rate->bits_per_second = (double)bitrate_kbps * 1000;
  rate->bits_per_step = rate->bits_per_second / fps;
  rate->level = fmin(rate->level, rate->bits_per_second * BUCKET_SECONDS);
}

static void refill(struct oriel_rate *rate, uint64_t now_ns) {
  if (now_ns <= rate->now_ns)
    return;
  double elapsed = rate->now_ns ? (double)(now_ns - rate->now_ns) * 1e-9 : 0;
  rate->refilled = rate->bits_per_second * elapsed;
  rate->level = fmin(rate->level + rate->refilled, rate->bits_per_second * BUCKET_SECONDS);
  rate->now_ns = now_ns;
}

static double scene_qp(double cost, uint64_t activity, double room) {
  return 26 + SCENE_STEPS * log2(fmax((double)activity * cost, 1) / room);
}

static double delta_qp(const struct oriel_rate *rate, uint64_t activity, double room, int qp_min) {
  double scene = scene_qp(rate->scene_cost, activity, room);
  const struct oriel_rate_motion *motion = &rate->motion;
  if (scene <= qp_min || !motion->ns || rate->now_ns - motion->ns > MOTION_GAP_NS || activity < motion->activity / 4)
    return scene;
  double moving = motion->qp + motion->steps * log2(fmax((double)activity * motion->cost, 1) / room);
  moving = fmax(moving, motion->qp - MOTION_DOWN);
  return fmin(moving, fmax(scene, motion->qp));
}

int oriel_rate_qp(struct oriel_rate *rate, enum oriel_rate_kind kind, uint64_t now_ns, uint64_t activity, int qp_min,
                  int qp_max) {
  refill(rate, now_ns);
  double least = rate->bits_per_step / 4; /* in debt too, a picture has to go out */
  double loan = rate->level + rate->bits_per_second * LOAN_SECONDS;
  double qp = 0;
  switch (kind) {
  case ORIEL_RATE_KEY:
    qp = scene_qp(rate->scene_cost, activity, fmax(loan, least));
    break;
  case ORIEL_RATE_SHARPEN:
    qp = scene_qp(rate->sharpen_cost, activity, fmax(loan, least));
    break;
  case ORIEL_RATE_DELTA:
    qp = delta_qp(rate, activity, fmax(fmax(rate->level * DELTA_SHARE, fmin(rate->level, rate->refilled)), least),
                  qp_min);
    break;
  }
  qp = ceil(qp);
  return qp < qp_min ? qp_min : qp > qp_max ? qp_max : (int)qp;
}

static void learn(double *cost, double seen) {
  /* Upwards at once, downwards by halves: an underestimate costs delay, an overestimate only some sharpness. */
  *cost = seen > *cost ? seen : (*cost + seen) / 2;
  *cost = fmin(fmax(*cost, COST_MIN), COST_MAX);
}

static void learn_motion(struct oriel_rate *rate, uint64_t activity, int qp, double cost) {
  struct oriel_rate_motion *motion = &rate->motion;
  bool goes_on = motion->ns && rate->now_ns - motion->ns <= MOTION_GAP_NS;
  if (goes_on && activity < motion->activity / 4) /* small damage beside a motion says nothing about it */
    return;
  int up = qp - motion->qp;
  if (goes_on && (up >= 2 || up <= -2)) {
    double halvings = log2(fmax(motion->cost, 1e-9) / fmax(cost, 1e-9));
    double steps = halvings * up > 0 ? up / halvings : MOTION_STEPS_MAX;
    motion->steps += (fmin(fmax(steps, MOTION_STEPS_MIN), MOTION_STEPS_MAX) - motion->steps) / 4;
  }
  *motion = (struct oriel_rate_motion){
    .ns = rate->now_ns, .activity = activity, .qp = qp, .cost = cost, .steps = goes_on ? motion->steps : SCENE_STEPS};
}

void oriel_rate_spend(struct oriel_rate *rate, enum oriel_rate_kind kind, uint64_t activity, int qp, uint64_t bits) {
  rate->level = fmax(rate->level - (double)bits, -rate->bits_per_second * DEBT_SECONDS);
  if (activity < 1000) /* too little to learn from: headers outweigh it */
    return;
  double cost = (double)bits / (double)activity;
  double at_26 = cost * exp2((qp - 26) / SCENE_STEPS);
  if (kind == ORIEL_RATE_SHARPEN)
    learn(&rate->sharpen_cost, at_26);
  else if (kind == ORIEL_RATE_KEY || at_26 > rate->scene_cost)
    learn(&rate->scene_cost, at_26);
  if (kind == ORIEL_RATE_DELTA)
    learn_motion(rate, activity, qp, cost);
}
