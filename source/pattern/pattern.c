/* SPDX-License-Identifier: MIT
 *
 * The synthetic desktop "pattern:": the test card, scenes, a 1 kHz tone and visible reactions to input. For tests,
 * benchmarks and a first look without a VM.
 *
 * Threads: one draws scenes and brings the machine back after a power-down, one makes the tone; both sleep without a
 * timer while nobody watches. Input is drawn by the thread that brings it. Thread-safety: as source.h says.
 */
#include "source/pattern/pattern.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/packet.h"
#include "source/pattern/address.h"
#include "source/pattern/cursor.h"
#include "source/pattern/draw.h"
#include "source/pattern/pattern_state.h"
#include "source/pattern/reaction.h"
#include "source/pattern/tone.h"

static const uint64_t power_ns = 2 * ORIEL_NS_PER_SECOND; /* from power-down to the machine being back */

static struct pattern *pattern_of(struct oriel_source *source) {
  return (struct pattern *)(void *)source; /* first member */
}

/* ---- input ---- */

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
  struct oriel_reaction reaction = {.count = 0};
  uint64_t now = oriel_clock_ns();
  pthread_mutex_lock(&pattern->lock);
  bool awake = !pattern->paused && !pattern->power_at_ns;
  if (awake)
    oriel_card_react(&pattern->card, &pattern->shift, input, &reaction);
  pattern->inputs += awake;
  pattern->dropped += !awake;
  if (reaction.count && pattern->watched)
    oriel_pattern_paint_locked(pattern, reaction.rects, reaction.count, now);
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
    pattern->card.clock_s = oriel_pattern_time_of_day_s();
    oriel_pattern_paint_all_locked(pattern); /* what changed meanwhile was not drawn */
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
    oriel_card_place_pointer(&pattern->card, pattern->card.pointer_x, pattern->card.pointer_y);
    oriel_pattern_paint_all_locked(pattern);
  }
  pthread_mutex_unlock(&pattern->lock);
  if (!error && pattern->sink)
    pattern->sink->damaged(pattern->sink->user);
  return error;
}

static void power_down_locked(struct pattern *pattern) {
  pattern->power_at_ns = oriel_clock_ns() + power_ns;
  pattern->card.off = true;
  pattern->shift = (struct oriel_shift){.left = false};
  oriel_pattern_paint_all_locked(pattern);
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
    oriel_pattern_reset_locked(pattern);
    oriel_pattern_paint_all_locked(pattern);
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
  oriel_pattern_tell_state(pattern, state);
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
  oriel_pattern_tell_state(pattern, ORIEL_SOURCE_RUNNING);
  int error = oriel_tone_start(pattern->tone, sink);
  if (error)
    return error;
  if (pthread_create(&pattern->thread, NULL, oriel_pattern_draw, pattern))
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
