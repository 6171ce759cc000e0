/* SPDX-License-Identifier: MIT
 *
 * What QEMU calls on a listener's private connection, taken on GDBus's worker thread in a message filter and answered
 * there.
 *
 * Thread-safety: message on GDBus's worker thread; start and stop on any thread, at the same time as message.
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
  unsigned unsent; /* answers in GDBus's queue; GDBus's worker thread only */
};

void oriel_qemu_dispatch_init(struct oriel_qemu_dispatch *dispatch, const struct oriel_qemu_listener_config *config);
void oriel_qemu_dispatch_finish(struct oriel_qemu_dispatch *dispatch);
/** From now on calls are handled. */
void oriel_qemu_dispatch_start(struct oriel_qemu_dispatch *dispatch);
/** After this none is handled any more; waits for one that is. Tells the config that the listener stopped, once. */
void oriel_qemu_dispatch_stop(struct oriel_qemu_dispatch *dispatch);
/** As a GDBusMessageFilterFunction: takes every call out of GDBus's own dispatch, and answers it. */
GDBusMessage *oriel_qemu_dispatch_message(struct oriel_qemu_dispatch *dispatch, GDBusConnection *connection,
                                          GDBusMessage *message, bool incoming);

#endif
