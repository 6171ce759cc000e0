/* SPDX-License-Identifier: MIT
 *
 * Making the control connection: getfd and add_client over QMP, D-Bus authentication, then one question to QEMU's
 * object manager. The session's thread, but for filter(), which GDBus's worker thread runs.
 */
#include "source/qemu/control.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/log.h"
#include "source/qemu/clipboard_state.h"
#include "source/qemu/dbus_client.h"

#define SUBSYSTEM "source/qemu"
#define ROOT "/org/qemu/Display1"
#define FD_NAME "oriel-display"

enum { ASK_TIMEOUT_MS = 30000 };

/* Shared by its owner, the calls that wait, and GDBus's filter. */
struct oriel_qemu_control {
  gint refs; /* atomic, by g_atomic_int */
  struct oriel_qemu_control_config config;
  pthread_mutex_t lock; /* held while a message is handled; guards what follows up to facts */
  bool live;
  struct oriel_qemu_console *taken;
  struct oriel_qemu_console_facts facts[ORIEL_QEMU_CONSOLE_MAX + 1];
  /* The session's thread only. */
  bool dead; /* destroyed by its owner, or failed */
  struct oriel_qmp *qmp;
  GDBusConnection *connection;
  GSocket *socket; /* until it is known to be the connection's */
  GCancellable *cancellable;
  gulong closed_signal;
  guint filter;
  bool added, answered; /* add_client succeeded; the objects are known */
  bool rejected;        /* our log-in on D-Bus */
  bool broken;          /* D-Bus failed before add_client was answered, which may say why */
  unsigned consoles;
  bool has_audio, has_clipboard;
};

static struct oriel_qemu_control *control_ref(struct oriel_qemu_control *control) {
  g_atomic_int_inc(&control->refs);
  return control;
}

static void control_unref(gpointer user) {
  struct oriel_qemu_control *control = user;
  if (!g_atomic_int_dec_and_test(&control->refs))
    return;
  gint *alive = control->config.alive;
  pthread_mutex_destroy(&control->lock);
  oriel_qemu_clipboard_unref(control->config.clipboard);
  g_clear_object(&control->socket);
  g_object_unref(control->cancellable);
  g_free(control);
  g_atomic_int_dec_and_test(alive);
}

/* --- worker thread ------------------------------------------------------------------------------------------------ */

static bool console_number(const char *path, unsigned *number) {
  char rest;
  return sscanf(path, ROOT "/Console_%u%c", number, &rest) == 1 && *number <= ORIEL_QEMU_CONSOLE_MAX;
}

static struct oriel_qemu_console *find_taken(const struct oriel_qemu_control *control, unsigned number) {
  struct oriel_qemu_console *console = control->taken;
  while (console && console->number != number)
    console = console->next;
  return console;
}

static void tell_absolute(const struct oriel_qemu_console *console, bool absolute) {
  oriel_qemu_input_set_absolute(console->input, absolute);
  console->sink->pointer_mode(console->sink->user, absolute);
}

static void take_properties(struct oriel_qemu_control *control, unsigned number, const char *interface,
                            GVariant *properties) {
  struct oriel_qemu_console_facts *facts = &control->facts[number];
  const struct oriel_qemu_console *console = find_taken(control, number);
  gboolean absolute;
  guint32 leds;
  if (!strcmp(interface, ORIEL_QEMU_CONSOLE)) {
    g_variant_lookup(properties, "Width", "u", &facts->width);
    g_variant_lookup(properties, "Height", "u", &facts->height);
    if (facts->width && facts->height && console)
      console->resized(console->user, facts->width, facts->height);
  }
  if (!strcmp(interface, ORIEL_QEMU_KEYBOARD) && g_variant_lookup(properties, "Modifiers", "u", &leds)) {
    facts->locks = oriel_qemu_locks_of(leds);
    if (console)
      oriel_qemu_input_set_leds(console->input, facts->locks);
  }
  if (!strcmp(interface, ORIEL_QEMU_MOUSE) && g_variant_lookup(properties, "IsAbsolute", "b", &absolute)) {
    facts->absolute = absolute;
    if (console)
      tell_absolute(console, absolute);
  }
}

