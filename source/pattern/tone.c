/* SPDX-License-Identifier: MIT
 *
 * The pattern's tone, see tone.h. The thread blocks only in its waiter; every block has an absolute deadline, so
 * that the rate is the clock's, without drift (lesson 24).
 */
#include "source/pattern/tone.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/waiter.h"

enum { RATE = 48000, BLOCK_FRAMES = RATE / 100, PERIOD_FRAMES = RATE / 1000 };
static_assert(BLOCK_FRAMES % PERIOD_FRAMES == 0, "every block begins where the one before ended");
static const uint64_t block_ns = ORIEL_NS_PER_SECOND / 100;
static const uint64_t late_ns = 200 * ORIEL_NS_PER_MS; /* the machine slept: restart instead of catching up */

struct oriel_tone {
  const struct oriel_source_sink *sink;
  pthread_t thread;
  bool started;
  struct oriel_waiter waiter;
  atomic_bool playing, stopping; /* any thread writes them, then wakes */
  float block[BLOCK_FRAMES * 2]; /* the tone's period divides it: the same block for ever */
};

int oriel_tone_create(struct oriel_tone **out) {
  struct oriel_tone *tone = calloc(1, sizeof *tone);
  if (!tone)
    return -ENOMEM;
  const double amplitude = pow(10, -12.0 / 20), turn = 6.283185307179586;
  for (int i = 0; i < BLOCK_FRAMES; i++)
    tone->block[2 * i] = tone->block[2 * i + 1] = (float)(amplitude * sin(turn * i / PERIOD_FRAMES));
  if (oriel_waiter_init(&tone->waiter)) {
    free(tone);
    return -ENOMEM;
  }
  *out = tone;
  return 0;
}

static void *play(void *argument) {
  struct oriel_tone *tone = argument;
  uint64_t due_ns = 0; /* when the next block is whole; 0 = quiet until now */
#ifdef __linux__
  pthread_setname_np(pthread_self(), "oriel-tone");
#endif
  while (!atomic_load(&tone->stopping)) {
    const uint64_t now = oriel_clock_ns();
    if (!atomic_load(&tone->playing)) {
      (void)oriel_waiter_wait(&tone->waiter, 0);
      due_ns = 0;
    } else if (!due_ns || now > due_ns + late_ns) {
      due_ns = now + block_ns;
    } else if (now < due_ns) {
      (void)oriel_waiter_wait(&tone->waiter, due_ns);
    } else {
      tone->sink->sound(tone->sink->user, tone->block, BLOCK_FRAMES, due_ns - block_ns);
      due_ns += block_ns;
    }
  }
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
  if (atomic_exchange(&tone->playing, playing) != playing)
    oriel_waiter_wake(&tone->waiter);
}

void oriel_tone_destroy(struct oriel_tone *tone) {
  if (!tone)
    return;
  atomic_store(&tone->stopping, true);
  oriel_waiter_wake(&tone->waiter);
  if (tone->started)
    pthread_join(tone->thread, NULL);
  oriel_waiter_finish(&tone->waiter);
  free(tone);
}
