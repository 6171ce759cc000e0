/* SPDX-License-Identifier: MIT
 *
 * What QEMU's audio listener receives: PCM of one or several voices, converted and mixed into 48 kHz float stereo.
 *
 * Thread-safety: one thread at a time (the listener's, under its lock).
 */
#ifndef ORIEL_SOURCE_QEMU_SOUND_H
#define ORIEL_SOURCE_QEMU_SOUND_H

#include "source/qemu/calls.h"
#include "source/sink.h"

struct oriel_qemu_sound;

/** Borrows the sink for its life. 0, -ENOMEM. */
int oriel_qemu_sound_create(const struct oriel_source_sink *sink, struct oriel_qemu_sound **sound);
void oriel_qemu_sound_destroy(struct oriel_qemu_sound *sound);
/** Handles one method call on /org/qemu/Display1/AudioOutListener. NULL, or why it was refused (static). */
const char *oriel_qemu_sound_message(struct oriel_qemu_sound *sound, const struct oriel_qemu_call *call);
/** Forgets all voices, as after a disconnect. */
void oriel_qemu_sound_reset(struct oriel_qemu_sound *sound);

#endif
