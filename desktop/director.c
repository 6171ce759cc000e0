/* SPDX-License-Identifier: MIT
 *
 * The director: a desktop's media thread. It asks the rendition what to make, by what the viewers want, lets it make a
 * packet and hands that to the hub; between pictures come the tiles of viewers without video, openings, and errands. It
 * sleeps without a timer until there is something to make and somebody who can take it; what nobody can take is dropped
 * before it is encoded, never after (lessons 2, 3).
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "core/log.h"
#include "desktop/lossless.h"
#include "desktop/opening.h"
#include "desktop/private.h"
#include "media/rendition.h"

enum { OPENINGS_PER_SECOND = 8, OPENING_BURST = 4 }; /* a few ms each, and a burden to nobody but who asks for it */
static const uint64_t starved_ns = 50 * ORIEL_NS_PER_MS; /* so late, tiles for who has no video go first */
static const uint64_t first_ns = 500 * ORIEL_NS_PER_MS;  /* a source that has nothing new shows what it had */

struct director {
  struct oriel_desktop *desktop;
  struct oriel_rendition rendition;
  struct oriel_lossless lossless; /* for viewers without video */
  uint64_t lossless_ns;           /* since when something is due for them; 0 = nothing */
  struct oriel_rate_limit opening_limit;
  uint64_t seen_events;   /* hub.damage_events when the rendition looked at the surface last */
  uint64_t looked_events; /* the same of anybody */
  bool empty;             /* the surface had no size then */
};

enum task_kind { TASK_SLEEP, TASK_RENDITION, TASK_OPENING, TASK_LOSSLESS };

struct task {
  enum task_kind kind;
  struct oriel_rendition_step step; /* RENDITION */
  bool alone;                       /* LOSSLESS: nobody looks who takes video */
  uint64_t wake_ns;                 /* SLEEP: 0 = until poked */
};

static void bring_forward(uint64_t *wake_ns, uint64_t at_ns) {
  if (at_ns && (!*wake_ns || at_ns < *wake_ns))
    *wake_ns = at_ns;
}

/* ---- what to do; hub.lock is held ---- */

static bool is_damaged(const struct director *director, const struct oriel_hub *hub) {
  return director->rendition.unshown || director->seen_events != hub->damage_events;
}

/* Viewers without video come between pictures of the others (`last`), or when these leave them no time. */
static bool plan_lossless(struct director *director, const struct oriel_hub *hub, uint64_t now, bool last,
                          struct task *task) {
  uint64_t at = 0;
  if (!oriel_lossless_due_locked(&director->lossless, hub, now, &at)) {
    director->lossless_ns = 0;
    bring_forward(&task->wake_ns, at);
    return false;
  }
  if (!director->lossless_ns)
    director->lossless_ns = now;
  if (!last && now < director->lossless_ns + starved_ns)
    return false;
  director->lossless_ns = 0;
  task->kind = TASK_LOSSLESS;
  return true;
}

/* Ahead of its key frame, also of one that has to wait for its turn. */
static bool plan_opening(struct director *director, const struct oriel_hub *hub, uint64_t now, struct task *task) {
  if (!oriel_opening_due_locked(hub))
    return false;
  const uint64_t at = oriel_rate_limit_next(&director->opening_limit, now);
  if (at > now) {
    bring_forward(&task->wake_ns, at);
    return false;
  }
  oriel_rate_limit_take(&director->opening_limit, now);
  task->kind = TASK_OPENING;
  return true;
}

static bool plan_step(struct oriel_hub *hub, struct oriel_rendition_step step, struct task *task) {
  hub->held_back += step.held_back;
  task->step = step;
  task->step.joined_ns = hub->joined_ns;
  if (step.action == ORIEL_RENDITION_SLEEP) {
    bring_forward(&task->wake_ns, step.wake_ns);
    return false;
  }
  task->kind = TASK_RENDITION;
  return true;
}

/* What may change the answer before task.wake_ns. More damage changes nothing for those who have not taken the last. */
static unsigned waits_for(const struct director *director, const struct oriel_hub *hub,
                          const struct oriel_demand *demand) {
  const bool lossless = hub->watchers_pictures > demand->subscribers;
  const bool known = (is_damaged(director, hub) || !demand->subscribers) &&
                     (!lossless || oriel_lossless_damaged_locked(&director->lossless, hub));
  return (known ? 0 : ORIEL_WAIT_DAMAGE) | (demand->blocked ? ORIEL_WAIT_VIEWERS : 0);
}

