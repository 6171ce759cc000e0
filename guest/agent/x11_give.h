/* SPDX-License-Identifier: MIT
 *
 * Our text for who pastes it by X11: TARGETS, TIMESTAMP and the text, large ones by INCR. MULTIPLE is refused, as it may
 * be. Thread-safety: one object, one thread.
 */
#ifndef ORIEL_GUEST_AGENT_X11_GIVE_H
#define ORIEL_GUEST_AGENT_X11_GIVE_H

#include "guest/agent/x11.h"

/** A text on its way by INCR. */
struct x11_giving {
  struct oriel_packet *text; /* NULL = this place is free */
  size_t sent;
  uint64_t due_ns; /* it is given up, unless it goes on */
  xcb_window_t requestor;
  xcb_atom_t property, type;
};

struct x11_give {
  const struct x11 *x;
  struct oriel_packet *text; /* NULL = the clipboard is not ours */
  xcb_timestamp_t since;
  struct x11_giving all[AGENT_SELECTION_GIVES_MAX];
};

/** The clipboard is ours with this text since then; the reference goes over. NULL: it is not any more. */
void x11_give_set(struct x11_give *give, struct oriel_packet *text, xcb_timestamp_t since);
/** Somebody pastes. */
void x11_give_request(struct x11_give *give, const xcb_selection_request_event_t *event, uint64_t now_ns);
/** A property has changed: who pastes has taken a piece and wants the next one. */
void x11_give_property(struct x11_give *give, const xcb_property_notify_event_t *event, uint64_t now_ns);
/** Gives up who takes no more, and lowers *timeout_ms to when that is due. */
void x11_give_look(struct x11_give *give, int *timeout_ms, uint64_t now_ns);
void x11_give_finish(struct x11_give *give);

#endif
