/* SPDX-License-Identifier: MIT
 *
 * QEMU's clipboard: the guest's texts, fetched one at a time, the newest, when somebody may have them. The session's
 * thread, but for kick.
 */
#include "source/qemu/clipboard_fetch.h"

#include <string.h>

#include "core/clipboard.h"
#include "core/clock.h"
#include "core/log.h"
#include "source/qemu/clipboard_state.h"
#include "source/qemu/timer.h"

enum { FETCH_TIMEOUT_MS = 7000 }; /* QEMU gives its guest five seconds */

static const uint64_t log_ns = 10 * ORIEL_NS_PER_SECOND;

static gboolean on_turn(gpointer user) {
  struct oriel_qemu_clipboard *clipboard = user;
  pthread_mutex_lock(&clipboard->lock);
  GSource *turn = clipboard->turn;
  clipboard->turn = NULL;
  pthread_mutex_unlock(&clipboard->lock);
  if (turn)
    g_source_unref(turn);
  oriel_qemu_clipboard_look(clipboard);
  return G_SOURCE_REMOVE;
}

void oriel_qemu_clipboard_kick(struct oriel_qemu_clipboard *clipboard) {
  if (clipboard->turn)
    return;
  clipboard->turn = g_idle_source_new();
  g_source_set_priority(clipboard->turn, G_PRIORITY_DEFAULT);
  g_source_set_callback(clipboard->turn, on_turn, oriel_qemu_clipboard_ref(clipboard), oriel_qemu_clipboard_unref);
  g_source_attach(clipboard->turn, clipboard->context);
}

static void tell(struct oriel_qemu_clipboard *clipboard, struct oriel_packet *text) {
  clipboard->events.text(clipboard->events.user, text);
}

static void complain(struct oriel_qemu_clipboard *clipboard, const char *what) {
  const uint64_t now_ns = oriel_clock_ns();
  if (clipboard->logged_ns && now_ns - clipboard->logged_ns < log_ns)
    return;
  clipboard->logged_ns = now_ns;
  oriel_warn(CLIPBOARD_SUBSYSTEM, "what the guest copied is not shared: %.120s", what);
}

/* Some agents send C's NUL along. */
static size_t without_end(const char *bytes, size_t size) {
  while (size > 0 && !bytes[size - 1])
    size--;
  return size;
}

static void take(struct oriel_qemu_clipboard *clipboard, GVariant *value) {
  const char *mime;
  GVariant *data;
  gsize size;
  struct oriel_packet *text = NULL;
  g_variant_get(value, "(&s@ay)", &mime, &data);
  const char *bytes = g_variant_get_fixed_array(data, &size, 1);
  size = without_end(bytes, size);
  if (strcmp(mime, CLIPBOARD_MIME))
    complain(clipboard, "it is no text");
  else if (size > ORIEL_CLIPBOARD_MAX)
    complain(clipboard, "it is larger than 1 MiB");
  else if (size && oriel_clipboard_create(bytes, size, &text) < 0)
    complain(clipboard, "it is not UTF-8");
  tell(clipboard, text);
  oriel_packet_unref(text);
  g_variant_unref(data);
}

static void on_fetched(GObject *object, GAsyncResult *result, gpointer user) {
  struct oriel_qemu_clipboard *clipboard = user;
  GError *error = NULL;
  GVariant *value = g_dbus_connection_call_finish(G_DBUS_CONNECTION(object), result, &error);
  if (!clipboard->dead && (gpointer)clipboard->connection == (gpointer)object) {
    clipboard->fetching = false;
    if (value) {
      take(clipboard, value);
    } else {
      g_dbus_error_strip_remote_error(error);
      complain(clipboard, error->message);
      tell(clipboard, NULL);
    }
    oriel_qemu_clipboard_look(clipboard); /* it may have another one meanwhile */
  }
  if (value)
    g_variant_unref(value);
  g_clear_error(&error);
  oriel_qemu_clipboard_unref(clipboard);
}

static void fetch(struct oriel_qemu_clipboard *clipboard) {
  static const char *const mimes[] = {CLIPBOARD_MIME, NULL};
  clipboard->fetching = true;
  g_dbus_connection_call(clipboard->connection, NULL, CLIPBOARD_PATH, CLIPBOARD_INTERFACE, "Request",
                         g_variant_new("(u^as)", CLIPBOARD_SELECTION, mimes), G_VARIANT_TYPE("(say)"),
                         G_DBUS_CALL_FLAGS_NONE, FETCH_TIMEOUT_MS, clipboard->calls, on_fetched,
                         oriel_qemu_clipboard_ref(clipboard));
}

static gboolean on_timer(gpointer user) {
  struct oriel_qemu_clipboard *clipboard = user;
  oriel_qemu_timer_stop(&clipboard->timer);
  oriel_qemu_clipboard_look(clipboard);
  return G_SOURCE_REMOVE;
}

/* True when a fetch may begin; else it is tried again when it may. */
static bool is_due(struct oriel_qemu_clipboard *clipboard) {
  const uint64_t now_ns = oriel_clock_ns(), at_ns = oriel_rate_limit_next(&clipboard->pace, now_ns);
  if (at_ns <= now_ns) {
    oriel_rate_limit_take(&clipboard->pace, now_ns);
    return true;
  }
  oriel_qemu_timer_start(clipboard->context, &clipboard->timer, (unsigned)((at_ns - now_ns) / ORIEL_NS_PER_MS) + 1,
                         on_timer, clipboard);
  return false;
}

void oriel_qemu_clipboard_look(struct oriel_qemu_clipboard *clipboard) {
  if (clipboard->dead || clipboard->fetching || clipboard->timer)
    return;
  pthread_mutex_lock(&clipboard->lock);
  const bool changed = clipboard->changed, offered = clipboard->offered;
  pthread_mutex_unlock(&clipboard->lock);
  if (!changed || (offered && clipboard->wanted && !is_due(clipboard)))
    return;
  pthread_mutex_lock(&clipboard->lock);
  clipboard->changed = clipboard->offered = false;
  pthread_mutex_unlock(&clipboard->lock);
  if (offered && clipboard->wanted && clipboard->connection)
    fetch(clipboard);
  else
    tell(clipboard, NULL);
}
