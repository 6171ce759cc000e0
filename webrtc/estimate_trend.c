/* SPDX-License-Identifier: MIT
 *
 * The trend of delay. Called by the network thread.
 */
#include "webrtc/estimate_trend.h"

#include <math.h>

#include "core/clock.h"

/* libwebrtc's, all. */
enum {
  GROUP_US = 5000, BURST_US = 5000, BURST_MAX_US = 100000,
  GAP_US = 3000000, /* after a pause like this the line begins anew */
  DELTAS_MAX = 60,
};
#define SMOOTHING 0.9
#define GAIN 4.0
#define THRESHOLD_MS 12.5
#define THRESHOLD_MIN_MS 6.0
#define THRESHOLD_MAX_MS 600.0
#define THRESHOLD_STEP_MS 100.0 /* longest time a single step counts for */
#define THRESHOLD_JUMP_MS 15.0  /* a trend this far above it is no jitter: the threshold does not follow */
#define UP 0.0087
#define DOWN 0.039
#define OVER_MS 10.0

void oriel_trend_init(struct oriel_trend *trend) {
  *trend = (struct oriel_trend){.threshold_ms = THRESHOLD_MS};
}

/* Slope of the points; 0 when they lie at one time. */
static double slope(const struct oriel_trend *trend) {
  double x = 0, y = 0, above = 0, below = 0;
  for (unsigned i = 0; i < ORIEL_TREND_POINTS; i++) {
    x += trend->points[i].ms / ORIEL_TREND_POINTS;
    y += trend->points[i].delay_ms / ORIEL_TREND_POINTS;
  }
  for (unsigned i = 0; i < ORIEL_TREND_POINTS; i++) {
    above += (trend->points[i].ms - x) * (trend->points[i].delay_ms - y);
    below += (trend->points[i].ms - x) * (trend->points[i].ms - x);
  }
  return below > 0 ? above / below : 0;
}

static void move_threshold(struct oriel_trend *trend, double modified, int64_t now_us) {
  const double size = fabs(modified), passed_ms = (double)(now_us - trend->threshold_us) / 1000;
  trend->threshold_us = now_us;
  if (size > trend->threshold_ms + THRESHOLD_JUMP_MS)
    return;
  const double pace = size < trend->threshold_ms ? DOWN : UP;
  trend->threshold_ms += pace * (size - trend->threshold_ms) * fmin(fmax(passed_ms, 0), THRESHOLD_STEP_MS);
  trend->threshold_ms = fmin(fmax(trend->threshold_ms, THRESHOLD_MIN_MS), THRESHOLD_MAX_MS);
}

static void judge(struct oriel_trend *trend, double now, double sent_delta_ms, int64_t now_us) {
  const double modified = fmin(trend->deltas, DELTAS_MAX) * now * GAIN;
  if (modified > trend->threshold_ms) {
    trend->over_ms += trend->over_count ? sent_delta_ms : sent_delta_ms / 2;
    trend->over_count++;
    if (trend->over_ms > OVER_MS && trend->over_count > 1 && now >= trend->trend) {
      trend->over_ms = 0;
      trend->over_count = 0;
      trend->state = ORIEL_TREND_OVERUSE;
    }
  } else {
    trend->over_ms = 0;
    trend->over_count = 0;
    trend->state = modified < -trend->threshold_ms ? ORIEL_TREND_UNDERUSE : ORIEL_TREND_NORMAL;
  }
  trend->trend = now;
  move_threshold(trend, modified, now_us);
}

/* The group before and the one that has just ended. */
static void take_group(struct oriel_trend *trend) {
  const struct oriel_trend_group *before = &trend->before, *group = &trend->group;
  const double sent_ms = (double)(group->last_sent_us - before->last_sent_us) / 1000;
  const double arrived_ms = (double)(group->last_arrived_us - before->last_arrived_us) / 1000;
  if (!trend->deltas)
    trend->start_us = group->last_arrived_us;
  trend->deltas += trend->deltas < UINT32_MAX;
  trend->delay_ms += arrived_ms - sent_ms;
  trend->smooth_ms = SMOOTHING * trend->smooth_ms + (1 - SMOOTHING) * trend->delay_ms;
  trend->points[trend->count % ORIEL_TREND_POINTS].ms = (double)(group->last_arrived_us - trend->start_us) / 1000;
  trend->points[trend->count++ % ORIEL_TREND_POINTS].delay_ms = trend->smooth_ms;
  judge(trend, trend->count >= ORIEL_TREND_POINTS ? slope(trend) : trend->trend, sent_ms, group->last_arrived_us);
}

/* Whether a packet left with the group, or queued behind it and came out with it. */
static bool belongs(const struct oriel_trend_group *group, int64_t sent_us, int64_t arrived_us) {
  if (sent_us - group->first_sent_us <= GROUP_US)
    return true;
  const int64_t arrived_delta = arrived_us - group->last_arrived_us, sent_delta = sent_us - group->last_sent_us;
  return arrived_delta < sent_delta && arrived_delta <= BURST_US && arrived_us - group->first_arrived_us < BURST_MAX_US;
}

enum oriel_trend_state oriel_trend_take(struct oriel_trend *trend, int64_t sent_us, int64_t arrived_us) {
  struct oriel_trend_group *group = &trend->group;
  if (group->begun && (sent_us - group->last_sent_us > GAP_US || arrived_us - group->last_arrived_us > GAP_US ||
                       group->last_arrived_us - arrived_us > GAP_US)) {
    const double threshold_ms = trend->threshold_ms;
    oriel_trend_init(trend);
    trend->threshold_ms = threshold_ms;
  }
  if (!group->begun) {
    *group = (struct oriel_trend_group){true, sent_us, sent_us, arrived_us, arrived_us};
  } else if (sent_us < group->first_sent_us) {
    return trend->state; /* overtaken by the whole group */
  } else if (belongs(group, sent_us, arrived_us)) {
    group->last_sent_us = sent_us > group->last_sent_us ? sent_us : group->last_sent_us;
    group->last_arrived_us = arrived_us > group->last_arrived_us ? arrived_us : group->last_arrived_us;
  } else {
    if (trend->before.begun)
      take_group(trend);
    trend->before = *group;
    *group = (struct oriel_trend_group){true, sent_us, sent_us, arrived_us, arrived_us};
  }
  return trend->state;
}
