/* SPDX-License-Identifier: MIT
 *
 * Registration of listeners. The session's thread, but for filter(), which GDBus's worker thread runs.
 *
 * Unregistering waits for QEMU: our end is half-closed, QEMU closes its own, and only then is the next registration
 * sent, so that QEMU never holds two listeners of ours.
 */
#include "source/qemu/listener.h"

#include <errno.h>
#include <gio/gunixconnection.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/log.h"
#include "source/qemu/timer.h"

#define SUBSYSTEM "source/qemu"
#define PROPERTIES "org.freedesktop.DBus.Properties"

enum {
  REGISTER_TIMEOUT_MS = 10000,
  OPEN_TIMEOUT_MS = REGISTER_TIMEOUT_MS + 1000, /* for authentication, which QEMU does right after it registered */
  CLOSE_TIMEOUT_MS = 2000,
  UNSENT_MAX = 4096, /* answers that wait for QEMU to read them; it has a handful of calls open at any time */
  RETRY_FIRST_MS = 100, RETRY_MAX_MS = 2000,
  SHORT_MS = 250, /* between attempts while there are no descriptors */
  STEADY_MS = 10000, /* a link that lived so long ended for a reason of its own, not as part of a loop */
};

enum phase { OPENING, OPEN, CLOSING };

/* One registration. Shared by the listener, two pending calls and GDBus's filter. */
struct link {
  gint refs; /* atomic, by g_atomic_int */
  struct oriel_qemu_listener_config config;
  pthread_mutex_t lock; /* held while a message is handled; guards live */
  bool live;
  unsigned unsent; /* answers in GDBus's queue; GDBus's worker thread only */
  /* The session's thread only. */
  struct oriel_qemu_listener *owner; /* NULL = abandoned */
  enum phase phase;
  GDBusConnection *connection;
  GSocket *socket; /* until it is known to be the connection's */
  GCancellable *cancellable;
  gulong closed_signal;
  guint filter;
  unsigned waiting; /* of the two calls */
  bool failed;
  gint64 opened_us;
};

struct oriel_qemu_listener {
  GMainContext *context;
  struct oriel_qemu_listener_config config;
  GDBusConnection *control;
  char path[64];
  bool wanted;
  struct link *link;
  bool refused;   /* as last told */
  GSource *timer; /* retry, or the end of patience with a closing link */
  unsigned retry_ms;
};

static void pursue(struct oriel_qemu_listener *listener);

/* --- links -------------------------------------------------------------------------------------------------------- */

static struct link *link_ref(struct link *link) {
  g_atomic_int_inc(&link->refs);
  return link;
}

static void link_unref(gpointer user) {
  struct link *link = user;
  if (!g_atomic_int_dec_and_test(&link->refs))
    return;
  gint *alive = link->config.alive;
  pthread_mutex_destroy(&link->lock);
  g_clear_object(&link->socket);
  g_object_unref(link->cancellable);
  g_free(link);
  g_atomic_int_dec_and_test(alive);
}

/* After this no message is handled any more. */
static void link_silence(struct link *link) {
  pthread_mutex_lock(&link->lock);
  bool was_live = link->live;
  link->live = false;
  pthread_mutex_unlock(&link->lock);
  if (was_live)
    link->config.stopped(link->config.user);
}

static void link_drop_connection(struct link *link) {
  if (!link->connection)
    return;
  if (link->closed_signal)
    g_signal_handler_disconnect(link->connection, link->closed_signal);
  if (link->filter)
    g_dbus_connection_remove_filter(link->connection, link->filter);
  if (!g_dbus_connection_is_closed(link->connection))
    g_dbus_connection_close(link->connection, NULL, NULL, NULL);
  g_clear_object(&link->connection);
}

/* --- worker thread ------------------------------------------------------------------------------------------------ */

static GVariant *interfaces_value(const struct link *link) {
  GVariantBuilder names;
  g_variant_builder_init(&names, G_VARIANT_TYPE("as"));
  for (const char *const *name = link->config.extra; *name; name++)
    g_variant_builder_add(&names, "s", *name);
  return g_variant_builder_end(&names);
}

static GDBusMessage *properties_reply(const struct link *link, GDBusMessage *call) {
  const char *member = g_dbus_message_get_member(call);
  GDBusMessage *reply = g_dbus_message_new_method_reply(call);
  if (!strcmp(member, "Get")) {
    g_dbus_message_set_body(reply, g_variant_new("(v)", interfaces_value(link)));
    return reply;
  }
  GVariantBuilder all;
  g_variant_builder_init(&all, G_VARIANT_TYPE("a{sv}"));
  g_variant_builder_add(&all, "{sv}", "Interfaces", interfaces_value(link));
  g_dbus_message_set_body(reply, g_variant_new("(a{sv})", &all));
  return reply;
}

