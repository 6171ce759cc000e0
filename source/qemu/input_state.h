/* SPDX-License-Identifier: MIT
 *
 * The state of input, which its files share: input.c is its life, input_pump.c sends what may be sent, input_events.c
 * turns events into calls, input_queue.c keeps those that wait and what is held down, input_calls.c makes and counts
 * D-Bus calls.
 *
 * Thread-safety: one lock guards everything; the functions of those files, input.c's apart, are called with it held.
 */
#ifndef ORIEL_SOURCE_QEMU_INPUT_STATE_H
#define ORIEL_SOURCE_QEMU_INPUT_STATE_H

#include <gio/gio.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source/qemu/input_config.h"
#include "source/qemu/locks.h"
#include "source/qemu/pace.h"
#include "source/qemu/schedstat.h"

enum {
  TOUCH_SLOTS = 10,
  RELEASES = 16, /* latest ones, of which a stopping QEMU may have lost some */
  /* org.qemu.Display1.Mouse's button values; the last two since QEMU 7.0. */
  QEMU_LEFT = 0, QEMU_MIDDLE = 1, QEMU_RIGHT = 2, QEMU_WHEEL_UP = 3, QEMU_WHEEL_DOWN = 4, QEMU_SIDE = 5,
  QEMU_EXTRA = 6, QEMU_WHEEL_LEFT = 7, QEMU_WHEEL_RIGHT = 8,
};

enum op_kind { OP_KEY, OP_BUTTON, OP_POSITION, OP_MOTION, OP_TOUCH, OP_MARK, OP_LOCKS };

/* One call that waits, or a mark between calls. */
struct op {
  enum op_kind kind;
  uint8_t code;  /* key number, button or touch slot; locks that are known */
  /* key and button: pressed; touch: org.qemu.Display1.MultiTouch's kind, which is our phase; locks: on */
  uint8_t phase;
  bool is_text;
  int32_t x, y;
  uint64_t mark;
  unsigned dropped; /* mark: presses and releases of its text that are not typed */
};

/* One call that QEMU has not answered. */
struct call {
  uint32_t serial;
  bool is_move;
};

/* A release that was sent. */
struct release {
  struct op op;
  uint32_t serial;
  int64_t answered_us; /* real time; 0 = not yet */
};

/* What is held down, as the guest knows it or as the user wants it. */
struct held {
  bool keys[256];
  bool buttons[QEMU_WHEEL_RIGHT + 1];
  bool touches[TOUCH_SLOTS];
};

struct oriel_qemu_input {
  pthread_mutex_t lock; /* guards all below */
  struct oriel_qemu_input_events events;
  GDBusConnection *connection; /* NULL = detached */
  char path[64];
  bool absolute, has_touch;
  bool stopped; /* QEMU drops input while the VM does not run */
  bool needs_reset; /* what a former client held down is still to be released */
  uint16_t width, height;
  struct oriel_qemu_devices devices;
  struct op ops[ORIEL_QEMU_INPUT_QUEUE];
  size_t op_head, op_count;
  struct call calls[ORIEL_QEMU_INPUT_OUTSTANDING];
  size_t call_head, call_count, moves;
  struct release releases[RELEASES];
  size_t release_next, release_count;
  struct op lost[RELEASES]; /* releases that came too late for a QEMU that stopped */
  size_t lost_count;
  struct held sent, wanted;
  struct held unseen; /* went down while the VM was stopped */
  bool overflowed; /* something was dropped: releases may be missing */
  int32_t x, y;    /* last position, to turn positions into motions and back */
  int32_t wheel_x, wheel_y; /* parts of a detent */
  int touch; /* the finger that moves the pointer where there is no touch device; -1 = none */
  struct oriel_qemu_pace keyboard, pointer;
  struct oriel_qemu_locks locks;
  struct oriel_qemu_schedstat schedstat; /* since QEMU took the last key of a text */
  bool text_sent; /* a key of a text, for which that is still to be marked */
  int text_down;  /* keys of a text that were pressed and not yet released */
  uint64_t stalled_ns; /* when text began to wait for QEMU's threads to run; 0 = it does not */
  GSource *timer; /* fires when the next call may be sent, or when a question is due */
  uint64_t asked_ns;
  bool ask; /* what the devices are should be asked again */
  struct oriel_qemu_input_counts counts;
};

#endif
