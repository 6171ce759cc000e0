/* SPDX-License-Identifier: MIT
 *
 * The microphone's way back: from the viewer that has the controls to whatever in the guest takes it, and what the
 * viewers are told about it.
 *
 * Thread-safety: the network thread.
 */
#ifndef ORIEL_DESKTOP_MICROPHONE_H
#define ORIEL_DESKTOP_MICROPHONE_H

#include <stdint.h>

#include "source/input.h"

struct oriel_desktop;
struct oriel_viewer;

/** A packet of its microphone: passed on untouched to what the guest runs (its agent or driver), decoded for the source
 *  (QEMU's sound device). Only that of the controller; who loses the controls is no longer heard. 0; -EPERM: it has not
 *  the controls; -ENOTSUP, -ENOTCONN: nothing in the guest takes it; -EBADMSG, -EINVAL: no packet. */
int oriel_viewer_microphone(struct oriel_viewer *viewer, const struct oriel_microphone *packet);
/** Asks, at most twice a second, whether the guest takes a microphone; viewers are told of changes. */
void oriel_microphone_look(struct oriel_desktop *desktop, uint64_t now_ns);
/** This viewer's microphone is heard no longer. No lock held. */
void oriel_microphone_forget(struct oriel_desktop *desktop, const struct oriel_viewer *viewer);

#endif
