/* SPDX-License-Identifier: MIT
 *
 * Fixed fields: copied once, checked in private memory, never looked at again. Any thread.
 */
#include "audio/shm_header.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "audio/oriel-audio.h"
#include "wire/audio_shm.h"

static bool power_of_two(uint32_t n) {
  return n && !(n & (n - 1));
}

/* The block's place follows from these alone. */
static bool sizes_check(const struct oriel_audio_shm_legacy *legacy, size_t size, size_t *block_offset) {
  if (!legacy->channels || legacy->channels > ORIEL_AUDIO_SHM_CHANNELS_MAX ||
      legacy->buffer_size > (uint32_t)ORIEL_AUDIO_SHM_FRAMES_MAX * ORIEL_AUDIO_SHM_CHANNELS_MAX)
    return false;
  *block_offset = oriel_audio_shm_block_offset(legacy->buffer_size);
  return size >= sizeof(struct oriel_audio_shm_block) && *block_offset <= size - sizeof(struct oriel_audio_shm_block);
}

int oriel_audio_shm_header_check(const void *legacy_bytes, const void *block_bytes, size_t size,
                                 struct oriel_audio_shm_header *header) {
  struct oriel_audio_shm_legacy legacy;
  struct oriel_audio_shm_block block;
  memcpy(&legacy, legacy_bytes, sizeof legacy);
  memcpy(&block, block_bytes, sizeof block);
  size_t block_offset;
  if (!sizes_check(&legacy, size, &block_offset) || block.magic != ORIEL_AUDIO_SHM_MAGIC ||
      block.version != ORIEL_AUDIO_SHM_VERSION || block.data_offset != ORIEL_AUDIO_SHM_DATA_OFFSET || block.flags ||
      block.frames < ORIEL_AUDIO_SHM_FRAMES_MIN || block.frames > ORIEL_AUDIO_SHM_FRAMES_MAX ||
      !power_of_two(block.frames) || block.channels != legacy.channels || block.rate != legacy.sample_rate ||
      block.rate < ORIEL_AUDIO_SHM_RATE_MIN || block.rate > ORIEL_AUDIO_SHM_RATE_MAX ||
      block.frames * block.channels != legacy.buffer_size || block.delay > block.rate * 10)
    return ORIEL_AUDIO_BAD_LAYOUT;
  *header = (struct oriel_audio_shm_header){.frames = block.frames, .channels = block.channels, .rate = block.rate,
    .delay = block.delay, .block_offset = block_offset, .generation = block.line.generation};
  return 0;
}

#ifdef __linux__
int oriel_audio_shm_header_read(int fd, size_t size, struct oriel_audio_shm_header *header) {
  struct oriel_audio_shm_legacy legacy;
  struct oriel_audio_shm_block block;
  size_t at;
  if (pread(fd, &legacy, sizeof legacy, 0) != sizeof legacy || !sizes_check(&legacy, size, &at) ||
      pread(fd, &block, sizeof block, (off_t)at) != sizeof block)
    return ORIEL_AUDIO_BAD_LAYOUT;
  return oriel_audio_shm_header_check(&legacy, &block, size, header);
}

int oriel_audio_shm_header_end(int fd, size_t size) {
  struct oriel_audio_shm_header header;
  /* By pwrite: whoever left this object may still hold it, and cut it off. */
  if (oriel_audio_shm_header_read(fd, size, &header) == 0) {
    const uint64_t over = 0;
    const size_t at = header.block_offset + offsetof(struct oriel_audio_shm_block, line.generation);
    (void)!pwrite(fd, &over, sizeof over, (off_t)at);
  }
  return 0;
}
#else
/* Shared memory here can be neither read nor cut off: map it. */
int oriel_audio_shm_header_read(int fd, size_t size, struct oriel_audio_shm_header *header) {
  if (size < sizeof(struct oriel_audio_shm_legacy))
    return ORIEL_AUDIO_BAD_LAYOUT;
  char *base = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
  if (base == MAP_FAILED)
    return ORIEL_AUDIO_MAP_FAILED;
  struct oriel_audio_shm_legacy legacy;
  memcpy(&legacy, base, sizeof legacy);
  size_t at;
  int error = ORIEL_AUDIO_BAD_LAYOUT;
  if (sizes_check(&legacy, size, &at))
    error = oriel_audio_shm_header_check(&legacy, base + at, size, header);
  munmap(base, size);
  return error;
}

int oriel_audio_shm_header_end(int fd, size_t size) {
  struct oriel_audio_shm_header header;
  if (oriel_audio_shm_header_read(fd, size, &header) < 0)
    return 0;
  char *base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (base == MAP_FAILED)
    return 0;
  struct oriel_audio_shm_block *block = (struct oriel_audio_shm_block *)(void *)(base + header.block_offset);
  const uint64_t written_ns = atomic_load(&block->line.published_ns), now_ns = oriel_audio_clock_ns();
  const bool busy = atomic_load(&block->line.generation) && now_ns > written_ns && now_ns - written_ns < 1000000000u;
  if (!busy)
    atomic_store(&block->line.generation, 0);
  munmap(base, size);
  return busy ? -EBUSY : 0;
}
#endif
