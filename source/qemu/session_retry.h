/* SPDX-License-Identifier: MIT
 *
 * When a session connects or attaches anew. Thread-safety: the session's thread.
 */
#ifndef ORIEL_SOURCE_QEMU_SESSION_RETRY_H
#define ORIEL_SOURCE_QEMU_SESSION_RETRY_H

#include <glib.h>

struct oriel_qemu_session;

/** As oriel_qemu_timer_start, with the session as `user`. */
void oriel_qemu_session_timer(struct oriel_qemu_session *session, GSource **timer, unsigned delay_ms,
                              GSourceFunc function);
/** Has the session reconnect, ever later. */
void oriel_qemu_session_retry(struct oriel_qemu_session *session);
/** The same after a -errno of a call of ours: a shortage of descriptors or memory may be over in a moment, and asking
 *  again costs nobody anything, so it makes nothing later. */
void oriel_qemu_session_retry_after(struct oriel_qemu_session *session, int error);

#endif
