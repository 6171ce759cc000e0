/* SPDX-License-Identifier: MIT
 *
 * What a head is made of, and what it tells its owner. Thread-safety: the callbacks come on the session's thread.
 */
#ifndef ORIEL_SOURCE_QEMU_HEAD_CONFIG_H
#define ORIEL_SOURCE_QEMU_HEAD_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "source/facts.h"
#include "source/qemu/input.h"
#include "source/qemu/scanout.h"
#include "source/sink.h"

/** What is known about the VM and its console. */
struct oriel_qemu_status {
  enum oriel_source_state state;
  char detail[256]; /* one sentence */
  char name[128];
  unsigned consoles;
  bool attached, can_resize, has_sound, has_clipboard, can_command;
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

#endif
