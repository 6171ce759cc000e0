/* SPDX-License-Identifier: MIT
 *
 * Lock keys, see locks.h. Pure.
 */
#include "source/qemu/locks.h"

#include <stddef.h>

#include "core/clock.h"

/* A desktop answers a lock key with the LED within some milliseconds; an emulated one may be busy. */
static const uint64_t answer_ns = 300 * ORIEL_NS_PER_MS;

/* Keys of both, in the order of ORIEL_LOCK_*'s bits: Caps Lock, Num Lock. */
static const uint8_t lock_keys[ORIEL_QEMU_LOCKS] = {0x3a, 0x45};

/* Caps Lock matters for all keys that type in some layout, Num Lock for those of the keypad. */
static bool matters(size_t lock, uint8_t key) {
  if (lock == 1)
    return key >= 0x47 && key <= 0x53 && key != 0x4a && key != 0x4e;
  return (key >= 0x02 && key <= 0x0d) || (key >= 0x10 && key <= 0x1b) || (key >= 0x1e && key <= 0x29) ||
         (key >= 0x2b && key <= 0x35) || key == 0x56 || key == 0x73 || key == 0x7d;
}

void oriel_qemu_locks_want(struct oriel_qemu_locks *locks, unsigned known, unsigned on) {
  for (size_t i = 0; i < ORIEL_QEMU_LOCKS; i++) {
    locks->lock[i].known = known >> i & 1;
    locks->lock[i].wanted = on >> i & 1;
  }
}

void oriel_qemu_locks_leds(struct oriel_qemu_locks *locks, unsigned leds) {
  for (size_t i = 0; i < ORIEL_QEMU_LOCKS; i++)
    if (!locks->has_leds || ((leds ^ locks->leds) >> i & 1))
      locks->lock[i].tapped = locks->lock[i].own = locks->lock[i].distrusted = false;
  locks->leds = leds;
  locks->has_leds = true;
}

void oriel_qemu_locks_pressed(struct oriel_qemu_locks *locks, uint8_t key, uint64_t now_ns) {
  for (size_t i = 0; i < ORIEL_QEMU_LOCKS; i++)
    if (key == lock_keys[i]) {
      locks->lock[i].own = true;
      locks->lock[i].tapped = false;
      locks->lock[i].since_ns = now_ns;
    }
}

enum oriel_qemu_locks_step oriel_qemu_locks_check(struct oriel_qemu_locks *locks, uint8_t key, uint64_t now_ns,
                                                  uint8_t *tap, uint64_t *wait_ns) {
  for (size_t i = 0; i < ORIEL_QEMU_LOCKS; i++) {
    struct oriel_qemu_lock *lock = &locks->lock[i];
    if (!locks->has_leds || !lock->known || lock->distrusted || !matters(i, key))
      continue;
    if (lock->tapped || lock->own) {
      if (now_ns < lock->since_ns + answer_ns) {
        *wait_ns = lock->since_ns + answer_ns - now_ns;
        return ORIEL_QEMU_LOCKS_WAIT;
      }
      /* No LED answers: ours is taken back, so that the guest is as it was. */
      const bool take_back = lock->tapped;
      lock->tapped = lock->own = false;
      lock->distrusted = true;
      if (!take_back)
        continue;
    } else if (((locks->leds >> i & 1) != 0) != lock->wanted) {
      lock->tapped = true;
      lock->since_ns = now_ns;
    } else {
      continue;
    }
    *tap = lock_keys[i];
    return ORIEL_QEMU_LOCKS_TAP;
  }
  return ORIEL_QEMU_LOCKS_GO;
}
