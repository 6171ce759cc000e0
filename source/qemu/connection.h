/* SPDX-License-Identifier: MIT
 *
 * A listener's private D-Bus connection, on a thread of its own: it logs in, reads QEMU's calls, has them answered
 * right there and writes the answers. GDBus has one thread for all connections of a process, where a whole picture of one
 * desktop, which takes some milliseconds to read and to copy, would hold up the calls of every other.
 *
 * Nothing that QEMU says is believed: lengths are bounded before anything is allocated, answers that it does not read
 * end the connection, and descriptors that no message names are closed.
 *
 * Thread-safety: as each function says; one owner.
 */
#ifndef ORIEL_SOURCE_QEMU_CONNECTION_H
#define ORIEL_SOURCE_QEMU_CONNECTION_H

#include <gio/gio.h>

struct oriel_qemu_connection;

/** What becomes of it; static. None of them on the caller's stack. */
struct oriel_qemu_connection_events {
  /** It is logged in (`error` NULL), or why not (borrowed). The context's thread; not after close. */
  void (*opened)(void *user, const char *error);
  /** A call; the answer, which is the connection's from then on, or NULL. Its own thread, after start. */
  GDBusMessage *(*called)(void *user, GDBusMessage *call);
  /** It ended, `why` (borrowed): QEMU closed it, or said what nobody says. The context's thread, after start; not after
   *  close. */
  void (*closed)(void *user, const char *why);
  /** It needs `user` no more: once, the last of all, any thread. */
  void (*released)(void *user);
};

/** Begins to log in on a connected socket, which it takes, also where it fails. 0, -ENOMEM, -EAGAIN (no thread). The
 *  thread of `context`. */
int oriel_qemu_connection_create(GMainContext *context, int fd, const char *label,
                                 const struct oriel_qemu_connection_events *events, void *user,
                                 struct oriel_qemu_connection **connection);
/** Reads calls from now on; after opened. The context's thread. */
void oriel_qemu_connection_start(struct oriel_qemu_connection *connection);
/** Writes nothing any more, and reads until QEMU closes its end. The context's thread. */
void oriel_qemu_connection_half_close(struct oriel_qemu_connection *connection);
/** Ends it, which is told. The context's thread. */
void oriel_qemu_connection_hang_up(struct oriel_qemu_connection *connection);
/** Ends it, whatever it does, and lets go of it; its thread ends as soon as a call that is being answered is. NULL does
 *  nothing. The context's thread. */
void oriel_qemu_connection_close(struct oriel_qemu_connection *connection);

#endif
