/* SPDX-License-Identifier: MIT
 *
 * What the parts of X11's clipboard share: the connection and the names. Thread-safety: one thread.
 */
#ifndef ORIEL_GUEST_AGENT_X11_H
#define ORIEL_GUEST_AGENT_X11_H

#include <xcb/xcb.h>

#include "guest/agent/selection.h"

enum x11_atom {
  X11_TEXTS, /* and the others of AGENT_SELECTION_TEXTS */
  X11_CLIPBOARD = X11_TEXTS + AGENT_SELECTION_TEXT_COUNT,
  X11_TARGETS,
  X11_TIMESTAMP,
  X11_INCR,
  X11_HINT,
  X11_PROPERTY, /* of our windows: where a text comes to */
  X11_ATOM_COUNT,
};

struct x11 {
  xcb_connection_t *connection;
  xcb_window_t root;
  xcb_atom_t atoms[X11_ATOM_COUNT];
  uint32_t chunk; /* bytes that one request carries */
};

#endif
