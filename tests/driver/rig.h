/* SPDX-License-Identifier: MIT
 *
 * What the driver's tests share: an engine under a clock that the test moves, a log that is remembered, a peer to dial,
 * and sound whose every sample says which frame it is.
 */
#ifndef ORIEL_TESTS_DRIVER_RIG_H
#define ORIEL_TESTS_DRIVER_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "driver/engine.h"
#include "transport/listener.h"
#include "transport/stream.h"

/** Host time of 1 ns ticks: CLOCK_MONOTONIC, and what rig_pass added. */
extern const struct engine_world rig_world;
/** Moves rig_world's time: the machine was suspended for so long. */
void rig_pass(uint64_t ns);
/** True when a line with `part` was logged since rig_forget. */
bool rig_logged(const char *part);
void rig_forget(void);

/** A UNIX listener, and its address with `options` behind; or at `options` = tcp://127.0.0.1:0?..., at a port that it
 *  finds. */
struct rig_peer {
  struct oriel_listener *listener;
  char address[SETTINGS_ADDRESS_SIZE];
  int fd;
};
void rig_listen(struct rig_peer *peer, const char *options);
/** Waits, at most 5 s, for the connection. */
void rig_accept(struct rig_peer *peer);
void rig_hang_up(struct rig_peer *peer);
void rig_close(struct rig_peer *peer);
/** Reads exactly `size` bytes within 5 s. False: the end, or too late. */
bool rig_read(struct rig_peer *peer, void *data, size_t size);
/** Drops what comes until the connection is closed or reset. False: it was neither for 10 s. */
bool rig_closed(struct rig_peer *peer);
/** Reads one packet with its length. Returns its size; 0: the end, or too late. */
size_t rig_packet(struct rig_peer *peer, uint8_t packet[1500]);

/** Settings with neither transport, microphone nor shared memory. */
struct settings rig_settings(void);
/** An engine in rig_world, whose log begins anew. Owned by the caller. */
struct engine *rig_engine(const struct settings *settings);
/** The number behind `"name": ` in the engine's state, at its first or (`microphone`) in the microphone's part. */
unsigned long rig_number(struct engine *engine, const char *name, bool microphone);

/** An engine with one device started and its peer connected. */
struct rig_scene {
  struct rig_peer peer;
  struct settings settings;
  struct engine *engine;
  int64_t at;       /* next frame to play or record, by the device's clock */
  uint64_t next_ns; /* when it is due; 0 = the first */
};
/** `settings` may be NULL: rig_settings. Its address of that side is overwritten. */
void rig_begin(struct rig_scene *scene, enum engine_side side, const char *options, const struct settings *settings);
void rig_end(struct rig_scene *scene);
/** Plays one cycle of rig_fill's frames, or records one into `frames` (NULL: dropped), at its time: up to the next
 *  millisecond. */
void rig_play(struct rig_scene *scene, size_t count);
void rig_record(struct rig_scene *scene, float *frames, size_t count);
/** Which frame a stereo frame is, from rig_sample, modulo 32768; -1: none, as in a fade. */
int64_t rig_frame_of(const float *frame);

/** Sample of frame `at` and channel `c`: exact in a float, never 0, below 1. */
float rig_sample(int64_t at, unsigned c);
void rig_fill(float *frames, int64_t at, size_t count, unsigned channels);
/** Waits until `condition(context)`, at most 5 s. */
bool rig_until(bool (*condition)(void *context), void *context);

#endif
