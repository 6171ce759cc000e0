/* SPDX-License-Identifier: MIT
 *
 * What the parts of X11's clipboard share: the connection and the names. Thread-safety: one thread.
 */
#ifndef ORIEL_GUEST_AGENT_X11_H
#define ORIEL_GUEST_AGENT_X11_H

#include <xcb/xcb.h>

#include "guest/agent/selection.h"

enum { X11_PLACE_COUNT = 8 };

enum x11_atom {
  X11_TEXTS, /* and the others of AGENT_SELECTION_TEXTS */
  X11_CLIPBOARD = X11_TEXTS + AGENT_SELECTION_TEXT_COUNT,
  X11_TARGETS,
  X11_TIMESTAMP,
  X11_INCR,
  X11_HINT,
  X11_NOW,    /* property of our window that changes to learn the server's time */
  X11_PLACES, /* and further ones: properties of our window that texts come to */
  X11_ATOM_COUNT = X11_PLACES + X11_PLACE_COUNT,
};

struct x11 {
  xcb_connection_t *connection;
  xcb_window_t root, window; /* the latter is ours, without a picture */
  xcb_atom_t atoms[X11_ATOM_COUNT];
  uint32_t chunk; /* bytes that one request carries */
};

#endif
