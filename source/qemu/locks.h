/* SPDX-License-Identifier: MIT
 *
 * Caps Lock and Num Lock of the user's keyboard and of the guest, which says by its LEDs how they stand. Where they
 * differ when a key is pressed that one of them matters for, the lock key is tapped first, once: a guest that makes
 * another key of it, or that sets no LEDs, is left alone from then on, until its LEDs change.
 *
 * Pure: time is an argument. Thread-safety: one owner.
 */
#ifndef ORIEL_SOURCE_QEMU_LOCKS_H
#define ORIEL_SOURCE_QEMU_LOCKS_H

#include <stdbool.h>
#include <stdint.h>

enum { ORIEL_QEMU_LOCKS = 2 };

struct oriel_qemu_lock {
  bool known, wanted;      /* by the user's keyboard */
  bool tapped, own;        /* waits for the LED: we tapped it, or the user pressed it */
  bool distrusted;
  uint64_t since_ns;
};

/** Zero-initialise. Indices are bits of ORIEL_LOCK_*. */
struct oriel_qemu_locks {
  struct oriel_qemu_lock lock[ORIEL_QEMU_LOCKS];
  unsigned leds; /* ORIEL_LOCK_* */
  bool has_leds; /* the guest's are known */
};

enum oriel_qemu_locks_step {
  ORIEL_QEMU_LOCKS_GO,
  ORIEL_QEMU_LOCKS_WAIT, /* for *wait_ns, or for LEDs to change */
  ORIEL_QEMU_LOCKS_TAP,  /* *key first, then ask again */
};

/** The user's keyboard: which locks it knows, and which of them are on; ORIEL_LOCK_*. */
void oriel_qemu_locks_want(struct oriel_qemu_locks *locks, unsigned known, unsigned on);
/** The guest's LEDs, ORIEL_LOCK_*. */
void oriel_qemu_locks_leds(struct oriel_qemu_locks *locks, unsigned leds);
/** A key (QEMU's number) of the user's is pressed now. */
void oriel_qemu_locks_pressed(struct oriel_qemu_locks *locks, uint8_t key, uint64_t now_ns);
/** What to do before pressing `key`. */
enum oriel_qemu_locks_step oriel_qemu_locks_check(struct oriel_qemu_locks *locks, uint8_t key, uint64_t now_ns,
                                                  uint8_t *tap, uint64_t *wait_ns);

#endif
