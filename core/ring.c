/* SPDX-License-Identifier: MIT
 *
 * The lock-free ring. Indices count frames for ever and are masked on use, so full and empty differ without a spare
 * slot. Each side keeps a copy of the other's index and looks at the real one only when the copy says that there is too
 * little: in the steady state a block costs no cache-line transfer for indices. Producer and consumer threads.
 */
#include "core/ring.h"

#include <errno.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
  CACHE_LINE = 128, /* Apple's cores; on x86 the prefetcher fetches lines of 64 in pairs */
  FRAMES_MAX = 1 << 24,
  CHANNELS_MAX = 64,
};

struct oriel_ring {
  /* Producer's line. */
  alignas(CACHE_LINE) atomic_size_t written;
  size_t read_seen; /* the producer's copy of `read`, never ahead of it */
  /* Consumer's line. */
  alignas(CACHE_LINE) atomic_size_t read;
  size_t written_seen; /* the consumer's copy of `written`, never ahead of it */
  /* Shared, never written after create. */
  alignas(CACHE_LINE) size_t capacity;
  unsigned channels;
  alignas(CACHE_LINE) float samples[];
};

/* The bytes of one; 0 when there are too many. */
static size_t size_of(size_t capacity, unsigned channels) {
  size_t bytes;
  if (__builtin_mul_overflow(capacity, channels * sizeof(float), &bytes) ||
      __builtin_add_overflow(bytes, sizeof(struct oriel_ring) + CACHE_LINE - 1, &bytes))
    return 0;
  return bytes / CACHE_LINE * CACHE_LINE;
}

static int create(size_t frames, unsigned channels, bool touched, struct oriel_ring **ring) {
  if (frames < 1 || frames > FRAMES_MAX || channels < 1 || channels > CHANNELS_MAX)
    return -EINVAL;
  size_t capacity = 1;
  while (capacity < frames)
    capacity *= 2;
  const size_t bytes = size_of(capacity, channels);
  struct oriel_ring *made = bytes ? aligned_alloc(CACHE_LINE, bytes) : NULL;
  if (!made)
    return -ENOMEM;
  /* Touches every page now, so that no page fault interrupts an audio callback; or only the first. */
  memset(made, 0, touched ? bytes : sizeof *made);
  atomic_init(&made->written, 0);
  atomic_init(&made->read, 0);
  made->capacity = capacity;
  made->channels = channels;
  *ring = made;
  return 0;
}

int oriel_ring_create(size_t frames, unsigned channels, struct oriel_ring **ring) {
  return create(frames, channels, true, ring);
}

int oriel_ring_create_untouched(size_t frames, unsigned channels, struct oriel_ring **ring) {
  return create(frames, channels, false, ring);
}

void oriel_ring_destroy(struct oriel_ring *ring) {
  free(ring);
}

/* Frames that lie in one piece from index `at`. */
static size_t until_end(const struct oriel_ring *ring, size_t at, size_t count) {
  const size_t straight = ring->capacity - (at & (ring->capacity - 1));
  return count < straight ? count : straight;
}

static float *frame_at(struct oriel_ring *ring, size_t at) {
  return ring->samples + (at & (ring->capacity - 1)) * ring->channels;
}

size_t oriel_ring_write(struct oriel_ring *ring, const float *frames, size_t count) {
  /* Relaxed: only this thread stores it. */
  const size_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
  if (count > ring->capacity - (written - ring->read_seen)) {
    /* Acquire; partner: the release in consume(). The consumer has finished with the frames before we overwrite. */
    ring->read_seen = atomic_load_explicit(&ring->read, memory_order_acquire);
    const size_t room = ring->capacity - (written - ring->read_seen);
    if (count > room)
      count = room;
  }
  if (!count)
    return 0;
  const size_t first = until_end(ring, written, count);
  const size_t frame_size = ring->channels * sizeof(float);
  memcpy(frame_at(ring, written), frames, first * frame_size);
  memcpy(ring->samples, frames + first * ring->channels, (count - first) * frame_size);
  /* Release; partner: the acquire in available(). The samples are visible before the index that covers them. */
  atomic_store_explicit(&ring->written, written + count, memory_order_release);
  return count;
}

/* Of `count` frames from index `read` on, how many there are. Consumer. */
static size_t available(struct oriel_ring *ring, size_t read, size_t count) {
  if (count > ring->written_seen - read) {
    /* Acquire; partner: the release in oriel_ring_write. */
    ring->written_seen = atomic_load_explicit(&ring->written, memory_order_acquire);
    if (count > ring->written_seen - read)
      count = ring->written_seen - read;
  }
  return count;
}

/* Gives the frames before index `read` back to the producer. Consumer. */
static void consume(struct oriel_ring *ring, size_t read) {
  /* Release; partner: the acquire in oriel_ring_write. Our reads are done before the frames may be overwritten. */
  atomic_store_explicit(&ring->read, read, memory_order_release);
}

size_t oriel_ring_read(struct oriel_ring *ring, float *frames, size_t count) {
  /* Relaxed: only this thread stores it. */
  const size_t read = atomic_load_explicit(&ring->read, memory_order_relaxed);
  count = available(ring, read, count);
  if (!count)
    return 0;
  const size_t first = until_end(ring, read, count);
  const size_t frame_size = ring->channels * sizeof(float);
  memcpy(frames, frame_at(ring, read), first * frame_size);
  memcpy(frames + first * ring->channels, ring->samples, (count - first) * frame_size);
  consume(ring, read + count);
  return count;
}

size_t oriel_ring_skip(struct oriel_ring *ring, size_t count) {
  const size_t read = atomic_load_explicit(&ring->read, memory_order_relaxed);
  count = available(ring, read, count);
  if (count)
    consume(ring, read + count);
  return count;
}

size_t oriel_ring_level(const struct oriel_ring *ring) {
  /* `read` first: `written` never falls behind a `read` seen earlier, so the difference cannot be negative. Acquire on
   * both, with the same partners as above, keeps that order. */
  const size_t read = atomic_load_explicit(&ring->read, memory_order_acquire);
  const size_t written = atomic_load_explicit(&ring->written, memory_order_acquire);
  const size_t level = written - read;
  /* Seen from the producer the two loads are consistent; a third thread could see more than fits. */
  return level < ring->capacity ? level : ring->capacity;
}
