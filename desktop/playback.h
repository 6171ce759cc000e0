/* SPDX-License-Identifier: MIT
 *
 * Local playback: this host's own speakers as one more listener, behind a jitter buffer of their own, so that they never
 * delay a viewer. Built with PipeWire where its library is found, else one that says so.
 *
 * Thread-safety: create and destroy from the desktop's owner; the listener's offer from the audio thread; stats from any
 * thread.
 */
#ifndef ORIEL_DESKTOP_PLAYBACK_H
#define ORIEL_DESKTOP_PLAYBACK_H

#include <stdbool.h>

#include "desktop/sound_output.h"
#include "media/receiver.h"

struct oriel_playback;

/** A missing sound server is no failure: one line in the log, and it is looked for every few seconds. NULL where this
 *  build has none. 0, -ENOMEM. */
int oriel_playback_create(struct oriel_playback **playback);
/** NULL is fine. Nothing is offered any more. */
void oriel_playback_destroy(struct oriel_playback *playback);
/** What hears for it; its offer decodes. */
struct oriel_sound_listener oriel_playback_listener(struct oriel_playback *playback);
/** True while the sound server plays for us. */
bool oriel_playback_stats(const struct oriel_playback *playback, struct oriel_receiver_stats *stats);

#endif