static bool is_properties_question(GDBusMessage *call) {
  const char *interface = g_dbus_message_get_interface(call), *member = g_dbus_message_get_member(call);
  if (!interface || strcmp(interface, PROPERTIES))
    return false;
  if (!strcmp(member, "GetAll"))
    return true;
  GVariant *body = g_dbus_message_get_body(call);
  const char *name = NULL;
  if (!strcmp(member, "Get") && body && g_variant_is_of_type(body, G_VARIANT_TYPE("(ss)")))
    g_variant_get(body, "(s&s)", NULL, &name);
  return name && !strcmp(name, "Interfaces");
}

/* The answer to a call; NULL when it comes too late for one: our half of the connection is shut. */
static GDBusMessage *handle(struct link *link, GDBusMessage *call) {
  if (is_properties_question(call))
    return properties_reply(link, call);
  const char *refused = NULL;
  GVariant *said = NULL;
  pthread_mutex_lock(&link->lock);
  bool live = link->live;
  if (live)
    refused = link->config.message(link->config.user, g_dbus_message_get_interface(call),
                                   g_dbus_message_get_member(call), g_dbus_message_get_body(call),
                                   g_dbus_message_get_unix_fd_list(call), &said);
  pthread_mutex_unlock(&link->lock);
  if (!live)
    return NULL;
  if (refused)
    return g_dbus_message_new_method_error_literal(call, "org.freedesktop.DBus.Error.InvalidArgs", refused);
  GDBusMessage *reply = g_dbus_message_new_method_reply(call);
  if (said)
    g_dbus_message_set_body(reply, said);
  return reply;
}

static bool is_answer(GDBusMessage *message) {
  GDBusMessageType type = g_dbus_message_get_message_type(message);
  return type == G_DBUS_MESSAGE_TYPE_METHOD_RETURN || type == G_DBUS_MESSAGE_TYPE_ERROR;
}

/* Counts an answer that is about to be queued. A peer that calls and does not read is cut off: nothing else bounds
 * GDBus's queue. */
static bool may_answer(struct link *link, GDBusConnection *connection) {
  if (link->unsent < UNSENT_MAX) {
    link->unsent++;
    return true;
  }
  if (link->unsent == UNSENT_MAX) {
    link->unsent++;
    oriel_warn(SUBSYSTEM,
               "QEMU calls the %s listener and does not read the answers; connecting anew", link->config.label);
    GSocketConnection *stream = G_SOCKET_CONNECTION(g_dbus_connection_get_stream(connection));
    g_socket_shutdown(g_socket_connection_get_socket(stream), TRUE, TRUE, NULL);
  }
  return false;
}

/* Takes every call out of GDBus's dispatch. Descriptors that came along, wanted or not, are closed with the message
 * (lesson 39). */
static GDBusMessage *filter(GDBusConnection *connection, GDBusMessage *message, gboolean incoming, gpointer user) {
  struct link *link = user;
  if (!incoming && is_answer(message))
    link->unsent -= link->unsent > 0;
  if (!incoming || g_dbus_message_get_message_type(message) != G_DBUS_MESSAGE_TYPE_METHOD_CALL)
    return message;
  GDBusMessage *reply = handle(link, message);
  if (reply && !(g_dbus_message_get_flags(message) & G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED) &&
      may_answer(link, connection))
    g_dbus_connection_send_message(connection, reply, G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL, NULL);
  g_clear_object(&reply);
  g_object_unref(message);
  return NULL;
}

/* --- the session's thread ----------------------------------------------------------------------------------------- */

static void timer_start(struct oriel_qemu_listener *listener, unsigned delay_ms, GSourceFunc function) {
  oriel_qemu_timer_start(listener->context, &listener->timer, delay_ms, function, listener);
}

/* Lets go of the current link without waiting for anybody. */
static void abandon(struct oriel_qemu_listener *listener) {
  struct link *link = listener->link;
  if (!link)
    return;
  listener->link = NULL;
  link->owner = NULL;
  link_silence(link);
  g_cancellable_cancel(link->cancellable);
  link_drop_connection(link);
  link_unref(link);
}

static gboolean on_retry(gpointer user) {
  struct oriel_qemu_listener *listener = user;
  oriel_qemu_timer_stop(&listener->timer);
  pursue(listener);
  return G_SOURCE_REMOVE;
}

static gboolean on_close_timeout(gpointer user) {
  struct oriel_qemu_listener *listener = user;
  oriel_qemu_timer_stop(&listener->timer);
  abandon(listener);
  pursue(listener);
  return G_SOURCE_REMOVE;
}

