/* SPDX-License-Identifier: MIT
 *
 * Layout of audio in shared memory: one writer, any number of readers that only look, and at most one old-style reader that takes.
 *
 * The first 20 bytes are the header of "GeckoAudioShm"-style readers, so such readers work unchanged: their indices count
 * samples (frames * channels) modulo buffer_size, empty = equal. Ours follows at a fixed offset: versioned, with positions
 * in frames since the writer's start that never wrap, so that every reader keeps its own place, knows how much it missed,
 * and two of them hear the same (lesson 25). Samples follow at data_offset: float32, interleaved.
 *
 * Nobody wakes anybody: the writer may be an IO callback, which makes no system call. Readers wait by the clock: written,
 * written_ns and rate say when the frames they want will be there.
 *
 * Both sides treat the other as hostile: sizes are checked once against the mapping and kept in private memory; indices are
 * copied once and bounded.
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
  ORIEL_AUDIO_SHM_LEGACY_SIZE = 20,
  ORIEL_AUDIO_SHM_BLOCK_OFFSET = 64,
  ORIEL_AUDIO_SHM_DATA_OFFSET = 4096, /* a page: a reader may map header and data apart */
  ORIEL_AUDIO_SHM_CHANNELS_MAX = 16,
  ORIEL_AUDIO_SHM_FRAMES_MIN = 1024,  /* power of two */
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

struct oriel_audio_shm_block {
  uint32_t magic, version;
  uint32_t data_offset;        /* bytes from the start of the mapping */
  uint32_t frames;             /* of the ring; a power of two */
  uint32_t channels, rate;
  uint32_t flags, reserved;    /* 0 */
  _Atomic uint64_t generation; /* changes when rate, channels or size do: reopen (RESTART_REQUIRED); 0 = the writer is gone */
  uint8_t pad_writer[24];
  /* The writer's cache line. */
  _Atomic uint64_t written;    /* frames since start whose samples are complete */
  _Atomic uint64_t writing;    /* frames since start that may be half written: >= written, what a reader must not trust
                                  any more is everything before writing - frames */
  _Atomic uint64_t written_ns; /* monotonic time of the first frame after `written`, as the writer's clock says */
  _Atomic uint64_t beat;       /* counts the writer's calls, also when silent: a writer whose beat rests is dead */
  uint8_t pad_end[32];
};

static_assert(sizeof(struct oriel_audio_shm_legacy) == ORIEL_AUDIO_SHM_LEGACY_SIZE, "legacy header");
static_assert(offsetof(struct oriel_audio_shm_block, written) == 64, "the writer's line");
static_assert(sizeof(struct oriel_audio_shm_block) == 128, "two cache lines");

#endif
