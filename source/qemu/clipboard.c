/* SPDX-License-Identifier: MIT
 *
 * QEMU's clipboard: life and registration. The session's thread.
 */
#include "source/qemu/clipboard.h"

#include <errno.h>

#include "core/log.h"
#include "source/qemu/clipboard_state.h"
#include "source/qemu/timer.h"

enum {
  REGISTER_TIMEOUT_MS = 30000,
  FETCHES_PER_SECOND = 4, /* of up to 1 MiB each, whatever the guest offers how often */
  FETCH_BURST = 4,
};

int oriel_qemu_clipboard_create(GMainContext *context, gint *alive, const struct oriel_qemu_clipboard_events *events,
                                struct oriel_qemu_clipboard **clipboard) {
  struct oriel_qemu_clipboard *made = g_new0(struct oriel_qemu_clipboard, 1);
  if (pthread_mutex_init(&made->lock, NULL)) {
    g_free(made);
    return -ENOMEM;
  }
  made->refs = 1;
  made->alive = alive;
  made->context = context;
  made->events = *events;
  made->calls = g_cancellable_new();
  oriel_rate_limit_init(&made->pace, FETCHES_PER_SECOND, FETCH_BURST);
  g_atomic_int_inc(alive);
  *clipboard = made;
  return 0;
}

/* --- registering -------------------------------------------------------------------------------------------------- */

static void call(struct oriel_qemu_clipboard *clipboard, const char *method, GAsyncReadyCallback done) {
  g_dbus_connection_call(clipboard->connection, NULL, CLIPBOARD_PATH, CLIPBOARD_INTERFACE, method, NULL, NULL,
                         G_DBUS_CALL_FLAGS_NONE, REGISTER_TIMEOUT_MS, clipboard->calls, done,
                         oriel_qemu_clipboard_ref(clipboard));
}

static void on_registered(GObject *object, GAsyncResult *result, gpointer user);

static void on_cleared(GObject *object, GAsyncResult *result, gpointer user) {
  struct oriel_qemu_clipboard *clipboard = user;
  GVariant *value = g_dbus_connection_call_finish(G_DBUS_CONNECTION(object), result, NULL);
  if (value)
    g_variant_unref(value);
  if (!clipboard->dead && (gpointer)clipboard->connection == (gpointer)object)
    call(clipboard, "Register", on_registered);
  oriel_qemu_clipboard_unref(clipboard);
}

/* A client that ended without a goodbye is registered for ever (7.2 to 10): QEMU does not see a private connection
 * end. Whoever has the display may unregister it. */
static void on_registered(GObject *object, GAsyncResult *result, gpointer user) {
  struct oriel_qemu_clipboard *clipboard = user;
  GError *error = NULL;
  GVariant *value = g_dbus_connection_call_finish(G_DBUS_CONNECTION(object), result, &error);
  const bool current = !clipboard->dead && (gpointer)clipboard->connection == (gpointer)object;
  if (value && current) {
    pthread_mutex_lock(&clipboard->lock);
    clipboard->registered = true;
    pthread_mutex_unlock(&clipboard->lock);
    clipboard->events.ready(clipboard->events.user);
  } else if (current && g_dbus_error_is_remote_error(error) && !clipboard->cleared) {
    clipboard->cleared = true;
    call(clipboard, "Unregister", on_cleared);
  } else if (current && !g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
    oriel_warn(CLIPBOARD_SUBSYSTEM, "QEMU does not share its clipboard: %s", error->message);
  }
  if (value)
    g_variant_unref(value);
  g_clear_error(&error);
  oriel_qemu_clipboard_unref(clipboard);
}

/* Lock held. The text is no longer offered, and the guest's is not known. Returns ours, to be released without it. */
static struct oriel_packet *forget(struct oriel_qemu_clipboard *clipboard) {
  struct oriel_packet *text = clipboard->text;
  clipboard->text = NULL;
  clipboard->registered = clipboard->grab_due = clipboard->changed = clipboard->offered = false;
  clipboard->grab_count = 0;
  clipboard->serial = 0;
  return text;
}

void oriel_qemu_clipboard_set_control(struct oriel_qemu_clipboard *clipboard, GDBusConnection *control) {
  g_cancellable_cancel(clipboard->calls);
  g_object_unref(clipboard->calls);
  clipboard->calls = g_cancellable_new();
  oriel_qemu_timer_stop(&clipboard->timer);
  clipboard->fetching = clipboard->cleared = false;
  pthread_mutex_lock(&clipboard->lock);
  GDBusConnection *former = clipboard->connection;
  struct oriel_packet *text = forget(clipboard);
  clipboard->connection = control ? g_object_ref(control) : NULL;
  pthread_mutex_unlock(&clipboard->lock);
  oriel_packet_unref(text);
  g_clear_object(&former);
  if (control)
    call(clipboard, "Register", on_registered);
}

void oriel_qemu_clipboard_set_agent(struct oriel_qemu_clipboard *clipboard, bool open) {
  pthread_mutex_lock(&clipboard->lock);
  clipboard->agent = open;
  pthread_mutex_unlock(&clipboard->lock);
}

void oriel_qemu_clipboard_want(struct oriel_qemu_clipboard *clipboard, bool wanted) {
  clipboard->wanted = wanted;
}

bool oriel_qemu_clipboard_ready(struct oriel_qemu_clipboard *clipboard) {
  pthread_mutex_lock(&clipboard->lock);
  const bool ready = clipboard->registered && clipboard->agent;
  pthread_mutex_unlock(&clipboard->lock);
  return ready;
}

void oriel_qemu_clipboard_leave(struct oriel_qemu_clipboard *clipboard) {
  if (clipboard->connection && oriel_qemu_clipboard_ready(clipboard))
    g_dbus_connection_call(clipboard->connection, NULL, CLIPBOARD_PATH, CLIPBOARD_INTERFACE, "Unregister", NULL, NULL,
                           G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL, NULL);
}

void oriel_qemu_clipboard_destroy(struct oriel_qemu_clipboard *clipboard) {
  if (!clipboard)
    return;
  oriel_qemu_clipboard_set_control(clipboard, NULL);
  clipboard->dead = true;
  pthread_mutex_lock(&clipboard->lock);
  GSource *turn = clipboard->turn;
  clipboard->turn = NULL;
  pthread_mutex_unlock(&clipboard->lock);
  if (turn) {
    g_source_destroy(turn);
    g_source_unref(turn);
  }
  oriel_qemu_clipboard_unref(clipboard);
}
