/* SPDX-License-Identifier: MIT
 *
 * Asks QEMU for its input devices, and tells every head's input. Thread-safety: the session's thread.
 */
#ifndef ORIEL_SOURCE_QEMU_DEVICES_H
#define ORIEL_SOURCE_QEMU_DEVICES_H

struct oriel_qemu_session;
struct oriel_qemu_input;

/** QMP is ready, or the machine was reset: asks what there is, unless it waits for an answer. */
void oriel_qemu_session_learn_devices(struct oriel_qemu_session *session);
/** The machine was reset: its firmware runs, and no driver. Asks nothing, however often it comes. */
void oriel_qemu_session_reset_devices(struct oriel_qemu_session *session);
/** Asks which of them are in use now, unless it waits for an answer. */
void oriel_qemu_session_ask_devices(struct oriel_qemu_session *session);

/** Tells an input that came late. */
void oriel_qemu_session_brief_devices(struct oriel_qemu_session *session, struct oriel_qemu_input *input);

#endif