static void retry_later(struct oriel_qemu_listener *listener) {
  timer_start(listener, listener->retry_ms, on_retry);
  listener->retry_ms = MIN(listener->retry_ms * 2, RETRY_MAX_MS);
}

static void tell_refused(struct oriel_qemu_listener *listener, const char *why) {
  if (!listener->config.refused || (!why && !listener->refused))
    return;
  listener->refused = why != NULL;
  listener->config.refused(listener->config.owner, why);
}

/* One of the two calls did not come back. */
static gboolean on_open_timeout(gpointer user) {
  struct oriel_qemu_listener *listener = user;
  tell_refused(listener, "nothing");
  oriel_warn(SUBSYSTEM,
             "QEMU registered the %s listener and does not talk to it; trying again", listener->config.label);
  abandon(listener);
  retry_later(listener);
  return G_SOURCE_REMOVE;
}

/* The peer ended the private connection: after our half-close, or on its own. */
static void on_closed(GDBusConnection *connection, gboolean vanished, GError *error, gpointer user) {
  (void)connection;
  (void)vanished;
  struct link *link = user;
  struct oriel_qemu_listener *listener = link->owner;
  if (!listener)
    return;
  bool expected = link->phase == CLOSING;
  if (link->phase == OPEN && g_get_monotonic_time() - link->opened_us >= STEADY_MS * (gint64)1000)
    listener->retry_ms = RETRY_FIRST_MS;
  if (!expected)
    oriel_debug(SUBSYSTEM, "QEMU ended the %s listener: %s", link->config.label, error ? error->message : "closed");
  oriel_qemu_timer_stop(&listener->timer);
  abandon(listener);
  if (expected)
    pursue(listener);
  else
    retry_later(listener);
}

static void close_politely(struct oriel_qemu_listener *listener) {
  struct link *link = listener->link;
  link->phase = CLOSING;
  link_silence(link);
  GSocket *socket = g_socket_connection_get_socket(
    G_SOCKET_CONNECTION(g_dbus_connection_get_stream(link->connection)));
  g_socket_shutdown(socket, FALSE, TRUE, NULL);
  timer_start(listener, CLOSE_TIMEOUT_MS, on_close_timeout);
}

/* Both calls of a registration came back. */
static void opened(struct link *link) {
  struct oriel_qemu_listener *listener = link->owner;
  oriel_qemu_timer_stop(&listener->timer);
  if (link->failed) {
    abandon(listener);
    retry_later(listener);
    return;
  }
  link->phase = OPEN;
  link->opened_us = g_get_monotonic_time();
  tell_refused(listener, NULL);
  pursue(listener);
}

