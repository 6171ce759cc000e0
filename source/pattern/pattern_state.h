/* SPDX-License-Identifier: MIT
 *
 * The state of a pattern source, which its files share. Thread-safety: as its lock says.
 */
#ifndef ORIEL_SOURCE_PATTERN_PATTERN_STATE_H
#define ORIEL_SOURCE_PATTERN_PATTERN_STATE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/waiter.h"
#include "media/surface.h"
#include "source/impl.h"
#include "source/pattern/card.h"
#include "source/pattern/reaction.h"
#include "source/pattern/tone.h"

struct pattern {
  struct oriel_source source;
  const struct oriel_source_sink *sink;
  struct oriel_surface *surface;
  struct oriel_tone *tone;
  pthread_t thread;
  bool started;
  struct oriel_waiter waiter; /* the drawing thread's */
  pthread_mutex_t lock; /* guards what follows; taken before the surface's */
  struct oriel_card card;
  bool watched, heard, paused, stopping;
  struct oriel_shift shift;
  uint64_t power_at_ns; /* 0 = the machine is on */
  uint64_t frames, inputs, dropped;
};

#endif
