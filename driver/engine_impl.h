/* SPDX-License-Identifier: MIT
 *
 * Inside of the engine, shared by its files. See engine.h for threads.
 */
#ifndef ORIEL_DRIVER_ENGINE_IMPL_H
#define ORIEL_DRIVER_ENGINE_IMPL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "audio/oriel-audio.h"
#include "driver/engine_world.h"
#include "driver/gain.h"
#include "driver/microphone.h"
#include "driver/pump.h"
#include "driver/resampler.h"
#include "driver/sample_ring.h"
#include "driver/settings.h"
#include "driver/timeline.h"

enum { STREAM_RATE = 48000 }; /* of what the microphone gives, in stereo */

struct client {
  uint32_t id, starts;
};

/** Counters of an IO callback: relaxed, each a number by itself. */
struct io_counters {
  _Atomic uint64_t cycles, frames, xruns;
  _Atomic uint32_t peak; /* bits of the greatest absolute sample since the last status */
  _Atomic uint32_t period;
};

struct device {
  struct timeline timeline;
  struct sample_ring ring;
  struct gain gain;
  struct io_counters io;
  int64_t next_at; /* where the next cycle should go on; the IO callback's */
  atomic_bool has_next; /* relaxed: at worst a start counts as one xrun */
  /* With the engine's lock. */
  uint32_t rate, channels;
  float scalar;
  bool muted;
  struct client *clients;
  size_t client_count;
  _Atomic uint32_t starts;
};

struct engine {
  struct engine_world world;
  pthread_mutex_t lock; /* guards settings and the marked part of the devices */
  struct settings settings;
  struct device devices[ENGINE_SIDES];
  struct pump *pump;
  struct microphone *microphone;

  /* Of the output's IO callback; made and freed only while it is stopped. */
  struct oriel_audio_writer *writer; /* NULL: no shared memory */
  int64_t writer_at;                 /* sample time after the last frame written to it */
  bool writer_placed;

  /* Of the input's IO callback that brings sound. */
  atomic_flag bringing;
  struct resampler resampler; /* 48 kHz to the device's rate */
};

#endif
