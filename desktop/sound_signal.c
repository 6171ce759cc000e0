/* SPDX-License-Identifier: MIT
 *
 * A semaphore with a memory of one post.
 */
#include "desktop/sound_signal.h"

#include <errno.h>
#include <time.h>

#include "core/clock.h"

int oriel_sound_signal_init(struct oriel_sound_signal *signal) {
  return sem_init(&signal->data, 0, 0) ? -ENOMEM : 0;
}

void oriel_sound_signal_finish(struct oriel_sound_signal *signal) {
  sem_destroy(&signal->data);
}

void oriel_sound_signal_post(struct oriel_sound_signal *signal) {
  /* acq_rel with the exchange in wait: who sees true knows that a look at the data is still to come. */
  if (!atomic_exchange_explicit(&signal->signalled, true, memory_order_acq_rel))
    sem_post(&signal->data);
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
  sem_post(&signal->data);
}

bool oriel_sound_signal_wait(struct oriel_sound_signal *signal, uint64_t at_ns) {
  const struct timespec at = oriel_clock_timespec(at_ns);
  int result;
  do
    result = at_ns ? sem_clockwait(&signal->data, CLOCK_MONOTONIC, &at) : sem_wait(&signal->data);
  while (result && errno == EINTR);
  if (result == 0)
    atomic_exchange_explicit(&signal->signalled, false, memory_order_acq_rel); /* with the exchange in post */
  return result == 0;
}

void oriel_sound_signal_arm(struct oriel_sound_signal *signal) {
  atomic_store_explicit(&signal->armed, 1, memory_order_relaxed); /* late or early, it costs at most one post */
}

void oriel_sound_signal_disarm(struct oriel_sound_signal *signal) {
  atomic_exchange_explicit(&signal->armed, 0, memory_order_acq_rel); /* with the addition in frames */
}
