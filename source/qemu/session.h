/* SPDX-License-Identifier: MIT
 *
 * One QEMU, found, attached, lost and found again: QMP for its state, a private D-Bus connection for its consoles, and
 * sound. QEMU has one D-Bus client, so all sources of a process that name the same QMP socket share one session, each
 * as a head: one console with its picture, its input and its size (head.h).
 *
 * A session has a thread, which runs a GMainContext: "the session's thread". Nothing blocks on it, whatever QEMU does.
 *
 * Thread-safety: any thread.
 */
#ifndef ORIEL_SOURCE_QEMU_SESSION_H
#define ORIEL_SOURCE_QEMU_SESSION_H

#include <gio/gio.h>

struct oriel_qemu_session;

/** The process's session of the QMP socket at `path`, which is compared by its letters; made where there is none. The
 *  caller's reference, for release. 0, -ENOMEM. */
int oriel_qemu_session_acquire(const char *path, struct oriel_qemu_session **session);
/** Begins its thread, which looks for the VM, unless it has begun. 0, -EAGAIN and others of pthread_create. */
int oriel_qemu_session_start(struct oriel_qemu_session *session);
/** The last one detaches (within 300 ms, also from a stopped QEMU), ends the thread, waits for it and frees. By then no
 *  head is left. Not on the session's thread. NULL is fine. */
void oriel_qemu_session_release(struct oriel_qemu_session *session);
/** What the session's thread runs; borrowed. */
GMainContext *oriel_qemu_session_context(struct oriel_qemu_session *session);

#endif
