/* SPDX-License-Identifier: MIT
 *
 * The clipboard between the user's session and the host: text, both ways, on a thread of its own, so that a program of
 * the session that hangs holds up nothing else. Nothing here is awake without something to do.
 *
 * Thread-safety: create, start and destroy from the main thread; stats from any.
 */
#ifndef ORIEL_GUEST_AGENT_CLIPBOARD_H
#define ORIEL_GUEST_AGENT_CLIPBOARD_H

#include <stdbool.h>
#include <stdint.h>

#include "guest/agent/settings.h"

struct agent_clipboard;

struct agent_clipboard_stats {
  const char *session; /* "wayland", "x11"; NULL = none. Static */
  bool is_connected;
  uint64_t connections, failures;
  const char *why;          /* of the last failure; static */
  uint64_t to_host, to_guest; /* texts */
  uint64_t secret, large, hung; /* texts of the session that were not taken */
  uint64_t protocol_errors; /* of the host: each ended a connection */
};

/** 0, also where the settings say none: *clipboard is NULL then. -EINVAL, -ENOMEM, other -errno. */
int agent_clipboard_create(const struct agent_settings *settings, struct agent_clipboard **clipboard);
/** Starts its thread. 0, -EAGAIN. NULL is fine. */
int agent_clipboard_start(struct agent_clipboard *clipboard);
/** Ends its thread. NULL is fine. */
void agent_clipboard_destroy(struct agent_clipboard *clipboard);
void agent_clipboard_stats(struct agent_clipboard *clipboard, struct agent_clipboard_stats *stats);

#endif
