/* SPDX-License-Identifier: MIT
 *
 * A head: one console of a QEMU that somebody shows. Its picture, its input, its size and its state are its own, so
 * that nothing that becomes of one head concerns another; QEMU itself is the session's.
 *
 * Thread-safety: everything on the session's thread; the callbacks too.
 */
#ifndef ORIEL_SOURCE_QEMU_HEAD_H
#define ORIEL_SOURCE_QEMU_HEAD_H

#include <stdbool.h>

#include "source/facts.h"
#include "source/qemu/input.h"
#include "source/qemu/scanout.h"
#include "source/qemu/session.h"
#include "source/sink.h"

struct oriel_qemu_head;

/** What is known about the VM and its console. */
struct oriel_qemu_status {
  enum oriel_source_state state;
  char detail[256]; /* one sentence */
  char name[128];
  unsigned consoles;
  bool attached, can_resize, has_sound, can_command;
  enum oriel_source_display display;
  uint64_t reconnects;
};

struct oriel_qemu_head_config {
  unsigned console;
  const struct oriel_source_sink *sink; /* all borrowed for its life */
  struct oriel_qemu_input *input;
  struct oriel_qemu_scanout *scanout;
  void *user;
  /** Something in the status changed. */
  void (*changed)(void *user, const struct oriel_qemu_status *status);
  /** It has left: nothing of it is used any more, and it is freed. */
  void (*left)(void *user);
};

/** Joins the session. 0, -ENOMEM. */
int oriel_qemu_head_create(struct oriel_qemu_session *session, const struct oriel_qemu_head_config *config,
                           struct oriel_qemu_head **head);
/** Releases keys, gives QEMU 200 ms to take that, lets go of the console, and calls left, without keeping the other
 *  heads waiting. The last one also fades the microphone out. */
void oriel_qemu_head_leave(struct oriel_qemu_head *head);
/** ORIEL_WATCH_*. */
void oriel_qemu_head_watch(struct oriel_qemu_head *head, unsigned what);
/** Asks the guest for a size, now and again whenever it comes back. */
void oriel_qemu_head_resize(struct oriel_qemu_head *head, uint16_t width, uint16_t height);
/** The picture may be stale; what to do about it takes its time. */
void oriel_qemu_head_stale(struct oriel_qemu_head *head);
/** What the listener learnt about the display. */
void oriel_qemu_head_display(struct oriel_qemu_head *head, const struct oriel_qemu_display *display);
/** What the devices are should be found out again. */
void oriel_qemu_head_ask_devices(struct oriel_qemu_head *head);

#endif