/* True when there is a picture to look at; otherwise the task says when to ask again. */
static bool source_shows(const struct director *director, struct oriel_hub *hub, uint64_t now, struct task *task) {
  hub->wait = ORIEL_WAIT_DAMAGE;
  if (director->empty && director->looked_events == hub->damage_events)
    return false;
  if (!(hub->source_watched & ORIEL_WATCH_PICTURES))
    return false; /* the network thread is about to tell the source, and pokes */
  if (hub->fresh_picture || now >= hub->watched_ns + first_ns)
    return true;
  task->wake_ns = hub->watched_ns + first_ns;
  return false;
}

static struct task plan_locked(struct director *director, struct oriel_hub *hub, uint64_t now) {
  struct task task = {.kind = TASK_SLEEP};
  struct oriel_demand demand;
  if (!hub->watchers_pictures && !hub->expected_ns) {
    plan_step(hub, oriel_rendition_plan_idle(&director->rendition, now), &task);
    return task;
  }
  if (!source_shows(director, hub, now, &task))
    return task;
  const bool damaged = is_damaged(director, hub);
  oriel_hub_survey_locked(hub, damaged, now, &demand);
  hub->wait = waits_for(director, hub, &demand);
  task.alone = !demand.subscribers;
  if (plan_lossless(director, hub, now, false, &task) || plan_opening(director, hub, now, &task) ||
      plan_step(hub, oriel_rendition_plan(&director->rendition, &demand, damaged, now), &task) ||
      plan_lossless(director, hub, now, true, &task))
    return task;
  return task;
}

/* Before the surface is looked at: what comes meanwhile counts anew. */
static void note_look_locked(struct director *director, const struct oriel_hub *hub, const struct task *task) {
  const enum oriel_rendition_action action = task->step.action;
  const bool takes = task->kind == TASK_RENDITION &&
                     (action == ORIEL_RENDITION_PICTURE || action == ORIEL_RENDITION_KEY ||
                      action == ORIEL_RENDITION_SHARPEN);
  if (takes)
    director->seen_events = hub->damage_events;
  if (takes || task->kind == TASK_LOSSLESS)
    director->looked_events = hub->damage_events;
}

/* ---- doing it; no lock held ---- */

/* The bitrate for now, and the size for all who ask. */
static struct oriel_rate rate(void *user, uint16_t width, uint16_t height, uint64_t now_ns) {
  struct oriel_desktop *desktop = user;
  struct oriel_hub *hub = &desktop->hub;
  uint32_t cap = desktop->config.bitrate_kbps;
  if (!cap)
    cap = oriel_encoder_default_kbps(width, height);
  pthread_mutex_lock(&hub->lock);
  if (!hub->rate.cap_kbps)
    oriel_bitrate_init(&hub->rate, cap, now_ns);
  else if (hub->rate.cap_kbps != cap)
    oriel_bitrate_cap(&hub->rate, cap, now_ns);
  const uint32_t kbps = hub->bitrate_kbps = oriel_bitrate_kbps(&hub->rate, now_ns);
  pthread_mutex_unlock(&hub->lock);
  const struct oriel_fact_size size = {.width = width, .height = height};
  (void)oriel_bulletin_post(&desktop->bulletin, ORIEL_FACT_SIZE, &size, now_ns); /* a picture follows and wakes */
  return (struct oriel_rate){.kbps = kbps, .cap_kbps = cap};
}

/* Nothing fits any more before a key frame. */
static void refuse(struct director *director, int error) {
  struct oriel_hub *hub = &director->desktop->hub;
  if (director->rendition.failures == 1)
    oriel_error("desktop", "pictures cannot be encoded: %s; trying again, `oriel doctor` lists the encoders",
                strerror(-error));
  pthread_mutex_lock(&hub->lock);
  hub->encode_failures++;
  for (unsigned i = 0; i < hub->count; i++)
    if (hub->viewers[i]->pictures && hub->viewers[i]->chain != ORIEL_CHAIN_KEY)
      oriel_hub_need_key_locked(hub->viewers[i], 0);
  pthread_mutex_unlock(&hub->lock);
}

static void make_picture(struct director *director, const struct oriel_rendition_step *step) {
  struct oriel_desktop *desktop = director->desktop;
  struct oriel_rendition *rendition = &director->rendition;
  struct oriel_packet *packet = NULL;
  const int error = oriel_rendition_make(rendition, desktop->surface, step, &packet);
  if (step->action != ORIEL_RENDITION_REFINE)
    director->empty = error == -EAGAIN;
  if (error == -EAGAIN || error == -EBUSY || error == -ENODATA)
    return;
  if (error) {
    refuse(director, error);
    return;
  }
  pthread_mutex_lock(&desktop->hub.lock);
  desktop->hub.encoder = oriel_rendition_encoder(rendition);
  desktop->hub.conversions = rendition->conversions;
  pthread_mutex_unlock(&desktop->hub.lock);
  if (oriel_hub_publish_picture(desktop, packet))
    oriel_rendition_owe_all(rendition);
}

