/* SPDX-License-Identifier: MIT
 *
 * A client of QEMU's machine protocol (QMP): one JSON object a line over a UNIX socket, replies matched by id.
 *
 * Thread-safety: everything on the thread that runs the given GMainContext. Never blocks.
 */
#ifndef ORIEL_SOURCE_QEMU_QMP_H
#define ORIEL_SOURCE_QEMU_QMP_H

#include <glib.h>
#include <jansson.h>
#include <stdint.h>
#include <sys/types.h>

#include "source/qemu/qmp_lines.h"

struct oriel_qmp;

struct oriel_qmp_handler {
  void *user;
  /** The greeting came and capabilities are negotiated: commands may be sent. */
  void (*ready)(void *user, int major, int minor);
  /** An event; `data` is borrowed and may be NULL. `at_us`: when it happened by QEMU's clock, real time; 0 = not
   *  said. */
  void (*event)(void *user, const char *name, const json_t *data, int64_t at_us);
  /** The connection ended (0 = peer closed, or -errno). Nothing is called afterwards; the handler calls close. */
  void (*closed)(void *user, int error);
};

/** `result` is the "return" value, or NULL with QEMU's words in `error`; both borrowed. */
typedef void oriel_qmp_reply(void *user, const json_t *result, const char *error);

/** Connects. 0 or -errno of socket and connect (-EAGAIN: its backlog is full). */
int oriel_qmp_open(GMainContext *context, const char *path, const struct oriel_qmp_handler *handler,
                   struct oriel_qmp **qmp);
/** Sends a command; takes `arguments` (may be NULL) in any case. `fd` >= 0 travels with it; the caller closes its own.
 *  `reply` (may be NULL) is called once unless the connection ends first. 0, -EAGAIN (64 wait already), -ENOMEM,
 *  -EPIPE. */
int oriel_qmp_execute(struct oriel_qmp *qmp, const char *command, json_t *arguments, int fd, oriel_qmp_reply *reply,
                      void *user);
/** QEMU's process, as it is numbered here; 0 = it can't be told, or somebody else made the socket for it. */
pid_t oriel_qmp_peer(const struct oriel_qmp *qmp);
/** Replies meant for `user` are no longer delivered. */
void oriel_qmp_forget(struct oriel_qmp *qmp, const void *user);
/** Ends the connection and frees; may be called from inside a callback. NULL is fine. */
void oriel_qmp_close(struct oriel_qmp *qmp);

#endif
