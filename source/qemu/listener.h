/* SPDX-License-Identifier: MIT
 *
 * A listener: an object that QEMU calls over a private D-Bus connection which we hand it by a Register method. Display,
 * sound and microphone each have one. It registers while it is wanted and there is a QEMU, and unregisters by ending
 * the private connection.
 *
 * Calls are answered on the thread that reads them, which each listener has for itself (connection.h): QEMU's main loop
 * waits inside Register until authentication and its question for our properties are answered, so nothing of this may
 * queue behind other work, nor behind the pictures of another desktop.
 *
 * Thread-safety: every function on the thread that runs the GMainContext (as its thread-default one).
 */
#ifndef ORIEL_SOURCE_QEMU_LISTENER_H
#define ORIEL_SOURCE_QEMU_LISTENER_H

#include <gio/gio.h>
#include <stdbool.h>

#include "source/qemu/listener_config.h"

struct oriel_qemu_listener;

/** 0, -ENOMEM. */
int oriel_qemu_listener_create(GMainContext *context, const struct oriel_qemu_listener_config *config,
                               struct oriel_qemu_listener **listener);
/** Gives up whatever it does without waiting for QEMU, and frees. NULL is fine. */
void oriel_qemu_listener_destroy(struct oriel_qemu_listener *listener);
/** The QEMU to register with, on object `path` (copied); NULL = none (what exists is dropped at once). */
void oriel_qemu_listener_set_control(struct oriel_qemu_listener *listener, GDBusConnection *control, const char *path);
void oriel_qemu_listener_want(struct oriel_qemu_listener *listener, bool wanted);
/** Ends the registration, if there is one, and registers once more. */
void oriel_qemu_listener_restart(struct oriel_qemu_listener *listener);
/** True while QEMU may call. */
bool oriel_qemu_listener_active(const struct oriel_qemu_listener *listener);

#endif
