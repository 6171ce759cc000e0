/* SPDX-License-Identifier: MIT
 *
 * The reader's side of the public interface. One thread at a time per reader.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "audio/guard.h"
#include "audio/object.h"
#include "audio/oriel-audio.h"
#include "audio/ring.h"
#include "audio/shm_header.h"
#include "audio/wait.h"

#define MS UINT64_C(1000000)
static const uint64_t stalled_ns = 500 * MS;

enum {
  READY_ATTEMPTS = 5, /* times 2 ms, for a writer that is just laying its object out */
};

struct oriel_audio_reader {
  struct oriel_audio_ring ring;
  struct oriel_audio_shm_header header;
  char *base; /* NULL: not direct */
  size_t size;
  int fd, timer;
  bool named;
  bool guarded; /* base is in the guard's table */
  atomic_bool cut;
};

/* The only place that maps for reading; `mappable` is the proof that the memory stays. Without it the guard puts zeros
 * in the place of memory that goes: a generation of 0, so it is over. Where there is no guard left, nothing is mapped
 * and samples are copied. */
static int map(struct oriel_audio_reader *reader, bool mappable) {
  reader->base = mmap(NULL, reader->size, PROT_READ, MAP_SHARED, reader->fd, 0);
  if (reader->base == MAP_FAILED) {
    reader->base = NULL;
    return ORIEL_AUDIO_MAP_FAILED;
  }
#ifdef __linux__
  if (!mappable) {
    reader->guarded = oriel_audio_guard_add(reader->base, reader->size, &reader->cut) == 0;
    if (!reader->guarded) {
      munmap(reader->base, reader->size);
      reader->base = NULL;
    }
  }
#else
  (void)mappable;
#endif
  return 0;
}

static int attach(struct oriel_audio_reader *reader, bool mappable, bool guarded) {
  const struct oriel_audio_shm_header *header = &reader->header;
  reader->ring = (struct oriel_audio_ring){.fd = reader->fd, .frames = header->frames, .channels = header->channels,
    .generation = header->generation};
  if (mappable || guarded) {
    const int error = map(reader, mappable);
    if (error < 0)
      return error;
  }
  if (reader->base) {
    char *block = reader->base + header->block_offset;
    reader->ring.line = &((struct oriel_audio_shm_block *)(void *)block)->line;
    reader->ring.samples = (float *)(void *)(reader->base + ORIEL_AUDIO_SHM_DATA_OFFSET);
  }
  struct oriel_audio_view view;
  if (oriel_audio_ring_look(&reader->ring, &view) < 0)
    return ORIEL_AUDIO_BAD_LAYOUT;
  reader->ring.position = view.written;
  return 0;
}

/* Takes the descriptor over, also on failure. */
static int open_object(int fd, bool named, bool guarded, struct oriel_audio_reader **result) {
  struct oriel_audio_reader *reader = calloc(1, sizeof *reader);
  if (!reader) {
    close(fd);
    return -ENOMEM;
  }
  reader->fd = fd;
  reader->timer = -1;
  reader->named = named;
  bool mappable;
  int error = oriel_audio_object_inspect(fd, &reader->size, &mappable);
  if (error == 0)
    error = oriel_audio_shm_header_read(fd, reader->size, &reader->header);
  if (error == 0 && !reader->header.generation)
    error = ORIEL_AUDIO_RESTART_REQUIRED;
  if (error == 0)
    error = attach(reader, mappable, guarded);
  if (error == 0)
    reader->timer = error = oriel_audio_wait_timer();
  if (error < 0) {
    oriel_audio_reader_close(reader);
    return error;
  }
  *result = reader;
  return 0;
}

int oriel_audio_reader_open(const char *name, unsigned flags, struct oriel_audio_reader **reader) {
  char full[ORIEL_AUDIO_NAME_SIZE];
  int error = oriel_audio_object_name(name, full);
  if (error == 0 && (flags & ~(unsigned)(ORIEL_AUDIO_ANY_OWNER | ORIEL_AUDIO_GUARDED)))
    error = -EINVAL;
  for (int attempt = 0; error == 0; attempt++) {
    const int fd = oriel_audio_object_open(full, flags & ORIEL_AUDIO_ANY_OWNER);
    if (fd < 0)
      return fd;
    const int opened = open_object(fd, true, flags & ORIEL_AUDIO_GUARDED, reader);
    if (opened != ORIEL_AUDIO_BAD_LAYOUT || attempt == READY_ATTEMPTS)
      return opened;
    oriel_audio_wait_sleep(oriel_audio_clock_ns() + 2 * MS);
  }
  return error;
}

int oriel_audio_reader_open_fd(int fd, struct oriel_audio_reader **reader) {
  const int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  return copy < 0 ? ORIEL_AUDIO_OPEN_FAILED : open_object(copy, false, false, reader);
}

void oriel_audio_reader_close(struct oriel_audio_reader *reader) {
  if (!reader)
    return;
  const int kept = errno;
#ifdef __linux__
  if (reader->guarded)
    oriel_audio_guard_remove(reader->base);
#endif
  if (reader->base)
    munmap(reader->base, reader->size);
  if (reader->timer >= 0)
    close(reader->timer);
  close(reader->fd);
  free(reader);
  errno = kept;
}

static int error_of(ssize_t error) {
  return error == -ESTALE ? ORIEL_AUDIO_RESTART_REQUIRED : ORIEL_AUDIO_BAD_LAYOUT;
}

