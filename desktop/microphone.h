/* SPDX-License-Identifier: MIT
 *
 * What the desktop's files share about the microphone. Threads as microphone.c says.
 */
#ifndef ORIEL_DESKTOP_MICROPHONE_H
#define ORIEL_DESKTOP_MICROPHONE_H

#include "desktop/private.h"

/** Of source and guest together. The caller holds hub.lock. */
enum oriel_microphone_use oriel_microphone_use_locked(const struct oriel_hub *hub);
/** The source's report. Any thread. */
void oriel_microphone_source(struct oriel_desktop *desktop, enum oriel_microphone_use use);
/** This viewer's microphone is heard no longer. Network thread, no lock held. */
void oriel_microphone_forget(struct oriel_desktop *desktop, const struct oriel_viewer *viewer);

#endif
