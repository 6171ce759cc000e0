/* SPDX-License-Identifier: MIT
 *
 * The ring of decoded frames: written by the network thread, read by the data thread.
 */
#include "media/receiver_ring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { NEWS = 4 };

int receiver_ring_init(struct receiver_ring *ring, size_t frames, unsigned channels) {
  size_t capacity = 1;
  while (capacity < frames)
    capacity *= 2;
  memset(ring, 0, sizeof *ring);
  ring->frames = calloc(capacity * channels, sizeof *ring->frames);
  if (!ring->frames)
    return -ENOMEM;
  ring->capacity = capacity;
  ring->channels = channels;
  ring->posting = 1;
  ring->reading = 2;
  atomic_init(&ring->written, RECEIVER_RING_FIRST);
  atomic_init(&ring->released, 0);
  atomic_init(&ring->mail, 0);
  return 0;
}

void receiver_ring_finish(struct receiver_ring *ring) {
  free(ring->frames);
  ring->frames = NULL;
}

size_t receiver_ring_space(const struct receiver_ring *ring) {
  uint64_t written = atomic_load_explicit(&ring->written, memory_order_relaxed); /* our own */
  uint64_t released = atomic_load_explicit(&ring->released, memory_order_acquire);
  return ring->capacity - (size_t)(written - released);
}

void receiver_ring_write(struct receiver_ring *ring, const float *frames, size_t count) {
  uint64_t written = atomic_load_explicit(&ring->written, memory_order_relaxed); /* our own */
  size_t at = (size_t)written & (ring->capacity - 1), channels = ring->channels;
  size_t first = ring->capacity - at < count ? ring->capacity - at : count;
  memcpy(ring->frames + at * channels, frames, first * channels * sizeof *frames);
  memcpy(ring->frames, frames + first * channels, (count - first) * channels * sizeof *frames);
  atomic_store_explicit(&ring->written, written + count, memory_order_release);
}

void receiver_ring_post(struct receiver_ring *ring, const struct receiver_line *line) {
  ring->lines[ring->posting] = *line;
  unsigned old = atomic_exchange_explicit(&ring->mail, ring->posting | NEWS, memory_order_acq_rel);
  ring->posting = old & ~(unsigned)NEWS;
}

const struct receiver_line *receiver_ring_line(struct receiver_ring *ring) {
  if (atomic_load_explicit(&ring->mail, memory_order_relaxed) & NEWS) { /* the exchange below is what synchronises */
    unsigned old = atomic_exchange_explicit(&ring->mail, ring->reading, memory_order_acq_rel);
    ring->reading = old & ~(unsigned)NEWS;
  }
  return &ring->lines[ring->reading];
}

uint64_t receiver_ring_written(const struct receiver_ring *ring) {
  return atomic_load_explicit(&ring->written, memory_order_acquire);
}

void receiver_ring_copy(const struct receiver_ring *ring, uint64_t position, float *frames, size_t count) {
  size_t at = (size_t)position & (ring->capacity - 1), channels = ring->channels;
  size_t first = ring->capacity - at < count ? ring->capacity - at : count;
  memcpy(frames, ring->frames + at * channels, first * channels * sizeof *frames);
  memcpy(frames + first * channels, ring->frames, (count - first) * channels * sizeof *frames);
}

static void split(const float *frames, unsigned channels, float *planes, size_t stride, size_t count) {
  if (channels == 2) {
    for (size_t i = 0; i < count; i++) {
      planes[i] = frames[2 * i];
      planes[stride + i] = frames[2 * i + 1];
    }
    return;
  }
  for (unsigned channel = 0; channel < channels; channel++)
    for (size_t i = 0; i < count; i++)
      planes[channel * stride + i] = frames[i * channels + channel];
}

void receiver_ring_split(const struct receiver_ring *ring, uint64_t position, float *planes, size_t stride,
                         size_t count) {
  size_t at = (size_t)position & (ring->capacity - 1);
  size_t first = ring->capacity - at < count ? ring->capacity - at : count;
  split(ring->frames + at * ring->channels, ring->channels, planes, stride, first);
  split(ring->frames, ring->channels, planes + first, stride, count - first);
}

void receiver_ring_release(struct receiver_ring *ring, uint64_t position) {
  atomic_store_explicit(&ring->released, position, memory_order_release);
}
