/* SPDX-License-Identifier: MIT
 *
 * A ring of frames, and beside it a ring of timestamps.
 */
#include "desktop/sound_fifo.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/ring.h"
#include "media/opus.h"

enum {
  RING_FRAMES = 65536,
  BACKLOG_FRAMES = ORIEL_OPUS_RATE * 60 / 1000, /* more than this waits: trim (lesson 27) */
  TIMESTAMPS = 256,
};
static const uint64_t gap_ns = 100 * ORIEL_NS_PER_MS;   /* a jump in capture times: sound stopped and began again */
static const uint64_t ahead_ns = 800 * ORIEL_NS_PER_MS; /* so much may come at once, after a source stood still */

/* The frame with number `index` was captured at `ns`. */
struct timestamp {
  atomic_uint_fast64_t index, ns;
};

struct oriel_sound_fifo {
  struct oriel_ring *ring;
  atomic_bool flush;            /* what lies in the ring at the next write is a former listener's */
  atomic_uint_fast64_t flushed; /* frames before this number are not for the present listeners */
  atomic_uint_fast64_t overruns;
  struct timestamp timestamps[TIMESTAMPS];
  atomic_uint head, tail; /* of the timestamps; head: producer; tail: consumer */
  /* Producer only: what was written, and when all of it will have sounded. */
  uint64_t written, sounded_ns;
  /* Consumer only: what was read, and the timestamp that holds there. */
  uint64_t read, index, ns;
};

int oriel_sound_fifo_create(struct oriel_sound_fifo **out) {
  struct oriel_sound_fifo *fifo = calloc(1, sizeof *fifo);
  if (!fifo)
    return -ENOMEM;
  if (oriel_ring_create_untouched(RING_FRAMES, ORIEL_OPUS_CHANNELS, &fifo->ring)) {
    free(fifo);
    return -ENOMEM;
  }
  *out = fifo;
  return 0;
}

void oriel_sound_fifo_destroy(struct oriel_sound_fifo *fifo) {
  if (!fifo)
    return;
  oriel_ring_destroy(fifo->ring);
  free(fifo);
}

static void count_overrun(struct oriel_sound_fifo *fifo) {
  atomic_fetch_add_explicit(&fifo->overruns, 1, memory_order_relaxed); /* a counter alone */
}

/* ---- the source's data thread ---- */

static void stamp(struct oriel_sound_fifo *fifo, uint64_t captured_ns) {
  const unsigned head = atomic_load_explicit(&fifo->head, memory_order_relaxed); /* only this thread writes it */
  /* acquire with the consumer's release of tail: the slot is free to reuse */
  if (head - atomic_load_explicit(&fifo->tail, memory_order_acquire) >= TIMESTAMPS)
    return; /* times go on from the one before */
  struct timestamp *slot = &fifo->timestamps[head % TIMESTAMPS];
  atomic_store_explicit(&slot->index, fifo->written, memory_order_relaxed); /* published by head */
  atomic_store_explicit(&slot->ns, captured_ns, memory_order_relaxed);      /* published by head */
  atomic_store_explicit(&fifo->head, head + 1, memory_order_release);       /* with the acquire in next_timestamp */
}

/* Whether frames may be taken. A source that says more is not followed, as each packet would be encoded and sent to
 * everybody. */
static bool affordable(struct oriel_sound_fifo *fifo, size_t count, uint64_t now_ns) {
  const uint64_t from_ns = fifo->sounded_ns > now_ns ? fifo->sounded_ns : now_ns;
  if (from_ns - now_ns >= ahead_ns)
    return false;
  /* a quarter faster than real time is a clock's or a backlog's */
  fifo->sounded_ns = from_ns + oriel_opus_frames_ns(count) * 4 / 5;
  return true;
}

bool oriel_sound_fifo_write(struct oriel_sound_fifo *fifo, const float *frames, size_t count, uint64_t captured_ns,
                            uint64_t now_ns) {
  if (!affordable(fifo, count, now_ns)) {
    count_overrun(fifo);
    return false;
  }
  if (atomic_exchange(&fifo->flush, false))
    atomic_store(&fifo->flushed, fifo->written);
  stamp(fifo, captured_ns);
  const size_t fitted = oriel_ring_write(fifo->ring, frames, count);
  fifo->written += fitted;
  if (fitted < count)
    count_overrun(fifo);
  return true;
}

