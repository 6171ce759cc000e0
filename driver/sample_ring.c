/* SPDX-License-Identifier: MIT
 *
 * The ring by sample time. The writer announces how far it will write (`writing`) before it touches a sample and moves
 * `end` after the last; a reader copies, then looks at `writing` again and silences what may have been written over
 * meanwhile. IO callback, transport threads.
 */
#include "driver/sample_ring.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Frames silenced in one write, about 1 us of a callback for stereo; or as many as the write itself has, so that one
 * cycle that was missed is a gap, however long cycles are. */
enum { GAP_MAX = 4096 };

int sample_ring_init(struct sample_ring *ring, unsigned channels) {
  assert(channels >= 1 && channels <= SAMPLE_RING_CHANNELS);
  ring->samples = malloc(sizeof(float) * SAMPLE_RING_FRAMES * SAMPLE_RING_CHANNELS);
  if (!ring->samples)
    return -ENOMEM;
  sample_ring_reset(ring, channels);
  return 0;
}

void sample_ring_finish(struct sample_ring *ring) {
  free(ring->samples);
  ring->samples = NULL;
}

void sample_ring_reset(struct sample_ring *ring, unsigned channels) {
  ring->channels = channels;
  /* Touches the pages in use now, so that no page fault interrupts a callback. */
  memset(ring->samples, 0, sizeof(float) * SAMPLE_RING_FRAMES * channels);
  atomic_store(&ring->begin, 0);
  atomic_store(&ring->end, 0);
  atomic_store(&ring->writing, 0);
  atomic_store(&ring->reads, 0);
}

static void span_of(const struct sample_ring *ring, int64_t at, size_t count, struct sample_span *span) {
  const size_t index = (size_t)((uint64_t)at % SAMPLE_RING_FRAMES);
  const size_t straight = SAMPLE_RING_FRAMES - index;
  span->frames[0] = ring->samples + index * ring->channels;
  span->count[0] = count < straight ? count : straight;
  span->frames[1] = ring->samples;
  span->count[1] = count - span->count[0];
}

static void silence(const struct sample_ring *ring, int64_t at, size_t count) {
  struct sample_span span;
  span_of(ring, at, count, &span);
  memset(span.frames[0], 0, span.count[0] * ring->channels * sizeof(float));
  memset(span.frames[1], 0, span.count[1] * ring->channels * sizeof(float));
}

void sample_ring_begin(struct sample_ring *ring, int64_t at, size_t count, struct sample_span *span) {
  assert(count >= 1 && count <= SAMPLE_RING_WRITE_MAX);
  /* Relaxed: only the writer stores these. */
  const int64_t end = atomic_load_explicit(&ring->end, memory_order_relaxed);
  /* Acquire; partner: the release at the end of sample_ring_read. A copy that a reader has finished is older than what
   * we write over it; one that it has not is thrown away by its second look at `writing`. */
  (void)atomic_load_explicit(&ring->reads, memory_order_acquire);
  const int64_t last = at + (int64_t)count;
  const int64_t gap = at - end;
  const int64_t gap_most = count > GAP_MAX ? (int64_t)count : GAP_MAX;
  const int forget = gap > gap_most || last + SAMPLE_RING_FRAMES / 2 <= end;
  atomic_store_explicit(&ring->writing, forget || last > end ? last : end, memory_order_relaxed);
  if (forget)
    atomic_store_explicit(&ring->begin, at, memory_order_relaxed);
  /* Release; partner: the acquire fence in sample_ring_read. Who sees a sample of this write sees `writing` and
   * `begin`. */
  atomic_thread_fence(memory_order_release);
  if (!forget && gap > 0)
    silence(ring, end, (size_t)gap);
  else if (!forget && at < atomic_load_explicit(&ring->begin, memory_order_relaxed))
    atomic_store_explicit(&ring->begin, at, memory_order_relaxed);
  span_of(ring, at, count, span);
}

void sample_ring_commit(struct sample_ring *ring) {
  /* Relaxed: the writer's own. The end of this write, or a later one that this write lay before. */
  const int64_t writing = atomic_load_explicit(&ring->writing, memory_order_relaxed);
  /* Release; partner: the acquire in sample_ring_extent. The samples are there before the end that covers them. */
  atomic_store_explicit(&ring->end, writing, memory_order_release);
}

void sample_ring_extent(const struct sample_ring *ring, int64_t *begin, int64_t *end) {
  /* `end` first: a begin that is stored before it cannot be missed. Acquire; partner: the release in
   * sample_ring_commit. */
  *end = atomic_load_explicit(&ring->end, memory_order_acquire);
  *begin = atomic_load_explicit(&ring->begin, memory_order_acquire);
  const int64_t writing = atomic_load_explicit(&ring->writing, memory_order_relaxed);
  if (*begin < writing - SAMPLE_RING_FRAMES)
    *begin = writing - SAMPLE_RING_FRAMES;
  if (*begin > *end)
    *begin = *end;
}

size_t sample_ring_read(struct sample_ring *ring, int64_t at, float *frames, size_t count) {
  const size_t channels = ring->channels;
  int64_t begin, end;
  sample_ring_extent(ring, &begin, &end);
  int64_t from = at > begin ? at : begin, to = at + (int64_t)count;
  to = to < end ? to : end;
  if (from >= to) {
    memset(frames, 0, count * channels * sizeof(float));
    return 0;
  }
  const size_t before = (size_t)(from - at);
  size_t there = (size_t)(to - from);
  struct sample_span span;
  span_of(ring, from, there, &span);
  float *out = frames + before * channels;
  memcpy(out, span.frames[0], span.count[0] * channels * sizeof(float));
  memcpy(out + span.count[0] * channels, span.frames[1], span.count[1] * channels * sizeof(float));
  /* Release; partner: the acquire in sample_ring_begin. */
  atomic_fetch_add_explicit(&ring->reads, 1, memory_order_release);
  /* Acquire; partner: the release fence in sample_ring_begin. */
  atomic_thread_fence(memory_order_acquire);
  int64_t valid = atomic_load_explicit(&ring->writing, memory_order_relaxed) - SAMPLE_RING_FRAMES;
  begin = atomic_load_explicit(&ring->begin, memory_order_relaxed);
  valid = begin > valid ? begin : valid;
  size_t lost = valid <= from ? 0 : valid >= to ? there : (size_t)(valid - from);
  memset(frames, 0, (before + lost) * channels * sizeof(float));
  memset(out + there * channels, 0, (count - before - there) * channels * sizeof(float));
  return there - lost;
}
