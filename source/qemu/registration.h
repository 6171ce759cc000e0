/* SPDX-License-Identifier: MIT
 *
 * One registration of a listener: the private connection that QEMU calls on, made, opened and ended once. Registering
 * is two calls that both have to come back: QEMU's Register, and authentication on the new connection, which QEMU
 * begins.
 *
 * Unregistering waits for QEMU: our end is half-closed, QEMU closes its own.
 *
 * Thread-safety: every function, and the callbacks, on the thread that runs the GMainContext (as its thread-default
 * one).
 */
#ifndef ORIEL_SOURCE_QEMU_REGISTRATION_H
#define ORIEL_SOURCE_QEMU_REGISTRATION_H

#include <gio/gio.h>
#include <stdbool.h>

#include "source/qemu/listener_config.h"

struct oriel_qemu_registration;

enum { ORIEL_QEMU_REGISTER_TIMEOUT_MS = 10000 };

/** What becomes of it, told to its owner; not after abandon. */
struct oriel_qemu_registration_events {
  /** Both calls came back: it is open, or it failed. */
  void (*opened)(void *owner, bool failed);
  /** QEMU refused, `why` in its words; opened follows. */
  void (*refused)(void *owner, const char *why);
  /** The connection ended: after close, or on QEMU's own account; `steady`: that had lived for long. */
  void (*closed)(void *owner, bool expected, bool steady);
};

/** Registers with the QEMU behind `control`, on its object `path`. `config` is copied; `events` is static. 0, or -errno
 *  of making sockets. */
int oriel_qemu_registration_create(GDBusConnection *control, const char *path,
                                   const struct oriel_qemu_listener_config *config,
                                   const struct oriel_qemu_registration_events *events, void *owner,
                                   struct oriel_qemu_registration **registration);
/** True while QEMU may call. */
bool oriel_qemu_registration_is_open(const struct oriel_qemu_registration *registration);
/** Ends an open one: no more calls, and closed is told once QEMU has let go. */
void oriel_qemu_registration_close(struct oriel_qemu_registration *registration);
/** Lets go of it at once, whatever it does; what GDBus and the connection's thread hold of it is freed by the
 *  last of them. */
void oriel_qemu_registration_abandon(struct oriel_qemu_registration *registration);

#endif
