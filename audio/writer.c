/* SPDX-License-Identifier: MIT
 *
 * The writer's side of the public interface. Create and destroy on any thread; the rest is for data threads.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "audio/guard.h"
#include "audio/object.h"
#include "audio/oriel-audio.h"
#include "audio/ring.h"

struct oriel_audio_writer {
  struct oriel_audio_ring ring;
  char *base;
  size_t size;
  char name[ORIEL_AUDIO_NAME_SIZE]; /* empty: none */
  int fd, read_fd;
  size_t acquired; /* frames of the span that is lent */
  atomic_bool cut;
};

static int check_config(const struct oriel_audio_writer_config *config, uint32_t *frames) {
  if (!config->channels || config->channels > ORIEL_AUDIO_SHM_CHANNELS_MAX || config->rate < ORIEL_AUDIO_SHM_RATE_MIN ||
      config->rate > ORIEL_AUDIO_SHM_RATE_MAX || config->ring_frames > ORIEL_AUDIO_SHM_FRAMES_MAX ||
      config->delay > config->rate * 10)
    return -EINVAL;
  const uint32_t wanted = config->ring_frames ? config->ring_frames : config->rate / 3;
  *frames = ORIEL_AUDIO_SHM_FRAMES_MIN;
  while (*frames < wanted)
    *frames *= 2;
  return 0;
}

/* Another writer's objects under the same name must not have ours. */
static uint64_t new_generation(void) {
  return oriel_audio_clock_ns() << 22 | ((uint64_t)getpid() & 0x3fffff) | 1;
}

static void lay_out(struct oriel_audio_writer *writer, const struct oriel_audio_writer_config *config,
                    uint32_t frames) {
  memset(writer->base, 0, writer->size); /* also touches every page now, so that no fault interrupts a callback */
  struct oriel_audio_shm_legacy *legacy = (struct oriel_audio_shm_legacy *)(void *)writer->base;
  legacy->buffer_size = frames * config->channels;
  legacy->channels = config->channels;
  legacy->sample_rate = config->rate;
  const size_t at = oriel_audio_shm_block_offset(frames * config->channels);
  struct oriel_audio_shm_block *block = (struct oriel_audio_shm_block *)(void *)(writer->base + at);
  block->version = ORIEL_AUDIO_SHM_VERSION;
  block->data_offset = ORIEL_AUDIO_SHM_DATA_OFFSET;
  block->frames = frames;
  block->channels = config->channels;
  block->rate = config->rate;
  block->delay = config->delay;
  writer->ring = (struct oriel_audio_ring){.legacy = legacy, .line = &block->line,
    .samples = (float *)(void *)(writer->base + ORIEL_AUDIO_SHM_DATA_OFFSET), .fd = -1,
    .frames = frames, .channels = config->channels, .generation = new_generation()};
  atomic_store(&block->line.generation, writer->ring.generation);
  atomic_store(&block->magic, ORIEL_AUDIO_SHM_MAGIC);
}

static int create_object(struct oriel_audio_writer *writer, const char *name, mode_t mode) {
  if (!name)
    return oriel_audio_object_create_sealed(writer->size);
  const int error = oriel_audio_object_name(name, writer->name);
  return error < 0 ? error : oriel_audio_object_create(writer->name, writer->size, mode ? mode : 0600);
}

/* Maps the object and guards it where it may be cut off. */
static int map(struct oriel_audio_writer *writer) {
  writer->base = mmap(NULL, writer->size, PROT_READ | PROT_WRITE, MAP_SHARED, writer->fd, 0);
  if (writer->base == MAP_FAILED)
    return ORIEL_AUDIO_MAP_FAILED;
#ifdef __linux__
  if (*writer->name) {
    const int error = oriel_audio_guard_add(writer->base, writer->size, &writer->cut);
    if (error < 0) {
      munmap(writer->base, writer->size);
      return error;
    }
  }
#endif
  /* Best effort: without the right to lock, pages in use are the last to be swapped out anyway. */
  (void)mlock(writer->base, writer->size);
  return 0;
}

static void unmap(struct oriel_audio_writer *writer) {
#ifdef __linux__
  if (*writer->name)
    oriel_audio_guard_remove(writer->base);
#endif
  munmap(writer->base, writer->size);
}

int oriel_audio_writer_create(const char *name, const struct oriel_audio_writer_config *config,
                              struct oriel_audio_writer **result) {
  uint32_t frames;
  int error = check_config(config, &frames);
  if (error < 0)
    return error;
  struct oriel_audio_writer *writer = calloc(1, sizeof *writer);
  if (!writer)
    return -ENOMEM;
  writer->size = oriel_audio_shm_block_offset(frames * config->channels) + sizeof(struct oriel_audio_shm_block);
  writer->fd = error = create_object(writer, name, config->mode);
  if (error < 0)
    goto free_writer;
  error = map(writer);
  if (error < 0)
    goto remove_object;
  writer->read_fd = error = oriel_audio_object_reopen(writer->fd, writer->name);
  if (error < 0)
    goto unmap_object;
  lay_out(writer, config, frames);
  *result = writer;
  return 0;
unmap_object:
  unmap(writer);
remove_object:
  if (*writer->name)
    oriel_audio_object_remove(writer->fd, writer->name);
  close(writer->fd);
free_writer:
  free(writer);
  return error;
}

void oriel_audio_writer_destroy(struct oriel_audio_writer *writer) {
  if (!writer)
    return;
  atomic_store(&writer->ring.line->generation, 0);
  if (*writer->name)
    oriel_audio_object_remove(writer->fd, writer->name);
  unmap(writer);
  close(writer->read_fd);
  close(writer->fd);
  free(writer);
}

int oriel_audio_writer_fd(const struct oriel_audio_writer *writer) {
  return writer->read_fd;
}

void oriel_audio_writer_write(struct oriel_audio_writer *writer, const float *frames, size_t count, uint64_t now_ns) {
  oriel_audio_ring_write(&writer->ring, frames, count, now_ns);
}

void oriel_audio_writer_silence(struct oriel_audio_writer *writer, size_t count, uint64_t now_ns) {
  oriel_audio_ring_write(&writer->ring, NULL, count, now_ns);
}

float *oriel_audio_writer_acquire(struct oriel_audio_writer *writer, size_t *count) {
  const size_t most = oriel_audio_ring_span_max(&writer->ring);
  float *span = oriel_audio_ring_begin(&writer->ring, *count < most ? *count : most, count);
  writer->acquired = *count;
  return span;
}

void oriel_audio_writer_commit(struct oriel_audio_writer *writer, size_t count, uint64_t now_ns) {
  assert(count <= writer->acquired);
  writer->acquired = 0;
  oriel_audio_ring_publish(&writer->ring, count, now_ns);
}

uint64_t oriel_audio_writer_position(const struct oriel_audio_writer *writer) {
  return writer->ring.position;
}

void oriel_audio_writer_set_running(struct oriel_audio_writer *writer, bool running) {
  atomic_store(&writer->ring.line->state, running ? ORIEL_AUDIO_SHM_RUNNING : ORIEL_AUDIO_SHM_IDLE);
}

int oriel_audio_writer_check(const struct oriel_audio_writer *writer) {
  return atomic_load(&writer->cut) ? ORIEL_AUDIO_RESTART_REQUIRED : 0;
}
