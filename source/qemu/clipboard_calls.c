/* SPDX-License-Identifier: MIT
 *
 * QEMU's clipboard: what QEMU calls, on GDBus's worker thread, and what it is given, from any.
 */
#include <errno.h>
#include <string.h>

#include "source/qemu/clipboard.h"
#include "source/qemu/clipboard_fetch.h"
#include "source/qemu/clipboard_state.h"

#define PROPERTIES "org.freedesktop.DBus.Properties"

/* --- giving: any thread ------------------------------------------------------------------------------------------- */

/* Lock held. A number above all that were seen: QEMU takes an offer of ours that is not older than the newest. */
static void grab(struct oriel_qemu_clipboard *clipboard) {
  static const char *const mimes[] = {CLIPBOARD_MIME, NULL};
  GDBusMessage *message = g_dbus_message_new_method_call(NULL, CLIPBOARD_PATH, CLIPBOARD_INTERFACE, "Grab");
  g_dbus_message_set_body(message, g_variant_new("(uu^as)", CLIPBOARD_SELECTION, ++clipboard->serial, mimes));
  guint32 number = 0;
  if (g_dbus_connection_send_message(clipboard->connection, message, G_DBUS_SEND_MESSAGE_FLAGS_NONE, &number, NULL))
    clipboard->grabs[clipboard->grab_count++] = number;
  g_object_unref(message);
}

int oriel_qemu_clipboard_give(struct oriel_qemu_clipboard *clipboard, struct oriel_packet *text) {
  struct oriel_packet *former = NULL;
  int result = -ENOTCONN;
  if (text->size > ORIEL_QEMU_CLIPBOARD_MAX)
    return -EMSGSIZE;
  pthread_mutex_lock(&clipboard->lock);
  if (clipboard->connection && clipboard->registered && clipboard->agent) {
    former = clipboard->text;
    clipboard->text = oriel_packet_ref(text);
    clipboard->changed = clipboard->offered = false;
    clipboard->grab_due = clipboard->grab_count == CLIPBOARD_GRABS_MAX;
    if (!clipboard->grab_due)
      grab(clipboard);
    result = 0;
  }
  pthread_mutex_unlock(&clipboard->lock);
  oriel_packet_unref(former);
  return result;
}

void oriel_qemu_clipboard_answered(struct oriel_qemu_clipboard *clipboard, uint32_t reply_serial) {
  pthread_mutex_lock(&clipboard->lock);
  unsigned at = 0;
  while (at < clipboard->grab_count && clipboard->grabs[at] != reply_serial)
    at++;
  if (at < clipboard->grab_count) {
    clipboard->grabs[at] = clipboard->grabs[--clipboard->grab_count];
    if (clipboard->grab_due && clipboard->connection)
      grab(clipboard);
    clipboard->grab_due = false;
  }
  pthread_mutex_unlock(&clipboard->lock);
}

/* --- QEMU's calls: GDBus's worker thread -------------------------------------------------------------------------- */

static GDBusMessage *refuse(GDBusMessage *call, const char *why) {
  return g_dbus_message_new_method_error_literal(call, "org.freedesktop.DBus.Error.Failed", why);
}

static GDBusMessage *on_properties(GDBusMessage *call) {
  if (strcmp(g_dbus_message_get_member(call), "GetAll"))
    return refuse(call, "no such property");
  GDBusMessage *reply = g_dbus_message_new_method_reply(call);
  g_dbus_message_set_body(reply, g_variant_new("(@a{sv})", g_variant_new_array(G_VARIANT_TYPE("{sv}"), NULL, 0)));
  return reply;
}

static bool has_text(GVariant *mimes) {
  const char *mime;
  GVariantIter iter;
  g_variant_iter_init(&iter, mimes);
  while (g_variant_iter_next(&iter, "&s", &mime))
    if (!strcmp(mime, CLIPBOARD_MIME))
      return true;
  return false;
}

static void note_change(struct oriel_qemu_clipboard *clipboard, bool offered) {
  pthread_mutex_lock(&clipboard->lock);
  struct oriel_packet *former = clipboard->text;
  clipboard->text = NULL;
  clipboard->changed = true;
  clipboard->offered = offered;
  oriel_qemu_clipboard_kick(clipboard);
  pthread_mutex_unlock(&clipboard->lock);
  oriel_packet_unref(former);
}

