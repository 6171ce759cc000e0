/* SPDX-License-Identifier: MIT
 *
 * The clipboard of a Wayland session by data-control: wlroots' compositors (Sway, labwc, Wayfire), KDE, COSMIC; not
 * GNOME, which has X11's for its Xwayland. Thread-safety: one thread.
 */
#ifndef ORIEL_GUEST_AGENT_SELECTION_WAYLAND_H
#define ORIEL_GUEST_AGENT_SELECTION_WAYLAND_H

#include "guest/agent/selection.h"

/** With a socket that is connected to a compositor, which it takes over, also where it fails. Waits for nothing: a
 *  compositor without data-control is noticed in a step. 0, -ENOMEM. */
int agent_selection_wayland_open(int fd, const struct agent_selection_sink *sink, struct agent_selection **selection);

#endif