static size_t half_ring(const struct oriel_audio_reader *reader, size_t count) {
  return count < reader->header.frames / 2 ? count : reader->header.frames / 2;
}

/* When `count` frames should be there; 0: they are. Or an error. */
static int when_ready(struct oriel_audio_reader *reader, size_t count, uint64_t now_ns, uint64_t *at_ns) {
  struct oriel_audio_view view;
  if (oriel_audio_ring_look(&reader->ring, &view) < 0)
    return ORIEL_AUDIO_BAD_LAYOUT;
  if (view.generation != reader->ring.generation)
    return ORIEL_AUDIO_RESTART_REQUIRED;
  const size_t want = half_ring(reader, count);
  const size_t ready = oriel_audio_ring_backlog(&reader->ring, &view, want);
  if (ready >= want) {
    *at_ns = 0;
    return 0;
  }
  /* A killed writer's object is replaced under its name; ours then has none any more. Looked for only while it
   * rests. */
  const bool rests = view.state != ORIEL_AUDIO_SHM_RUNNING || now_ns - view.published_ns > stalled_ns;
  if (rests && reader->named && oriel_audio_object_removed(reader->fd))
    return ORIEL_AUDIO_RESTART_REQUIRED;
  *at_ns = oriel_audio_wait_until(&view, want - ready, reader->header.rate, now_ns);
  return 0;
}

static int wait_for(struct oriel_audio_reader *reader, size_t count, int timeout_ms) {
  uint64_t now_ns = oriel_audio_clock_ns();
  const uint64_t deadline_ns = timeout_ms < 0 ? UINT64_MAX : now_ns + (uint64_t)timeout_ms * MS;
  for (;; now_ns = oriel_audio_clock_ns()) {
    uint64_t at_ns;
    const int error = when_ready(reader, count, now_ns, &at_ns);
    if (error < 0 || !at_ns || now_ns >= deadline_ns)
      return error;
    oriel_audio_wait_sleep(at_ns < deadline_ns ? at_ns : deadline_ns);
  }
}

ssize_t oriel_audio_reader_read(struct oriel_audio_reader *reader, float *frames, size_t count, int timeout_ms) {
  ssize_t got = timeout_ms && count ? wait_for(reader, count, timeout_ms) : 0;
  if (got == 0) {
    got = oriel_audio_ring_take(&reader->ring, frames, count);
    if (got < 0)
      got = error_of(got);
  }
  const size_t sound = got < 0 ? 0 : (size_t)got;
  memset(frames + sound * reader->header.channels, 0, (count - sound) * reader->header.channels * sizeof *frames);
  return got;
}

int oriel_audio_reader_fd(const struct oriel_audio_reader *reader) {
  return reader->timer;
}

int oriel_audio_reader_arm(struct oriel_audio_reader *reader, size_t count) {
  uint64_t at_ns = 0;
  const int error = when_ready(reader, count, oriel_audio_clock_ns(), &at_ns);
  oriel_audio_wait_set(reader->timer, error < 0 ? 0 : at_ns);
  return error;
}

size_t oriel_audio_reader_trim(struct oriel_audio_reader *reader, size_t keep) {
  struct oriel_audio_view view;
  if (oriel_audio_ring_look(&reader->ring, &view) < 0)
    return 0;
  const uint64_t lost = reader->ring.lost;
  const size_t backlog = oriel_audio_ring_backlog(&reader->ring, &view, keep);
  const size_t missed = (size_t)(reader->ring.lost - lost);
  if (backlog <= keep)
    return missed;
  reader->ring.position += backlog - keep;
  return missed + backlog - keep;
}

static enum oriel_audio_state state_of(const struct oriel_audio_reader *reader, const struct oriel_audio_view *view) {
  if (view->generation != reader->ring.generation || !oriel_audio_object_alive(reader->fd) ||
      (reader->named && oriel_audio_object_removed(reader->fd)))
    return ORIEL_AUDIO_GONE;
  if (view->state != ORIEL_AUDIO_SHM_RUNNING)
    return ORIEL_AUDIO_IDLE;
  if (!view->published_ns && view->beat) /* a writer that does not tell the time cannot be judged by it */
    return ORIEL_AUDIO_RUNNING;
  const uint64_t now_ns = oriel_audio_clock_ns();
  const uint64_t age_ns = view->published_ns < now_ns ? now_ns - view->published_ns : view->published_ns - now_ns;
  return age_ns > stalled_ns ? ORIEL_AUDIO_STALLED : ORIEL_AUDIO_RUNNING;
}

int oriel_audio_reader_info(struct oriel_audio_reader *reader, struct oriel_audio_info *info) {
  struct oriel_audio_view view = {0};
  const int error = oriel_audio_ring_look(&reader->ring, &view);
  /* On a copy: to look moves nothing, so position - (what read returned) is always where those frames began. */
  struct oriel_audio_ring copy = reader->ring;
  const size_t backlog = error < 0 ? 0 : oriel_audio_ring_backlog(&copy, &view, reader->header.frames / 2);
  *info = (struct oriel_audio_info){
    .channels = reader->header.channels, .rate = reader->header.rate, .ring_frames = reader->header.frames,
    .period = view.period, .delay = reader->header.delay, .backlog = (uint32_t)backlog,
    .state = state_of(reader, &view), .direct = reader->base != NULL,
    .position = reader->ring.position, .lost = reader->ring.lost, .beat = view.beat};
  return error < 0 ? ORIEL_AUDIO_BAD_LAYOUT : 0;
}
