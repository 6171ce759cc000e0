/* SPDX-License-Identifier: MIT
 *
 * What a listener is for: how it registers, and who takes what QEMU calls. Thread-safety: as the callbacks say.
 */
#ifndef ORIEL_SOURCE_QEMU_LISTENER_CONFIG_H
#define ORIEL_SOURCE_QEMU_LISTENER_CONFIG_H

#include <gio/gio.h>
#include <gio/gunixfdlist.h>

struct oriel_qemu_listener_config {
  const char *label;                        /* for the log: "display", "sound", "microphone"; static */
  const char *const *extra;                 /* further interfaces to announce, NULL-terminated; static */
  const char *register_interface, *register_method; /* static */
  gint *alive; /* counts what still waits for GDBus or the connection's thread after destroy (atomic); must outlive it */
  void *user;
  /** The connection's thread, one at a time, never after the listener stopped. NULL = done, or why it was refused. An
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

#endif
