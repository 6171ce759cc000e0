/* SPDX-License-Identifier: MIT
 *
 * See connection.h.
 */
#include "source/qemu/connection.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gunixfdlist.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/log.h"
#include "source/qemu/frame.h"
#include "source/qemu/login.h"

#define SUBSYSTEM "source/qemu"

enum {
  KEPT_MAX = 40 << 20,  /* of the buffer, from one message to the next: a picture of 3840 x 2160 and more */
  UNSENT_MAX = 1 << 19, /* bytes of answers; QEMU has a handful of calls open at any time */
  FDS_MAX = 16,         /* of one message */
};

/** Shared by its owner, its thread and what that tells the context. */
struct oriel_qemu_connection {
  gint refs; /* atomic, by g_atomic_int */
  GMainContext *context;
  int fd;
  const char *label; /* static */
  const struct oriel_qemu_connection_events *events;
  void *user;
  atomic_bool over; /* its owner let go of it */
  sem_t started;
  /* Its thread only. */
  uint8_t *message;
  size_t room; /* of it */
  int fds[FDS_MAX];
  int fd_count;
  GByteArray *unsent;
  guint32 serial;
  const char *why; /* what ended it, but for QEMU's end; static */
};

static void connection_unref(gpointer user) {
  struct oriel_qemu_connection *connection = user;
  if (!g_atomic_int_dec_and_test(&connection->refs))
    return;
  connection->events->released(connection->user);
  close(connection->fd);
  g_byte_array_unref(connection->unsent);
  g_main_context_unref(connection->context);
  free(connection->message);
  (void)sem_destroy(&connection->started);
  free(connection);
}

/* ---- telling the context ---- */

/* Held while news are handed to a context, which happens twice in the life of a connection. GLib's own locks do that,
 * of which ThreadSanitizer knows nothing: neither of the news nor of what GLib allocates around them. */
static pthread_mutex_t posting = PTHREAD_MUTEX_INITIALIZER;

struct news {
  struct oriel_qemu_connection *connection;
  void (*tell)(void *user, const char *why);
  const char *why;
};

static gboolean on_news(gpointer user) {
  const struct news *news = user;
  pthread_mutex_lock(&posting);
  pthread_mutex_unlock(&posting);
  if (!atomic_load(&news->connection->over))
    news->tell(news->connection->user, news->why);
  return G_SOURCE_REMOVE;
}

static void free_news(gpointer user) {
  struct news *news = user;
  connection_unref(news->connection);
  g_free(news);
}

static void post(struct oriel_qemu_connection *connection, void (*tell)(void *user, const char *why), const char *why) {
  struct news *news = g_new(struct news, 1);
  *news = (struct news){.connection = connection, .tell = tell, .why = why};
  g_atomic_int_inc(&connection->refs);
  pthread_mutex_lock(&posting);
  GSource *source = g_idle_source_new();
  g_source_set_priority(source, G_PRIORITY_DEFAULT);
  g_source_set_callback(source, on_news, news, free_news);
  (void)g_source_attach(source, connection->context);
  g_source_unref(source);
  pthread_mutex_unlock(&posting);
}

/* ---- reading and writing; its thread ---- */

static void close_fds(struct oriel_qemu_connection *connection) {
  while (connection->fd_count)
    close(connection->fds[--connection->fd_count]);
}

/** What of the answers the socket takes now. Where it takes none any more the reading end says so. */
static void flush(struct oriel_qemu_connection *connection) {
  GByteArray *unsent = connection->unsent;
  while (unsent->len) {
    const ssize_t sent = send(connection->fd, unsent->data, unsent->len, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EAGAIN)
      return;
    if (sent > 0)
      g_byte_array_remove_range(unsent, 0, (guint)sent);
    else if (errno != EINTR)
      g_byte_array_set_size(unsent, 0);
  }
}

