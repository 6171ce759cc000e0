/* SPDX-License-Identifier: MIT
 *
 * A viewer's mailbox: what waits for it, taken one by one, the most urgent first. Network thread only.
 */
#ifndef ORIEL_DESKTOP_MAILBOX_H
#define ORIEL_DESKTOP_MAILBOX_H

#include "desktop/delivery.h"

struct oriel_viewer;

/** Takes the most urgent waiting thing. In this order: an opening that fits the window; typed, state, role; the
 *  cursor's shape, unless the delivery before was one; abilities, cursor position, volume, microphone; controls; audio;
 *  skip notice; a picture that fits the window; the shape after all; a piece of the guest's clipboard. Call it only when the connection can take more:
 *  what is taken no longer coalesces. False and type NONE when nothing may go. */
bool oriel_viewer_next(struct oriel_viewer *viewer, struct oriel_delivery *delivery);
/** True when something waits. Cheap. */
bool oriel_viewer_pending(struct oriel_viewer *viewer);

#endif
