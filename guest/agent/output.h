/* SPDX-License-Identifier: MIT
 *
 * What is played here, on its way out: ring, packets, stream. While nobody is connected nothing is kept, so that a
 * new peer hears the current sound; towards a peer that does not read, old packets give way to new ones (lesson 27).
 *
 * Thread-safety: write from the data thread (no lock, no allocation; its one system call signals an eventfd, and only
 * when a packet is full and somebody listens); end while write is not called; stats from any thread; the rest from the
 * transport thread.
 */
#ifndef ORIEL_GUEST_AGENT_OUTPUT_H
#define ORIEL_GUEST_AGENT_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/histogram.h"
#include "guest/agent/settings.h"

struct agent_output;

struct agent_output_stats {
  bool is_connected;
  uint64_t connections, failures;
  const char *why;                 /* of the last failure; static */
  uint64_t packets, bytes;         /* sent whole */
  uint64_t dropped_packets;        /* the peer did not take them in time */
  uint64_t dropped_frames;         /* the transport thread did not */
  uint64_t unasked_bytes;          /* what the peer said where it should listen */
  size_t ring_frames;              /* waiting now */
  uint32_t packet_frames;
  struct oriel_percentiles handed; /* data thread to transport thread */
  struct oriel_percentiles sent;   /* from there into the socket, coding included */
};

/** 0, -EINVAL, -ENOMEM, other -errno. */
int agent_output_create(const struct agent_settings *settings, struct agent_output **output);
void agent_output_destroy(struct agent_output *output);

enum { AGENT_OUTPUT_WRITE_MAX = 8192 }; /* frames */

/** `count` (1..AGENT_OUTPUT_WRITE_MAX) frames of the device's channels: a cycle of the graph, or one after the other
 * the parts of a longer one. Data thread. */
void agent_output_write(struct agent_output *output, const float *frames, size_t count);

/** Nothing plays any more. What waits for the rest of its packet goes out now, behind it a fade of 5 ms and silence to
 * the packet's end: nothing of the sound is lost, and none of it comes before the next one. While write is not called.
 */
void agent_output_end(struct agent_output *output);

/** Fills up to two of `polled` (the ring's eventfd, the stream) and lowers *timeout_ms (-1 = never). Returns how
 * many. */
struct pollfd; /* <poll.h> */
size_t agent_output_poll(struct agent_output *output, struct pollfd *polled, int *timeout_ms, uint64_t now_ns);
/** After poll(2), with what agent_output_poll filled. */
void agent_output_step(struct agent_output *output, const struct pollfd *polled, size_t count, uint64_t now_ns);

/** Number of the core on which the data thread last filled a packet; -1 before. Any thread. */
int agent_output_core(const struct agent_output *output);
void agent_output_stats(struct agent_output *output, struct agent_output_stats *stats);

#endif
