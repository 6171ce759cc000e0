/* SPDX-License-Identifier: MIT
 *
 * The synthetic desktop "pattern:": the test card, scenes, a 1 kHz tone and visible reactions to input. For tests,
 * benchmarks and a first look without a VM.
 *
 * Threads: one draws scenes and brings the machine back after a power-down, one makes the tone; both sleep without a
 * timer while nobody watches. Input is drawn by the thread that brings it. Thread-safety: as source.h says.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "core/packet.h"
#include "core/waiter.h"
#include "source/pattern/address.h"
#include "source/pattern/cursor.h"
#include "source/pattern/tone.h"
#include "source/source.h"

enum { USAGE_SHIFT_LEFT = 0xE1, USAGE_SHIFT_RIGHT = 0xE5, DAMAGES_MAX = 8 };
static const uint64_t typing_interval_ns = 100 * ORIEL_NS_PER_MS;
static const uint64_t power_ns = 2 * ORIEL_NS_PER_SECOND; /* from power-down to the machine being back */

struct pattern {
  struct oriel_source source;
  const struct oriel_source_sink *sink;
  struct oriel_surface *surface;
  struct oriel_tone *tone;
  pthread_t thread;
  bool started;
  struct oriel_waiter waiter; /* the drawing thread's */
  pthread_mutex_t lock; /* guards what follows; taken before the surface's */
  struct oriel_card card;
  bool watched, heard, paused, stopping;
  bool shift_left, shift_right;
  uint64_t power_at_ns; /* 0 = the machine is on */
  uint64_t frames, inputs, dropped;
};

static struct pattern *pattern_of(struct oriel_source *source) {
  return (struct pattern *)(void *)source; /* first member */
}

/* ---- drawing: the pattern's lock is held ---- */

