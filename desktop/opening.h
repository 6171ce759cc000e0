/* SPDX-License-Identifier: MIT
 *
 * The opening: a whole picture as tiles that goes ahead of a newcomer's key frame, where the screen codes small enough.
 * A page shows it without its video decoder, whose first picture takes it longer than everything else after the log-in.
 *
 * Thread-safety: oriel_opening_make from the media thread without hub.lock; `_locked` means that the caller holds it.
 */
#ifndef ORIEL_DESKTOP_OPENING_H
#define ORIEL_DESKTOP_OPENING_H

#include "desktop/state.h"

/** True when somebody who waits for a key frame, or is expected, takes an opening that was not yet tried. */
bool oriel_opening_due_locked(struct oriel_hub *hub);
/** Codes the surface for all who wait for an opening; a screen that is too large for one (media/tiles.h) has none, and
 *  they wait for the key frame, which is to be the next picture. */
void oriel_opening_make(struct oriel_desktop *desktop);
/** True while the last opening shows what the screen shows. */
bool oriel_opening_current_locked(const struct oriel_hub *hub);
/** Gives a viewer that takes one the last opening, if it is current. The lock of its channel is held, too. */
void oriel_opening_hand_over_locked(const struct oriel_hub *hub, struct oriel_viewer *viewer);

#endif
