/* SPDX-License-Identifier: MIT
 *
 * QEMU's clipboard: fetching the guest's texts. Thread-safety: the session's thread, but for kick: any.
 */
#ifndef ORIEL_SOURCE_QEMU_CLIPBOARD_FETCH_H
#define ORIEL_SOURCE_QEMU_CLIPBOARD_FETCH_H

struct oriel_qemu_clipboard;

/** Has the session's thread look at what the guest's clipboard has. The clipboard's lock is held. */
void oriel_qemu_clipboard_kick(struct oriel_qemu_clipboard *clipboard);
/** That look. */
void oriel_qemu_clipboard_look(struct oriel_qemu_clipboard *clipboard);

#endif
