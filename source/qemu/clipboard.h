/* SPDX-License-Identifier: MIT
 *
 * QEMU's clipboard, org.qemu.Display1.Clipboard on the control connection: both ends offer what they have by Grab, and
 * ask for it by Request when somebody pastes. In QEMU its other peer is the guest's spice agent, behind a chardev of
 * type qemu-vdagent. Texts of the selection CLIPBOARD only.
 *
 * QEMU (7.2 to 10) asks for our text, and for our properties when we register, from its main loop, which stands still
 * with the whole machine until the answer is there: so GDBus's worker thread answers, from memory, and a text is only
 * offered when all of it is here.
 *
 * Thread-safety: create, set_control, set_agent, want, leave and destroy on the session's thread; give on any; message
 * and answered on GDBus's worker thread. Events on the session's thread.
 */
#ifndef ORIEL_SOURCE_QEMU_CLIPBOARD_H
#define ORIEL_SOURCE_QEMU_CLIPBOARD_H

#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/packet.h"
#include "source/qemu/clipboard_events.h"

/** QEMU (ui/vdagent.c) drops a message to or from its guest that is larger than 1 MiB with its heads. */
enum { ORIEL_QEMU_CLIPBOARD_MAX = 1024 * 1024 - 64 };

struct oriel_qemu_clipboard;

/** `alive` counts what still waits for GDBus after destroy (atomic). 0, -ENOMEM. */
int oriel_qemu_clipboard_create(GMainContext *context, gint *alive, const struct oriel_qemu_clipboard_events *events,
                                struct oriel_qemu_clipboard **clipboard);
/** Without waiting for QEMU. NULL is fine. */
void oriel_qemu_clipboard_destroy(struct oriel_qemu_clipboard *clipboard);
/** The QEMU to register with; NULL = none: what was offered is forgotten. */
void oriel_qemu_clipboard_set_control(struct oriel_qemu_clipboard *clipboard, GDBusConnection *control);
/** Whether the guest's agent has its port open. */
void oriel_qemu_clipboard_set_agent(struct oriel_qemu_clipboard *clipboard, bool open);
/** Whether anybody may have the guest's texts: those that it offers from now on are fetched, four a second. */
void oriel_qemu_clipboard_want(struct oriel_qemu_clipboard *clipboard, bool wanted);
/** Tells QEMU that we go, so that whoever comes next may register. */
void oriel_qemu_clipboard_leave(struct oriel_qemu_clipboard *clipboard);
/** True when QEMU takes texts of ours, and its guest's agent is there. */
bool oriel_qemu_clipboard_ready(struct oriel_qemu_clipboard *clipboard);
/** Offers the guest a text, ahead of all that is sent on the control connection from now on; takes a reference. 0;
 *  -ENOTCONN; -EMSGSIZE: over ORIEL_QEMU_CLIPBOARD_MAX bytes. */
int oriel_qemu_clipboard_give(struct oriel_qemu_clipboard *clipboard, struct oriel_packet *text);
/** A call of QEMU's: answers one that is for the clipboard. False for others. */
bool oriel_qemu_clipboard_message(struct oriel_qemu_clipboard *clipboard, GDBusConnection *connection,
                                  GDBusMessage *call);
/** An answer of ours left, or QEMU's to the call with this number came. */
void oriel_qemu_clipboard_sent(struct oriel_qemu_clipboard *clipboard);
void oriel_qemu_clipboard_answered(struct oriel_qemu_clipboard *clipboard, uint32_t reply_serial);

#endif
