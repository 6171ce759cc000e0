/* SPDX-License-Identifier: MIT
 *
 * What QEMU calls on a listener's private connection, answered on that connection's thread.
 *
 * Thread-safety: call on the connection's thread; start and stop on any thread, at the same time as call.
 */
#ifndef ORIEL_SOURCE_QEMU_DISPATCH_H
#define ORIEL_SOURCE_QEMU_DISPATCH_H

#include <gio/gio.h>
#include <pthread.h>
#include <stdbool.h>

#include "source/qemu/listener_config.h"

struct oriel_qemu_dispatch {
  const struct oriel_qemu_listener_config *config; /* borrowed */
  pthread_mutex_t lock; /* held while a call is handled; guards live */
  bool live;
};

void oriel_qemu_dispatch_init(struct oriel_qemu_dispatch *dispatch, const struct oriel_qemu_listener_config *config);
void oriel_qemu_dispatch_finish(struct oriel_qemu_dispatch *dispatch);
/** From now on calls are handled. */
void oriel_qemu_dispatch_start(struct oriel_qemu_dispatch *dispatch);
/** After this none is handled any more; waits for one that is. Tells the config that the listener stopped, once. */
void oriel_qemu_dispatch_stop(struct oriel_qemu_dispatch *dispatch);
/** The answer to a call, owned by the caller; NULL where none is wanted, or when it comes too late for one. */
GDBusMessage *oriel_qemu_dispatch_call(struct oriel_qemu_dispatch *dispatch, GDBusMessage *call);

#endif