/* ---- any thread ---- */

void oriel_sound_fifo_flush(struct oriel_sound_fifo *fifo) {
  atomic_store(&fifo->flush, true);
}

size_t oriel_sound_fifo_level(const struct oriel_sound_fifo *fifo) {
  return oriel_ring_level(fifo->ring);
}

uint64_t oriel_sound_fifo_overruns(const struct oriel_sound_fifo *fifo) {
  return atomic_load_explicit(&fifo->overruns, memory_order_relaxed); /* a counter alone */
}

/* ---- the audio thread ---- */

static bool next_timestamp(struct oriel_sound_fifo *fifo, uint64_t *index, uint64_t *ns) {
  const unsigned tail = atomic_load_explicit(&fifo->tail, memory_order_relaxed); /* only this thread writes it */
  /* acquire with the producer's release in stamp */
  if (tail == atomic_load_explicit(&fifo->head, memory_order_acquire))
    return false;
  const struct timestamp *slot = &fifo->timestamps[tail % TIMESTAMPS];
  *index = atomic_load_explicit(&slot->index, memory_order_relaxed);
  *ns = atomic_load_explicit(&slot->ns, memory_order_relaxed);
  return true;
}

static void drop_timestamp(struct oriel_sound_fifo *fifo) {
  const unsigned tail = atomic_load_explicit(&fifo->tail, memory_order_relaxed); /* only this thread writes it */
  atomic_store_explicit(&fifo->tail, tail + 1, memory_order_release); /* with the producer's acquire in stamp */
}

/* Makes the newest timestamp at or before the reading position the current one. */
static void keep_time(struct oriel_sound_fifo *fifo) {
  uint64_t index, ns;
  while (next_timestamp(fifo, &index, &ns) && index <= fifo->read) {
    fifo->index = index;
    fifo->ns = ns;
    drop_timestamp(fifo);
  }
}

static void skip(struct oriel_sound_fifo *fifo, size_t count) {
  fifo->read += oriel_ring_skip(fifo->ring, count);
  keep_time(fifo);
}

void oriel_sound_fifo_settle(struct oriel_sound_fifo *fifo) {
  const uint64_t flushed = atomic_load(&fifo->flushed);
  if (flushed > fifo->read)
    skip(fifo, flushed - fifo->read);
}

void oriel_sound_fifo_clear(struct oriel_sound_fifo *fifo) {
  skip(fifo, RING_FRAMES);
}

void oriel_sound_fifo_trim(struct oriel_sound_fifo *fifo) {
  keep_time(fifo);
  const size_t level = oriel_ring_level(fifo->ring);
  if (level <= BACKLOG_FRAMES)
    return;
  skip(fifo, level - BACKLOG_FRAMES);
  count_overrun(fifo);
}

uint64_t oriel_sound_fifo_arrived(const struct oriel_sound_fifo *fifo) {
  return fifo->read + oriel_ring_level(fifo->ring);
}

uint64_t oriel_sound_fifo_captured_ns(const struct oriel_sound_fifo *fifo) {
  return fifo->ns + oriel_opus_frames_ns(fifo->read - fifo->index);
}

size_t oriel_sound_fifo_coherent(struct oriel_sound_fifo *fifo, size_t count) {
  uint64_t index, ns;
  if (!next_timestamp(fifo, &index, &ns) || index >= fifo->read + count)
    return count;
  const uint64_t expected = fifo->ns + oriel_opus_frames_ns(index - fifo->index);
  return ns > expected + gap_ns ? (size_t)(index - fifo->read) : count;
}

size_t oriel_sound_fifo_take(struct oriel_sound_fifo *fifo, float *frames, size_t count) {
  const size_t got = oriel_ring_read(fifo->ring, frames, count);
  fifo->read += got;
  keep_time(fifo);
  return got;
}
