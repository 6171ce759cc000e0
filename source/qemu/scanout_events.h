/* SPDX-License-Identifier: MIT
 *
 * Where a scanout tells what becomes of the display. Thread-safety: as the callbacks say.
 */
#ifndef ORIEL_SOURCE_QEMU_SCANOUT_EVENTS_H
#define ORIEL_SOURCE_QEMU_SCANOUT_EVENTS_H

#include "source/qemu/display.h"

struct oriel_qemu_scanout_events {
  void *user;
  /** Another kind of display, or of what is refused. Thread of message. */
  void (*display)(void *user, const struct oriel_qemu_display *display);
  /** The picture may be stale: see oriel_qemu_scanout_stale. Thread of message or expect. */
  void (*stale)(void *user);
};

#endif
