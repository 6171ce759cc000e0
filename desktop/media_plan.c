/* SPDX-License-Identifier: MIT
 *
 * What the media thread makes next: key frames for who waits for one, pictures of damage, sharpening, refinement, tiles
 * for who has no video. Under hub.lock, media thread only; decides and makes nothing.
 */
#include "desktop/media.h"

#include "core/clock.h"
#include "desktop/opening.h"

enum { SHARPENINGS_MAX = 8, RESTARTS_MAX = 4 };
static const uint64_t still_ns = 250 * ORIEL_NS_PER_MS;     /* so long without a picture: sharpen */
static const uint64_t blurred_ns = 1500 * ORIEL_NS_PER_MS;  /* typing in tiles beside a blurred picture: sharpen */
static const uint64_t restart_ns = 5 * ORIEL_NS_PER_SECOND; /* refining for who missed a part; 2, 4 ... as long */
static const uint64_t starved_ns = 50 * ORIEL_NS_PER_MS;    /* so late, tiles for who has no video go first */
static const uint64_t keep_ns = 10 * ORIEL_NS_PER_SECOND;   /* the encoder outlives the last viewer by this */
static const uint64_t first_ns = 500 * ORIEL_NS_PER_MS;     /* a source that has nothing new shows what it had */

void oriel_media_plan_wake(struct oriel_media_plan *plan, uint64_t wake_ns) {
  if (!plan->wake_ns || wake_ns < plan->wake_ns)
    plan->wake_ns = wake_ns;
}

bool oriel_media_damaged_locked(const struct oriel_media *media, const struct oriel_hub *hub) {
  return media->unshown || media->seen_events != hub->damage_events;
}

static struct oriel_media_plan plan_unwatched(struct oriel_media *media, uint64_t now) {
  struct oriel_media_plan plan = {.action = ORIEL_MEDIA_SLEEP};
  if (!media->encoder)
    return plan;
  if (!media->idle_ns)
    media->idle_ns = now;
  if (now >= media->idle_ns + keep_ns)
    plan.action = ORIEL_MEDIA_RELEASE;
  else
    plan.wake_ns = media->idle_ns + keep_ns;
  return plan;
}

/* Viewers without video come between pictures of the others (`last`), or when these leave them no time. */
static bool plan_lossless(struct oriel_media *media, const struct oriel_hub *hub, const struct oriel_survey *survey,
                          uint64_t now, bool last, struct oriel_media_plan *plan) {
  uint64_t at = 0;
  plan->alone = !survey->video;
  if (!oriel_lossless_due_locked(&media->lossless, hub, now, &at)) {
    media->lossless_ns = 0;
    if (at)
      oriel_media_plan_wake(plan, at);
    return false;
  }
  if (!media->lossless_ns)
    media->lossless_ns = now;
  if (!last && now < media->lossless_ns + starved_ns)
    return false;
  media->lossless_ns = 0;
  plan->action = ORIEL_MEDIA_LOSSLESS;
  return true;
}

/* Ahead of its key frame, also of one that has to wait for its turn. */
static bool plan_opening(struct oriel_media *media, const struct oriel_hub *hub, uint64_t now,
                         struct oriel_media_plan *plan) {
  if (!oriel_opening_due_locked(hub))
    return false;
  const uint64_t at = oriel_rate_limit_next(&media->opening_pace, now);
  if (at > now) {
    oriel_media_plan_wake(plan, at);
    return false;
  }
  oriel_rate_limit_take(&media->opening_pace, now);
  plan->action = ORIEL_MEDIA_OPENING;
  return true;
}

static bool plan_key(struct oriel_media *media, const struct oriel_survey *survey, uint64_t now,
                     struct oriel_media_plan *plan) {
  if (survey->key_due) {
    uint64_t at = oriel_keys_budget_next(&media->keys, now);
    if (at <= now) {
      plan->action = ORIEL_MEDIA_KEY;
      return true;
    }
    oriel_media_plan_wake(plan, at);
  } else if (survey->key_after_ns) {
    oriel_media_plan_wake(plan, survey->key_after_ns);
  }
  return false;
}

static bool plan_picture(struct oriel_media *media, struct oriel_hub *hub, const struct oriel_survey *survey,
                         uint64_t now, struct oriel_media_plan *plan) {
  const bool damaged = oriel_media_damaged_locked(media, hub);
  if (!survey->live || (!damaged && !survey->video_due))
    return false;
  if (!survey->live_ready) {
    if (damaged && !media->held) {
      media->held = true;
      hub->held_back++;
    }
    return false;
  }
  uint64_t at = oriel_rate_limit_next(&media->pace, now);
  if (at <= now) {
    plan->action = ORIEL_MEDIA_PICTURE;
    plan->tiles = survey->all_tiles && !survey->video_due;
    plan->video_due = survey->video_due;
    return true;
  }
  oriel_media_plan_wake(plan, at);
  return false;
}

