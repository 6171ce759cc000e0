/* SPDX-License-Identifier: MIT
 *
 * Packets on their way from whoever makes them to all who take them.
 *
 * Thread-safety: no lock held; pictures from the media thread, sound from the audio thread.
 */
#ifndef ORIEL_DESKTOP_PUBLISH_H
#define ORIEL_DESKTOP_PUBLISH_H

#include "desktop/state.h"

/** Counts the picture's stages so far, where it is what stands for all, marks it with its rendition, offers it as oriel_channel_publish does, and wakes the network thread. */
bool oriel_desktop_publish(struct oriel_desktop *desktop, enum oriel_channel_kind kind, struct oriel_packet *packet);
/** The same with a packet of sound, which it numbers, for all who listen. */
void oriel_desktop_publish_sound(struct oriel_desktop *desktop, struct oriel_packet *packet);

#endif
