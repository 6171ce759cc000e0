/* SPDX-License-Identifier: MIT
 *
 * A D-Bus client on a socket that is connected already. Thread-safety: the thread whose thread-default GMainContext
 * gets the answer.
 */
#ifndef ORIEL_SOURCE_QEMU_DBUS_CLIENT_H
#define ORIEL_SOURCE_QEMU_DBUS_CLIENT_H

#include <gio/gio.h>

/** Opens D-Bus on a connected socket as the authenticating client; takes `fd`. Finish with
 *  g_dbus_connection_new_finish. Messages wait until g_dbus_connection_start_message_processing. Returns the socket, to
 *  be unreferenced by the caller, and closed where authentication failed: GLib (2.74) forgets it then. NULL = `ready`
 *  says why. */
GSocket *oriel_qemu_dbus_open(int fd, GCancellable *cancellable, GAsyncReadyCallback ready, gpointer user);

#endif
