/* SPDX-License-Identifier: MIT
 *
 * A session is made, ended and freed. Thread-safety: create and free on any thread, close on the session's.
 */
#ifndef ORIEL_SOURCE_QEMU_SESSION_LIFE_H
#define ORIEL_SOURCE_QEMU_SESSION_LIFE_H

#include <stdbool.h>

struct oriel_qemu_session;

/** 0, -ENOMEM. */
int oriel_qemu_session_create(const char *path, struct oriel_qemu_session **session);
/** Detaches and waits for GDBus to let go; false: some memory has to be lost. */
bool oriel_qemu_session_close(struct oriel_qemu_session *session);
void oriel_qemu_session_free(struct oriel_qemu_session *session);

#endif
