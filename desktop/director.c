/* SPDX-License-Identifier: MIT
 *
 * The director: a desktop's media thread. It asks each rendition what to make, by what the viewers of its channel want,
 * and has its outlet make a packet and publish it; between pictures come the tiles of viewers without video, openings, and
 * deferred work. It sleeps without a timer until there is something to make and somebody who can take it; what nobody
 * can take is dropped before it is encoded, never after (lessons 2, 3). A rendition that nobody wants does nothing.
 */
#include "desktop/director.h"

#include <errno.h>

#include "core/clock.h"
#include "core/cpu_limit.h"
#include "desktop/deferred.h"
#include "desktop/hub.h"
#include "desktop/lossless.h"
#include "desktop/opening.h"
#include "desktop/outlet.h"

enum { OPENINGS_PER_SECOND = 8, OPENING_BURST = 4 }; /* a few ms each, and a burden to nobody but who asks for it */
static const uint64_t starved_ns = 50 * ORIEL_NS_PER_MS; /* so late, tiles for who has no video go first */
static const uint64_t first_ns = 500 * ORIEL_NS_PER_MS;  /* a source that has nothing new shows what it had */

struct director {
  struct oriel_desktop *desktop;
  struct oriel_outlet outlets[ORIEL_RENDITIONS];
  unsigned first; /* of them, to be asked next: they take turns */
  struct oriel_lossless lossless; /* for viewers without video */
  uint64_t lossless_ns;           /* since when something is due for them; 0 = nothing */
  struct oriel_rate_limit opening_limit;
  struct oriel_cpu_limit cpu_limit;
  uint64_t looked_events; /* as seen_events, of whoever looked last */
  bool empty;             /* the surface had no size then */
};

enum task_kind { TASK_SLEEP, TASK_RENDITION, TASK_COLLECT, TASK_OPENING, TASK_LOSSLESS };

struct task {
  enum task_kind kind;
  struct oriel_outlet *outlet;      /* RENDITION, COLLECT */
  struct oriel_rendition_step step; /* RENDITION */
  bool alone;                       /* LOSSLESS: nobody looks who takes video */
  uint64_t wake_ns;                 /* SLEEP: 0 = until woken */
  unsigned wait;                    /* SLEEP: ORIEL_WAIT_*, what may change the plan before */
};

/* ---- what to do; hub.lock is held ---- */

