/* SPDX-License-Identifier: MIT
 *
 * The ring in shared memory: how frames are published and how they are taken. Private memory holds every size; nothing
 * here trusts the other side. Data threads.
 */
#ifndef ORIEL_AUDIO_RING_H
#define ORIEL_AUDIO_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "wire/audio_shm.h"

/** Thread-safety: one writer or one reader per struct; the shared memory in between needs no lock. */
struct oriel_audio_ring {
  /* Of the mapping; all NULL where a reader copies by pread instead. */
  struct oriel_audio_shm_legacy *legacy; /* writer only */
  struct oriel_audio_shm_line *line;
  float *samples;
  int fd;
  uint32_t frames, channels; /* frames: a power of two */
  uint64_t position;         /* writer: frames published; reader: the next frame to take */
  uint64_t generation;
  uint64_t beat;             /* writer */
  uint64_t lost;             /* reader */
};

/** A copy of the writer's line, bounded: written <= writing <= written + frames, without wrapping; period <= frames. */
struct oriel_audio_view {
  uint64_t written, writing, published_ns, beat, generation;
  uint32_t period, state;
};

/** Most frames that are announced at once: readers at the newest frame always have the other three quarters. */
static inline size_t oriel_audio_ring_span_max(const struct oriel_audio_ring *ring) {
  return ring->frames / 4;
}

/** Writer: announces that up to `count` frames (at most span_max) from its position on are being written. Returns
 *  where the first lies; *straight, how many lie there in one piece. */
float *oriel_audio_ring_begin(struct oriel_audio_ring *ring, size_t count, size_t *straight);
/** Writer: publishes `count` of the announced frames. */
void oriel_audio_ring_publish(struct oriel_audio_ring *ring, size_t count, uint64_t now_ns);
/** Writer: copies and publishes; frames NULL = silence. Any count. */
void oriel_audio_ring_write(struct oriel_audio_ring *ring, const float *frames, size_t count, uint64_t now_ns);

/** Reader: looks at the writer's line. 0, -EBADMSG: the object was cut short. */
int oriel_audio_ring_look(const struct oriel_audio_ring *ring, struct oriel_audio_view *view);
/** Reader: takes up to `count` frames. Returns how many; -EBADMSG; -ESTALE: the writer's generation is over. What
 *  was not taken in `frames` may hold anything. */
ssize_t oriel_audio_ring_take(struct oriel_audio_ring *ring, float *frames, size_t count);
/** Reader: frames ready by `view`; moves a position that the writer left behind, or that lies ahead of it. */
size_t oriel_audio_ring_backlog(struct oriel_audio_ring *ring, const struct oriel_audio_view *view, size_t wanted);

#endif
