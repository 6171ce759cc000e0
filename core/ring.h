/* SPDX-License-Identifier: MIT
 *
 * A lock-free ring of interleaved float frames for one producer and one consumer.
 *
 * Thread-safety: oriel_ring_write from one thread, oriel_ring_read/skip from one other; level from either. Real-time
 * safe: no lock, no allocation, no system call. Producer and consumer indices lie on separate cache lines.
 */
#ifndef ORIEL_CORE_RING_H
#define ORIEL_CORE_RING_H

#include <stddef.h>
#include <stdint.h>

struct oriel_ring;

/** A ring for `frames` (rounded up to a power of two, 1..2^24) of `channels` (1..64) floats. 0, -EINVAL, -ENOMEM. */
int oriel_ring_create(size_t frames, unsigned channels, struct oriel_ring **ring);
/** The same without touching its memory: the system gives a page when frames first come there, which costs the producer
 *  a page fault, and one through which nothing ever passes next to nothing. */
int oriel_ring_create_untouched(size_t frames, unsigned channels, struct oriel_ring **ring);
void oriel_ring_destroy(struct oriel_ring *ring);
/** Writes up to `count` frames; returns how many fitted (the rest is dropped by the caller). */
size_t oriel_ring_write(struct oriel_ring *ring, const float *frames, size_t count);
/** Reads up to `count` frames; returns how many there were. */
size_t oriel_ring_read(struct oriel_ring *ring, float *frames, size_t count);
/** Drops up to `count` of the oldest frames; consumer side. Returns how many. */
size_t oriel_ring_skip(struct oriel_ring *ring, size_t count);
/** Frames ready to read; exact for the caller's side, a lower bound of progress for the other. */
size_t oriel_ring_level(const struct oriel_ring *ring);

#endif