/* Viewers without video come between pictures of the others (`last`), or when these leave them no time. */
static bool plan_lossless(struct director *director, struct oriel_hub *hub, uint64_t now, bool last,
                          struct task *task) {
  uint64_t at = 0;
  if (!oriel_lossless_due_locked(&director->lossless, hub, now, &at)) {
    director->lossless_ns = 0;
    oriel_clock_bring_forward(&task->wake_ns, at);
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
static bool plan_opening(struct director *director, struct oriel_hub *hub, uint64_t now, struct task *task) {
  if (!oriel_opening_due_locked(hub))
    return false;
  const uint64_t at = oriel_rate_limit_next(&director->opening_limit, now);
  if (at > now) {
    oriel_clock_bring_forward(&task->wake_ns, at);
    return false;
  }
  oriel_rate_limit_take(&director->opening_limit, now);
  task->kind = TASK_OPENING;
  return true;
}

static bool plan_step(struct oriel_hub *hub, struct oriel_outlet *outlet, struct oriel_rendition_step step,
                      struct task *task) {
  hub->held_back += step.held_back;
  if (step.action == ORIEL_RENDITION_SLEEP) {
    oriel_clock_bring_forward(&task->wake_ns, step.wake_ns);
    return false;
  }
  task->kind = TASK_RENDITION;
  task->outlet = outlet;
  task->step = step;
  task->step.joined_ns = hub->joined_ns;
  return true;
}

/* Whoever is expected finds a key frame; while others look it would be a burden to them. */
static bool key_ahead(struct oriel_hub *hub, enum oriel_channel_kind kind) {
  return kind == ORIEL_CHANNEL_TILES && hub->expected_ns && !hub->watchers_pictures &&
         !oriel_channel_has_key(&hub->channels[kind]) && !oriel_opening_current_locked(hub);
}

/* What the viewers of a channel want. More damage changes nothing for those who have not taken the last. */
static void channel_demand(struct oriel_hub *hub, enum oriel_channel_kind kind, bool damaged, uint64_t now,
                           struct oriel_demand *demand, struct task *task) {
  oriel_channel_demand(&hub->channels[kind], damaged, now, demand);
  if (demand->subscribers && !damaged)
    task->wait |= ORIEL_WAIT_DAMAGE;
  if (demand->blocked || demand->key_after_ns) /* which a report of what it shows brings forward */
    task->wait |= ORIEL_WAIT_VIEWERS;
}

static bool plan_outlet(struct oriel_hub *hub, struct oriel_outlet *outlet, uint64_t now, struct task *task) {
  struct oriel_demand demand;
  if (oriel_side_works(&outlet->side))
    return false; /* it wakes when it is done */
  const bool damaged = oriel_outlet_is_damaged_locked(outlet);
  channel_demand(hub, outlet->kind, damaged, now, &demand, task);
  demand.key_due |= key_ahead(hub, outlet->kind);
  return plan_step(hub, outlet, oriel_outlet_plan_locked(outlet, &demand, damaged, now), task);
}

/* The first that has something to do, from the one whose turn it is. */
static bool plan_renditions(struct director *director, struct oriel_hub *hub, uint64_t now, struct task *task) {
  for (unsigned i = 0; i < ORIEL_RENDITIONS; i++) {
    const unsigned at = (director->first + i) % ORIEL_RENDITIONS;
    if (!plan_outlet(hub, &director->outlets[at], now, task))
      continue;
    director->first = at + 1;
    return true;
  }
  return false;
}

static void lossless_demand(const struct director *director, struct oriel_hub *hub, uint64_t now, struct task *task) {
  struct oriel_demand demand;
  channel_demand(hub, ORIEL_CHANNEL_LOSSLESS, oriel_lossless_damaged_locked(&director->lossless, hub), now, &demand,
         task);
  task->alone = hub->watchers_pictures == demand.subscribers;
}

/* True when there is a picture to look at; otherwise the task says when to ask again. */
static bool source_shows(const struct director *director, struct oriel_hub *hub, uint64_t now, struct task *task) {
  task->wait = ORIEL_WAIT_DAMAGE;
  if (director->empty && director->looked_events == hub->damage_events)
    return false;
  if (!(hub->source_watched & ORIEL_WATCH_PICTURES))
    return false; /* the network thread is about to tell the source, and wakes */
  if (hub->fresh_picture || now >= hub->watched_ns + first_ns)
    return true;
  task->wake_ns = hub->watched_ns + first_ns;
  return false;
}

/* What has used more of a processor than it may makes nothing until then, whatever changes: fewer pictures, the newest
 * ones. */
static bool is_limited(const struct director *director, struct oriel_hub *hub, uint64_t now, struct task *task) {
  const uint64_t at = oriel_cpu_limit_next(&director->cpu_limit, now);
  if (at <= now)
    return false;
  task->wait = 0;
  hub->cpu_limited++;
  task->wake_ns = at;
  return true;
}

/* What a side has coded goes out first. */
static bool plan_collecting(struct director *director, struct task *task) {
  for (unsigned i = 0; i < ORIEL_RENDITIONS; i++)
    if (oriel_side_is_done(&director->outlets[i].side)) {
      task->kind = TASK_COLLECT;
      task->outlet = &director->outlets[i];
      return true;
    }
  return false;
}

static void plan_idle(struct director *director, struct oriel_hub *hub, uint64_t now, struct task *task) {
  for (unsigned i = 0; i < ORIEL_RENDITIONS; i++) {
    struct oriel_outlet *outlet = &director->outlets[i];
    if (plan_step(hub, outlet, oriel_outlet_plan_idle(outlet, now), task))
      return;
  }
}

static struct task plan_locked(struct director *director, struct oriel_hub *hub, uint64_t now) {
  struct task task = {.kind = TASK_SLEEP};
  if (plan_collecting(director, &task))
    return task;
  if (!hub->watchers_pictures && !hub->expected_ns) {
    plan_idle(director, hub, now, &task);
    return task;
  }
  if (!source_shows(director, hub, now, &task) || is_limited(director, hub, now, &task))
    return task;
  task.wait = hub->expected_ns ? ORIEL_WAIT_DAMAGE : 0; /* what was made ahead ages */
  oriel_hub_refer_locked(hub);
  lossless_demand(director, hub, now, &task);
  if (!plan_lossless(director, hub, now, false, &task) && !plan_opening(director, hub, now, &task) &&
      !plan_renditions(director, hub, now, &task))
    (void)plan_lossless(director, hub, now, true, &task);
  return task;
}

static bool takes_damage(enum oriel_rendition_action action) {
  return action == ORIEL_RENDITION_PICTURE || action == ORIEL_RENDITION_KEY || action == ORIEL_RENDITION_SHARPEN;
}

/* Before the surface is looked at: what comes meanwhile counts anew. */
static void note_look_locked(struct director *director, const struct oriel_hub *hub, const struct task *task) {
  const bool takes = task->kind == TASK_RENDITION && takes_damage(task->step.action);
  if (takes)
    task->outlet->seen_events = hub->damage_events;
  if (takes || task->kind == TASK_LOSSLESS)
    director->looked_events = hub->damage_events;
}

/* ---- doing it; no lock held ---- */

/* One packet for a viewer without video. */
static void make_lossless(struct director *director, bool alone) {
  struct oriel_desktop *desktop = director->desktop;
  uint16_t width = 0, height = 0;
  director->empty = !oriel_lossless_look(&director->lossless, desktop, &width, &height);
  if (director->empty)
    return;
  width = oriel_picture_side(width);
  height = oriel_picture_side(height);
  const uint64_t now = oriel_clock_ns();
  const struct oriel_fact_size size = {.width = width, .height = height};
  (void)oriel_bulletin_post(&desktop->bulletin, ORIEL_FACT_SIZE, &size, now); /* a picture follows and wakes */
  const uint32_t kbps = oriel_outlet_rate(desktop, ORIEL_CHANNEL_LOSSLESS, width, height, now).kbps;
  /* Half of a rate pays for refinement, so the whole of it for the picture itself; half of it beside others' video. */
  oriel_lossless_send(&director->lossless, desktop, width, height, alone ? 2 * kbps : kbps);
}

/* ---- the thread ---- */

/* Until something comes that concerns the plan. */
static void sleep_for(struct oriel_hub *hub, const struct task *task) {
  atomic_store_explicit(&hub->wait, task->wait, memory_order_relaxed); /* late, it costs at most a look */
  pthread_mutex_unlock(&hub->lock);
  (void)oriel_waiter_wait(&hub->waiter, task->wake_ns);
  pthread_mutex_lock(&hub->lock);
}

static void run_step(struct director *director, struct oriel_outlet *outlet, const struct oriel_rendition_step *step) {
  const int error = oriel_outlet_run(outlet, step);
  if (takes_damage(step->action))
    director->empty = error == -EAGAIN;
}

/* Returns the processor time that was used for it elsewhere. */
static uint64_t run_task(struct director *director, const struct task *task) {
  if (task->kind == TASK_COLLECT)
    return oriel_outlet_collect(task->outlet);
  if (task->kind == TASK_LOSSLESS)
    make_lossless(director, task->alone);
  else if (task->kind == TASK_OPENING)
    oriel_opening_make(director->desktop);
  else
    run_step(director, task->outlet, &task->step);
  return 0;
}

/* Returns the processor time that it took. */
static uint64_t run(struct director *director, const struct task *task) {
  const uint64_t from = oriel_clock_ns(), before = oriel_clock_thread_ns();
  const uint64_t elsewhere = run_task(director, task);
  const uint64_t used = oriel_clock_thread_ns() - before + elsewhere;
  oriel_cpu_limit_take(&director->cpu_limit, from, used);
  return used;
}

static void direct_locked(struct director *director) {
  struct oriel_hub *hub = &director->desktop->hub;
  uint64_t deferred_ns = 0;
  /* Before it looks at anything: whoever changes it after that look, under the same lock, wakes. */
  atomic_store_explicit(&hub->wait, ORIEL_WAIT_ALL, memory_order_relaxed); /* the locks order it, see oriel_hub_wake */
  oriel_waiter_clear(&hub->waiter);
  if (oriel_deferred_run_locked(director->desktop, oriel_clock_ns(), &deferred_ns))
    return;
  struct task task = plan_locked(director, hub, oriel_clock_ns());
  if (task.kind == TASK_SLEEP) {
    oriel_clock_bring_forward(&task.wake_ns, deferred_ns);
    sleep_for(hub, &task);
    return;
  }
  atomic_store_explicit(&hub->wait, 0, memory_order_relaxed); /* it looks again after the work, whatever comes */
  note_look_locked(director, hub, &task);
  pthread_mutex_unlock(&hub->lock);
  const uint64_t used_ns = run(director, &task);
  pthread_mutex_lock(&hub->lock);
  hub->cpu_ns += used_ns;
}

static void begin(struct director *director) {
  const struct oriel_desktop_config *config = &director->desktop->config;
  for (unsigned i = 0; i < ORIEL_RENDITIONS; i++)
    oriel_outlet_init(&director->outlets[i], director->desktop, (enum oriel_channel_kind)i);
  oriel_rate_limit_init(&director->opening_limit, OPENINGS_PER_SECOND, OPENING_BURST);
  oriel_cpu_limit_init(&director->cpu_limit, config->cpu_percent);
  oriel_lossless_init(&director->lossless);
}

void *oriel_director_run(void *argument) {
  struct oriel_desktop *desktop = argument;
  struct oriel_hub *hub = &desktop->hub;
  struct director director = {.desktop = desktop};
#ifdef __linux__
  pthread_setname_np(pthread_self(), "oriel-media");
#endif
  begin(&director);
  pthread_mutex_lock(&hub->lock);
  while (!hub->stopping)
    direct_locked(&director);
  pthread_mutex_unlock(&hub->lock);
  for (unsigned i = 0; i < ORIEL_RENDITIONS; i++)
    oriel_outlet_finish(&director.outlets[i]);
  return NULL;
}
