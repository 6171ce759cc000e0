/* SPDX-License-Identifier: MIT
 *
 * The audio thread with what it needs: frames and packets come in, packets go out to the listeners. Woken by data, asleep
 * while nothing sounds.
 *
 * Thread-safety: create, start, stop and destroy by the owner; fifo as desktop/sound_fifo.h says.
 */
#ifndef ORIEL_DESKTOP_SOUND_THREAD_H
#define ORIEL_DESKTOP_SOUND_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "desktop/sound_fifo.h"
#include "desktop/sound_inputs.h"
#include "desktop/sound_output.h"
#include "desktop/sound_pace.h"
#include "desktop/sound_signal.h"

struct oriel_sound_thread {
  struct oriel_sound_signal *signal; /* borrowed */
  struct oriel_sound_output *output; /* borrowed */
  struct oriel_sound_fifo *fifo;     /* the device's frames; owned */
  struct oriel_sound_pace pace;
  uint64_t device_seen; /* frames of the fifo that the device's arrival statistics know of */
  pthread_t thread;
  bool started;
};

/** What the thread needs, without starting it. `inputs` and `output` are borrowed. 0, -ENOMEM. */
int oriel_sound_thread_create(struct oriel_sound_inputs *inputs, struct oriel_sound_output *output,
                              struct oriel_sound_thread **thread);
/** Starts it unless it runs. 0, -EAGAIN. */
int oriel_sound_thread_start(struct oriel_sound_thread *thread);
/** Joins it if it runs. */
void oriel_sound_thread_stop(struct oriel_sound_thread *thread);
/** NULL is fine; stopped before. */
void oriel_sound_thread_destroy(struct oriel_sound_thread *thread);

#endif
