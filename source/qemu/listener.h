/* SPDX-License-Identifier: MIT
 *
 * A listener: an object that QEMU calls over a private D-Bus connection which we hand it by a Register method. Display,
 * sound and microphone each have one. It registers while it is wanted and there is a QEMU, and unregisters by ending
 * the private connection.
 *
 * Calls are taken on GDBus's worker thread, in a message filter, and answered there: QEMU's main loop waits inside
 * Register until authentication and its question for our properties are answered, so nothing of this may queue behind
 * other work.
 *
 * Thread-safety: every function on the thread that runs the GMainContext (as its thread-default one).
 */
#ifndef ORIEL_SOURCE_QEMU_LISTENER_H
#define ORIEL_SOURCE_QEMU_LISTENER_H

#include <gio/gio.h>
#include <gio/gunixfdlist.h>
#include <stdbool.h>

struct oriel_qemu_listener;

struct oriel_qemu_listener_config {
  const char *label;                        /* for the log: "display", "sound", "microphone"; static */
  const char *const *extra;                 /* further interfaces to announce, NULL-terminated; static */
  const char *register_interface, *register_method; /* static */
  gint *alive; /* counts what still waits for GDBus after destroy (atomic); must outlive it */
  void *user;
  /** GDBus's worker thread, one at a time, never after the listener stopped. NULL = done, or why it was refused. An
   *  answer that says something is set in *reply (floating), which is NULL before. */
  const char *(*message)(void *user, const char *interface, const char *member, GVariant *body, GUnixFDList *fds,
                         GVariant **reply);
  /** The connection to QEMU ended or is being replaced; no message runs or will run until the next registration. */
  void (*stopped)(void *user);
  /* bytes that each side may have on the way before it waits for the other; 0 = as the system has it */
  int buffer_size;
  void *owner;
  /** Thread of the GMainContext: QEMU refused to register or does not answer, `why` in its words (borrowed); NULL = it
   *  took the listener after all. Optional. */
  void (*refused)(void *owner, const char *why);
};

/** 0, -ENOMEM. */
int oriel_qemu_listener_create(GMainContext *context, const struct oriel_qemu_listener_config *config,
                               struct oriel_qemu_listener **listener);
/** Gives up whatever it does without waiting for QEMU, and frees. NULL is fine. */
void oriel_qemu_listener_destroy(struct oriel_qemu_listener *listener);
/** The QEMU to register with, on object `path` (copied); NULL = none (what exists is dropped at once). */
void oriel_qemu_listener_set_control(struct oriel_qemu_listener *listener, GDBusConnection *control, const char *path);
void oriel_qemu_listener_want(struct oriel_qemu_listener *listener, bool wanted);
/** Registers anew, if registered. */
void oriel_qemu_listener_restart(struct oriel_qemu_listener *listener);
/** True while QEMU may call. */
bool oriel_qemu_listener_active(const struct oriel_qemu_listener *listener);

/** Opens D-Bus on a connected socket as the authenticating client; takes `fd`. Finish with
 *  g_dbus_connection_new_finish. Messages wait until g_dbus_connection_start_message_processing. Returns the socket, to
 *  be unreferenced by the caller, and closed where authentication failed: GLib (2.74) forgets it then. NULL = `ready`
 *  says why. */
GSocket *oriel_qemu_dbus_open(int fd, GCancellable *cancellable, GAsyncReadyCallback ready, gpointer user);

#endif
