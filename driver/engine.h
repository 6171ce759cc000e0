/* SPDX-License-Identifier: MIT
 *
 * The driver without Apple: two devices on one clock, their rings and controls, who started them, and the threads that
 * carry sound away (pump) and bring it (microphone). The Apple face (darwin/) turns the daemon's calls into these.
 *
 * Thread-safety: engine_write and engine_read are the IO callbacks: one thread per device at a time (a second reader of
 * the input at the same time is served from what the first brought), no lock, no allocation, no system call, no log.
 * engine_timeline's functions from any thread. Everything else from any thread but those, with a lock inside.
 */
#ifndef ORIEL_DRIVER_ENGINE_H
#define ORIEL_DRIVER_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "driver/engine_world.h"
#include "driver/settings.h"
#include "media/downmix.h"

struct engine;

/** A device's state, as its properties show it. */
struct engine_device {
  uint32_t rate, channels;
  float scalar; /* volume */
  bool muted;
  uint32_t starts; /* of all clients together */
};

/** Starts the threads, which park. 0, -EINVAL, -ENOMEM, other -errno. */
int engine_create(const struct engine_world *world, const struct settings *settings, struct engine **engine);
/** Only after IO has ended. NULL is fine. */
void engine_destroy(struct engine *engine);

/** Counts a client's start (lesson 26); the first wakes the threads. 0, -ENOMEM. */
int engine_start(struct engine *engine, enum engine_side side, uint32_t client);
/** Takes one start back. 0; -EPERM: this client has not started this device. */
int engine_stop(struct engine *engine, enum engine_side side, uint32_t client);
/** A client went away, started or not: its starts go with it. */
void engine_forget(struct engine *engine, enum engine_side side, uint32_t client);

/** The zero time stamp at the host's time now. Any thread, real-time safe. */
void engine_stamp(const struct engine *engine, enum engine_side side, uint64_t *frame, uint64_t *host, uint64_t *seed);

/** IO callbacks: `count` interleaved frames from sample time `at` on; `now` = host ticks of the cycle. */
void engine_write(struct engine *engine, int64_t at, const float *frames, size_t count, uint64_t now);
void engine_read(struct engine *engine, int64_t at, float *frames, size_t count, uint64_t now);

void engine_device(struct engine *engine, enum engine_side side, struct engine_device *device);
/** The slider's place (bounded to 0..1) and mute. True when it changed. */
bool engine_set_volume(struct engine *engine, enum engine_side side, float scalar);
bool engine_set_mute(struct engine *engine, enum engine_side side, bool muted);
/** A new rate and channel count; only while the device's IO is stopped. A new timeline, empty rings. */
void engine_reconfigure(struct engine *engine, enum engine_side side, uint32_t rate, uint32_t channels);

/** Where the speakers of the output are; engine_reconfigure puts them where they usually are. */
void engine_place(struct engine *engine, const enum oriel_speaker layout[ORIEL_SPEAKERS_MAX]);

void engine_settings(struct engine *engine, struct settings *settings);
/** Takes new settings: transports and bitrate at once. Rate and channels are only kept: the caller asks the daemon and
 *  then calls engine_reconfigure. */
void engine_apply(struct engine *engine, const struct settings *settings);

enum { ENGINE_STATUS_SIZE = 4096 };
/** One JSON object: devices, clients, transport, microphone, levels of rings, xruns, drift. Returns its size. */
size_t engine_status(struct engine *engine, char text[ENGINE_STATUS_SIZE]);

#endif
