/* SPDX-License-Identifier: MIT
 *
 * What is known of a machine and its screen, and what it can be told: plain words that go from a source through the
 * desktop to whoever shows it, unchanged. Nothing here reaches a source.
 *
 * Thread-safety: values.
 */
#ifndef ORIEL_SOURCE_FACTS_H
#define ORIEL_SOURCE_FACTS_H

#include <stdbool.h>
#include <stdint.h>

enum oriel_source_state {
  ORIEL_SOURCE_CONNECTING, /* looking for the VM, or reconnecting to it */
  ORIEL_SOURCE_RUNNING,
  ORIEL_SOURCE_PAUSED,
  ORIEL_SOURCE_GONE,       /* the VM ended or was killed; the source keeps looking for it and reattaches */
};

/** "connecting", "running", "paused", "gone"; static. */
const char *oriel_source_state_name(enum oriel_source_state state);

/** Whether there is a picture to look at. */
enum oriel_source_display {
  ORIEL_DISPLAY_SHOWN,
  ORIEL_DISPLAY_OFF,     /* the guest has switched it off, or not on yet; input may change that */
  ORIEL_DISPLAY_REFUSED, /* there is one that cannot be shown; the state's detail says why and what helps */
};

/** "shown", "off", "refused"; static. */
const char *oriel_source_display_name(enum oriel_source_display display);

/** What can be done now; learned after the start, and lost with the VM. */
struct oriel_source_abilities {
  bool resize, sound, command;
  bool heads; /* the VM has more screens than this one */
  bool clipboard_in, clipboard_out; /* the guest's clipboard takes texts; gives them */
  enum oriel_source_display display;
};

enum oriel_source_command {
  ORIEL_COMMAND_PAUSE,
  ORIEL_COMMAND_RESUME,
  ORIEL_COMMAND_RESET,
  ORIEL_COMMAND_POWERDOWN,
};

/** What becomes of a microphone now. */
enum oriel_microphone_use {
  ORIEL_MICROPHONE_NOWHERE, /* nothing in the guest can take it */
  ORIEL_MICROPHONE_READY,   /* the guest has an input, which nothing records from */
  ORIEL_MICROPHONE_TAKEN,   /* something in the guest takes it */
};

struct oriel_source_info {
  const char *kind;      /* "qemu", "pattern"; static */
  char name[128];        /* the VM's name, or the scene */
  unsigned console, consoles;
  bool can_resize, has_sound, can_command; /* as struct oriel_source_abilities */
  uint64_t frames;          /* updates from the guest since start */
  uint64_t input_sent, input_coalesced, input_dropped;
  uint64_t reconnects;
};

#endif
