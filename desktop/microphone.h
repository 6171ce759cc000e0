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

struct oriel_desktop;
struct oriel_viewer;

struct oriel_microphone_route {
  uint32_t owner;     /* id of the viewer whose microphone is heard; 0 = nobody */
  uint64_t looked_ns; /* when the guest was last asked whether it takes one */
};

/** This viewer's microphone is heard no longer. No lock held. */
void oriel_microphone_forget(struct oriel_desktop *desktop, const struct oriel_viewer *viewer);

#endif