/** Sleeps until there is something to read. False when it cannot. */
static bool await(struct oriel_qemu_connection *connection) {
  for (;;) {
    struct pollfd waiting = {.fd = connection->fd, .events = POLLIN};
    if (connection->unsent->len)
      waiting.events |= POLLOUT;
    const int count = poll(&waiting, 1, -1);
    if (count < 0 && errno != EINTR)
      return false;
    if (count > 0 && waiting.revents & ~POLLOUT)
      return true;
    flush(connection);
  }
}

/** Descriptors that came along. False when there were more than any message has; all are closed then or later. */
static bool take_fds(struct oriel_qemu_connection *connection, struct msghdr *received) {
  bool fits = !(received->msg_flags & MSG_CTRUNC);
  for (struct cmsghdr *part = CMSG_FIRSTHDR(received); part; part = CMSG_NXTHDR(received, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
      continue;
    const size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; i++) {
      int fd;
      memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
      if (connection->fd_count < FDS_MAX) {
        connection->fds[connection->fd_count++] = fd;
        continue;
      }
      close(fd);
      fits = false;
    }
  }
  return fits;
}

/** Reads exactly so much of a message. False at the end. */
static bool fill(struct oriel_qemu_connection *connection, size_t from, size_t to) {
  while (from < to) {
    union {
      struct cmsghdr header;
      char bytes[CMSG_SPACE(FDS_MAX * sizeof(int))];
    } control;
    struct iovec vector = {.iov_base = connection->message + from, .iov_len = to - from};
    struct msghdr received = {
      .msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control.bytes};
    const ssize_t count = recvmsg(connection->fd, &received, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (count > 0 && !take_fds(connection, &received)) {
      connection->why = "QEMU sent more descriptors than a message has";
      return false;
    }
    if (count > 0)
      from += (size_t)count;
    else if (!count)
      return false;
    else if (errno == EAGAIN ? !await(connection) : errno != EINTR)
      return false;
  }
  return true;
}

/** Makes the buffer that large. */
static bool make_room(struct oriel_qemu_connection *connection, size_t size) {
  if (size <= connection->room)
    return true;
  uint8_t *larger = realloc(connection->message, size);
  if (!larger)
    return false;
  connection->message = larger;
  connection->room = size;
  return true;
}

static void shrink(struct oriel_qemu_connection *connection) {
  if (connection->room <= KEPT_MAX)
    return;
  free(connection->message);
  connection->message = NULL;
  connection->room = 0;
}

/** The bytes of the next message; 0 at the end. */
static size_t read_message(struct oriel_qemu_connection *connection) {
  if (!make_room(connection, ORIEL_QEMU_FRAME_HEADER) || !fill(connection, 0, ORIEL_QEMU_FRAME_HEADER))
    return 0;
  const size_t size = oriel_qemu_frame_size(connection->message);
  if (!size) {
    connection->why = "what QEMU sent is no D-Bus message";
    return 0;
  }
  if (!make_room(connection, size)) {
    connection->why = "memory is short";
    return 0;
  }
  return fill(connection, ORIEL_QEMU_FRAME_HEADER, size) ? size : 0;
}

/** The message in the buffer, with its descriptors; NULL when it is none. */
static GDBusMessage *parse(struct oriel_qemu_connection *connection, size_t size) {
  GDBusMessage *message = oriel_qemu_frame_parse(connection->message, size);
  const bool fits = message && (int)g_dbus_message_get_num_unix_fds(message) == connection->fd_count;
  if (fits && connection->fd_count) {
    GUnixFDList *list = g_unix_fd_list_new_from_array(connection->fds, connection->fd_count); /* takes them */
    connection->fd_count = 0;
    g_dbus_message_set_unix_fd_list(message, list);
    g_object_unref(list);
  }
  close_fds(connection);
  if (fits)
    return message;
  g_clear_object(&message);
  connection->why = "what QEMU sent is no D-Bus message";
  return NULL;
}

/** Takes the answer. False at the end. */
static bool answer(struct oriel_qemu_connection *connection, GDBusMessage *message) {
  gsize size = 0;
  g_dbus_message_set_serial(message, ++connection->serial ? connection->serial : ++connection->serial);
  guchar *bytes = g_dbus_message_to_blob(message, &size, G_DBUS_CAPABILITY_FLAGS_NONE, NULL);
  g_object_unref(message);
  if (bytes)
    g_byte_array_append(connection->unsent, bytes, (guint)size);
  g_free(bytes);
  flush(connection);
  if (connection->unsent->len <= UNSENT_MAX)
    return true;
  connection->why = "QEMU does not read the answers to its calls";
  return false;
}

/** One message. False at the end. */
static bool serve(struct oriel_qemu_connection *connection) {
  const size_t size = read_message(connection);
  GDBusMessage *message = size ? parse(connection, size) : NULL;
  if (!message)
    return false;
  GDBusMessage *said = g_dbus_message_get_message_type(message) == G_DBUS_MESSAGE_TYPE_METHOD_CALL
                         ? connection->events->called(connection->user, message)
                         : NULL;
  g_object_unref(message); /* with the descriptors that nobody took (lesson 39) */
  shrink(connection);
  return !said || answer(connection, said);
}

static void *run(void *user) {
  struct oriel_qemu_connection *connection = user;
  const char *refused = oriel_qemu_login(connection->fd);
  post(connection, connection->events->opened, refused);
  while (!refused && sem_wait(&connection->started) < 0 && errno == EINTR)
    ;
  while (!refused && !atomic_load(&connection->over) && serve(connection))
    ;
  if (connection->why)
    oriel_warn(SUBSYSTEM, "the %s listener's connection ends: %s; connecting anew", connection->label, connection->why);
  close_fds(connection);
  (void)shutdown(connection->fd, SHUT_RDWR);
  if (!refused)
    post(connection, connection->events->closed, connection->why ? connection->why : "closed");
  connection_unref(connection);
  return NULL;
}

/* ---- its owner ---- */

/** 0, -EAGAIN. */
static int begin_thread(struct oriel_qemu_connection *connection) {
  pthread_attr_t attributes;
  pthread_t thread;
  if (pthread_attr_init(&attributes))
    return -EAGAIN;
  (void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  g_atomic_int_inc(&connection->refs);
  const int error = pthread_create(&thread, &attributes, run, connection);
  pthread_attr_destroy(&attributes);
  if (error)
    g_atomic_int_add(&connection->refs, -1);
  else
    pthread_setname_np(thread, "oriel-calls");
  return error ? -EAGAIN : 0;
}

int oriel_qemu_connection_create(GMainContext *context, int fd, const char *label,
                                 const struct oriel_qemu_connection_events *events, void *user,
                                 struct oriel_qemu_connection **connection) {
  struct oriel_qemu_connection *made = calloc(1, sizeof *made);
  if (!made) {
    close(fd);
    events->released(user);
    return -ENOMEM;
  }
  *made = (struct oriel_qemu_connection){.refs = 1, .context = g_main_context_ref(context), .fd = fd, .label = label,
                                         .events = events, .user = user, .unsent = g_byte_array_new()};
  (void)sem_init(&made->started, 0, 0); /* of a value that fits, and not shared: it has nothing to fail by */
  const int status = begin_thread(made);
  if (status < 0)
    connection_unref(made);
  else
    *connection = made;
  return status;
}

void oriel_qemu_connection_start(struct oriel_qemu_connection *connection) {
  (void)sem_post(&connection->started);
}

void oriel_qemu_connection_half_close(struct oriel_qemu_connection *connection) {
  (void)shutdown(connection->fd, SHUT_WR);
}

void oriel_qemu_connection_hang_up(struct oriel_qemu_connection *connection) {
  (void)shutdown(connection->fd, SHUT_RDWR);
}

void oriel_qemu_connection_close(struct oriel_qemu_connection *connection) {
  if (!connection)
    return;
  atomic_store(&connection->over, true);
  (void)shutdown(connection->fd, SHUT_RDWR);
  (void)sem_post(&connection->started);
  connection_unref(connection);
}
