/* SPDX-License-Identifier: MIT
 *
 * The clipboard of one session, behind a table: Wayland's data-control, or X11's selection CLIPBOARD. It tells what
 * others in the session copy, as text, and offers a text of ours. Whoever owns a clipboard is another program, which may
 * hang, lie or talk for ever: each text has AGENT_SELECTION_PATIENCE_MS and 1 MiB.
 *
 * Thread-safety: one thread, but where an open says what it may wait for.
 */
#ifndef ORIEL_GUEST_AGENT_SELECTION_H
#define ORIEL_GUEST_AGENT_SELECTION_H

#include <stddef.h>
#include <stdint.h>

#include "core/packet.h"

enum {
  AGENT_SELECTION_PATIENCE_MS = 10000, /* for a whole text from its owner, and between two steps of who pastes ours */
  AGENT_SELECTION_GIVES_MAX = 8,       /* who paste at the same time; the longest-waiting gives way to a ninth */
  AGENT_SELECTION_POLLS = 2 + AGENT_SELECTION_GIVES_MAX,
};

struct pollfd; /* <poll.h> */
struct agent_selection;

struct agent_selection_impl {
  const char *name; /* "wayland", "x11" */
  void (*destroy)(struct agent_selection *selection);
  /** Offers this text, to which it takes a reference, as the clipboard's content. */
  void (*give)(struct agent_selection *selection, struct oriel_packet *text);
  /** Fills up to AGENT_SELECTION_POLLS of `polled` and lowers *timeout_ms (-1 = never). Returns how many. */
  size_t (*poll)(struct agent_selection *selection, struct pollfd *polled, int *timeout_ms, uint64_t now_ns);
  /** After poll(2), with what `poll` filled. 0; -ECONNRESET: the session has ended; -ENOTSUP: it has no such clipboard,
   *  now or ever. Then it is only to be destroyed. */
  int (*step)(struct agent_selection *selection, const struct pollfd *polled, size_t count, uint64_t now_ns);
};

/** Why a text stays in the session. */
enum agent_selection_refusal {
  AGENT_SELECTION_NO_TEXT, /* none is offered, or it is empty or no UTF-8 */
  AGENT_SELECTION_SECRET,  /* a password manager marked it so */
  AGENT_SELECTION_LARGE,   /* more than 1 MiB */
  AGENT_SELECTION_HUNG,    /* its owner did not give it in time */
};

struct agent_selection_sink {
  void *owner;
  /** Somebody in the session has copied this, which is borrowed. */
  void (*copied)(void *owner, struct oriel_packet *text);
  /** Somebody copied what is not taken, or nothing is in the clipboard any more. */
  void (*refused)(void *owner, enum agent_selection_refusal why);
};

struct agent_selection {
  const struct agent_selection_impl *impl;
  struct agent_selection_sink sink;
};

/* Names of text, the best first: MIME types and X11's targets. */
#define AGENT_SELECTION_TEXTS \
  { "text/plain;charset=utf-8", "UTF8_STRING", "text/plain;charset=UTF-8", "text/plain", "TEXT", "STRING" }
enum { AGENT_SELECTION_TEXT_COUNT = 6 };
/* Password managers offer this beside the text; its content says "secret". */
#define AGENT_SELECTION_HINT "x-kde-passwordManagerHint"

#endif
