/* SPDX-License-Identifier: MIT
 *
 * Decoded frames between the network thread and the data thread, by position (a 64-bit count of frames, never
 * wrapping), and the mailbox beside it in which the network thread leaves the newest word about the sender's clock.
 *
 * Thread-safety: write, space and post by the producer; the rest by the consumer. Real-time safe, wait-free.
 */
#ifndef ORIEL_MEDIA_RECEIVER_RING_H
#define ORIEL_MEDIA_RECEIVER_RING_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The sender's clock as a line: frame `frame` is due at `ns` + `offset_ns`, each further one `period_ns` later. */
struct receiver_line {
  uint64_t base;          /* first position of this stream: what lies before is over */
  uint64_t frame, ns;
  double offset_ns, period_ns;
  double uncertainty;           /* three standard deviations of the relative rate */
  double packet_frames;   /* the largest packet of late */
  double jitter_ns;       /* lateness to be ready for */
  uint32_t shifts;        /* changes when the phase jumped */
  unsigned blocks;        /* of the clock, the rate was learned from */
  bool valid;
};

struct receiver_ring {
  float *frames;          /* interleaved; owned */
  size_t capacity;        /* frames, a power of two */
  unsigned channels;
  struct receiver_line lines[3];
  unsigned posting, reading; /* the slots the producer and the consumer hold */
  alignas(64) atomic_uint_least64_t written;  /* producer: release, pairs with receiver_ring_written's acquire */
  alignas(64) atomic_uint_least64_t released; /* consumer: release, pairs with receiver_ring_space's acquire */
  alignas(64) atomic_uint mail; /* the third slot, | 4 when it is news; exchanged acq_rel by both */
};

enum { RECEIVER_RING_FIRST = 64 }; /* position of the first frame: filters look back without falling below zero */

/** 0, -ENOMEM. */
int receiver_ring_init(struct receiver_ring *ring, size_t frames, unsigned channels);
void receiver_ring_finish(struct receiver_ring *ring);
size_t receiver_ring_space(const struct receiver_ring *ring);
/** `count` is at most the space. */
void receiver_ring_write(struct receiver_ring *ring, const float *frames, size_t count);
void receiver_ring_post(struct receiver_ring *ring, const struct receiver_line *line);

/** Position behind the newest frame. */
uint64_t receiver_ring_written(const struct receiver_ring *ring);
/** Copies `count` frames from `position`, all of them written and not released. */
void receiver_ring_copy(const struct receiver_ring *ring, uint64_t position, float *frames, size_t count);
/** The same, one array of `stride` floats for each channel. */
void receiver_ring_split(const struct receiver_ring *ring, uint64_t position, float *planes, size_t stride,
                         size_t count);
/** Frames before `position` are not needed any more. */
void receiver_ring_release(struct receiver_ring *ring, uint64_t position);
/** The newest line posted; lent until the next call. */
const struct receiver_line *receiver_ring_line(struct receiver_ring *ring);

#endif
