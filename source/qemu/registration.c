/* SPDX-License-Identifier: MIT
 *
 * A registration, see registration.h. The session's thread, but where said.
 */
#include "source/qemu/registration.h"

#include <errno.h>
#include <gio/gunixfdlist.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/log.h"
#include "source/qemu/connection.h"
#include "source/qemu/dispatch.h"

#define SUBSYSTEM "source/qemu"

enum { STEADY_MS = 10000 }; /* a connection that lived so long ended for a reason of its own, not as part of a loop */

enum phase { OPENING, OPEN, CLOSING };

/* Shared by its owner, the pending call and the connection. The session's thread only, but for refs and dispatch. */
struct oriel_qemu_registration {
  gint refs; /* atomic, by g_atomic_int */
  struct oriel_qemu_listener_config config;
  struct oriel_qemu_dispatch dispatch;
  const struct oriel_qemu_registration_events *events;
  void *owner; /* NULL = abandoned */
  enum phase phase;
  struct oriel_qemu_connection *connection;
  GCancellable *cancellable; /* of the call that registers */
  unsigned waiting; /* of that call and the log-in */
  bool failed;
  gint64 opened_us;
};

static struct oriel_qemu_registration *registration_ref(struct oriel_qemu_registration *registration) {
  g_atomic_int_inc(&registration->refs);
  return registration;
}

static void registration_unref(gpointer user) {
  struct oriel_qemu_registration *registration = user;
  if (!g_atomic_int_dec_and_test(&registration->refs))
    return;
  gint *alive = registration->config.alive;
  oriel_qemu_dispatch_finish(&registration->dispatch);
  g_object_unref(registration->cancellable);
  g_free(registration);
  g_atomic_int_dec_and_test(alive);
}

/* The connection's thread. */
static GDBusMessage *on_call(void *user, GDBusMessage *call) {
  struct oriel_qemu_registration *registration = user;
  return oriel_qemu_dispatch_call(&registration->dispatch, call);
}

/* --- opening ------------------------------------------------------------------------------------------------------ */

/* The peer ended the private connection: after our half-close, or on its own. */
static void on_closed(void *user, const char *why) {
  struct oriel_qemu_registration *registration = user;
  const bool expected = registration->phase == CLOSING;
  const bool steady = registration->phase == OPEN &&
                      g_get_monotonic_time() - registration->opened_us >= STEADY_MS * (gint64)1000;
  if (!expected)
    oriel_debug(SUBSYSTEM, "QEMU ended the %s listener: %s", registration->config.label, why);
  registration->events->closed(registration->owner, expected, steady);
}

/* Both calls of a registration came back. */
static void opened(struct oriel_qemu_registration *registration) {
  if (!registration->failed) {
    registration->phase = OPEN;
    registration->opened_us = g_get_monotonic_time();
  }
  registration->events->opened(registration->owner, registration->failed);
}

static void on_logged_in(void *user, const char *error) {
  struct oriel_qemu_registration *registration = user;
  registration->waiting--;
  if (!error) {
    oriel_qemu_dispatch_start(&registration->dispatch);
    oriel_qemu_connection_start(registration->connection);
  } else if (!registration->failed) {
    registration->events->refused(registration->owner, error);
  }
  registration->failed |= error != NULL;
  if (!registration->waiting)
    opened(registration);
}

