/* SPDX-License-Identifier: MIT
 *
 * One sound device on PipeWire: a sink that hands on what is played into it, or a source that plays what it is given.
 * It outlives the daemon: attach makes its node, detach forgets it, the counters stay (lesson 22).
 *
 * Thread-safety: everything from the thread that runs the PipeWire loop, but process, which the data thread calls.
 */
#ifndef ORIEL_GUEST_AGENT_DEVICE_H
#define ORIEL_GUEST_AGENT_DEVICE_H

#include <pipewire/pipewire.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest/agent/cycle.h"
#include "guest/agent/level.h"
#include "guest/agent/settings.h"
#include "guest/agent/volume.h"

struct agent_device_config {
  bool is_sink;
  const char *node_name; /* stable: what scripts and saved routes name */
  const char *name;      /* what users see; borrowed for the device's life */
  uint32_t rate, channels;
  uint32_t quantum;      /* frames of a cycle; overrides the minimum that PipeWire raises in a VM (1024) */
  /** Sink: takes `count` interleaved frames; source: fills them. `now_ns` is the cycle's time by the graph's clock.
   * Data thread: no allocation, lock, blocking call or log. */
  void (*process)(void *owner, float *frames, size_t count, uint64_t now_ns);
  /** Cycles begin or have ended. Main thread, while process does not run. */
  void (*running)(void *owner, bool is_running);
  void *owner;
};

struct agent_device {
  struct agent_device_config config;
  struct pw_stream *stream; /* NULL while there is no daemon */
  struct spa_hook listener;
  struct agent_level level; /* of what is sent, or recorded: behind the volume */
  struct agent_volume gain;
  float *scaled;            /* a sink's frames behind the volume, or what is missed; NULL while there is no stream */
  bool is_running;
  const char *state;        /* a word for status */
  float volume;             /* linear, mean of channels */
  bool is_muted;
  float volumes[AGENT_CHANNELS_MAX]; /* as they were set */
  uint32_t volume_count;
  struct spa_io_position *_Atomic position; /* the graph's clock; set on the main thread while no cycle runs */
  struct agent_cycle last;  /* the data thread's */
  /* Counters of the data thread, for status only: relaxed, no partner. */
  _Atomic uint64_t cycles, frames, xruns, starved;
  _Atomic uint32_t quantum, graph_rate; /* as they are, not as asked */
};

void agent_device_init(struct agent_device *device, const struct agent_device_config *config);
/** 0 or -errno. */
int agent_device_attach(struct agent_device *device, struct pw_core *core);
void agent_device_detach(struct agent_device *device);
/** Id of the node in the graph; SPA_ID_INVALID while it has none. */
uint32_t agent_device_node(const struct agent_device *device);

#endif
