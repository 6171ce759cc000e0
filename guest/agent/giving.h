/* SPDX-License-Identifier: MIT
 *
 * A text of ours on its way into a file descriptor of whoever pastes it: usually a pipe, but that is the other program's
 * choice. Thread-safety: one object, one thread.
 */
#ifndef ORIEL_GUEST_AGENT_GIVING_H
#define ORIEL_GUEST_AGENT_GIVING_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#include "core/packet.h"
#include "guest/agent/selection.h"

struct agent_giving {
  struct oriel_packet *text; /* NULL = this place is free */
  size_t sent;
  uint64_t due_ns; /* it is given up, unless it goes on */
  int fd;
};

struct agent_givings {
  struct agent_giving all[AGENT_SELECTION_GIVES_MAX]; /* zero-initialised */
};

/** Takes `fd` over and a reference to the text. */
void agent_givings_add(struct agent_givings *givings, struct oriel_packet *text, int fd, uint64_t now_ns);
/** Fills up to AGENT_SELECTION_GIVES_MAX of `polled`; returns how many. */
size_t agent_givings_poll(const struct agent_givings *givings, struct pollfd *polled, int *timeout_ms,
                          uint64_t now_ns);
/** Writes what goes without waiting. */
void agent_givings_step(struct agent_givings *givings, uint64_t now_ns);
void agent_givings_finish(struct agent_givings *givings);

#endif
