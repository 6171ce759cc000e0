/* SPDX-License-Identifier: MIT
 *
 * Transfers what is played from the ring to its transport, on a thread of its own. It sleeps until the next packet's
 * last frame should have been written, as the IO cycle's habits say (lesson 30), and is parked without a time-out while
 * nothing plays. After a connection, a stall or a jump it goes on with the newest sound, faded in, never with a backlog
 * (lesson 27).
 *
 * Thread-safety: start, stop, configure, reformat and stats from any thread but IO callbacks. pump_wrote is the IO
 * callback's.
 */
#ifndef ORIEL_DRIVER_PUMP_H
#define ORIEL_DRIVER_PUMP_H

#include <stdbool.h>
#include <stdint.h>

#include "driver/engine_world.h"
#include "driver/sample_ring.h"
#include "driver/worker.h"
#include "media/downmix.h"

struct pump;

struct pump_stats {
  struct worker_stats link;
  uint64_t packets, bytes;
  uint64_t trims;  /* times that a backlog was cut */
  uint64_t late;   /* times that IO was later than predicted */
  uint64_t errors; /* packets the encoder failed on */
};

/** Reads `ring` (borrowed, outlives the pump). 0, -ENOMEM, other -errno. */
int pump_create(const struct engine_world *world, struct sample_ring *ring, struct pump **pump);
void pump_destroy(struct pump *pump);
/** Where to and how. An empty address: nowhere. Text as settings have it, valid. */
void pump_configure(struct pump *pump, const char *address, uint32_t bitrate_kbps);
/** Other frames in the ring from now on. Returns once the thread no longer reads it as it was: it is paused until
 *  pump_resume. */
void pump_pause(struct pump *pump);
void pump_resume(struct pump *pump, uint32_t rate, uint32_t channels);
/** Where the speakers are, by which channels are mixed down; pump_resume puts them where they usually are. */
void pump_place(struct pump *pump, const enum oriel_speaker layout[ORIEL_SPEAKERS_MAX]);
void pump_run(struct pump *pump, bool running);
/** Frames from sample time `at` on are about to be written. Data thread. */
void pump_writes(struct pump *pump, int64_t at);
/** `count` frames were written at `now_ns`. Data thread. */
void pump_wrote(struct pump *pump, uint32_t count, uint64_t now_ns);
void pump_stats(struct pump *pump, struct pump_stats *stats);

#endif