static void take_signal(struct oriel_qemu_control *control, GDBusMessage *message) {
  const char *path = g_dbus_message_get_path(message), *member = g_dbus_message_get_member(message);
  GVariant *body = g_dbus_message_get_body(message);
  unsigned number;
  if (!path || !console_number(path, &number) || !member || strcmp(member, "PropertiesChanged") || !body ||
      !g_variant_is_of_type(body, G_VARIANT_TYPE("(sa{sv}as)")))
    return;
  const char *interface;
  GVariant *properties;
  g_variant_get(body, "(&s@a{sv}as)", &interface, &properties, NULL);
  take_properties(control, number, interface, properties);
  g_variant_unref(properties);
}

/* Numbers of calls are the connection's, so each is of one console. */
static void take_answer(const struct oriel_qemu_control *control, GDBusMessage *message) {
  oriel_qemu_clipboard_answered(control->config.clipboard, g_dbus_message_get_reply_serial(message));
  for (const struct oriel_qemu_console *console = control->taken; console; console = console->next)
    oriel_qemu_input_answered(console->input, g_dbus_message_get_reply_serial(message));
}

static GDBusMessage *filter(GDBusConnection *connection, GDBusMessage *message, gboolean incoming, gpointer user) {
  struct oriel_qemu_control *control = user;
  const GDBusMessageType type = g_dbus_message_get_message_type(message);
  if (!incoming && (type == G_DBUS_MESSAGE_TYPE_METHOD_RETURN || type == G_DBUS_MESSAGE_TYPE_ERROR))
    oriel_qemu_clipboard_sent(control->config.clipboard);
  if (!incoming)
    return message;
  pthread_mutex_lock(&control->lock);
  /* QEMU calls nothing here but the clipboard. GDBus would answer each call, and a peer that calls and does not read
   * would make its queue of answers grow. */
  if (type == G_DBUS_MESSAGE_TYPE_METHOD_CALL) {
    if (control->live)
      (void)oriel_qemu_clipboard_message(control->config.clipboard, connection, message);
    pthread_mutex_unlock(&control->lock);
    g_object_unref(message);
    return NULL;
  }
  if (control->live) {
    switch (type) {
    case G_DBUS_MESSAGE_TYPE_METHOD_RETURN:
    case G_DBUS_MESSAGE_TYPE_ERROR:
      take_answer(control, message);
      break;
    case G_DBUS_MESSAGE_TYPE_SIGNAL:
      take_signal(control, message);
      break;
    default:
      break;
    }
  }
  pthread_mutex_unlock(&control->lock);
  return message;
}

/* --- the session's thread ----------------------------------------------------------------------------------------- */

/* Ends everything once; true the first time. */
static bool retire(struct oriel_qemu_control *control) {
  if (control->dead)
    return false;
  control->dead = true;
  pthread_mutex_lock(&control->lock);
  control->live = false;
  pthread_mutex_unlock(&control->lock);
  oriel_qmp_forget(control->qmp, control);
  while (control->taken)
    oriel_qemu_control_release(control, control->taken);
  g_cancellable_cancel(control->cancellable);
  if (control->connection) {
    if (control->closed_signal)
      g_signal_handler_disconnect(control->connection, control->closed_signal);
    g_dbus_connection_remove_filter(control->connection, control->filter);
    if (!g_dbus_connection_is_closed(control->connection))
      g_dbus_connection_close(control->connection, NULL, NULL, NULL);
    g_clear_object(&control->connection);
  }
  return true;
}

static void fail(struct oriel_qemu_control *control, const char *refusal) {
  control_ref(control);
  if (retire(control))
    control->config.failed(control->config.user, refusal, control->rejected);
  control_unref(control);
}

static void maybe_ready(struct oriel_qemu_control *control) {
  if (!control->dead && control->added && control->answered)
    control->config.ready(control->config.user, control->consoles, control->has_audio);
}

