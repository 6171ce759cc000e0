/* SPDX-License-Identifier: MIT
 *
 * Notices a picture that QEMU replaced without telling. Thread-safety: the session's thread.
 */
#ifndef ORIEL_SOURCE_QEMU_DISPLAY_POLL_H
#define ORIEL_SOURCE_QEMU_DISPLAY_POLL_H

struct oriel_qemu_session;
struct oriel_qemu_head;

/** Starts or stops asking, as the head is attached and watched. */
void oriel_qemu_head_poll_display(struct oriel_qemu_head *head);
/** Asks QEMU for its graphics cards. */
void oriel_qemu_session_learn_card(struct oriel_qemu_session *session);

#endif