/* What somebody missed of the refinement is to be sent once more. */
static void owe_missed(struct director *director) {
  struct oriel_hub *hub = &director->desktop->hub;
  pthread_mutex_lock(&hub->lock);
  for (unsigned i = 0; i < hub->count; i++) {
    oriel_rendition_owe(&director->rendition, &hub->viewers[i]->unrefined);
    oriel_damage_clear(&hub->viewers[i]->unrefined);
  }
  pthread_mutex_unlock(&hub->lock);
}

static void run_step(struct director *director, const struct oriel_rendition_step *step) {
  if (step->action == ORIEL_RENDITION_RELEASE)
    oriel_rendition_release(&director->rendition);
  else if (step->action == ORIEL_RENDITION_OWE)
    owe_missed(director);
  else
    make_picture(director, step);
}

static uint16_t at_least_min(uint16_t side) {
  return side < ORIEL_PICTURE_SIZE_MIN ? (uint16_t)ORIEL_PICTURE_SIZE_MIN : side;
}

/* One packet for a viewer without video. */
static void make_lossless(struct director *director, bool alone) {
  struct oriel_desktop *desktop = director->desktop;
  uint16_t width = 0, height = 0;
  director->empty = !oriel_lossless_look(&director->lossless, desktop, &width, &height);
  if (director->empty)
    return;
  width = at_least_min(width);
  height = at_least_min(height);
  const uint32_t kbps = rate(desktop, width, height, oriel_clock_ns()).kbps;
  /* Half of a rate pays for refinement, so the whole of it for the picture itself; half of it beside others' video. */
  oriel_lossless_send(&director->lossless, desktop, width, height, alone ? 2 * kbps : kbps);
}

/* ---- the thread ---- */

static void sleep_until(struct oriel_hub *hub, uint64_t wake_ns) {
  if (!wake_ns) {
    pthread_cond_wait(&hub->media, &hub->lock);
    return;
  }
  struct timespec at = {
    .tv_sec = (time_t)(wake_ns / ORIEL_NS_PER_SECOND),
    .tv_nsec = (long)(wake_ns % ORIEL_NS_PER_SECOND),
  };
  pthread_cond_timedwait(&hub->media, &hub->lock, &at);
}

static void run(struct director *director, const struct task *task) {
  if (task->kind == TASK_LOSSLESS)
    make_lossless(director, task->alone);
  else if (task->kind == TASK_OPENING)
    oriel_opening_make(director->desktop);
  else
    run_step(director, &task->step);
}

static void direct_locked(struct director *director) {
  struct oriel_hub *hub = &director->desktop->hub;
  uint64_t errand_ns = 0;
  hub->wait = 0;
  if (oriel_errand_locked(director->desktop, oriel_clock_ns(), &errand_ns))
    return;
  struct task task = plan_locked(director, hub, oriel_clock_ns());
  if (task.kind == TASK_SLEEP) {
    bring_forward(&task.wake_ns, errand_ns);
    sleep_until(hub, task.wake_ns);
    return;
  }
  hub->wait = 0;
  note_look_locked(director, hub, &task);
  pthread_mutex_unlock(&hub->lock);
  run(director, &task);
  pthread_mutex_lock(&hub->lock);
}

void *oriel_media_thread(void *argument) {
  struct oriel_desktop *desktop = argument;
  struct oriel_hub *hub = &desktop->hub;
  struct director director = {.desktop = desktop};
#ifdef __linux__
  pthread_setname_np(pthread_self(), "oriel-media");
#endif
  oriel_rendition_init(&director.rendition, &(struct oriel_rendition_config){
    .encoder = desktop->config.encoder, .fps = desktop->config.fps, .rate = rate, .user = desktop});
  oriel_rate_limit_init(&director.opening_limit, OPENINGS_PER_SECOND, OPENING_BURST);
  oriel_lossless_init(&director.lossless);
  pthread_mutex_lock(&hub->lock);
  while (!hub->stopping)
    direct_locked(&director);
  pthread_mutex_unlock(&hub->lock);
  oriel_rendition_finish(&director.rendition);
  return NULL;
}
