/* SPDX-License-Identifier: MIT
 *
 * How fast an input device of the guest may be fed. QEMU answers at once, whether the guest looks or not, and each
 * device has a short queue that silently loses a key or a click that finds it full. So a burst is let through at once
 * and the rest at a rate that outlasts a guest's nap. Counted in what the device's queue holds, not in calls.
 *
 * Pure: time is an argument. Thread-safety: one owner.
 */
#ifndef ORIEL_SOURCE_QEMU_PACE_H
#define ORIEL_SOURCE_QEMU_PACE_H

#include <stdbool.h>
#include <stdint.h>

enum oriel_qemu_device {
  ORIEL_QEMU_DEVICE_UNKNOWN,
  ORIEL_QEMU_DEVICE_PS2,
  ORIEL_QEMU_DEVICE_USB,
  ORIEL_QEMU_DEVICE_VIRTIO,
};

enum oriel_qemu_event {
  ORIEL_QEMU_EVENT_KEY,    /* pressed */
  ORIEL_QEMU_EVENT_KEY_UP,
  ORIEL_QEMU_EVENT_BUTTON, /* or a wheel's click */
  ORIEL_QEMU_EVENT_MOVE,   /* position, motion or touch */
};

enum {
  /* Of text: a character begins when all before it is taken, so that it never fills a queue that fingers need, too. */
  ORIEL_QEMU_TEXT_BURST = 1,
  /* A PS/2 mouse tells of so much motion in one packet; the rest waits and would come after the next click. */
  ORIEL_QEMU_PS2_MOTION_MAX = 127,
};

struct oriel_qemu_pace {
  uint64_t empty_ns; /* when the guest has taken everything sent so far, at the rate below */
  uint32_t unit_ns, burst; /* the guest's time for a unit; how many may be ahead of it */
};

/** `firmware`: no operating system runs yet. What was sent before counts on. */
void oriel_qemu_pace_keyboard(struct oriel_qemu_pace *pace, enum oriel_qemu_device device, bool firmware);
void oriel_qemu_pace_pointer(struct oriel_qemu_pace *pace, enum oriel_qemu_device device);
/** What an event takes of the device's queue; `key` is QEMU's number of a key, 0 for others. */
unsigned oriel_qemu_event_cost(enum oriel_qemu_device device, enum oriel_qemu_event event, uint8_t key);
/** 0 when `cost` units may be sent now, which are then accounted; otherwise how long they have to wait. At most `burst`
 *  units are let ahead (0 = the device's own). */
uint64_t oriel_qemu_pace_take(struct oriel_qemu_pace *pace, unsigned cost, unsigned burst, uint64_t now_ns);
/** Accounts what was sent without asking. */
void oriel_qemu_pace_add(struct oriel_qemu_pace *pace, unsigned cost, uint64_t now_ns);

#endif
