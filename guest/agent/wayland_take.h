/* SPDX-License-Identifier: MIT
 *
 * What others in a Wayland session copy: of what is offered the best text, read from a pipe, behind a look at a password
 * manager's mark. Thread-safety: one object, one thread.
 */
#ifndef ORIEL_GUEST_AGENT_WAYLAND_TAKE_H
#define ORIEL_GUEST_AGENT_WAYLAND_TAKE_H

#include <stdbool.h>

#include "guest/agent/data_control.h"
#include "guest/agent/gather.h"

/** An offer, and the best of its types. */
struct wayland_offer {
  struct wl_proxy *proxy; /* NULL = none */
  int text;               /* index of AGENT_SELECTION_TEXTS; the count = no text */
  bool has_hint, is_ours;
};

struct wayland_take {
  const struct agent_selection_sink *sink;
  const char *mark; /* a type that only our own offers have: they are announced to us as to everybody */
  struct wayland_offer coming, current;
  int fd;           /* the text comes from there; -1 = none is read */
  bool reads_hint;
  struct agent_gather gather;
};

/** Borrows both for its life. */
void wayland_take_init(struct wayland_take *take, const struct agent_selection_sink *sink, const char *mark);
/** Something is offered, which is `take`'s from here; it says its types next. */
void wayland_take_offer(struct wayland_take *take, struct wl_proxy *proxy);
/** That is the clipboard's content now; NULL: nothing is. */
void wayland_take_selection(struct wayland_take *take, struct wl_proxy *proxy);
/** That is something else: what the mouse has marked. */
void wayland_take_leave(struct wayland_take *take, struct wl_proxy *proxy);
/** Goes on reading. */
void wayland_take_step(struct wayland_take *take, uint64_t now_ns);
/** Reads no more. */
void wayland_take_stop(struct wayland_take *take);
/** Forgets the offers, too: their device goes. */
void wayland_take_end(struct wayland_take *take);

#endif