static GDBusMessage *on_grab(struct oriel_qemu_clipboard *clipboard, GDBusMessage *call) {
  guint32 selection;
  guint32 serial;
  GVariant *mimes;
  g_variant_get(g_dbus_message_get_body(call), "(uu@as)", &selection, &serial, &mimes);
  if (selection == CLIPBOARD_SELECTION) {
    pthread_mutex_lock(&clipboard->lock);
    clipboard->serial = serial;
    pthread_mutex_unlock(&clipboard->lock);
    note_change(clipboard, has_text(mimes));
  }
  g_variant_unref(mimes);
  return g_dbus_message_new_method_reply(call);
}

static GDBusMessage *on_release(struct oriel_qemu_clipboard *clipboard, GDBusMessage *call) {
  guint32 selection;
  g_variant_get(g_dbus_message_get_body(call), "(u)", &selection);
  if (selection == CLIPBOARD_SELECTION)
    note_change(clipboard, false);
  return g_dbus_message_new_method_reply(call);
}

static GDBusMessage *on_request(struct oriel_qemu_clipboard *clipboard, GDBusMessage *call) {
  guint32 selection;
  g_variant_get_child(g_dbus_message_get_body(call), 0, "u", &selection);
  pthread_mutex_lock(&clipboard->lock);
  struct oriel_packet *text =
    clipboard->text && selection == CLIPBOARD_SELECTION ? oriel_packet_ref(clipboard->text) : NULL;
  pthread_mutex_unlock(&clipboard->lock);
  if (!text)
    return refuse(call, "there is no text");
  GVariant *bytes = g_variant_new_from_data(G_VARIANT_TYPE("ay"), text->data, text->size, TRUE,
                                            (GDestroyNotify)oriel_packet_unref, text);
  GDBusMessage *reply = g_dbus_message_new_method_reply(call);
  g_dbus_message_set_body(reply, g_variant_new("(s@ay)", CLIPBOARD_MIME, bytes));
  return reply;
}

/* QEMU counts offers anew. */
static GDBusMessage *on_register(struct oriel_qemu_clipboard *clipboard, GDBusMessage *call) {
  pthread_mutex_lock(&clipboard->lock);
  clipboard->serial = 0;
  pthread_mutex_unlock(&clipboard->lock);
  return g_dbus_message_new_method_reply(call);
}

static const struct {
  const char *member, *type;
  GDBusMessage *(*handle)(struct oriel_qemu_clipboard *clipboard, GDBusMessage *call);
} methods[] = {
  {"Register", "()", on_register},
  {"Unregister", "()", on_register},
  {"Grab", "(uuas)", on_grab},
  {"Release", "(u)", on_release},
  {"Request", "(uas)", on_request},
};

static GDBusMessage *handle(struct oriel_qemu_clipboard *clipboard, GDBusMessage *call) {
  const char *interface = g_dbus_message_get_interface(call), *member = g_dbus_message_get_member(call);
  GVariant *body = g_dbus_message_get_body(call);
  if (interface && !strcmp(interface, PROPERTIES))
    return on_properties(call);
  for (size_t i = 0; i < G_N_ELEMENTS(methods); i++)
    if (!strcmp(member, methods[i].member)) {
      const bool fits = body ? g_variant_is_of_type(body, G_VARIANT_TYPE(methods[i].type)) : methods[i].type[1] == ')';
      return fits ? methods[i].handle(clipboard, call) : refuse(call, "its arguments are of another type");
    }
  return refuse(call, "no such method");
}

bool oriel_qemu_clipboard_message(struct oriel_qemu_clipboard *clipboard, GDBusConnection *connection,
                                  GDBusMessage *call) {
  const char *path = g_dbus_message_get_path(call);
  if (!path || strcmp(path, CLIPBOARD_PATH) || !g_dbus_message_get_member(call))
    return false;
  if (clipboard->unsent == CLIPBOARD_UNSENT_MAX) /* it calls and does not read: nothing else bounds GDBus's queue */
    return true;
  GDBusMessage *reply = handle(clipboard, call);
  if (!(g_dbus_message_get_flags(call) & G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED)) {
    clipboard->unsent++;
    g_dbus_connection_send_message(connection, reply, G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL, NULL);
  }
  g_object_unref(reply);
  return true;
}

void oriel_qemu_clipboard_sent(struct oriel_qemu_clipboard *clipboard) {
  clipboard->unsent -= clipboard->unsent > 0;
}
