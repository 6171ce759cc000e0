/* SPDX-License-Identifier: MIT
 *
 * One QEMU, found, attached, lost and found again: QMP for its state, a private D-Bus connection for its console, and
 * the listeners on it.
 *
 * Thread-safety: everything on the source's thread, with `context` as its thread-default GMainContext; the callbacks
 * too. Nothing blocks, whatever QEMU does.
 */
#ifndef ORIEL_SOURCE_QEMU_SESSION_H
#define ORIEL_SOURCE_QEMU_SESSION_H

#include <gio/gio.h>
#include <stdbool.h>

#include "source/qemu/address.h"
#include "source/qemu/input.h"
#include "source/qemu/microphone.h"
#include "source/qemu/scanout.h"
#include "source/qemu/sound.h"
#include "source/source.h"

struct oriel_qemu_session;

/** What is known about the VM. */
struct oriel_qemu_status {
  enum oriel_source_state state;
  char detail[256]; /* one sentence */
  char name[128];
  unsigned consoles;
  bool attached, can_resize, has_sound, can_command;
  enum oriel_source_display display;
  uint64_t reconnects;
};

struct oriel_qemu_session_config {
  GMainContext *context;
  const struct oriel_qemu_address *address; /* all borrowed for its life */
  const struct oriel_source_sink *sink;
  struct oriel_qemu_input *input;
  struct oriel_qemu_scanout *scanout;
  struct oriel_qemu_sound *sound;
  struct oriel_qemu_microphone *microphone;
  void *user;
  /** Something in the status changed. */
  void (*changed)(void *user, const struct oriel_qemu_status *status);
};

/** Starts looking for the VM. 0, -ENOMEM. */
int oriel_qemu_session_create(const struct oriel_qemu_session_config *config, struct oriel_qemu_session **session);
/** Releases keys, detaches (within 300 ms, also from a stopped QEMU) and frees. NULL is fine. */
void oriel_qemu_session_destroy(struct oriel_qemu_session *session);
/** ORIEL_WATCH_*. */
void oriel_qemu_session_watch(struct oriel_qemu_session *session, unsigned what);
/** Asks the guest for a size, now and again whenever it comes back. */
void oriel_qemu_session_resize(struct oriel_qemu_session *session, uint16_t width, uint16_t height);
void oriel_qemu_session_command(struct oriel_qemu_session *session, enum oriel_source_command command);
/** The picture may be stale; what to do about it takes its time. */
void oriel_qemu_session_stale(struct oriel_qemu_session *session);
/** What the listener learnt about the display. */
void oriel_qemu_session_display(struct oriel_qemu_session *session, const struct oriel_qemu_display *display);

#endif
