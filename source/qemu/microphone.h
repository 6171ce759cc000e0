/* SPDX-License-Identifier: MIT
 *
 * What QEMU's audio input listener is asked: sound for the guest's recorders, in the format that QEMU chose. The
 * viewer's Opus packets go in; every voice gets the same sound, as much of it as time has passed, and silence where
 * there is none, so that what the guest records keeps the pace of a clock and is never older than a fraction of a
 * second.
 *
 * Thread-safety: push from one thread (the desktop's network thread); message and stopped from one thread at a time
 * (the listener's, under its lock); attach before both; available from the session's thread.
 */
#ifndef ORIEL_SOURCE_QEMU_MICROPHONE_H
#define ORIEL_SOURCE_QEMU_MICROPHONE_H

#include "source/input.h"
#include "source/qemu/calls.h"
#include "source/sink.h"

struct oriel_qemu_microphone;

/** 0, -ENOMEM. */
int oriel_qemu_microphone_create(struct oriel_qemu_microphone **microphone);
void oriel_qemu_microphone_destroy(struct oriel_qemu_microphone *microphone);
/** Whom to tell what becomes of a microphone; borrowed for its life. */
void oriel_qemu_microphone_attach(struct oriel_qemu_microphone *microphone, const struct oriel_source_sink *sink);
/** QEMU has sound, or has gone. */
void oriel_qemu_microphone_available(struct oriel_qemu_microphone *microphone, bool available);
/** 0; -ENOTCONN: the guest records nothing, it was dropped; -EBADMSG. */
int oriel_qemu_microphone_push(struct oriel_qemu_microphone *microphone, const struct oriel_microphone *packet,
                               uint64_t now_ns);
/** Handles one method call on /org/qemu/Display1/AudioInListener. NULL, or why it was refused (static). */
const char *oriel_qemu_microphone_message(struct oriel_qemu_microphone *microphone,
                                          const struct oriel_qemu_call *call);
/** From now on the guest's recorders fade into silence. What is returned is 0 (to be read atomically) as soon as QEMU's
 *  buffer has nothing else, which it repeats to its guest without us; valid until destroy. Any thread. */
const gint *oriel_qemu_microphone_mute(struct oriel_qemu_microphone *microphone);
/** Voices that begin from now on are heard again. Any thread. */
void oriel_qemu_microphone_unmute(struct oriel_qemu_microphone *microphone);
/** Forgets all voices, as after a disconnect. */
void oriel_qemu_microphone_stopped(struct oriel_qemu_microphone *microphone);

#endif
