/* SPDX-License-Identifier: MIT
 *
 * QMP client: a non-blocking socket watched by the owner's GMainContext. One thread.
 */
#include "source/qemu/qmp.h"

#include <errno.h>
#include <glib-unix.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "source/qemu/qmp_output.h"

enum {
  PENDING_MAX = 64, /* commands that wait for an answer */
  READ_SIZE = 16 * 1024,
};

struct pending {
  json_int_t id; /* 0 = free */
  oriel_qmp_reply *reply;
  void *user;
};

struct oriel_qmp {
  GMainContext *context;
  struct oriel_qmp_handler handler;
  int fd;
  GSource *readable, *writable; /* writable exists only while output waits */
  struct oriel_qmp_lines lines;
  struct oriel_qmp_output output;
  json_int_t next_id;
  struct pending pending[PENDING_MAX];
  bool greeted;
  int major, minor; /* QEMU's version, from the greeting */
  unsigned busy; /* callbacks on the stack; close defers the free until they return */
  bool closed;
};

/* --- life --------------------------------------------------------------------------------------------------------- */

static void source_stop(GSource **source) {
  if (!*source)
    return;
  g_source_destroy(*source);
  g_source_unref(*source);
  *source = NULL;
}

static void release(struct oriel_qmp *qmp) {
  source_stop(&qmp->readable);
  source_stop(&qmp->writable);
  oriel_qmp_output_finish(&qmp->output);
  close(qmp->fd);
  oriel_qmp_lines_finish(&qmp->lines);
  g_main_context_unref(qmp->context);
  free(qmp);
}

void oriel_qmp_close(struct oriel_qmp *qmp) {
  if (!qmp)
    return;
  qmp->closed = true;
  if (!qmp->busy)
    release(qmp);
}

/* Ends `busy`; true when the connection was closed meanwhile and `qmp` is gone. */
static bool leave(struct oriel_qmp *qmp) {
  if (--qmp->busy || !qmp->closed)
    return false;
  release(qmp);
  return true;
}

/* Busy. Tells the handler that it is over. */
static void fail(struct oriel_qmp *qmp, int error) {
  source_stop(&qmp->readable);
  source_stop(&qmp->writable);
  if (!qmp->closed)
    qmp->handler.closed(qmp->handler.user, error);
}

/* --- output ------------------------------------------------------------------------------------------------------- */

static gboolean on_writable(gint fd, GIOCondition condition, gpointer user) {
  (void)fd;
  (void)condition;
  struct oriel_qmp *qmp = user;
  int result = oriel_qmp_output_flush(&qmp->output, qmp->fd);
  if (result < 0) {
    qmp->busy++;
    fail(qmp, result);
    leave(qmp);
    return G_SOURCE_REMOVE;
  }
  if (qmp->output.first)
    return G_SOURCE_CONTINUE;
  source_stop(&qmp->writable);
  return G_SOURCE_REMOVE;
}

static GSource *watch(struct oriel_qmp *qmp, GIOCondition condition, GUnixFDSourceFunc function) {
  GSource *source = g_unix_fd_source_new(qmp->fd, condition);
  /* GLib's own way to hand a GUnixFDSourceFunc over. */
  g_source_set_callback(source, G_SOURCE_FUNC(function), qmp, NULL);
  g_source_attach(source, qmp->context);
  return source;
}

int oriel_qmp_execute(struct oriel_qmp *qmp, const char *command, json_t *arguments, int fd, oriel_qmp_reply *reply,
                      void *user) {
  struct pending *slot = NULL;
  for (size_t i = 0; i < PENDING_MAX && !slot; i++)
    if (!qmp->pending[i].id)
      slot = &qmp->pending[i];
  if (!slot || !qmp->readable) {
    json_decref(arguments);
    return slot ? -EPIPE : -EAGAIN;
  }
  json_int_t id = ++qmp->next_id;
  json_t *root = arguments ? json_pack("{s:s,s:I,s:o}", "execute", command, "id", id, "arguments", arguments)
                           : json_pack("{s:s,s:I}", "execute", command, "id", id);
  char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;
  json_decref(root);
  int result = text ? oriel_qmp_output_add(&qmp->output, text, strlen(text), fd) : -ENOMEM;
  free(text);
  if (result < 0)
    return result;
  *slot = (struct pending){.id = id, .reply = reply, .user = user};
  if (!qmp->writable) {
    /* A broken socket shows up as readable too, which reports it. */
    oriel_qmp_output_flush(&qmp->output, qmp->fd);
    if (qmp->output.first)
      qmp->writable = watch(qmp, G_IO_OUT, on_writable);
  }
  return 0;
}

