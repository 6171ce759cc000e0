/* SPDX-License-Identifier: MIT
 *
 * A waiter, and whether it needs to hear of every part of a packet.
 */
#include "desktop/sound_signal.h"

int oriel_sound_signal_init(struct oriel_sound_signal *signal) {
  return oriel_waiter_init(&signal->waiter);
}

void oriel_sound_signal_finish(struct oriel_sound_signal *signal) {
  oriel_waiter_finish(&signal->waiter);
}

void oriel_sound_signal_post(struct oriel_sound_signal *signal) {
  oriel_waiter_wake(&signal->waiter);
}

void oriel_sound_signal_frames(struct oriel_sound_signal *signal, bool whole) {
  /* acq_rel with the exchange in disarm: either this sees that the thread is about to sleep without a limit, or the
   * thread sees the frames just written. Adding 0 is a read-modify-write, so that the two cannot pass each other. */
  const bool armed = atomic_fetch_add_explicit(&signal->armed, 0, memory_order_acq_rel);
  if (!armed || whole)
    oriel_sound_signal_post(signal);
}

void oriel_sound_signal_stop(struct oriel_sound_signal *signal) {
  atomic_store(&signal->stopping, true);
  oriel_waiter_wake(&signal->waiter);
}

bool oriel_sound_signal_wait(struct oriel_sound_signal *signal, uint64_t at_ns) {
  return oriel_waiter_wait(&signal->waiter, at_ns);
}

void oriel_sound_signal_arm(struct oriel_sound_signal *signal) {
  atomic_store_explicit(&signal->armed, 1, memory_order_relaxed); /* late or early, it costs at most one post */
}

void oriel_sound_signal_disarm(struct oriel_sound_signal *signal) {
  atomic_exchange_explicit(&signal->armed, 0, memory_order_acq_rel); /* with the addition in frames */
}
