/* SPDX-License-Identifier: MIT
 *
 * The sound of a desktop. Whatever sounds is heard: one input is the active one and sets the pace, the others are mixed
 * in; while a guest's own Opus sounds alone its packets are handed on untouched. The chain, in which each knows only
 * those before it:
 *
 *   sound_signal, arrival, sound_select, sound_fifo -> sound_inputs, sound_output -> sound_mix -> sound_relay
 *     -> sound_pace -> sound_thread -> sound
 *
 * What it takes to hear (the ring, receivers, mixer, thread) is made for the first who listens, kept, and freed at the
 * end. Where memory is short then, nobody hears anything, one line in the log says so, and the next call tries again.
 *
 * Thread-safety: create, start, want, stop and destroy one at a time, from any threads; write from the source's data
 * thread; overruns from any. `inputs` and `output` as their headers say.
 */
#ifndef ORIEL_DESKTOP_SOUND_H
#define ORIEL_DESKTOP_SOUND_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "desktop/sound_inputs.h"
#include "desktop/sound_output.h"
#include "desktop/sound_signal.h"
#include "desktop/sound_thread.h"

struct oriel_sound {
  struct oriel_sound_signal signal;
  struct oriel_sound_inputs inputs;
  struct oriel_sound_output output;
  _Atomic(struct oriel_sound_thread *) thread; /* NULL before somebody listened; owned */
  bool started, warned;
};

/** `guest` (NULL = none) is asked for its inputs and borrowed until this returns; `frame_ms` is 5, 10 or 20, `kbps`
 *  16..510. 0, -ENOMEM. */
int oriel_sound_create(struct oriel_guest_audio *guest, unsigned frame_ms, unsigned kbps, struct oriel_sound **sound);
/** From now on its thread may run. */
void oriel_sound_start(struct oriel_sound *sound);
/** Somebody listens, or nobody does. What was there before somebody did is not heard. */
void oriel_sound_want(struct oriel_sound *sound, bool wanted);
/** Joins its thread. What still comes in is forgotten. */
void oriel_sound_stop(struct oriel_sound *sound);
/** NULL is fine. Stopped before, and nothing comes in any more. */
void oriel_sound_destroy(struct oriel_sound *sound);

/** Frames of the source's own sound, interleaved stereo at 48 kHz, the first captured at `captured_ns`. Neither
 *  allocates nor takes a lock; at most one semaphore is posted. */
void oriel_sound_write(struct oriel_sound *sound, const float *frames, size_t count, uint64_t captured_ns);
/** As oriel_sound_fifo_overruns. */
uint64_t oriel_sound_overruns(struct oriel_sound *sound);

#endif
