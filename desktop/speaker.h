/* SPDX-License-Identifier: MIT
 *
 * This host's own speakers as one more listener, behind a jitter buffer of their own: they never delay a viewer. Built
 * with PipeWire where its library is found, else a speaker that says so.
 *
 * Thread-safety: create and destroy from the desktop's owner, push from the audio thread, stats from any thread.
 */
#ifndef ORIEL_DESKTOP_SPEAKER_H
#define ORIEL_DESKTOP_SPEAKER_H

#include <stdbool.h>

#include "core/packet.h"
#include "media/receiver.h"

struct oriel_speaker;

/** A missing sound server is no failure: one line in the log, and it is looked for every few seconds. 0, -ENOMEM. */
int oriel_speaker_create(struct oriel_speaker **speaker);
void oriel_speaker_destroy(struct oriel_speaker *speaker);
/** An Opus packet; borrowed. */
void oriel_speaker_push(struct oriel_speaker *speaker, const struct oriel_packet *packet);
/** True while the sound server plays for us. */
bool oriel_speaker_stats(const struct oriel_speaker *speaker, struct oriel_receiver_stats *stats);

#endif
