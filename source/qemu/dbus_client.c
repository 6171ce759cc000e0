/* SPDX-License-Identifier: MIT
 *
 * Opening D-Bus, see dbus_client.h.
 */
#include "source/qemu/dbus_client.h"

#include <unistd.h>

GSocket *oriel_qemu_dbus_open(int fd, GCancellable *cancellable, GAsyncReadyCallback ready, gpointer user) {
  GError *error = NULL;
  GSocket *socket = g_socket_new_from_fd(fd, &error);
  if (!socket) {
    close(fd);
    g_task_report_error(NULL, ready, user, NULL, error);
    return NULL;
  }
  GSocketConnection *stream = g_socket_connection_factory_create_connection(socket);
  g_dbus_connection_new(
    G_IO_STREAM(stream), NULL,
    G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT | G_DBUS_CONNECTION_FLAGS_DELAY_MESSAGE_PROCESSING, NULL,
    cancellable, ready, user);
  g_object_unref(stream);
  return socket;
}
