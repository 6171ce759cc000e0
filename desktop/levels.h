/* SPDX-License-Identifier: MIT
 *
 * The levels of all viewers of a desktop: who carries less than its rendition needs takes the lower one (level.h).
 *
 * Thread-safety: the network thread.
 */
#ifndef ORIEL_DESKTOP_LEVELS_H
#define ORIEL_DESKTOP_LEVELS_H

#include <stdint.h>

struct oriel_desktop;

/** Moves those who are due. To be called several times a second; does something four times. */
void oriel_levels_look(struct oriel_desktop *desktop, uint64_t now_ns);

#endif
