/* SPDX-License-Identifier: MIT
 *
 * What the desktop's files share about the microphone. Threads as microphone.c says.
 */
#ifndef ORIEL_DESKTOP_MICROPHONE_H
#define ORIEL_DESKTOP_MICROPHONE_H

#include "desktop/private.h"

/** This viewer's microphone is heard no longer. Network thread, no lock held. */
void oriel_microphone_forget(struct oriel_desktop *desktop, const struct oriel_viewer *viewer);

#endif