void oriel_qmp_forget(struct oriel_qmp *qmp, const void *user) {
  for (size_t i = 0; i < PENDING_MAX; i++)
    if (qmp->pending[i].user == user)
      qmp->pending[i].reply = NULL;
}

/* --- input -------------------------------------------------------------------------------------------------------- */

static void on_capabilities(void *user, const json_t *result, const char *error) {
  (void)error;
  struct oriel_qmp *qmp = user;
  /* QEMU accepts an empty request always. A peer that does not is no QEMU; its owner's patience ends the wait. */
  if (result)
    qmp->handler.ready(qmp->handler.user, qmp->major, qmp->minor);
}

static void take_reply(struct oriel_qmp *qmp, const json_t *object) {
  json_int_t id = json_integer_value(json_object_get(object, "id"));
  if (id <= 0)
    return;
  for (size_t i = 0; i < PENDING_MAX; i++) {
    struct pending pending = qmp->pending[i];
    if (pending.id != id)
      continue;
    qmp->pending[i].id = 0;
    const json_t *result = json_object_get(object, "return");
    const char *error = json_string_value(json_object_get(json_object_get(object, "error"), "desc"));
    if (pending.reply)
      pending.reply(pending.user, result, result ? NULL : error ? error : "no reason given");
    return;
  }
}

/* Seconds and microseconds since 1970; -1 where QEMU's host has no clock. */
static int64_t time_of(const json_t *timestamp) {
  const json_int_t seconds = json_integer_value(json_object_get(timestamp, "seconds"));
  const json_int_t micros = json_integer_value(json_object_get(timestamp, "microseconds"));
  return seconds > 0 && seconds < INT32_MAX && micros >= 0 && micros < 1000000 ? seconds * 1000000 + micros : 0;
}

static bool take_object(void *user, json_t *object) {
  struct oriel_qmp *qmp = user;
  const char *event = json_string_value(json_object_get(object, "event"));
  const json_t *greeting = json_object_get(object, "QMP");
  if (event) {
    if (qmp->greeted)
      qmp->handler.event(qmp->handler.user, event, json_object_get(object, "data"),
                         time_of(json_object_get(object, "timestamp")));
  } else if (greeting) {
    if (!qmp->greeted) {
      const json_t *version = json_object_get(json_object_get(greeting, "version"), "qemu");
      qmp->major = (int)json_integer_value(json_object_get(version, "major"));
      qmp->minor = (int)json_integer_value(json_object_get(version, "minor"));
      qmp->greeted = true;
      oriel_qmp_execute(qmp, "qmp_capabilities", NULL, -1, on_capabilities, qmp);
    }
  } else {
    take_reply(qmp, object);
  }
  return !qmp->closed;
}

static gboolean on_readable(gint fd, GIOCondition condition, gpointer user) {
  (void)condition;
  struct oriel_qmp *qmp = user;
  char bytes[READ_SIZE];
  /* Plain recv: file descriptors that a peer sends along are closed by the kernel (lesson 39). */
  ssize_t size = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
  if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
    return G_SOURCE_CONTINUE;
  qmp->busy++;
  int result = size > 0 ? oriel_qmp_lines_push(&qmp->lines, bytes, (size_t)size, take_object, qmp) : 0;
  if (size <= 0)
    fail(qmp, size < 0 ? -errno : 0);
  else if (result < 0 && result != -ECANCELED)
    fail(qmp, result);
  bool more = size > 0 && result == 0;
  return !leave(qmp) && more ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

pid_t oriel_qmp_peer(const struct oriel_qmp *qmp) {
#ifdef __linux__
  struct ucred peer = {0};
  socklen_t size = sizeof peer;
  return getsockopt(qmp->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 ? 0 : peer.pid;
#else
  (void)qmp;
  return 0;
#endif
}

int oriel_qmp_open(GMainContext *context, const char *path, const struct oriel_qmp_handler *handler,
                   struct oriel_qmp **qmp) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path)
    return -ENAMETOOLONG;
  memcpy(address.sun_path, path, strlen(path) + 1);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0)
    return -errno;
  struct oriel_qmp *made = NULL;
  int result = connect(fd, (const struct sockaddr *)&address, sizeof address) < 0 ? -errno : 0;
  if (!result && !(made = calloc(1, sizeof *made)))
    result = -ENOMEM;
  if (result < 0) {
    close(fd);
    return result;
  }
  made->context = g_main_context_ref(context);
  made->handler = *handler;
  made->fd = fd;
  made->readable = watch(made, G_IO_IN, on_readable);
  *qmp = made;
  return 0;
}
