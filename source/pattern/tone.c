/* SPDX-License-Identifier: MIT
 *
 * The pattern's tone, see tone.h. The thread blocks only on its condition; every block has an absolute deadline, so
 * that the rate is the clock's, without drift (lesson 24).
 */
#include "source/pattern/tone.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "core/clock.h"

enum { RATE = 48000, BLOCK_FRAMES = RATE / 100, PERIOD_FRAMES = RATE / 1000 };
static_assert(BLOCK_FRAMES % PERIOD_FRAMES == 0, "every block begins where the one before ended");
static const uint64_t block_ns = ORIEL_NS_PER_SECOND / 100;
static const uint64_t late_ns = 200 * ORIEL_NS_PER_MS; /* the machine slept: begin anew instead of catching up */

struct oriel_tone {
  const struct oriel_source_sink *sink;
  pthread_t thread;
  pthread_mutex_t lock; /* guards playing and stopping */
  pthread_cond_t wake;  /* CLOCK_MONOTONIC */
  bool playing, stopping, started;
  float block[BLOCK_FRAMES * 2]; /* the tone's period divides it: the same block for ever */
};

int oriel_tone_create(struct oriel_tone **out) {
  struct oriel_tone *tone = calloc(1, sizeof *tone);
  pthread_condattr_t attributes;
  if (!tone)
    return -ENOMEM;
  const double amplitude = pow(10, -12.0 / 20), turn = 6.283185307179586;
  for (int i = 0; i < BLOCK_FRAMES; i++)
    tone->block[2 * i] = tone->block[2 * i + 1] = (float)(amplitude * sin(turn * i / PERIOD_FRAMES));
  if (pthread_mutex_init(&tone->lock, NULL))
    goto fail_tone;
  if (pthread_condattr_init(&attributes))
    goto fail_lock;
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  int error = pthread_cond_init(&tone->wake, &attributes);
  pthread_condattr_destroy(&attributes);
  if (error)
    goto fail_lock;
  *out = tone;
  return 0;
fail_lock:
  pthread_mutex_destroy(&tone->lock);
fail_tone:
  free(tone);
  return -ENOMEM;
}

static void *play(void *argument) {
  struct oriel_tone *tone = argument;
  uint64_t due_ns = 0; /* when the next block is whole; 0 = quiet until now */
#ifdef __linux__
  pthread_setname_np(pthread_self(), "oriel-tone");
#endif
  pthread_mutex_lock(&tone->lock);
  while (!tone->stopping) {
    uint64_t now = oriel_clock_ns();
    if (!tone->playing) {
      pthread_cond_wait(&tone->wake, &tone->lock);
      due_ns = 0;
    } else if (!due_ns || now > due_ns + late_ns) {
      due_ns = now + block_ns;
    } else if (now < due_ns) {
      const struct timespec at = oriel_clock_timespec(due_ns);
      pthread_cond_timedwait(&tone->wake, &tone->lock, &at);
    } else {
      pthread_mutex_unlock(&tone->lock);
      tone->sink->sound(tone->sink->user, tone->block, BLOCK_FRAMES, due_ns - block_ns);
      due_ns += block_ns;
      pthread_mutex_lock(&tone->lock);
    }
  }
  pthread_mutex_unlock(&tone->lock);
  return NULL;
}

int oriel_tone_start(struct oriel_tone *tone, const struct oriel_source_sink *sink) {
  tone->sink = sink;
  if (pthread_create(&tone->thread, NULL, play, tone))
    return -EAGAIN;
  tone->started = true;
  return 0;
}

void oriel_tone_play(struct oriel_tone *tone, bool playing) {
  pthread_mutex_lock(&tone->lock);
  bool changed = tone->playing != playing;
  tone->playing = playing;
  if (changed)
    pthread_cond_signal(&tone->wake);
  pthread_mutex_unlock(&tone->lock);
}

void oriel_tone_destroy(struct oriel_tone *tone) {
  if (!tone)
    return;
  pthread_mutex_lock(&tone->lock);
  tone->stopping = true;
  pthread_cond_signal(&tone->wake);
  pthread_mutex_unlock(&tone->lock);
  if (tone->started)
    pthread_join(tone->thread, NULL);
  pthread_cond_destroy(&tone->wake);
  pthread_mutex_destroy(&tone->lock);
  free(tone);
}
