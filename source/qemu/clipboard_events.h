/* SPDX-License-Identifier: MIT
 *
 * What QEMU's clipboard tells its owner. Thread-safety: called on the session's thread.
 */
#ifndef ORIEL_SOURCE_QEMU_CLIPBOARD_EVENTS_H
#define ORIEL_SOURCE_QEMU_CLIPBOARD_EVENTS_H

#include "core/packet.h"

struct oriel_qemu_clipboard_events {
  void *user;
  /** The guest's clipboard has this text, borrowed; NULL: something else, without a text or one that nobody wants. */
  void (*text)(void *user, struct oriel_packet *text);
  /** Whether texts can be given now has changed. */
  void (*ready)(void *user);
};

#endif
