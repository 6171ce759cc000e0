/* SPDX-License-Identifier: MIT
 *
 * The host's microphone on its way in: stream, packets, receiver. What arrives while nobody records is not kept.
 *
 * Thread-safety: read from the data thread (no lock, no allocation, no system call); running and stats from any
 * thread; the rest from the transport thread.
 */
#ifndef ORIEL_GUEST_AGENT_INPUT_H
#define ORIEL_GUEST_AGENT_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest/agent/settings.h"
#include "media/receiver.h"

struct agent_input;

struct agent_input_stats {
  bool is_connected;
  uint64_t connections, failures;
  const char *why;            /* of the last failure; static */
  uint64_t bytes;
  uint64_t idle_packets;      /* came while nobody recorded */
  uint64_t protocol_errors;   /* lengths of 0 or above 1500: each ended a connection */
  uint64_t throttled;         /* times that a flood was made to wait */
  uint64_t pulls, real_frames; /* of the data thread */
  struct oriel_receiver_stats receiver;
};

/** 0, -EINVAL, -ENOMEM. */
int agent_input_create(const struct agent_settings *settings, struct agent_input **input);
void agent_input_destroy(struct agent_input *input);

/** Fills `count` frames (1..8192) of the device's channels, due at `now_ns`. Data thread. */
void agent_input_read(struct agent_input *input, float *frames, size_t count, uint64_t now_ns);
/** Somebody begins to record, or nobody does any more. While read is not called. */
void agent_input_running(struct agent_input *input, bool is_running);

/** As for the output. */
struct pollfd; /* <poll.h> */
size_t agent_input_poll(struct agent_input *input, struct pollfd *polled, int *timeout_ms, uint64_t now_ns);
void agent_input_step(struct agent_input *input, const struct pollfd *polled, size_t count, uint64_t now_ns);

void agent_input_stats(struct agent_input *input, struct agent_input_stats *stats);

#endif
