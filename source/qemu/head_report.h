/* SPDX-License-Identifier: MIT
 *
 * What heads report of themselves and of their VM. Thread-safety: the session's thread.
 */
#ifndef ORIEL_SOURCE_QEMU_HEAD_REPORT_H
#define ORIEL_SOURCE_QEMU_HEAD_REPORT_H

struct oriel_qemu_session;
struct oriel_qemu_head;

/** Reports what the facts say, if it is news. */
void oriel_qemu_head_publish(struct oriel_qemu_head *head);
/** Has all heads report what the facts say, where it is news. */
void oriel_qemu_session_publish(struct oriel_qemu_session *session);

#endif