static void on_registered(GObject *object, GAsyncResult *result, gpointer user) {
  struct oriel_qemu_registration *registration = user;
  GError *error = NULL;
  GDBusMessage *reply =
    g_dbus_connection_send_message_with_reply_finish(G_DBUS_CONNECTION(object), result, &error);
  if (reply)
    g_dbus_message_to_gerror(reply, &error);
  g_clear_object(&reply);
  registration->waiting--;
  if (error) {
    if (registration->owner && !g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
      oriel_warn(SUBSYSTEM, "QEMU does not register the %s listener: %s", registration->config.label,
                 error->message);
    if (registration->owner && g_dbus_error_is_remote_error(error)) {
      g_dbus_error_strip_remote_error(error);
      registration->events->refused(registration->owner, error->message);
    }
    g_error_free(error);
    registration->failed = true;
    if (registration->owner) /* nobody will log us in */
      oriel_qemu_connection_hang_up(registration->connection);
  }
  if (registration->owner && !registration->waiting)
    opened(registration);
  registration_unref(registration);
}

/* The call that registers. QEMU files listeners under the sender's name, of which a private connection has none: 7.2
 * files all displays under one name, and crashes on sound. So we say a name, another one each time. */
static GDBusMessage *register_call(const struct oriel_qemu_listener_config *config, const char *path, int fd) {
  static gint count;
  char sender[48];
  snprintf(sender, sizeof sender, ":oriel.p%d.n%u", (int)getpid(), (unsigned)g_atomic_int_add(&count, 1));
  GDBusMessage *call =
    g_dbus_message_new_method_call(NULL, path, config->register_interface, config->register_method);
  g_dbus_message_set_sender(call, sender);
  g_dbus_message_set_body(call, g_variant_new("(h)", 0));
  GUnixFDList *fds = g_unix_fd_list_new_from_array(&fd, 1); /* takes it */
  g_dbus_message_set_unix_fd_list(call, fds);
  g_object_unref(fds);
  return call;
}

static void send_call(struct oriel_qemu_registration *registration, GDBusConnection *control, const char *path,
                      int fd) {
  GDBusMessage *call = register_call(&registration->config, path, fd);
  g_dbus_connection_send_message_with_reply(control, call, G_DBUS_SEND_MESSAGE_FLAGS_NONE,
                                            ORIEL_QEMU_REGISTER_TIMEOUT_MS, NULL, registration->cancellable,
                                            on_registered, registration_ref(registration));
  g_object_unref(call);
}

static const struct oriel_qemu_connection_events connection_events = {
  .opened = on_logged_in, .called = on_call, .closed = on_closed, .released = registration_unref};

int oriel_qemu_registration_create(GDBusConnection *control, const char *path,
                                   const struct oriel_qemu_listener_config *config,
                                   const struct oriel_qemu_registration_events *events, void *owner,
                                   struct oriel_qemu_registration **registration) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
    return -errno;
  /* QEMU does not wait for answers: with room for a picture on its way neither side waits for the other's turn. */
  for (int i = 0; i < 2 && config->buffer_size; i++)
    (void)setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &config->buffer_size, sizeof(int)); /* as far as it may */
  struct oriel_qemu_registration *made = g_new0(struct oriel_qemu_registration, 1);
  made->refs = 1;
  g_atomic_int_inc(config->alive);
  made->config = *config;
  oriel_qemu_dispatch_init(&made->dispatch, &made->config);
  made->events = events;
  made->owner = owner;
  made->cancellable = g_cancellable_new();
  made->waiting = 2;
  const int status = oriel_qemu_connection_create(g_main_context_get_thread_default(), pair[0], config->label,
                                                  &connection_events, registration_ref(made), &made->connection);
  if (status < 0) {
    close(pair[1]);
    registration_unref(made);
    return status;
  }
  send_call(made, control, path, pair[1]);
  *registration = made;
  return 0;
}

bool oriel_qemu_registration_is_open(const struct oriel_qemu_registration *registration) {
  return registration->phase == OPEN;
}

/* --- ending ------------------------------------------------------------------------------------------------------- */

void oriel_qemu_registration_close(struct oriel_qemu_registration *registration) {
  registration->phase = CLOSING;
  oriel_qemu_dispatch_stop(&registration->dispatch);
  oriel_qemu_connection_half_close(registration->connection);
}

void oriel_qemu_registration_abandon(struct oriel_qemu_registration *registration) {
  registration->owner = NULL;
  oriel_qemu_dispatch_stop(&registration->dispatch);
  g_cancellable_cancel(registration->cancellable);
  oriel_qemu_connection_close(registration->connection);
  registration->connection = NULL;
  registration_unref(registration);
}
