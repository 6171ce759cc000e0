/* SPDX-License-Identifier: MIT
 *
 * What input needs to know of its guest and its owner, and its bounds. Thread-safety: as the callbacks say.
 */
#ifndef ORIEL_SOURCE_QEMU_INPUT_CONFIG_H
#define ORIEL_SOURCE_QEMU_INPUT_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "source/qemu/pace.h"

enum {
  ORIEL_QEMU_INPUT_QUEUE = 512,       /* calls that wait here; more are dropped */
  ORIEL_QEMU_INPUT_OUTSTANDING = 512, /* calls that QEMU has not answered */
  ORIEL_QEMU_MOVES_OUTSTANDING = 2,   /* of these, positions and motions, unless a key follows */
};

/** The guest's devices that take input now. */
struct oriel_qemu_devices {
  enum oriel_qemu_device keyboard, pointer;
  bool firmware; /* no operating system runs yet */
};

struct oriel_qemu_input_events {
  void *user;
  /** What the devices are should be found out again. The session's thread. Optional. */
  void (*ask)(void *user);
  /** All of a text up to this mark was handed to QEMU, but for so many presses and releases, which were dropped. Any
   *  thread, under input's lock. Optional. */
  void (*typed)(void *user, uint64_t mark, unsigned dropped);
};

struct oriel_qemu_input_counts {
  uint64_t sent, coalesced, dropped;
};

#endif