static void read_objects(struct oriel_qemu_control *control, GVariant *all) {
  GVariantIter iter;
  const char *path;
  GVariant *interfaces;
  pthread_mutex_lock(&control->lock);
  g_variant_iter_init(&iter, all);
  while (g_variant_iter_next(&iter, "{&o@a{sa{sv}}}", &path, &interfaces)) {
    unsigned number;
    if (console_number(path, &number)) {
      control->consoles++;
      oriel_qemu_console_read(&control->facts[number], interfaces);
    }
    if (!strcmp(path, ROOT "/Audio"))
      control->has_audio = true;
    if (!strcmp(path, ROOT "/Clipboard"))
      control->has_clipboard = true;
    g_variant_unref(interfaces);
  }
  pthread_mutex_unlock(&control->lock);
}

static void on_objects(GObject *object, GAsyncResult *result, gpointer user) {
  struct oriel_qemu_control *control = user;
  GError *error = NULL;
  GVariant *value = g_dbus_connection_call_finish(G_DBUS_CONNECTION(object), result, &error);
  if (value && !control->dead) {
    GVariant *all = g_variant_get_child_value(value, 0);
    read_objects(control, all);
    g_variant_unref(all);
    control->answered = true;
    maybe_ready(control);
  } else if (!control->dead) {
    oriel_warn(SUBSYSTEM, "QEMU does not list its D-Bus objects: %s", error->message);
    fail(control, NULL);
  }
  g_clear_pointer(&value, g_variant_unref);
  g_clear_error(&error);
  control_unref(control);
}

static void on_closed(GDBusConnection *connection, gboolean vanished, GError *error, gpointer user) {
  (void)connection;
  (void)vanished;
  oriel_debug(SUBSYSTEM, "QEMU ended the D-Bus connection: %s", error ? error->message : "closed");
  fail(user, NULL);
}

static void on_connected(GObject *object, GAsyncResult *result, gpointer user) {
  (void)object;
  struct oriel_qemu_control *control = user;
  GError *error = NULL;
  GDBusConnection *connection = g_dbus_connection_new_finish(result, &error);
  if (!connection && control->socket)
    g_socket_close(control->socket, NULL);
  g_clear_object(&control->socket);
  if (connection && !control->dead) {
    control->connection = connection;
    control->closed_signal = g_signal_connect(connection, "closed", G_CALLBACK(on_closed), control);
    control->live = true;
    control->filter = g_dbus_connection_add_filter(connection, filter, control_ref(control), control_unref);
    g_dbus_connection_start_message_processing(connection);
    g_dbus_connection_call(connection, NULL, ROOT, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", NULL,
                           G_VARIANT_TYPE("(a{oa{sa{sv}}})"), G_DBUS_CALL_FLAGS_NONE, ASK_TIMEOUT_MS,
                           control->cancellable, on_objects, control_ref(control));
  } else if (connection) {
    g_dbus_connection_close(connection, NULL, NULL, NULL);
    g_object_unref(connection);
  } else if (!control->dead) {
    oriel_debug(SUBSYSTEM, "no D-Bus connection with QEMU: %s", error->message);
    control->rejected = !g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    control->broken = true;
    if (control->added)
      fail(control, NULL);
  }
  g_clear_error(&error);
  control_unref(control);
}

static void on_added(void *user, const json_t *result, const char *error) {
  struct oriel_qemu_control *control = user;
  if (control->dead)
    return;
  if (result) {
    control->added = true;
    if (control->broken)
      fail(control, NULL);
    else
      maybe_ready(control);
    return;
  }
  oriel_qmp_execute(control->qmp, "closefd", json_pack("{s:s}", "fdname", FD_NAME), -1, NULL, NULL);
  fail(control, error);
}