static void paint_locked(struct pattern *pattern, const struct oriel_rect *rects, size_t count, uint64_t now) {
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

static void paint_all_locked(struct pattern *pattern) {
  struct oriel_rect all = oriel_card_all(&pattern->card);
  paint_locked(pattern, &all, 1, oriel_clock_ns());
}

static uint32_t time_of_day_s(void) {
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
  uint32_t clock_s = time_of_day_s();
  if (clock_s != pattern->card.clock_s) {
    pattern->card.clock_s = clock_s;
    rects[count++] = oriel_card_clock(&pattern->card);
  }
  if (pattern->card.scene == ORIEL_SCENE_MOTION)
    count = 1; /* it covers the rest */
  paint_locked(pattern, rects, count, oriel_clock_ns());
}

/* ---- the drawing thread ---- */

static void tell_state(struct pattern *pattern, enum oriel_source_state state) {
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

static void fresh_card_locked(struct pattern *pattern) {
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
  fresh_card_locked(pattern);
  paint_all_locked(pattern);
  oriel_tone_play(pattern->tone, pattern->heard);
  pthread_mutex_unlock(&pattern->lock);
  tell_state(pattern, ORIEL_SOURCE_RUNNING);
  pattern->sink->damaged(pattern->sink->user);
  pthread_mutex_lock(&pattern->lock);
}

static void *draw(void *argument) {
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

/* ---- input ---- */

struct reaction {
  struct oriel_rect rects[DAMAGES_MAX];
  size_t count;
  bool moved; /* the pointer, by motion: the viewer does not know where it is */
};

static void react(struct reaction *reaction, struct oriel_rect rect) {
  reaction->rects[reaction->count++] = rect;
}

static void react_press(struct pattern *pattern, struct reaction *reaction) {
  pattern->card.block = (pattern->card.block + 1) % ORIEL_TESTCARD_BLOCK_COLOURS;
  pattern->card.counter++;
  react(reaction, oriel_card_block(&pattern->card));
  react(reaction, oriel_card_counter(&pattern->card));
}

static void react_key(struct pattern *pattern, const struct oriel_input *input, struct reaction *reaction) {
  if (input->key.usage == USAGE_SHIFT_LEFT)
    pattern->shift_left = input->key.pressed;
  if (input->key.usage == USAGE_SHIFT_RIGHT)
    pattern->shift_right = input->key.pressed;
  if (!input->key.pressed)
    return;
  react_press(pattern, reaction);
  char character = oriel_card_character(input->key.usage, pattern->shift_left || pattern->shift_right);
  if (character) {
    oriel_card_type(&pattern->card, character);
    react(reaction, oriel_card_typed(&pattern->card));
  }
}

static int32_t within(int32_t value, int32_t size) {
  return value < 0 ? 0 : value >= size ? size - 1 : value;
}

static void react_pointer(struct pattern *pattern, int32_t x, int32_t y, struct reaction *reaction) {
  pattern->card.pointer_x = within(x, pattern->card.width);
  pattern->card.pointer_y = within(y, pattern->card.height);
  pattern->card.pointer_known = true;
  react(reaction, oriel_card_pointer(&pattern->card));
}

static void react_button(struct pattern *pattern, bool pressed, struct reaction *reaction) {
  if (!pressed)
    return;
  react_press(pattern, reaction);
  react(reaction, oriel_card_cross(&pattern->card)); /* where it was */
  pattern->card.cross_x = pattern->card.pointer_x;
  pattern->card.cross_y = pattern->card.pointer_y;
  pattern->card.cross_known = true;
  react(reaction, oriel_card_cross(&pattern->card));
}

static void react_input(struct pattern *pattern, const struct oriel_input *input, struct reaction *reaction) {
  switch (input->type) {
  case ORIEL_INPUT_KEY:
    react_key(pattern, input, reaction);
    break;
  case ORIEL_INPUT_POINTER:
    react_pointer(pattern, input->pointer.x, input->pointer.y, reaction);
    break;
  case ORIEL_INPUT_MOTION:
    react_pointer(pattern, pattern->card.pointer_x + input->motion.dx, pattern->card.pointer_y + input->motion.dy,
                  reaction);
    reaction->moved = true;
    break;
  case ORIEL_INPUT_BUTTON:
    react_button(pattern, input->button.pressed, reaction);
    break;
  case ORIEL_INPUT_TOUCH:
    react_pointer(pattern, input->touch.x, input->touch.y, reaction);
    react_button(pattern, input->touch.phase == ORIEL_TOUCH_DOWN, reaction);
    break;
  case ORIEL_INPUT_RELEASE_ALL:
    pattern->shift_left = pattern->shift_right = false;
    break;
  case ORIEL_INPUT_TEXT: /* key by key, see pattern_input */
  case ORIEL_INPUT_WHEEL: /* nothing scrolls */
  case ORIEL_INPUT_LOCKS: /* there are none */
    break;
  }
}

static void pattern_input(struct oriel_source *source, const struct oriel_input *input);

static void pattern_text(struct oriel_source *source, const struct oriel_input *input) {
  for (unsigned i = 0; i < input->text.count; i++) {
    const struct oriel_stroke *stroke = &input->text.strokes[i];
    pattern_input(source, &(struct oriel_input){.type = ORIEL_INPUT_KEY, .key = {stroke->usage, stroke->pressed}});
  }
  const struct oriel_source_sink *sink = pattern_of(source)->sink;
  if (sink && sink->typed)
    sink->typed(sink->user, input->text.mark, 0);
}

static void pattern_input(struct oriel_source *source, const struct oriel_input *input) {
  if (input->type == ORIEL_INPUT_TEXT) {
    pattern_text(source, input);
    return;
  }
  struct pattern *pattern = pattern_of(source);
  struct reaction reaction = {.count = 0};
  uint64_t now = oriel_clock_ns();
  pthread_mutex_lock(&pattern->lock);
  bool awake = !pattern->paused && !pattern->power_at_ns;
  if (awake)
    react_input(pattern, input, &reaction);
  pattern->inputs += awake;
  pattern->dropped += !awake;
  if (reaction.count && pattern->watched)
    paint_locked(pattern, reaction.rects, reaction.count, now);
  bool damaged = reaction.count && pattern->watched && pattern->sink;
  int32_t x = pattern->card.pointer_x, y = pattern->card.pointer_y;
  pthread_mutex_unlock(&pattern->lock);
  if (damaged)
    pattern->sink->damaged(pattern->sink->user);
  if (reaction.moved && pattern->sink)
    pattern->sink->cursor_moved(pattern->sink->user, x, y, true);
}

/* ---- the rest of the table ---- */

static struct oriel_surface *pattern_surface(struct oriel_source *source) {
  return pattern_of(source)->surface;
}

static void pattern_watch(struct oriel_source *source, unsigned what) {
  struct pattern *pattern = pattern_of(source);
  const bool watched = what & ORIEL_WATCH_PICTURES;
  pthread_mutex_lock(&pattern->lock);
  bool begins = watched && !pattern->watched;
  pattern->watched = watched;
  pattern->heard = what & ORIEL_WATCH_SOUND;
  if (begins) {
    pattern->card.clock_s = time_of_day_s();
    paint_all_locked(pattern); /* what changed meanwhile was not drawn */
  }
  oriel_tone_play(pattern->tone, pattern->heard && !pattern->paused && !pattern->power_at_ns);
  pthread_mutex_unlock(&pattern->lock);
  oriel_waiter_wake(&pattern->waiter);
  if (begins && pattern->sink)
    pattern->sink->damaged(pattern->sink->user);
}

static int pattern_resize(struct oriel_source *source, uint16_t width, uint16_t height) {
  struct pattern *pattern = pattern_of(source);
  pthread_mutex_lock(&pattern->lock);
  int error = oriel_surface_resize(pattern->surface, width, height);
  if (!error) {
    pattern->card.width = width;
    pattern->card.height = height;
    pattern->card.pointer_x = within(pattern->card.pointer_x, width);
    pattern->card.pointer_y = within(pattern->card.pointer_y, height);
    paint_all_locked(pattern);
  }
  pthread_mutex_unlock(&pattern->lock);
  if (!error && pattern->sink)
    pattern->sink->damaged(pattern->sink->user);
  return error;
}

static void power_down_locked(struct pattern *pattern) {
  pattern->power_at_ns = oriel_clock_ns() + power_ns;
  pattern->card.off = true;
  pattern->shift_left = pattern->shift_right = false;
  paint_all_locked(pattern);
}

static int pattern_command(struct oriel_source *source, enum oriel_source_command command) {
  struct pattern *pattern = pattern_of(source);
  pthread_mutex_lock(&pattern->lock);
  if (pattern->power_at_ns || !pattern->sink) {
    pthread_mutex_unlock(&pattern->lock);
    return -ENOTCONN;
  }
  switch (command) {
  case ORIEL_COMMAND_PAUSE:
    pattern->paused = true;
    break;
  case ORIEL_COMMAND_RESUME:
    pattern->paused = false;
    break;
  case ORIEL_COMMAND_RESET:
    fresh_card_locked(pattern);
    paint_all_locked(pattern);
    break;
  case ORIEL_COMMAND_POWERDOWN:
    power_down_locked(pattern);
    break;
  }
  enum oriel_source_state state = pattern->power_at_ns ? ORIEL_SOURCE_GONE
                                  : pattern->paused    ? ORIEL_SOURCE_PAUSED
                                                       : ORIEL_SOURCE_RUNNING;
  oriel_tone_play(pattern->tone, pattern->heard && state == ORIEL_SOURCE_RUNNING);
  pthread_mutex_unlock(&pattern->lock);
  oriel_waiter_wake(&pattern->waiter);
  tell_state(pattern, state);
  pattern->sink->damaged(pattern->sink->user);
  return 0;
}

static void pattern_info(struct oriel_source *source, struct oriel_source_info *info) {
  struct pattern *pattern = pattern_of(source);
  memset(info, 0, sizeof *info);
  info->kind = "pattern";
  info->consoles = 1;
  info->can_resize = info->has_sound = info->can_command = true;
  pthread_mutex_lock(&pattern->lock);
  snprintf(info->name, sizeof info->name, "%s", oriel_scene_name(pattern->card.scene));
  info->frames = pattern->frames;
  info->input_sent = pattern->inputs;
  info->input_dropped = pattern->dropped;
  pthread_mutex_unlock(&pattern->lock);
}

static int pattern_start(struct oriel_source *source, const struct oriel_source_sink *sink) {
  struct pattern *pattern = pattern_of(source);
  /* Not when it is made: that is on a thread with more to do, and a large surface takes 0.1 s. */
  if (oriel_surface_resize(pattern->surface, (uint32_t)pattern->card.width, (uint32_t)pattern->card.height))
    return -ENOMEM;
  struct oriel_packet *arrow = oriel_pattern_cursor();
  if (!arrow)
    return -ENOMEM;
  pthread_mutex_lock(&pattern->lock);
  pattern->sink = sink;
  pthread_mutex_unlock(&pattern->lock);
  sink->pointer_mode(sink->user, true);
  if (sink->abilities)
    sink->abilities(sink->user, &(struct oriel_source_abilities){.resize = true, .sound = true, .command = true});
  sink->cursor(sink->user, arrow);
  oriel_packet_unref(arrow);
  tell_state(pattern, ORIEL_SOURCE_RUNNING);
  int error = oriel_tone_start(pattern->tone, sink);
  if (error)
    return error;
  if (pthread_create(&pattern->thread, NULL, draw, pattern))
    return -EAGAIN;
  pattern->started = true;
  return 0;
}

static void pattern_destroy(struct oriel_source *source) {
  struct pattern *pattern = pattern_of(source);
  pthread_mutex_lock(&pattern->lock);
  pattern->stopping = true;
  pthread_mutex_unlock(&pattern->lock);
  oriel_waiter_wake(&pattern->waiter);
  if (pattern->started)
    pthread_join(pattern->thread, NULL);
  oriel_tone_destroy(pattern->tone);
  oriel_surface_destroy(pattern->surface);
  oriel_waiter_finish(&pattern->waiter);
  pthread_mutex_destroy(&pattern->lock);
  free(pattern);
}

static const struct oriel_source_impl pattern_impl = {
  .kind = "pattern",
  .start = pattern_start,
  .destroy = pattern_destroy,
  .surface = pattern_surface,
  .watch = pattern_watch,
  .input = pattern_input,
  .resize = pattern_resize,
  .command = pattern_command,
  .info = pattern_info,
};

static int init_locks(struct pattern *pattern) {
  if (pthread_mutex_init(&pattern->lock, NULL))
    return -ENOMEM;
  const int error = oriel_waiter_init(&pattern->waiter);
  if (error)
    pthread_mutex_destroy(&pattern->lock);
  return error;
}

int oriel_source_pattern_create(const char *address, struct oriel_source **source, char *why, size_t why_size) {
  struct oriel_pattern_address parsed;
  int error = oriel_pattern_address_parse(address, &parsed, why, why_size);
  if (error)
    return error;
  struct pattern *pattern = calloc(1, sizeof *pattern);
  if (!pattern)
    goto fail;
  pattern->source.impl = &pattern_impl;
  pattern->card = (struct oriel_card){
    .scene = parsed.scene, .width = parsed.width, .height = parsed.height, .fps = parsed.fps,
  };
  oriel_card_init(&pattern->card);
  if (init_locks(pattern))
    goto fail_pattern;
  if (oriel_surface_create(&pattern->surface))
    goto fail_locks;
  if (oriel_tone_create(&pattern->tone))
    goto fail_surface;
  *source = &pattern->source;
  return 0;
fail_surface:
  oriel_surface_destroy(pattern->surface);
fail_locks:
  oriel_waiter_finish(&pattern->waiter);
  pthread_mutex_destroy(&pattern->lock);
fail_pattern:
  free(pattern);
fail:
  snprintf(why, why_size, "pattern: no memory for a picture of %ux%u", parsed.width, parsed.height);
  return -ENOMEM;
}