static void on_connected(GObject *object, GAsyncResult *result, gpointer user) {
  (void)object;
  struct link *link = user;
  GError *error = NULL;
  GDBusConnection *connection = g_dbus_connection_new_finish(result, &error);
  link->waiting--;
  if (connection && link->owner) {
    link->connection = connection;
    link->closed_signal = g_signal_connect(connection, "closed", G_CALLBACK(on_closed), link);
    link->filter = g_dbus_connection_add_filter(connection, filter, link_ref(link), link_unref);
    pthread_mutex_lock(&link->lock);
    link->live = true;
    pthread_mutex_unlock(&link->lock);
    g_dbus_connection_start_message_processing(connection);
    link->failed |= g_dbus_connection_is_closed(connection); /* before anybody listened to the signal */
  } else if (connection) {
    g_dbus_connection_close(connection, NULL, NULL, NULL);
    g_object_unref(connection);
  } else {
    if (link->owner && !g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
      tell_refused(link->owner, error->message);
    if (link->socket)
      g_socket_close(link->socket, NULL);
    g_error_free(error);
    link->failed = true;
  }
  g_clear_object(&link->socket);
  if (link->owner && !link->waiting)
    opened(link);
  link_unref(link);
}

static void on_registered(GObject *object, GAsyncResult *result, gpointer user) {
  struct link *link = user;
  GError *error = NULL;
  GDBusMessage *reply =
    g_dbus_connection_send_message_with_reply_finish(G_DBUS_CONNECTION(object), result, &error);
  if (reply)
    g_dbus_message_to_gerror(reply, &error);
  g_clear_object(&reply);
  link->waiting--;
  if (error) {
    if (link->owner && !g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
      oriel_warn(SUBSYSTEM, "QEMU does not register the %s listener: %s", link->config.label, error->message);
    if (link->owner && g_dbus_error_is_remote_error(error)) {
      g_dbus_error_strip_remote_error(error);
      tell_refused(link->owner, error->message);
    }
    g_error_free(error);
    link->failed = true;
    /* Nobody will authenticate with us. */
    g_cancellable_cancel(link->cancellable);
  }
  if (link->owner && !link->waiting)
    opened(link);
  link_unref(link);
}

/* The call that registers. QEMU files listeners under the sender's name, of which a private connection has none: 7.2
 * files all displays under one name, and crashes on sound. So we say a name, another one each time. */
static GDBusMessage *register_call(const struct oriel_qemu_listener *listener, int fd) {
  static gint count;
  char sender[48];
  snprintf(sender, sizeof sender, ":oriel.p%d.n%u", (int)getpid(), (unsigned)g_atomic_int_add(&count, 1));
  GDBusMessage *call =
    g_dbus_message_new_method_call(NULL, listener->path, listener->config.register_interface,
                                   listener->config.register_method);
  g_dbus_message_set_sender(call, sender);
  g_dbus_message_set_body(call, g_variant_new("(h)", 0));
  GUnixFDList *fds = g_unix_fd_list_new_from_array(&fd, 1); /* takes it */
  g_dbus_message_set_unix_fd_list(call, fds);
  g_object_unref(fds);
  return call;
}

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

static void register_listener(struct oriel_qemu_listener *listener) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
    oriel_warn(SUBSYSTEM, "no socket for the %s listener: %s", listener->config.label, g_strerror(errno));
    timer_start(listener, SHORT_MS, on_retry); /* which may be over in a moment, and is nothing of QEMU's */
    return;
  }
  /* QEMU does not wait for answers: with room for a picture on its way neither side waits for the other's turn. */
  for (int i = 0; i < 2 && listener->config.buffer_size; i++)
    (void)setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &listener->config.buffer_size, sizeof(int)); /* as far as it may */
  struct link *link = g_new0(struct link, 1);
  link->refs = 1;
  g_atomic_int_inc(listener->config.alive);
  link->config = listener->config;
  pthread_mutex_init(&link->lock, NULL);
  link->owner = listener;
  link->cancellable = g_cancellable_new();
  listener->link = link;

  link->waiting = 2;
  link->socket = oriel_qemu_dbus_open(pair[0], link->cancellable, on_connected, link_ref(link));
  GDBusMessage *call = register_call(listener, pair[1]);
  g_dbus_connection_send_message_with_reply(listener->control, call, G_DBUS_SEND_MESSAGE_FLAGS_NONE,
                                            REGISTER_TIMEOUT_MS, NULL, link->cancellable, on_registered,
                                            link_ref(link));
  g_object_unref(call);
  timer_start(listener, OPEN_TIMEOUT_MS, on_open_timeout);
}

/* Moves from what is to what is wanted; a link that is opening or closing is left to finish first. */
static void pursue(struct oriel_qemu_listener *listener) {
  if (listener->timer && !listener->link) {
    if (listener->wanted && listener->control)
      return; /* a retry is due */
    oriel_qemu_timer_stop(&listener->timer);
  }
  if (!listener->link && listener->wanted && listener->control)
    register_listener(listener);
  else if (listener->link && listener->link->phase == OPEN && !listener->wanted)
    close_politely(listener);
}

int oriel_qemu_listener_create(GMainContext *context, const struct oriel_qemu_listener_config *config,
                               struct oriel_qemu_listener **listener) {
  struct oriel_qemu_listener *made = calloc(1, sizeof *made);
  if (!made)
    return -ENOMEM;
  made->context = g_main_context_ref(context);
  made->config = *config;
  made->retry_ms = RETRY_FIRST_MS;
  *listener = made;
  return 0;
}

void oriel_qemu_listener_destroy(struct oriel_qemu_listener *listener) {
  if (!listener)
    return;
  oriel_qemu_listener_set_control(listener, NULL, NULL);
  g_main_context_unref(listener->context);
  free(listener);
}

void oriel_qemu_listener_set_control(struct oriel_qemu_listener *listener, GDBusConnection *control,
                                     const char *path) {
  oriel_qemu_timer_stop(&listener->timer);
  abandon(listener);
  g_clear_object(&listener->control);
  if (control)
    listener->control = g_object_ref(control);
  g_strlcpy(listener->path, path ? path : "", sizeof listener->path);
  listener->retry_ms = RETRY_FIRST_MS;
  pursue(listener);
}

void oriel_qemu_listener_want(struct oriel_qemu_listener *listener, bool wanted) {
  listener->wanted = wanted;
  pursue(listener);
}

void oriel_qemu_listener_restart(struct oriel_qemu_listener *listener) {
  if (oriel_qemu_listener_active(listener))
    close_politely(listener);
}

bool oriel_qemu_listener_active(const struct oriel_qemu_listener *listener) {
  return listener->link && listener->link->phase == OPEN;
}
