/* SPDX-License-Identifier: MIT
 *
 * The remembering sink.
 */
#include "recorder.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static struct recorder *enter(void *user) {
  struct recorder *recorder = user;
  pthread_mutex_lock(&recorder->lock);
  return recorder;
}

static void leave(struct recorder *recorder) {
  pthread_cond_broadcast(&recorder->changed);
  pthread_mutex_unlock(&recorder->lock);
}

static void on_damaged(void *user) {
  struct recorder *recorder = enter(user);
  recorder->damages++;
  leave(recorder);
}

static void on_cursor(void *user, struct oriel_packet *packet) {
  struct recorder *recorder = enter(user);
  recorder->cursors++;
  recorder->cursor_size = packet->size;
  size_t size = packet->size < sizeof recorder->cursor ? packet->size : sizeof recorder->cursor;
  memcpy(recorder->cursor, packet->data, size);
  leave(recorder);
}

static void on_cursor_moved(void *user, int32_t x, int32_t y, bool visible) {
  struct recorder *recorder = enter(user);
  recorder->moves++;
  recorder->x = x;
  recorder->y = y;
  recorder->visible = visible;
  leave(recorder);
}

static void on_state(void *user, enum oriel_source_state state, const char *detail) {
  struct recorder *recorder = enter(user);
  recorder->states++;
  recorder->state = state;
  snprintf(recorder->detail, sizeof recorder->detail, "%s", detail);
  leave(recorder);
}

static void on_abilities(void *user, const struct oriel_source_abilities *abilities) {
  struct recorder *recorder = enter(user);
  recorder->abilities = *abilities;
  leave(recorder);
}

static void on_pointer_mode(void *user, bool absolute) {
  struct recorder *recorder = enter(user);
  recorder->modes++;
  recorder->absolute = absolute;
  leave(recorder);
}

static void on_sound(void *user, const float *frames, size_t count, uint64_t captured_ns) {
  struct recorder *recorder = enter(user);
  recorder->frames += captured_ns ? count : 0;
  for (size_t i = 0; i < 2 * count; i++)
    if (frames[i] > recorder->loudest)
      recorder->loudest = frames[i];
  recorder->left = frames[2 * count - 2];
  recorder->right = frames[2 * count - 1];
  leave(recorder);
}

static void on_volume(void *user, float left, float right, bool muted) {
  struct recorder *recorder = enter(user);
  recorder->volume_left = left;
  recorder->volume_right = right;
  recorder->muted = muted;
  leave(recorder);
}

static void on_microphone(void *user, enum oriel_microphone_use use) {
  struct recorder *recorder = enter(user);
  recorder->use = use;
  leave(recorder);
}

static void on_typed(void *user, uint64_t mark, unsigned dropped) {
  struct recorder *recorder = enter(user);
  recorder->mark = mark;
  recorder->untyped += dropped;
  leave(recorder);
}

static void on_clipboard(void *user, struct oriel_packet *text) {
  struct recorder *recorder = enter(user);
  struct oriel_packet *former = recorder->text;
  recorder->text = text ? oriel_packet_ref(text) : NULL;
  recorder->texts += text != NULL;
  recorder->changes += text == NULL;
  oriel_packet_unref(former);
  leave(recorder);
}

void recorder_init(struct recorder *recorder) {
  memset(recorder, 0, sizeof *recorder);
  recorder->sink = (struct oriel_source_sink){
    .user = recorder,
    .damaged = on_damaged,
    .cursor = on_cursor,
    .cursor_moved = on_cursor_moved,
    .state = on_state,
    .abilities = on_abilities,
    .pointer_mode = on_pointer_mode,
    .sound = on_sound,
    .volume = on_volume,
    .microphone = on_microphone,
    .typed = on_typed,
    .clipboard = on_clipboard,
  };
  pthread_mutex_init(&recorder->lock, NULL);
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(&recorder->changed, &attributes);
  pthread_condattr_destroy(&attributes);
}

void recorder_finish(struct recorder *recorder) {
  oriel_packet_unref(recorder->text);
  pthread_cond_destroy(&recorder->changed);
  pthread_mutex_destroy(&recorder->lock);
}

bool recorder_wait(struct recorder *recorder, bool (*done)(const struct recorder *recorder, const void *want),
                   const void *want, unsigned limit_ms) {
  struct timespec end;
  clock_gettime(CLOCK_MONOTONIC, &end);
  end.tv_sec += limit_ms / 1000;
  end.tv_nsec += (long)(limit_ms % 1000) * 1000000;
  if (end.tv_nsec >= 1000000000) {
    end.tv_nsec -= 1000000000;
    end.tv_sec++;
  }
  pthread_mutex_lock(&recorder->lock);
  bool yes;
  int result = 0;
  while (!(yes = done(recorder, want)) && result != ETIMEDOUT)
    result = pthread_cond_timedwait(&recorder->changed, &recorder->lock, &end);
  pthread_mutex_unlock(&recorder->lock);
  return yes;
}

struct state_want {
  enum oriel_source_state state;
  const char *words;
};

static bool state_is(const struct recorder *recorder, const void *want) {
  const struct state_want *state = want;
  return recorder->states && recorder->state == state->state &&
         (!state->words || strstr(recorder->detail, state->words));
}

bool recorder_wait_state(struct recorder *recorder, enum oriel_source_state state, const char *words,
                         unsigned limit_ms) {
  struct state_want want = {state, words};
  bool yes = recorder_wait(recorder, state_is, &want, limit_ms);
  if (!yes) {
    pthread_mutex_lock(&recorder->lock);
    fprintf(stderr, "waited for %s '%s', have %s '%s'\n", oriel_source_state_name(state), words ? words : "",
            oriel_source_state_name(recorder->state), recorder->detail);
    pthread_mutex_unlock(&recorder->lock);
  }
  return yes;
}

unsigned recorder_damages(struct recorder *recorder) {
  pthread_mutex_lock(&recorder->lock);
  unsigned damages = recorder->damages;
  pthread_mutex_unlock(&recorder->lock);
  return damages;
}

static bool damaged_more(const struct recorder *recorder, const void *want) {
  return recorder->damages > *(const unsigned *)want;
}

bool recorder_wait_damage(struct recorder *recorder, unsigned before, unsigned limit_ms) {
  return recorder_wait(recorder, damaged_more, &before, limit_ms);
}
