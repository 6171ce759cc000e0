/* SPDX-License-Identifier: MIT
 *
 * What the driver's tests share: an engine under a clock that the test moves, a log that is remembered, a peer to dial, and
 * sound whose every sample says which frame it is.
 */
#ifndef ORIEL_TESTS_DRIVER_RIG_H
#define ORIEL_TESTS_DRIVER_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "driver/engine.h"
#include "transport/stream.h"

/** Host time of 1 ns ticks: CLOCK_MONOTONIC. */
extern const struct engine_world rig_world;
/** True when a line with `part` was logged since rig_forget. */
bool rig_logged(const char *part);
void rig_forget(void);

/** A UNIX or TCP listener, and its address with `options` behind. */
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
/** Reads one packet with its length. Returns its size; 0: the end, or too late. */
size_t rig_packet(struct rig_peer *peer, uint8_t packet[1500]);

/** Sample of frame `at` and channel `c`: exact in a float, never 0, below 1. */
float rig_sample(int64_t at, unsigned c);
void rig_fill(float *frames, int64_t at, size_t count, unsigned channels);
/** Waits until `condition(context)`, at most 5 s. */
bool rig_until(bool (*condition)(void *context), void *context);

#endif
