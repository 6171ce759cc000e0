/* SPDX-License-Identifier: MIT
 *
 * Sound of a session, and the microphone. Thread-safety: the session's thread, but where said.
 */
#ifndef ORIEL_SOURCE_QEMU_SESSION_SOUND_H
#define ORIEL_SOURCE_QEMU_SESSION_SOUND_H

#include <glib.h>

#include "source/input.h"

struct oriel_qemu_session;

/** 0, -ENOMEM. */
int oriel_qemu_session_create_sound(struct oriel_qemu_session *session);
/** Ends the listeners. */
void oriel_qemu_session_end_sound(struct oriel_qemu_session *session);
/** Once GDBus has let go of them. */
void oriel_qemu_session_free_sound(struct oriel_qemu_session *session);
/** As oriel_qemu_microphone_mute, until the next head comes. */
const gint *oriel_qemu_session_mute(struct oriel_qemu_session *session);
/** A head has come: the guest's recorders begin anew, as loud as they were. */
void oriel_qemu_session_unmute(struct oriel_qemu_session *session);
/** There is a QEMU, or there is none any more. */
void oriel_qemu_session_attach_sound(struct oriel_qemu_session *session);
void oriel_qemu_session_detach_sound(struct oriel_qemu_session *session);
/** What the heads want has changed: sound is asked for while one of them listens. */
void oriel_qemu_session_want_sound(struct oriel_qemu_session *session);
/** Any thread: a packet of a microphone for the guest, which hears one at a time: that of the first of several `owner`s
 *  (any address that stands for one) until it ends or was silent for a second. As oriel_source_microphone; -ENOTCONN
 *  for the others. */
int oriel_qemu_session_microphone(struct oriel_qemu_session *session, const void *owner,
                                  const struct oriel_microphone *packet);

#endif
