/* SPDX-License-Identifier: MIT
 *
 * A text from the owner of X11's clipboard: which forms are there, whether a password manager marked it, then the text,
 * whole or by INCR. Texts come to several properties in turn: what an owner says that was given up reaches none of those
 * that are read. Its window would be simpler to take away, but many programs end over that (an error of Xlib's).
 * Thread-safety: one object, one thread; it waits for answers of the X server, never of the owner.
 */
#ifndef ORIEL_GUEST_AGENT_X11_TAKE_H
#define ORIEL_GUEST_AGENT_X11_TAKE_H

#include <stdbool.h>

#include "guest/agent/gather.h"
#include "guest/agent/x11.h"

struct x11_take {
  const struct x11 *x;
  const struct agent_selection_sink *sink;
  unsigned place;           /* which of the properties */
  xcb_timestamp_t time;     /* of the owner's becoming one */
  enum x11_atom target;     /* what was asked for last */
  enum x11_atom best;       /* of the texts that there are */
  bool is_incremental;
  struct agent_gather gather; /* on while a text is asked for */
};

/** Asks the owner since `time`; one that is being asked is forgotten. */
void x11_take_begin(struct x11_take *take, xcb_timestamp_t time, uint64_t now_ns);
/** The owner has answered. Events of others are left alone. */
void x11_take_notify(struct x11_take *take, const xcb_selection_notify_event_t *event);
/** A property has changed: the next piece of a text. */
void x11_take_property(struct x11_take *take, const xcb_property_notify_event_t *event);
/** Gives an owner up whose time is over. */
void x11_take_look(struct x11_take *take, uint64_t now_ns);
void x11_take_end(struct x11_take *take);

#endif