static bool plan_sharpen(struct oriel_media *media, const struct oriel_hub *hub, const struct oriel_survey *survey,
                         uint64_t now, struct oriel_media_plan *plan) {
  if (oriel_media_damaged_locked(media, hub) || !survey->live_ready || !media->encoder || media->key_forced ||
      media->sharpenings >= SHARPENINGS_MAX ||
      !oriel_encoder_needs_sharpening(media->encoder))
    return false;
  uint64_t at = media->change_ns + still_ns;
  if (at > media->video_ns + blurred_ns)
    at = media->video_ns + blurred_ns;
  if (at < media->video_ns + still_ns)
    at = media->video_ns + still_ns;
  if (at <= now) {
    plan->action = ORIEL_MEDIA_SHARPEN;
    return true;
  }
  oriel_media_plan_wake(plan, at);
  return false;
}

/* Whoever stood still and missed a part gets that once more; rarely, since everybody gets it. */
static void restart_refinement(struct oriel_media *media, struct oriel_hub *hub, uint64_t now,
                               struct oriel_media_plan *plan) {
  if (now < media->restart_at_ns) {
    oriel_media_plan_wake(plan, media->restart_at_ns);
    return;
  }
  media->restart_at_ns = now + (restart_ns << media->restarts);
  media->restarts += media->restarts < RESTARTS_MAX;
  for (unsigned i = 0; i < hub->count; i++) {
    oriel_refine_owe(&media->refine, &hub->viewers[i]->unrefined);
    oriel_damage_clear(&hub->viewers[i]->unrefined);
  }
}

static bool plan_refine(struct oriel_media *media, struct oriel_hub *hub, const struct oriel_survey *survey,
                        uint64_t now, struct oriel_media_plan *plan) {
  if (oriel_media_damaged_locked(media, hub) || !survey->refinable || !media->encoder || media->key_forced || media->canvas)
    return false;
  if (survey->unrefined)
    restart_refinement(media, hub, now, plan);
  if (!media->refine.left)
    return false;
  uint64_t at = media->refine.at_ns;
  if (at < survey->refine_after_ns)
    at = survey->refine_after_ns;
  if (at <= now) {
    plan->action = ORIEL_MEDIA_REFINE;
    return true;
  }
  oriel_media_plan_wake(plan, at);
  return false;
}

struct oriel_media_plan oriel_media_plan_locked(struct oriel_media *media, struct oriel_hub *hub, uint64_t now) {
  struct oriel_media_plan plan = {.action = ORIEL_MEDIA_SLEEP};
  struct oriel_survey survey;
  if (!hub->watchers_pictures && !hub->expected_ns)
    return plan_unwatched(media, now);
  if (media->retry_at_ns > now) {
    plan.wake_ns = media->retry_at_ns;
    return plan;
  }
  hub->wait = ORIEL_WAIT_DAMAGE;
  if (media->empty && media->looked_events == hub->damage_events)
    return plan;
  if (!(hub->source_watched & ORIEL_WATCH_PICTURES))
    return plan; /* the network thread is about to tell the source, and pokes */
  if (!hub->fresh_picture && now < hub->watched_ns + first_ns) {
    plan.wake_ns = hub->watched_ns + first_ns;
    return plan;
  }
  const bool damaged = oriel_media_damaged_locked(media, hub);
  oriel_hub_survey_locked(hub, damaged, now, &survey);
  if (survey.blocked)
    hub->wait |= ORIEL_WAIT_VIEWERS;
  const bool lossless = hub->watchers_pictures > survey.video;
  if ((damaged || !survey.video) && (!lossless || oriel_lossless_damaged_locked(&media->lossless, hub)))
    hub->wait &= ~(unsigned)ORIEL_WAIT_DAMAGE; /* more of it changes nothing for those who look */
  if (survey.video || survey.key_due)
    media->idle_ns = 0;
  else if ((plan = plan_unwatched(media, now)).action != ORIEL_MEDIA_SLEEP)
    return plan;
  plan.joined_ns = hub->joined_ns;
  if (plan_lossless(media, hub, &survey, now, false, &plan) || plan_opening(media, hub, now, &plan) ||
      plan_key(media, &survey, now, &plan) || plan_picture(media, hub, &survey, now, &plan) ||
      plan_sharpen(media, hub, &survey, now, &plan) || plan_refine(media, hub, &survey, now, &plan) ||
      plan_lossless(media, hub, &survey, now, true, &plan))
    return plan;
  return plan;
}
