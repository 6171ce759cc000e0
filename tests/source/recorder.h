/* SPDX-License-Identifier: MIT
 *
 * A sink that remembers what a source said, and waits for it with a bound.
 */
#ifndef ORIEL_TESTS_SOURCE_RECORDER_H
#define ORIEL_TESTS_SOURCE_RECORDER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "source/source.h"

struct recorder {
  struct oriel_source_sink sink;
  pthread_mutex_t lock; /* guards all below */
  pthread_cond_t changed;
  unsigned damages, cursors, moves, states, modes;
  enum oriel_source_state state;
  char detail[256];
  struct oriel_source_abilities abilities;
  bool absolute;
  uint8_t cursor[64]; /* the start of the last cursor packet */
  size_t cursor_size;
  int32_t x, y;
  bool visible;
  uint64_t frames; /* of sound */
  float left, right, loudest; /* last frame of sound, and the greatest sample */
  float volume_left, volume_right;
  bool muted;
  enum oriel_microphone_use use;
  uint64_t mark; /* of the latest text that was typed */
  unsigned texts, changes; /* of the guest's clipboard; changes to something without a text */
  struct oriel_packet *text; /* the newest */
  unsigned untyped; /* presses and releases of all texts that were dropped */
};

void recorder_init(struct recorder *recorder);
void recorder_finish(struct recorder *recorder);

/** Waits until `done` (called under the lock, after every callback) says so. False after `limit_ms`. */
bool recorder_wait(struct recorder *recorder, bool (*done)(const struct recorder *recorder, const void *want),
                   const void *want, unsigned limit_ms);
/** Waits for a state, with `words` in its detail where not NULL. */
bool recorder_wait_state(struct recorder *recorder, enum oriel_source_state state, const char *words,
                         unsigned limit_ms);
unsigned recorder_damages(struct recorder *recorder);
/** Waits until there were more than `before` damages. */
bool recorder_wait_damage(struct recorder *recorder, unsigned before, unsigned limit_ms);

#endif
