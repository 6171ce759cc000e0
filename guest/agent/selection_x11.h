/* SPDX-License-Identifier: MIT
 *
 * The clipboard of an X11 session: the selection CLIPBOARD, watched by XFixes. Thread-safety: one thread.
 */
#ifndef ORIEL_GUEST_AGENT_SELECTION_X11_H
#define ORIEL_GUEST_AGENT_SELECTION_X11_H

#include "guest/agent/selection.h"

/** With a socket that is connected to the X server of display `number`, which it takes over, also where it fails. It
 *  waits for the server's answers, as xcb does: shutdown(2) of the socket ends that from another thread. 0;
 *  -ECONNREFUSED: the server does not let this user in; -ENOTSUP: it has no XFixes; -ENOMEM. */
int agent_selection_x11_open(int fd, unsigned number, const struct agent_selection_sink *sink,
                             struct agent_selection **selection);

#endif
