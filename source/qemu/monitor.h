/* SPDX-License-Identifier: MIT
 *
 * A session's QMP side: finding QEMU, its state, commands to it. Thread-safety: the session's thread.
 */
#ifndef ORIEL_SOURCE_QEMU_MONITOR_H
#define ORIEL_SOURCE_QEMU_MONITOR_H

#include "source/facts.h"

struct oriel_qemu_session;
struct oriel_qemu_input;

/** Looks for QEMU, now and after each end of it. */
void oriel_qemu_session_connect(struct oriel_qemu_session *session);
/** A head that came late learns what the VM is. */
void oriel_qemu_session_brief(struct oriel_qemu_session *session, struct oriel_qemu_input *input);
/** Passes a command on, where there is a QEMU. */
void oriel_qemu_session_command(struct oriel_qemu_session *session, enum oriel_source_command command);

#endif
