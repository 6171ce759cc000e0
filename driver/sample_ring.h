/* SPDX-License-Identifier: MIT
 *
 * A ring of frames indexed by sample time (lesson 25): frame t lies at t modulo the capacity, and the ring knows which
 * times were written. Reading takes nothing away, so all readers hear the same, and what was not written, or was
 * written over, reads as silence.
 *
 * Thread-safety: begin and commit from one thread at a time (the IO callback); read and extent from any, also at the
 * same time. No lock, no wait, no allocation. reset only while neither runs.
 */
#ifndef ORIEL_DRIVER_SAMPLE_RING_H
#define ORIEL_DRIVER_SAMPLE_RING_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum {
  SAMPLE_RING_FRAMES = 16384, /* a power of two: 341 ms at 48 kHz, 171 ms at 96 kHz */
  SAMPLE_RING_CHANNELS = 16,
  SAMPLE_RING_WRITE_MAX = 8192, /* frames of one begin */
};

struct sample_ring {
  float *samples; /* SAMPLE_RING_FRAMES * SAMPLE_RING_CHANNELS, of which a channel count uses the first part */
  unsigned channels;
  /* Times [begin, end) are valid, as far as they are not older than writing - SAMPLE_RING_FRAMES. */
  _Atomic int64_t begin, end, writing;
  _Atomic uint64_t reads; /* copies that were finished */
};

/** Where the frames of a write go: two pieces, the second often of 0 frames. */
struct sample_span {
  float *frames[2];
  size_t count[2];
};

/** 0 or -ENOMEM. */
int sample_ring_init(struct sample_ring *ring, unsigned channels);
void sample_ring_finish(struct sample_ring *ring);
/** Forgets everything and takes another channel count. */
void sample_ring_reset(struct sample_ring *ring, unsigned channels);

/** Makes room for `count` (1..SAMPLE_RING_WRITE_MAX) frames from time `at` on; the caller fills the span, then commits.
 * A gap of at most a few thousand frames since the last write becomes silence; after a longer one, or a long step back,
 *  what was there is forgotten. */
void sample_ring_begin(struct sample_ring *ring, int64_t at, size_t count, struct sample_span *span);
/** The frames of the last begin are all there. */
void sample_ring_commit(struct sample_ring *ring);
/** Copies [at, at + count), silence where there is nothing. Returns how many frames were there. */
size_t sample_ring_read(struct sample_ring *ring, int64_t at, float *frames, size_t count);
/** The valid times now: [*begin, *end). */
void sample_ring_extent(const struct sample_ring *ring, int64_t *begin, int64_t *end);

#endif
