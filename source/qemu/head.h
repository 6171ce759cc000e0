/* SPDX-License-Identifier: MIT
 *
 * A head: one console of a QEMU that somebody shows. Its picture, its input, its size and its state are its own, so
 * that nothing that becomes of one head concerns another; QEMU itself is the session's.
 *
 * Thread-safety: everything on the session's thread; the callbacks too.
 */
#ifndef ORIEL_SOURCE_QEMU_HEAD_H
#define ORIEL_SOURCE_QEMU_HEAD_H

#include "source/qemu/head_config.h"

struct oriel_qemu_session;
struct oriel_qemu_head;

/** Joins the session. 0, -ENOMEM. */
int oriel_qemu_head_create(struct oriel_qemu_session *session, const struct oriel_qemu_head_config *config,
                           struct oriel_qemu_head **head);
/** Releases keys, gives QEMU 200 ms to take that, lets go of the console, and calls left, without keeping the other
 *  heads waiting. The last one also fades the microphone out. */
void oriel_qemu_head_leave(struct oriel_qemu_head *head);
/** What the devices are should be found out again. */
void oriel_qemu_head_ask_devices(struct oriel_qemu_head *head);

#endif
