/* SPDX-License-Identifier: MIT
 *
 * What other threads tell the audio thread: that sound came, that somebody listens, that it is to end. It is woken by
 * data, never by a poll (lesson 30), and at most one wake-up is outstanding.
 *
 * Thread-safety: init and finish by the owner; wait, arm and disarm by the audio thread; the rest by any. post and
 * frames neither allocate nor take a lock: the source's data thread calls them.
 */
#ifndef ORIEL_DESKTOP_SOUND_SIGNAL_H
#define ORIEL_DESKTOP_SOUND_SIGNAL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/waiter.h"

struct oriel_sound_signal {
  struct oriel_waiter waiter;
  atomic_uint armed;     /* sound flows: the audio thread has a time limit, so that only whole packets need a post */
  atomic_bool wanted;    /* somebody listens, and there is what it takes to hear */
  atomic_bool stopping;
};

/** 0, -ENOMEM. */
int oriel_sound_signal_init(struct oriel_sound_signal *signal);
void oriel_sound_signal_finish(struct oriel_sound_signal *signal);
/** Something for the audio thread came. */
void oriel_sound_signal_post(struct oriel_sound_signal *signal);
/** Frames came; `whole`: a packet's worth of them waits. */
void oriel_sound_signal_frames(struct oriel_sound_signal *signal, bool whole);
/** The audio thread returns. */
void oriel_sound_signal_stop(struct oriel_sound_signal *signal);

/** Waits for a post, until `at_ns` where that is not 0. False when that time has come. */
bool oriel_sound_signal_wait(struct oriel_sound_signal *signal, uint64_t at_ns);
/** Sound flows: from now on only whole packets are posted. */
void oriel_sound_signal_arm(struct oriel_sound_signal *signal);
/** The next frames are posted at once again. */
void oriel_sound_signal_disarm(struct oriel_sound_signal *signal);

#endif
