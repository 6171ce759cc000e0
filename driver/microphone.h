/* SPDX-License-Identifier: MIT
 *
 * Brings sound from its transport to the input device: a thread reads packets into a receiver (jitter buffer, drift),
 * the IO callback pulls from it. Dials only while somebody records; parked otherwise.
 *
 * Thread-safety: create, destroy, configure, run and stats from any thread but IO callbacks; microphone_pull from one
 * data thread at a time.
 */
#ifndef ORIEL_DRIVER_MICROPHONE_H
#define ORIEL_DRIVER_MICROPHONE_H

#include <stdbool.h>
#include <stdint.h>

#include "driver/engine_world.h"
#include "driver/worker.h"
#include "media/receiver.h"

struct microphone;

struct microphone_stats {
  struct worker_stats link;
  uint64_t bytes, malformed;
  struct oriel_receiver_stats receiver;
};

/** 0, -ENOMEM, other -errno. */
int microphone_create(const struct engine_world *world, struct microphone **microphone);
void microphone_destroy(struct microphone *microphone);
void microphone_configure(struct microphone *microphone, const char *address);
void microphone_run(struct microphone *microphone, bool running);
/** Fills `count` stereo frames at 48 kHz, due at now_ns. Data thread. */
void microphone_pull(struct microphone *microphone, float *stereo, size_t count, uint64_t now_ns);
void microphone_stats(struct microphone *microphone, struct microphone_stats *stats);

#endif
