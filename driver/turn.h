/* SPDX-License-Identifier: MIT
 *
 * Whose turn it is: a flag that one of several IO callbacks holds, while the others wait for a moment and then go on
 * without. Data threads: no lock, no system call.
 *
 * Thread-safety: any thread.
 */
#ifndef ORIEL_DRIVER_TURN_H
#define ORIEL_DRIVER_TURN_H

#include <stdatomic.h>
#include <stdbool.h>

/** Tries up to `most` times. True: it is taken and must be given back; false: it is not, whatever the last try met. */
static inline bool turn_take(atomic_flag *flag, int most) {
  for (int i = 0; i < most; i++)
    if (!atomic_flag_test_and_set_explicit(flag, memory_order_acquire)) /* with the release of turn_give */
      return true;
  return false;
}

static inline void turn_give(atomic_flag *flag) {
  atomic_flag_clear_explicit(flag, memory_order_release); /* with the acquire of turn_take */
}

#endif
