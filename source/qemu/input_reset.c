/* SPDX-License-Identifier: MIT
 *
 * The first thing a guest hears of us: nothing is held down. Whoever was attached before may have been killed in the
 * middle of a drag or with a key down. QEMU itself drops the release of a key that is not down, and guests that of a
 * button. The session's thread.
 */
#include "source/qemu/input_reset.h"

#include "source/qemu/keymap.h"

enum { USAGE_LAST = 0xe7, WHEEL_FIRST = 3, WHEEL_LAST = 4, SIDEWAYS_FIRST = 7, TOUCHES = 10, TOUCH_CANCEL = 3 };

static void tell(GDBusConnection *connection, const char *path, const char *interface, const char *member,
                 GVariant *body) {
  GDBusMessage *message = g_dbus_message_new_method_call(NULL, path, interface, member);
  g_dbus_message_set_flags(message, G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED);
  g_dbus_message_set_body(message, body);
  g_dbus_connection_send_message(connection, message, G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL, NULL);
  g_object_unref(message);
}

void oriel_qemu_input_reset(GDBusConnection *connection, const char *path, bool has_touch) {
  for (uint16_t usage = 0; usage <= USAGE_LAST; usage++) {
    guint32 key = oriel_qemu_key_from_usage(usage);
    if (key)
      tell(connection, path, "org.qemu.Display1.Keyboard", "Release", g_variant_new("(u)", key));
  }
  for (guint32 button = 0; button < SIDEWAYS_FIRST; button++)
    if (button < WHEEL_FIRST || button > WHEEL_LAST)
      tell(connection, path, "org.qemu.Display1.Mouse", "Release", g_variant_new("(u)", button));
  for (guint64 touch = 0; has_touch && touch < TOUCHES; touch++)
    tell(connection, path, "org.qemu.Display1.MultiTouch", "SendEvent",
         g_variant_new("(utdd)", (guint32)TOUCH_CANCEL, touch, 0.0, 0.0));
}
