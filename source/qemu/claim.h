/* SPDX-License-Identifier: MIT
 *
 * One Oriel for a VM. Thread-safety: the session's thread.
 */
#ifndef ORIEL_SOURCE_QEMU_CLAIM_H
#define ORIEL_SOURCE_QEMU_CLAIM_H

struct oriel_qemu_session;

/** Makes sure that no other Oriel shows this VM, then calls attach. */
void oriel_qemu_session_claim(struct oriel_qemu_session *session);
/** Lets others have it. */
void oriel_qemu_session_unclaim(struct oriel_qemu_session *session);

#endif
