/* SPDX-License-Identifier: MIT
 *
 * Publication works like a sequence lock whose readers never retry for the writer's sake. The writer announces the span
 * (`writing`), fills it, then publishes (`written`). A reader takes frames below `written` and afterwards looks whether
 * the announcement has come around to them; if so they may be mixed with newer ones, and are dropped. Each memory order
 * below is needed: tests/audio/ring_model_test weakens them one by one, and each time some reader hears wrong sound.
 *
 * Readers that may not map (see object.h) do the same through pread: the kernel's copy ends at a cut object's end,
 * where a load would be SIGBUS. The kernel promises no atomic copy of 8 bytes; a torn position is bounded like a
 * lying one, and found by the second look, since positions only grow.
 */
#include "audio/ring.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "audio/sanitize.h"

enum { ATTEMPTS = 4, PIECE = 4096 };

static size_t least(size_t a, size_t b) {
  return a < b ? a : b;
}

/* Samples from the ring's start to frame `position`. */
static size_t offset_of(const struct oriel_audio_ring *ring, uint64_t position) {
  return (size_t)(position & (ring->frames - 1)) * ring->channels;
}

/* Of `count` frames from `position` on, how many lie before the ring's end. */
static size_t straight_from(const struct oriel_audio_ring *ring, uint64_t position, size_t count) {
  return least(count, ring->frames - (size_t)(position & (ring->frames - 1)));
}

float *oriel_audio_ring_begin(struct oriel_audio_ring *ring, size_t count, size_t *straight) {
  atomic_store_explicit(&ring->line->writing, ring->position + count, memory_order_relaxed);
  /* Release; partner: the acquire fence in still_valid(). Who sees one of the samples to come sees the announcement. */
  atomic_thread_fence(memory_order_release);
  *straight = straight_from(ring, ring->position, count);
  return ring->samples + offset_of(ring, ring->position);
}

void oriel_audio_ring_publish(struct oriel_audio_ring *ring, size_t count, uint64_t now_ns) {
  struct oriel_audio_shm_line *line = ring->line;
  ring->position += count;
  /* Relaxed: these are hints for waiting, and the release that follows carries them. */
  atomic_store_explicit(&line->published_ns, now_ns, memory_order_relaxed);
  atomic_store_explicit(&line->period, (uint32_t)count, memory_order_relaxed);
  atomic_store_explicit(&line->beat, ++ring->beat, memory_order_relaxed);
  /* Release; partner: the acquire in oriel_audio_ring_look. The samples are there before the position that covers
   * them. */
  atomic_store_explicit(&line->written, ring->position, memory_order_release);
  /* Release; partner: an old-style reader's load of write_head, for the same reason. */
  atomic_store_explicit(&ring->legacy->write_head, (uint32_t)offset_of(ring, ring->position), memory_order_release);
}

static void fill(struct oriel_audio_ring *ring, const float *frames, size_t count) {
  size_t straight;
  float *at = oriel_audio_ring_begin(ring, count, &straight);
  const size_t frame_size = ring->channels * sizeof(float);
  if (frames) {
    memcpy(at, frames, straight * frame_size);
    memcpy(ring->samples, frames + straight * ring->channels, (count - straight) * frame_size);
  } else {
    memset(at, 0, straight * frame_size);
    memset(ring->samples, 0, (count - straight) * frame_size);
  }
}

void oriel_audio_ring_write(struct oriel_audio_ring *ring, const float *frames, size_t count, uint64_t now_ns) {
  const size_t most = oriel_audio_ring_span_max(ring);
  do {
    const size_t part = least(count, most);
    fill(ring, frames, part);
    oriel_audio_ring_publish(ring, part, now_ns);
    count -= part;
    if (frames)
      frames += part * ring->channels;
  } while (count);
}

/* All `size` bytes at `offset`, or -EBADMSG: there is less. */
static int pread_all(int fd, void *to, size_t size, size_t offset) {
  for (size_t got = 0; got < size;) {
    const ssize_t n = pread(fd, (char *)to + got, size - got, (off_t)(offset + got));
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return -EBADMSG;
    got += (size_t)n;
  }
  return 0;
}

static size_t line_offset(const struct oriel_audio_ring *ring) {
  return oriel_audio_shm_block_offset(ring->frames * ring->channels) + offsetof(struct oriel_audio_shm_block, line);
}

static int look_by_pread(const struct oriel_audio_ring *ring, struct oriel_audio_view *view) {
  struct oriel_audio_shm_line line;
  if (pread_all(ring->fd, &line, offsetof(struct oriel_audio_shm_line, pad), line_offset(ring)) < 0)
    return -EBADMSG;
  /* Acquire, for the kernel's loads on this thread; partner: the release of `written`. */
  atomic_thread_fence(memory_order_acquire);
  *view = (struct oriel_audio_view){
    .written = line.written, .writing = line.writing, .published_ns = line.published_ns, .beat = line.beat,
    .generation = line.generation, .period = line.period, .state = line.state};
  return 0;
}

