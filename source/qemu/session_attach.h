/* SPDX-License-Identifier: MIT
 *
 * A session's display: the control connection, and the heads on it. Thread-safety: the session's thread.
 */
#ifndef ORIEL_SOURCE_QEMU_SESSION_ATTACH_H
#define ORIEL_SOURCE_QEMU_SESSION_ATTACH_H

struct oriel_qemu_session;

/** Asks QEMU for a control connection; once it is ready, all heads are attached. After a failure it tries again. */
void oriel_qemu_session_attach(struct oriel_qemu_session *session);
/** Detaches all heads and ends the connection, if there is one. */
void oriel_qemu_session_detach(struct oriel_qemu_session *session);

#endif
