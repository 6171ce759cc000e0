/* SPDX-License-Identifier: MIT
 *
 * An end of a guest's clipboard that is no part of a source: something in the guest with a stream of its own. Behind a
 * table, as a source is; its makers have create functions of their own.
 *
 * Thread-safety: start and destroy from the desktop's owner (main thread); give and watch from any thread between them,
 * neither of which blocks or waits for the guest. The sink is called on the end's own thread and must not block or call
 * destroy; it may call give and watch.
 */
#ifndef ORIEL_SOURCE_CLIPBOARD_END_H
#define ORIEL_SOURCE_CLIPBOARD_END_H

#include <stdbool.h>

#include "core/packet.h"

struct oriel_clipboard_end;

struct oriel_clipboard_end_sink {
  void *user;
  /** The guest's clipboard has this text now (core/clipboard.h), which is borrowed; NULL: something else than before,
   *  of which there is no text to be had. A text that this end was given may come back: it is known to be an echo. */
  void (*text)(void *user, struct oriel_packet *text);
  /** Whether something in the guest is there to take and give texts; nothing is before the first call. */
  void (*present)(void *user, bool present);
};

/** Every slot is needed but `watch`. */
struct oriel_clipboard_end_impl {
  /** Starts its thread; the sink lives until destroy. 0, -EAGAIN, -ENOMEM. */
  int (*start)(struct oriel_clipboard_end *end, const struct oriel_clipboard_end_sink *sink);
  /** Ends it, also one that was not started. */
  void (*destroy)(struct oriel_clipboard_end *end);
  /** Passes a text on, to which it takes a reference; the newest wins. 0; -ENOTCONN: nothing there takes it. */
  int (*give)(struct oriel_clipboard_end *end, struct oriel_packet *text);
  /** Whether anybody may have what the guest copies; nobody before the first call. */
  void (*watch)(struct oriel_clipboard_end *end, bool wanted);
};

struct oriel_clipboard_end {
  const struct oriel_clipboard_end_impl *impl;
};

#endif
