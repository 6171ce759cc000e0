/* SPDX-License-Identifier: MIT
 *
 * What a rendition makes next: key frames for who waits for one, pictures of changes, sharpening, refinement. Decides
 * and makes nothing. Called by its owner.
 */
#include "core/clock.h"
#include "media/rendition.h"

enum { SHARPENINGS_MAX = 8, RESTARTS_MAX = 4 };
static const uint64_t still_ns = 250 * ORIEL_NS_PER_MS;     /* so long without a picture: sharpen */
static const uint64_t blurred_ns = 1500 * ORIEL_NS_PER_MS;  /* typing in tiles beside a blurred picture: sharpen */
static const uint64_t restart_ns = 5 * ORIEL_NS_PER_SECOND; /* refining for who missed a part; 2, 4 ... as long */
static const uint64_t keep_ns = 10 * ORIEL_NS_PER_SECOND;   /* the encoder outlives the last subscriber by this */

struct oriel_rendition_step oriel_rendition_plan_idle(struct oriel_rendition *rendition, uint64_t now_ns) {
  struct oriel_rendition_step step = {.action = ORIEL_RENDITION_SLEEP};
  if (!rendition->encoder)
    return step;
  if (!rendition->idle_ns)
    rendition->idle_ns = now_ns;
  if (now_ns >= rendition->idle_ns + keep_ns)
    step.action = ORIEL_RENDITION_RELEASE;
  else
    step.wake_ns = rendition->idle_ns + keep_ns;
  return step;
}

static uint64_t key_turn(const struct oriel_rendition *rendition, uint64_t now_ns) {
  const uint64_t spacing = oriel_rate_limit_next(&rendition->key_spacing, now_ns);
  const uint64_t average = oriel_rate_limit_next(&rendition->key_average, now_ns);
  return spacing > average ? spacing : average;
}

static bool plan_key(const struct oriel_rendition *rendition, const struct oriel_demand *demand, uint64_t now_ns,
                     struct oriel_rendition_step *step) {
  if (!demand->key_due) {
    oriel_clock_bring_forward(&step->wake_ns, demand->key_after_ns);
    return false;
  }
  const uint64_t at = key_turn(rendition, now_ns);
  if (at > now_ns) {
    oriel_clock_bring_forward(&step->wake_ns, at);
    return false;
  }
  step->action = ORIEL_RENDITION_KEY;
  return true;
}

static bool plan_picture(struct oriel_rendition *rendition, const struct oriel_demand *demand, bool damaged,
                         uint64_t now_ns, struct oriel_rendition_step *step) {
  if (!demand->live || (!damaged && !demand->video_due))
    return false;
  if (!demand->live_ready) {
    step->held_back = damaged && !rendition->held;
    rendition->held |= damaged;
    return false;
  }
  const uint64_t at = oriel_rate_limit_next(&rendition->pace, now_ns);
  if (at > now_ns) {
    oriel_clock_bring_forward(&step->wake_ns, at);
    return false;
  }
  step->action = ORIEL_RENDITION_PICTURE;
  step->tiles = demand->tiles && !demand->video_due;
  step->video_due = demand->video_due;
  return true;
}

static bool plan_sharpen(const struct oriel_rendition *rendition, const struct oriel_demand *demand, uint64_t now_ns,
                         struct oriel_rendition_step *step) {
  if (!demand->live_ready || !rendition->encoder || rendition->key_forced ||
      rendition->sharpenings >= SHARPENINGS_MAX || !oriel_encoder_needs_sharpening(rendition->encoder))
    return false;
  uint64_t at = rendition->change_ns + still_ns;
  if (at > rendition->video_ns + blurred_ns)
    at = rendition->video_ns + blurred_ns;
  if (at < rendition->video_ns + still_ns)
    at = rendition->video_ns + still_ns;
  if (at > now_ns) {
    oriel_clock_bring_forward(&step->wake_ns, at);
    return false;
  }
  step->action = ORIEL_RENDITION_SHARPEN;
  return true;
}

/* Whoever stood still and missed a part gets that once more; rarely, since everybody gets it. */
static bool plan_owe(struct oriel_rendition *rendition, const struct oriel_demand *demand, uint64_t now_ns,
                     struct oriel_rendition_step *step) {
  if (!demand->unrefined)
    return false;
  if (now_ns < rendition->restart_at_ns) {
    oriel_clock_bring_forward(&step->wake_ns, rendition->restart_at_ns);
    return false;
  }
  rendition->restart_at_ns = now_ns + (restart_ns << rendition->restarts);
  rendition->restarts += rendition->restarts < RESTARTS_MAX;
  step->action = ORIEL_RENDITION_OWE;
  return true;
}

static bool plan_refine(struct oriel_rendition *rendition, const struct oriel_demand *demand, uint64_t now_ns,
                        struct oriel_rendition_step *step) {
  if (!demand->refinable || !rendition->encoder || rendition->key_forced || rendition->canvas)
    return false;
  if (plan_owe(rendition, demand, now_ns, step))
    return true;
  if (!rendition->refine.left)
    return false;
  uint64_t at = rendition->refine.at_ns;
  if (at < demand->refine_after_ns)
    at = demand->refine_after_ns;
  if (at > now_ns) {
    oriel_clock_bring_forward(&step->wake_ns, at);
    return false;
  }
  step->action = ORIEL_RENDITION_REFINE;
  return true;
}

struct oriel_rendition_step oriel_rendition_plan(struct oriel_rendition *rendition, const struct oriel_demand *demand,
                                                 bool damaged, uint64_t now_ns) {
  struct oriel_rendition_step step = {.action = ORIEL_RENDITION_SLEEP};
  damaged |= rendition->unshown;
  if (!demand->subscribers && !demand->key_due)
    return oriel_rendition_plan_idle(rendition, now_ns);
  rendition->idle_ns = 0;
  if (rendition->retry_at_ns > now_ns) {
    step.wake_ns = rendition->retry_at_ns;
    return step;
  }
  if (plan_key(rendition, demand, now_ns, &step) || plan_picture(rendition, demand, damaged, now_ns, &step) || damaged)
    return step;
  if (!plan_sharpen(rendition, demand, now_ns, &step))
    (void)plan_refine(rendition, demand, now_ns, &step);
  return step;
}