int oriel_qemu_control_create(struct oriel_qmp *qmp, const struct oriel_qemu_control_config *config,
                              struct oriel_qemu_control **control) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
    return -errno;
  int result = oriel_qmp_execute(qmp, "getfd", json_pack("{s:s}", "fdname", FD_NAME), pair[1], NULL, NULL);
  close(pair[1]);
  if (result < 0) {
    close(pair[0]);
    return result;
  }
  struct oriel_qemu_control *made = g_new0(struct oriel_qemu_control, 1);
  made->refs = 1;
  made->config = *config;
  oriel_qemu_clipboard_ref(config->clipboard);
  made->qmp = qmp;
  g_atomic_int_inc(config->alive);
  pthread_mutex_init(&made->lock, NULL);
  made->cancellable = g_cancellable_new();
  result = oriel_qmp_execute(qmp, "add_client",
                             json_pack("{s:s,s:s}", "protocol", "@dbus-display", "fdname", FD_NAME), -1, on_added,
                             made);
  if (result < 0) {
    close(pair[0]);
    control_unref(made);
    return result;
  }
  made->socket = oriel_qemu_dbus_open(pair[0], made->cancellable, on_connected, control_ref(made));
  *control = made;
  return 0;
}

void oriel_qemu_control_destroy(struct oriel_qemu_control *control) {
  if (!control)
    return;
  retire(control);
  control_unref(control);
}

bool oriel_qemu_control_has_clipboard(const struct oriel_qemu_control *control) {
  return control->has_clipboard;
}

GDBusConnection *oriel_qemu_control_connection(const struct oriel_qemu_control *control) {
  return control->connection;
}

/* --- consoles ----------------------------------------------------------------------------------------------------- */

void oriel_qemu_console_path(unsigned number, char path[ORIEL_QEMU_CONSOLE_PATH_SIZE]) {
  snprintf(path, ORIEL_QEMU_CONSOLE_PATH_SIZE, ROOT "/Console_%u", number);
}

void oriel_qemu_console_set_monitor(GDBusConnection *connection, unsigned number,
                                    const struct oriel_qemu_monitor *monitor, GCancellable *cancellable,
                                    GAsyncReadyCallback done, gpointer user) {
  char path[ORIEL_QEMU_CONSOLE_PATH_SIZE];
  oriel_qemu_console_path(number, path);
  g_dbus_connection_call(connection, NULL, path, ORIEL_QEMU_CONSOLE, "SetUIInfo",
                         g_variant_new("(qqiiuu)", monitor->width_mm, monitor->height_mm, 0, 0, monitor->width,
                                       monitor->height),
                         NULL, G_DBUS_CALL_FLAGS_NONE, -1, cancellable, done, user);
}

struct oriel_qemu_console_facts oriel_qemu_control_console(struct oriel_qemu_control *control, unsigned number) {
  pthread_mutex_lock(&control->lock);
  const struct oriel_qemu_console_facts facts = control->facts[number];
  pthread_mutex_unlock(&control->lock);
  return facts;
}

void oriel_qemu_control_take(struct oriel_qemu_control *control, struct oriel_qemu_console *console, bool has_touch) {
  char path[ORIEL_QEMU_CONSOLE_PATH_SIZE];
  oriel_qemu_console_path(console->number, path);
  pthread_mutex_lock(&control->lock);
  const struct oriel_qemu_console_facts *facts = &control->facts[console->number];
  console->next = control->taken;
  control->taken = console;
  oriel_qemu_input_attach(console->input, control->connection, path, facts->absolute, has_touch);
  if (facts->has_leds)
    oriel_qemu_input_set_leds(console->input, facts->locks);
  console->sink->pointer_mode(console->sink->user, facts->absolute);
  pthread_mutex_unlock(&control->lock);
}

void oriel_qemu_control_release(struct oriel_qemu_control *control, struct oriel_qemu_console *console) {
  pthread_mutex_lock(&control->lock);
  struct oriel_qemu_console **link = &control->taken;
  while (*link && *link != console)
    link = &(*link)->next;
  const bool was_taken = *link;
  if (was_taken)
    *link = console->next;
  pthread_mutex_unlock(&control->lock);
  if (was_taken)
    oriel_qemu_input_detach(console->input);
}
