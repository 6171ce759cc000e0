/* SPDX-License-Identifier: MIT
 *
 * Where sound comes from: the guest's own streams, whose packets wait here for the audio thread, and the source's device.
 * Inputs are numbered by preference; of each there are arrival statistics, whether anybody listens or not.
 *
 * Thread-safety: init, prepare and finish by the owner; the sink on guest_audio's thread; what is `_locked` under `lock`,
 * which is a leaf and held for pointer work; the rest from any thread.
 */
#ifndef ORIEL_DESKTOP_SOUND_INPUTS_H
#define ORIEL_DESKTOP_SOUND_INPUTS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/queue.h"
#include "desktop/arrival.h"
#include "desktop/sound_signal.h"
#include "source/guest_audio.h"

/* The guest's inputs, UDP first, then the source's own sound. */
enum {
  ORIEL_SOUND_GUEST_INPUTS_MAX = ORIEL_GUEST_AUDIO_INPUTS_MAX,
  ORIEL_SOUND_DEVICE = ORIEL_SOUND_GUEST_INPUTS_MAX,
  ORIEL_SOUND_INPUTS,
  ORIEL_SOUND_WAITING_MAX = 128, /* packets of an input; then the oldest go */
};

struct oriel_sound_inputs {
  struct oriel_sound_signal *signal; /* borrowed */
  unsigned guests;                   /* inputs from inside the guest; constant */
  bool is_pcm[ORIEL_SOUND_GUEST_INPUTS_MAX]; /* else Opus; constant */
  pthread_mutex_t lock; /* guards the rest */
  struct oriel_arrival arrivals[ORIEL_SOUND_INPUTS];
  struct oriel_queue queues[ORIEL_SOUND_GUEST_INPUTS_MAX]; /* all zero before prepare */
  bool ended[ORIEL_SOUND_GUEST_INPUTS_MAX]; /* its stream did; the audio thread has not looked yet */
  int active; /* that sets the pace, or ORIEL_SOUND_NONE; written by the audio thread */
  uint64_t switches, passed, mixed, trimmed;
};

/** `guest` may be NULL. 0, -ENOMEM. */
int oriel_sound_inputs_init(struct oriel_sound_inputs *inputs, struct oriel_guest_audio *guest,
                            struct oriel_sound_signal *signal);
/** Makes room for packets: before somebody listens. Again is fine. 0, -ENOMEM. */
int oriel_sound_inputs_prepare(struct oriel_sound_inputs *inputs);
void oriel_sound_inputs_finish(struct oriel_sound_inputs *inputs);
/** The sink for guest_audio. */
struct oriel_guest_audio_sink oriel_sound_inputs_sink(struct oriel_sound_inputs *inputs);
/** Listeners come: what waits is from before. */
void oriel_sound_inputs_clear(struct oriel_sound_inputs *inputs);
/** Its packets are handed on as they are, where it sounds alone. */
bool oriel_sound_input_is_opus(const struct oriel_sound_inputs *inputs, int input);
/** How long the active input may be late before another sets the pace. */
uint64_t oriel_sound_inputs_patience_ns_locked(const struct oriel_sound_inputs *inputs);

#endif
