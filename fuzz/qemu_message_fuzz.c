/* SPDX-License-Identifier: MIT
 *
 * A message on a listener's connection: from the bytes to the answer. A complaint of GLib's is a crash: a peer could
 * fill the log with it.
 */
#include <stdlib.h>
#include <string.h>

#include "source/qemu/dispatch.h"
#include "source/qemu/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *on_message(void *user, const char *interface, const char *member, GVariant *body, GUnixFDList *fds,
                              GVariant **reply) {
  (void)user, (void)reply;
  if (!member || !g_dbus_is_member_name(member) || (interface && !g_dbus_is_interface_name(interface)) || fds)
    abort();
  return body && g_variant_n_children(body) > 1 ? "too much" : NULL;
}

static void on_stopped(void *user) {
  (void)user;
}

static void answer(GDBusMessage *call) {
  static const char *const extra[] = {"org.example.Extra", NULL};
  static const struct oriel_qemu_listener_config config = {
    .label = "fuzz", .extra = extra, .message = on_message, .stopped = on_stopped};
  struct oriel_qemu_dispatch dispatch;
  oriel_qemu_dispatch_init(&dispatch, &config);
  oriel_qemu_dispatch_start(&dispatch);
  GDBusMessage *reply = oriel_qemu_dispatch_call(&dispatch, call);
  if (reply) {
    gsize size = 0;
    g_dbus_message_set_serial(reply, 1);
    guchar *bytes = g_dbus_message_to_blob(reply, &size, G_DBUS_CAPABILITY_FLAGS_NONE, NULL);
    if (bytes && oriel_qemu_frame_size(bytes) != size)
      abort();
    g_free(bytes);
    g_object_unref(reply);
  }
  oriel_qemu_dispatch_stop(&dispatch);
  oriel_qemu_dispatch_finish(&dispatch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  g_log_set_always_fatal(G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING);
  const size_t needed = size < ORIEL_QEMU_FRAME_HEADER ? 0 : oriel_qemu_frame_size(data);
  if (!needed || needed > size)
    return 0;
  uint8_t *bytes = malloc(needed);
  if (!bytes)
    return 0;
  memcpy(bytes, data, needed);
  GDBusMessage *message = oriel_qemu_frame_parse(bytes, needed);
  if (message && g_dbus_message_get_message_type(message) == G_DBUS_MESSAGE_TYPE_METHOD_CALL)
    answer(message);
  g_clear_object(&message);
  free(bytes);
  return 0;
}
