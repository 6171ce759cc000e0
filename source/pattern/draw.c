/* SPDX-License-Identifier: MIT
 *
 * Painting and the drawing thread, see draw.h.
 */
#include "source/pattern/draw.h"

#include <pthread.h>
#include <time.h>

#include "core/clock.h"

static const uint64_t typing_interval_ns = 100 * ORIEL_NS_PER_MS;

void oriel_pattern_paint_locked(struct pattern *pattern, const struct oriel_rect *rects, size_t count, uint64_t now) {
  struct oriel_surface_view view;
  oriel_surface_lock(pattern->surface, NULL, &view);
  if (view.width == pattern->card.width && view.height == pattern->card.height) {
    for (size_t i = 0; i < count; i++) {
      if (oriel_rect_empty(rects[i]))
        continue;
      oriel_card_paint(&pattern->card, view.bgrx, view.stride, rects[i]);
      oriel_surface_damage_locked(pattern->surface, rects[i], now);
    }
  }
  oriel_surface_unlock(pattern->surface, NULL);
  pattern->frames++;
}

void oriel_pattern_paint_all_locked(struct pattern *pattern) {
  struct oriel_rect all = oriel_card_all(&pattern->card);
  oriel_pattern_paint_locked(pattern, &all, 1, oriel_clock_ns());
}

uint32_t oriel_pattern_time_of_day_s(void) {
  struct tm parts;
  time_t now = time(NULL);
  localtime_r(&now, &parts);
  return (uint32_t)(parts.tm_hour * 3600 + parts.tm_min * 60 + parts.tm_sec);
}

static uint64_t interval_ns(const struct pattern *pattern) {
  switch (pattern->card.scene) {
  case ORIEL_SCENE_STATIC:
    return 0;
  case ORIEL_SCENE_TYPING:
    return typing_interval_ns;
  default:
    return ORIEL_NS_PER_SECOND / pattern->card.fps;
  }
}

/* One step of an animated scene. */
static void step_locked(struct pattern *pattern) {
  struct oriel_rect rects[3];
  size_t count = 0;
  pattern->card.step++;
  pattern->card.counter++;
  rects[count++] = oriel_card_scene(&pattern->card);
  rects[count++] = oriel_card_counter(&pattern->card);
  uint32_t clock_s = oriel_pattern_time_of_day_s();
  if (clock_s != pattern->card.clock_s) {
    pattern->card.clock_s = clock_s;
    rects[count++] = oriel_card_clock(&pattern->card);
  }
  if (pattern->card.scene == ORIEL_SCENE_MOTION)
    count = 1; /* it covers the rest */
  oriel_pattern_paint_locked(pattern, rects, count, oriel_clock_ns());
}

/* ---- the drawing thread ---- */

void oriel_pattern_tell_state(struct pattern *pattern, enum oriel_source_state state) {
  static const char *const details[] = {
    [ORIEL_SOURCE_CONNECTING] = "",
    [ORIEL_SOURCE_RUNNING] = "",
    [ORIEL_SOURCE_PAUSED] = "The pattern is paused.",
    [ORIEL_SOURCE_GONE] = "The pattern was powered down; it comes back in two seconds.",
  };
  pattern->sink->state(pattern->sink->user, state, details[state]);
}

static void sleep_until_locked(struct pattern *pattern, uint64_t wake_ns) {
  pthread_mutex_unlock(&pattern->lock);
  (void)oriel_waiter_wait(&pattern->waiter, wake_ns);
  pthread_mutex_lock(&pattern->lock);
}

void oriel_pattern_reset_locked(struct pattern *pattern) {
  pattern->card.counter = 0;
  pattern->card.block = 0;
  pattern->card.step = 0;
  pattern->card.typed_count = 0;
  pattern->card.cross_known = pattern->card.pointer_known = false;
}

static void power_up_locked(struct pattern *pattern) {
  pattern->power_at_ns = 0;
  pattern->card.off = false;
  pattern->paused = false;
  oriel_pattern_reset_locked(pattern);
  oriel_pattern_paint_all_locked(pattern);
  oriel_tone_play(pattern->tone, pattern->heard);
  pthread_mutex_unlock(&pattern->lock);
  oriel_pattern_tell_state(pattern, ORIEL_SOURCE_RUNNING);
  pattern->sink->damaged(pattern->sink->user);
  pthread_mutex_lock(&pattern->lock);
}

void *oriel_pattern_draw(void *argument) {
  struct pattern *pattern = argument;
  uint64_t due_ns = 0;
#ifdef __linux__
  pthread_setname_np(pthread_self(), "oriel-pattern");
#endif
  pthread_mutex_lock(&pattern->lock);
  while (!pattern->stopping) {
    uint64_t now = oriel_clock_ns(), interval = interval_ns(pattern);
    if (pattern->power_at_ns) {
      if (now >= pattern->power_at_ns)
        power_up_locked(pattern);
      else
        sleep_until_locked(pattern, pattern->power_at_ns);
    } else if (!pattern->watched || pattern->paused || !interval) {
      sleep_until_locked(pattern, 0);
      due_ns = 0;
    } else if (due_ns > now) {
      sleep_until_locked(pattern, due_ns);
    } else {
      /* Absolute deadlines, so that the rhythm does not drift; one that was missed by far is not made up for. */
      due_ns = due_ns && now < due_ns + interval ? due_ns + interval : now + interval;
      step_locked(pattern);
      pthread_mutex_unlock(&pattern->lock);
      pattern->sink->damaged(pattern->sink->user);
      pthread_mutex_lock(&pattern->lock);
    }
  }
  pthread_mutex_unlock(&pattern->lock);
  return NULL;
}