static void look_directly(const struct oriel_audio_ring *ring, struct oriel_audio_view *view) {
  struct oriel_audio_shm_line *line = ring->line;
  /* Acquire; partner: the release in oriel_audio_ring_publish. */
  view->written = atomic_load_explicit(&line->written, memory_order_acquire);
  view->writing = atomic_load_explicit(&line->writing, memory_order_relaxed);
  view->published_ns = atomic_load_explicit(&line->published_ns, memory_order_relaxed);
  view->beat = atomic_load_explicit(&line->beat, memory_order_relaxed);
  view->generation = atomic_load_explicit(&line->generation, memory_order_relaxed);
  view->period = atomic_load_explicit(&line->period, memory_order_relaxed);
  view->state = atomic_load_explicit(&line->state, memory_order_relaxed);
}

int oriel_audio_ring_look(const struct oriel_audio_ring *ring, struct oriel_audio_view *view) {
  if (!ring->line && look_by_pread(ring, view) < 0)
    return -EBADMSG;
  if (ring->line)
    look_directly(ring, view);
  if (view->writing < view->written || view->writing - view->written > ring->frames)
    view->writing = view->written;
  if (view->period > ring->frames)
    view->period = ring->frames;
  return 0;
}

size_t oriel_audio_ring_backlog(struct oriel_audio_ring *ring, const struct oriel_audio_view *view, size_t wanted) {
  if (ring->position > view->written) /* a writer whose time runs backwards: start anew where it is */
    ring->position = view->written;
  if (view->writing - ring->position > ring->frames) {
    /* Lapped. Go on with the newest: an old backlog would stay as delay. */
    size_t keep = least(wanted, ring->frames / 2);
    if (keep > view->written - ring->position) /* only if half a ring is announced, which no writer of ours does */
      keep = 0;
    ring->lost += view->written - keep - ring->position;
    ring->position = view->written - keep;
  }
  return (size_t)(view->written - ring->position);
}

/* In pieces that are still in the first cache when they are judged. */
static int copy_by_pread(const struct oriel_audio_ring *ring, float *to, size_t at, size_t count) {
  while (count) {
    const size_t piece = least(count, PIECE);
    if (pread_all(ring->fd, to, piece * sizeof *to, ORIEL_AUDIO_SHM_DATA_OFFSET + at * sizeof *to) < 0)
      return -EBADMSG;
    oriel_audio_sanitize_copy(to, to, piece);
    to += piece;
    at += piece;
    count -= piece;
  }
  return 0;
}

static int copy_out(const struct oriel_audio_ring *ring, float *frames, size_t count) {
  const size_t channels = ring->channels;
  const size_t at = offset_of(ring, ring->position);
  const size_t straight = straight_from(ring, ring->position, count);
  if (ring->line) {
    oriel_audio_sanitize_copy(frames, ring->samples + at, straight * channels);
    oriel_audio_sanitize_copy(frames + straight * channels, ring->samples, (count - straight) * channels);
    return 0;
  }
  const int error = copy_by_pread(ring, frames, at, straight * channels);
  return error < 0 ? error : copy_by_pread(ring, frames + straight * channels, 0, (count - straight) * channels);
}

/* Whether the frames just copied, from the position on, are not yet being overwritten. 1, 0, -EBADMSG. */
static int still_valid(const struct oriel_audio_ring *ring, uint64_t written) {
  /* Acquire; partner: the release fence in oriel_audio_ring_begin. If a copied sample was a newer one, the announcement
   * that came before it is seen here. */
  atomic_thread_fence(memory_order_acquire);
  uint64_t now[2]; /* written, writing */
  static_assert(offsetof(struct oriel_audio_shm_line, writing) - offsetof(struct oriel_audio_shm_line, written) == 8,
                "read together");
  if (ring->line)
    now[1] = atomic_load_explicit(&ring->line->writing, memory_order_relaxed);
  else if (pread_all(ring->fd, now, sizeof now, line_offset(ring) + offsetof(struct oriel_audio_shm_line, written)) < 0)
    return -EBADMSG;
  else if (now[0] < written) /* one of the two was torn, or the writer lies */
    return 0;
  return now[1] - ring->position <= ring->frames;
}

ssize_t oriel_audio_ring_take(struct oriel_audio_ring *ring, float *frames, size_t count) {
  for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
    struct oriel_audio_view view;
    if (oriel_audio_ring_look(ring, &view) < 0)
      return -EBADMSG;
    if (view.generation != ring->generation)
      return -ESTALE;
    const size_t ready = least(oriel_audio_ring_backlog(ring, &view, count), count);
    if (!ready)
      return 0;
    if (copy_out(ring, frames, ready) < 0)
      return -EBADMSG;
    const int valid = still_valid(ring, view.written);
    if (valid < 0)
      return valid;
    if (valid) {
      ring->position += ready;
      return (ssize_t)ready;
    }
  }
  return 0; /* a writer that laps us four times in a row writes faster than anybody can listen */
}
