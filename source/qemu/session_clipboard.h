/* SPDX-License-Identifier: MIT
 *
 * The clipboard of a session: QEMU has one for the whole machine, whatever heads it has.
 *
 * Thread-safety: the session's thread only, but for give: any.
 */
#ifndef ORIEL_SOURCE_QEMU_SESSION_CLIPBOARD_H
#define ORIEL_SOURCE_QEMU_SESSION_CLIPBOARD_H

#include "core/packet.h"

struct oriel_qemu_session;

/** 0, -ENOMEM. */
int oriel_qemu_session_create_clipboard(struct oriel_qemu_session *session);
void oriel_qemu_session_attach_clipboard(struct oriel_qemu_session *session);
void oriel_qemu_session_detach_clipboard(struct oriel_qemu_session *session);
/** Finds out whether the guest's agent is there. */
void oriel_qemu_session_ask_agent(struct oriel_qemu_session *session);
/** Heads began or ceased to want texts. */
void oriel_qemu_session_want_clipboard(struct oriel_qemu_session *session);
/** As oriel_source_clipboard. */
int oriel_qemu_session_clipboard(struct oriel_qemu_session *session, struct oriel_packet *text);

#endif
