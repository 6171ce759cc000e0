/* SPDX-License-Identifier: MIT
 *
 * Layout of audio in shared memory: one writer, any number of readers that only look, at most one old-style reader.
 *
 *     0            20                             block: the next multiple of 128
 *     | legacy 20 B | frames * channels float32   | block: 128 B fixed, 128 B the writer's line |
 *
 * Legacy header and samples stand where "GeckoAudioShm"-style readers look for them, so such readers work unchanged:
 * their indices count samples (frames * channels) modulo buffer_size, empty = equal. Ours follows the samples:
 * versioned, with positions in frames since the writer's start that never wrap, so that every reader keeps its own
 * place, knows how much it missed, and two of them hear the same (lesson 25).
 *
 * Nobody wakes anybody: the writer may be an IO callback, which makes no system call. Readers wait by the clock:
 * published_ns, period and rate say when the frames they want will be there.
 *
 * Both sides treat the other as hostile: sizes are checked once against the object and kept in private memory; the
 * writer reads nothing from it; readers copy positions once and bound them. Documented in docs/protocols/audio-shm.md.
 */
#ifndef ORIEL_WIRE_AUDIO_SHM_H
#define ORIEL_WIRE_AUDIO_SHM_H

#include <assert.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define ORIEL_AUDIO_SHM_MAGIC UINT32_C(0x4c49524f) /* "ORIL" in memory */

enum {
  ORIEL_AUDIO_SHM_VERSION = 1,
  ORIEL_AUDIO_SHM_DATA_OFFSET = 20,
  ORIEL_AUDIO_SHM_BLOCK_ALIGN = 128,
  ORIEL_AUDIO_SHM_CHANNELS_MAX = 16,
  ORIEL_AUDIO_SHM_FRAMES_MIN = 1024, /* powers of two */
  ORIEL_AUDIO_SHM_FRAMES_MAX = 1 << 20,
  ORIEL_AUDIO_SHM_RATE_MIN = 8000,
  ORIEL_AUDIO_SHM_RATE_MAX = 192000,
};

struct oriel_audio_shm_legacy {
  _Atomic uint32_t write_head, read_head; /* samples, modulo buffer_size */
  uint32_t buffer_size;                   /* samples: frames * channels */
  uint32_t channels;
  uint32_t sample_rate;                   /* Hz */
};

enum oriel_audio_shm_state {
  ORIEL_AUDIO_SHM_IDLE,    /* the device's IO is stopped: no sound is expected */
  ORIEL_AUDIO_SHM_RUNNING, /* a `beat` that stands still is a fault */
};

/* All that changes while the writer lives, on its own cache lines. Only the writer stores here. */
struct oriel_audio_shm_line {
  _Atomic uint64_t generation;   /* this object's, never 0; 0 or another: it is over, open the name again */
  _Atomic uint64_t written;      /* frames since start whose samples are complete */
  _Atomic uint64_t writing;      /* frames since start that may be half written, >= written: nothing before
                                    writing - frames may be trusted any more */
  _Atomic uint64_t published_ns; /* monotonic time of the call that stored `written`; 0 = unknown */
  _Atomic uint64_t beat;         /* counts the writer's calls */
  _Atomic uint32_t period;       /* frames of that call: the next ones come a period later */
  _Atomic uint32_t state;        /* enum oriel_audio_shm_state */
  uint8_t pad[80];
};

struct oriel_audio_shm_block {
  _Atomic uint32_t magic; /* stored last: an object without it is not ready */
  uint32_t version;
  uint32_t data_offset;   /* 20 */
  uint32_t frames;        /* of the ring */
  uint32_t channels, rate;
  uint32_t delay;         /* frames the writer adds between a sample's time and its publication */
  uint32_t flags;         /* 0 */
  uint8_t pad[96];
  struct oriel_audio_shm_line line;
};

/** Where the block lies behind a ring of `samples` (frames * channels <= 2^24) samples. */
static inline size_t oriel_audio_shm_block_offset(uint32_t samples) {
  const size_t end = ORIEL_AUDIO_SHM_DATA_OFFSET + (size_t)samples * sizeof(float);
  return (end + ORIEL_AUDIO_SHM_BLOCK_ALIGN - 1) / ORIEL_AUDIO_SHM_BLOCK_ALIGN * ORIEL_AUDIO_SHM_BLOCK_ALIGN;
}

static_assert(sizeof(struct oriel_audio_shm_legacy) == ORIEL_AUDIO_SHM_DATA_OFFSET, "legacy header");
static_assert(offsetof(struct oriel_audio_shm_legacy, read_head) == 4, "legacy read_head");
static_assert(offsetof(struct oriel_audio_shm_legacy, sample_rate) == 16, "legacy sample_rate");
static_assert(sizeof(struct oriel_audio_shm_line) == 128, "the writer's lines");
static_assert(offsetof(struct oriel_audio_shm_line, pad) == 48, "line fields");
static_assert(offsetof(struct oriel_audio_shm_block, pad) == 32, "fixed fields");
static_assert(offsetof(struct oriel_audio_shm_block, line) == 128, "the writer's lines are its own");
static_assert(sizeof(struct oriel_audio_shm_block) == 256, "block");
static_assert(ATOMIC_LLONG_LOCK_FREE == 2 && ATOMIC_INT_LOCK_FREE == 2, "a lock in shared memory would be the peer's");

#endif
