/* SPDX-License-Identifier: MIT
 *
 * Who watches, and what the source is told of it.
 */
#ifndef ORIEL_DESKTOP_WATCH_H
#define ORIEL_DESKTOP_WATCH_H

struct oriel_desktop;

/** Tells the source whether anybody looks or listens. Any thread, no lock held. */
void oriel_desktop_update_watch(struct oriel_desktop *desktop);
/** Somebody has logged in and will attach a viewer within moments: the source is watched and a first picture made (an
 *  opening, or a key frame where the screen codes large), which is there when the viewer is. Forgotten after three
 *  seconds. Network thread. */
void oriel_desktop_expect(struct oriel_desktop *desktop);

#endif
