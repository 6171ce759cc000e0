/* SPDX-License-Identifier: MIT
 *
 * Telling the network thread, or the media thread, that there is something for it. Any thread, no lock held.
 */
#ifndef ORIEL_DESKTOP_NOTIFY_H
#define ORIEL_DESKTOP_NOTIFY_H

#include "desktop/bulletin.h"

struct oriel_desktop;

/** Something waits for a viewer: calls the owner's wake. */
void oriel_desktop_wake(struct oriel_desktop *desktop);
/** Wakes whoever has to know what was posted on the bulletin. */
void oriel_desktop_follow_up(struct oriel_desktop *desktop, enum oriel_posted posted);
/** Posts on the bulletin and follows up. */
void oriel_desktop_post(struct oriel_desktop *desktop, enum oriel_fact fact, const void *value);

#endif
