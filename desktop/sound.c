/* SPDX-License-Identifier: MIT
 *
 * Made on first use.
 */
#include "desktop/sound.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"

int oriel_sound_create(struct oriel_guest_audio *guest, unsigned frame_ms, unsigned kbps, struct oriel_sound **out) {
  struct oriel_sound *sound = calloc(1, sizeof *sound);
  if (!sound)
    return -ENOMEM;
  if (oriel_sound_signal_init(&sound->signal))
    goto fail;
  if (oriel_sound_inputs_init(&sound->inputs, guest, &sound->signal))
    goto fail_signal;
  oriel_sound_output_init(&sound->output, frame_ms, kbps);
  *out = sound;
  return 0;
fail_signal:
  oriel_sound_signal_finish(&sound->signal);
fail:
  free(sound);
  return -ENOMEM;
}

/* acquire with the release in prepare: what it takes is whole. */
static struct oriel_sound_thread *thread_of(struct oriel_sound *sound) {
  return atomic_load_explicit(&sound->thread, memory_order_acquire);
}

/* Makes what it takes to hear. 0, -ENOMEM, -EAGAIN. */
static int prepare(struct oriel_sound *sound) {
  struct oriel_sound_thread *thread = thread_of(sound);
  if (!thread) {
    const int error = oriel_sound_thread_create(&sound->inputs, &sound->output, &thread);
    if (error)
      return error;
    atomic_store_explicit(&sound->thread, thread, memory_order_release); /* with the acquire in thread_of */
  }
  return sound->started ? oriel_sound_thread_start(thread) : 0;
}

static bool is_prepared(struct oriel_sound *sound) {
  const int error = prepare(sound);
  if (error && !sound->warned)
    oriel_warn("desktop", "nobody hears this desktop: no memory for its sound (%s); whoever listens next tries again, "
                          "pictures go on", strerror(-error));
  sound->warned = error != 0;
  return !error;
}

void oriel_sound_start(struct oriel_sound *sound) {
  sound->started = true;
  if (atomic_load(&sound->signal.wanted) && !is_prepared(sound))
    atomic_store(&sound->signal.wanted, false);
}

void oriel_sound_want(struct oriel_sound *sound, bool wanted) {
  if (atomic_load(&sound->signal.wanted) == wanted)
    return;
  if (wanted) {
    if (!is_prepared(sound))
      return;
    oriel_sound_inputs_clear(&sound->inputs);
    oriel_sound_fifo_flush(thread_of(sound)->fifo);
  }
  atomic_store(&sound->signal.wanted, wanted);
}

void oriel_sound_stop(struct oriel_sound *sound) {
  struct oriel_sound_thread *thread = thread_of(sound);
  sound->started = false;
  atomic_store(&sound->signal.wanted, false);
  if (thread)
    oriel_sound_thread_stop(thread);
}

void oriel_sound_destroy(struct oriel_sound *sound) {
  if (!sound)
    return;
  oriel_sound_thread_destroy(thread_of(sound));
  oriel_sound_output_finish(&sound->output);
  oriel_sound_inputs_finish(&sound->inputs);
  oriel_sound_signal_finish(&sound->signal);
  free(sound);
}

void oriel_sound_write(struct oriel_sound *sound, const float *frames, size_t count, uint64_t captured_ns) {
  if (!atomic_load(&sound->signal.wanted) || !count) /* wanted: the thread with its fifo is there */
    return;
  struct oriel_sound_thread *thread = thread_of(sound);
  if (oriel_sound_fifo_write(thread->fifo, frames, count, captured_ns, oriel_clock_ns()))
    oriel_sound_signal_frames(&sound->signal,
                              oriel_sound_fifo_level(thread->fifo) >= sound->output.packet_frames);
}

uint64_t oriel_sound_overruns(struct oriel_sound *sound) {
  const struct oriel_sound_thread *thread = thread_of(sound);
  return thread ? oriel_sound_fifo_overruns(thread->fifo) : 0;
}
