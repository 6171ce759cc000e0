/* SPDX-License-Identifier: MIT
 *
 * What the other side may do: be killed at any instant, cut the memory off, lie about positions, be of an older make.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

#include "tests/audio/device.h"
#include "wire/audio_shm.h"

enum { CHANNELS = DEVICE_CHANNELS, RING = DEVICE_FRAMES };

static float frames[2 * RING * CHANNELS];

static void nap(long us) {
  const struct timespec time = {.tv_nsec = us * 1000};
  nanosleep(&time, NULL);
}

/* A writer in a process of its own, which writes as fast as it can, in all three ways, until it is killed. */
static pid_t spawn_writer(const char *name, int told) {
  const pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid)
    return pid;
  struct oriel_audio_writer *writer;
  if (oriel_audio_writer_create(name, &device_config, &writer) < 0)
    _exit(1);
  oriel_audio_writer_set_running(writer, true);
  if (write(told, "x", 1) != 1)
    _exit(1);
  for (unsigned i = 0;; i++) {
    if (i % 2) {
      size_t count = 1 + i * 13 % 600;
      float *span = oriel_audio_writer_acquire(writer, &count);
      device_fill(span, oriel_audio_writer_position(writer), count, CHANNELS);
      oriel_audio_writer_commit(writer, count, oriel_audio_clock_ns());
    } else {
      device_write(writer, 1 + i * 37 % 600);
    }
    if (i % 8 == 0)
      nap(50);
  }
}

/* Reads until `until_ns`; what comes must be what was written at its place. Returns the frames read. */
static uint64_t listen_until(struct oriel_audio_reader *reader, uint64_t until_ns) {
  uint64_t total = 0;
  struct oriel_audio_info info;
  for (size_t i = 0; oriel_audio_clock_ns() < until_ns; i++) {
    const ssize_t got = oriel_audio_reader_read(reader, frames, 1 + i * 97 % 700, 1);
    assert_true(got >= 0);
    assert_int_equal(oriel_audio_reader_info(reader, &info), 0);
    assert_int_equal(device_wrong(frames, info.position - (uint64_t)got, (size_t)got, CHANNELS), 0);
    total += (uint64_t)got;
  }
  return total;
}

/* SIGKILL of the writer at many instants: right sound before, silence after, and its successor takes over. */
static void peer_writer_killed_at_any_instant(void **state) {
  (void)state;
  char name[32];
  device_name("kill", name);
  struct oriel_audio_reader *reader = NULL;
  uint64_t heard = 0;
  for (unsigned round = 0; round < 40; round++) {
    int told[2];
    char byte;
    assert_int_equal(pipe(told), 0);
    const pid_t pid = spawn_writer(name, told[1]);
    close(told[1]);
    assert_int_equal(read(told[0], &byte, 1), 1);
    close(told[0]);
    /* The last round's object was taken over: its reader knows. */
    if (reader)
      assert_int_equal(oriel_audio_reader_read(reader, frames, RING, 0), ORIEL_AUDIO_RESTART_REQUIRED);
    oriel_audio_reader_close(reader);
    assert_int_equal(oriel_audio_reader_open(name, 0, &reader), 0);
    heard += listen_until(reader, oriel_audio_clock_ns() + 3000000 + round * 137000);
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    struct oriel_audio_info info;
    assert_int_equal(oriel_audio_reader_info(reader, &info), 0);
    assert_int_equal(info.state, ORIEL_AUDIO_GONE);
    /* What it had published still comes, then nothing but silence. */
    listen_until(reader, oriel_audio_clock_ns() + 1000000);
    oriel_audio_reader_trim(reader, 0);
    assert_int_equal(oriel_audio_reader_read(reader, frames, RING, 1), 0);
    for (size_t i = 0; i < RING * CHANNELS; i++)
      assert_true(frames[i] == 0.0f);
  }
  assert_true(heard > 40 * 500);
  oriel_audio_reader_close(reader);
  char full[40];
  snprintf(full, sizeof full, "/%s", name);
  shm_unlink(full);
}

static void peer_reader_killed_changes_nothing(void **state) {
  (void)state;
  char name[32];
  device_name("killr", name);
  struct oriel_audio_writer *writer;
  struct oriel_audio_reader *witness;
  assert_int_equal(oriel_audio_writer_create(name, &device_config, &writer), 0);
  assert_int_equal(oriel_audio_reader_open(name, 0, &witness), 0);
  for (int round = 0; round < 20; round++) {
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (!pid) {
      struct oriel_audio_reader *reader;
      if (oriel_audio_reader_open(name, 0, &reader) < 0)
        _exit(1);
      for (;;)
        oriel_audio_reader_read(reader, frames, 100, 1);
    }
    for (int i = 0; i < 20; i++) {
      device_write(writer, 100);
      assert_int_equal(oriel_audio_reader_read(witness, frames, 100, 0), 100);
      assert_int_equal(device_wrong(frames, oriel_audio_writer_position(writer) - 100, 100, CHANNELS), 0);
      nap(100);
    }
    kill(pid, SIGKILL);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
  }
  oriel_audio_reader_close(witness);
  oriel_audio_writer_destroy(writer);
}

/* A peer that cuts the memory off again and again, at any instant, while both sides work: no SIGBUS. */
static void peer_cuts_memory_off(void **state) {
  (void)state;
  for (int round = 0; round < 30; round++) {
    char name[32], path[64];
    device_name("cut", name);
    snprintf(path, sizeof path, "/dev/shm/%s", name);
    struct oriel_audio_writer *writer;
    struct oriel_audio_reader *reader;
    assert_int_equal(oriel_audio_writer_create(name, &device_config, &writer), 0);
    /* A reader that copies by pread, and one that maps behind the guard. */
    const bool guarded = round % 2;
    assert_int_equal(oriel_audio_reader_open(name, guarded ? ORIEL_AUDIO_GUARDED : 0, &reader), 0);
    struct oriel_audio_info info;
    assert_int_equal(oriel_audio_reader_info(reader, &info), 0);
    assert_int_equal(info.direct, guarded);
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (!pid) {
      nap(500 + round * 61);
      _exit(truncate(path, round % 3 ? (off_t)(round * 997) : 0) ? 1 : 0);
    }
    ssize_t got = 0;
    const uint64_t until_ns = oriel_audio_clock_ns() + 5000000000u;
    while (got >= 0 && oriel_audio_clock_ns() < until_ns) {
      device_write(writer, 300);
      got = oriel_audio_reader_read(reader, frames, 300, 0);
      if (got > 0)
        assert_int_equal(device_wrong(frames, oriel_audio_writer_position(writer) - 300, 300, CHANNELS), 0);
    }
    assert_int_equal(got, guarded ? ORIEL_AUDIO_RESTART_REQUIRED : ORIEL_AUDIO_BAD_LAYOUT);
    assert_true(frames[0] == 0.0f);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    for (int i = 0; i < 20; i++) /* over every page of the ring */
      device_write(writer, 300);
    assert_int_equal(oriel_audio_writer_check(writer), ORIEL_AUDIO_RESTART_REQUIRED);
    oriel_audio_reader_close(reader);
    oriel_audio_writer_destroy(writer);
    assert_int_equal(access(path, F_OK), -1);
  }
}

/* A process has 64 guards; readers beyond them work as readers that asked for none. */
static void peer_guards_run_out(void **state) {
  (void)state;
  enum { READERS = 70 };
  char name[32];
  struct oriel_audio_writer *writer;
  struct oriel_audio_reader *readers[READERS];
  unsigned direct = 0;
  assert_int_equal(oriel_audio_writer_create(device_name("guards", name), &device_config, &writer), 0);
  for (int i = 0; i < READERS; i++) {
    struct oriel_audio_info info;
    assert_int_equal(oriel_audio_reader_open(name, ORIEL_AUDIO_GUARDED, &readers[i]), 0);
    assert_int_equal(oriel_audio_reader_info(readers[i], &info), 0);
    direct += info.direct;
  }
  assert_int_equal(direct, 63); /* and the writer's */
  device_write(writer, 100);
  for (int i = 0; i < READERS; i++) {
    assert_int_equal(oriel_audio_reader_read(readers[i], frames, 100, 0), 100);
    assert_int_equal(device_wrong(frames, oriel_audio_writer_position(writer) - 100, 100, CHANNELS), 0);
    oriel_audio_reader_close(readers[i]);
  }
  oriel_audio_writer_destroy(writer);
}

/* The guard takes care of its own memory only. */
static void peer_guard_passes_other_faults_on(void **state) {
  (void)state;
  const pid_t pid = fork();
  assert_true(pid >= 0);
  if (!pid) {
    signal(SIGBUS, SIG_DFL); /* a sanitizer's handler would report */
    char name[32];
    struct oriel_audio_writer *writer;
    if (oriel_audio_writer_create(device_name("guard", name), &device_config, &writer) < 0)
      _exit(1);
    shm_unlink(name);
    const int fd = memfd_create("empty", 0);
    volatile char *gone = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    oriel_audio_writer_destroy(writer);
    _exit(gone[0]);
  }
  int status;
  assert_int_equal(waitpid(pid, &status, 0), pid);
  assert_true(WIFSIGNALED(status));
  assert_int_equal(WTERMSIG(status), SIGBUS);
}

/* A reader of an older make, from the facts of the layout alone: 20 bytes of header, samples behind them, indices
 * modulo buffer_size, it stores how far it read. */
struct old_reader {
  size_t size;
  uint8_t *base;
};

static void old_reader_open(struct old_reader *old, const char *name) {
  char full[40];
  snprintf(full, sizeof full, "/%s", name);
  const int fd = shm_open(full, O_RDWR, 0);
  assert_true(fd >= 0);
  struct stat status;
  assert_int_equal(fstat(fd, &status), 0);
  old->size = (size_t)status.st_size;
  old->base = mmap(NULL, old->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  assert_ptr_not_equal(old->base, MAP_FAILED);
  close(fd);
}

static size_t old_reader_read(struct old_reader *old, float *to, size_t most) {
  uint32_t header[5];
  memcpy(header, old->base, sizeof header);
  const uint32_t buffer_size = header[2];
  const float *pcm = (const float *)(void *)(old->base + 20);
  uint32_t write_head = __atomic_load_n((uint32_t *)(void *)old->base, __ATOMIC_ACQUIRE);
  uint32_t read_head = __atomic_load_n((uint32_t *)(void *)(old->base + 4), __ATOMIC_RELAXED);
  size_t count = 0;
  for (; read_head != write_head && count < most; read_head = (read_head + 1) % buffer_size)
    to[count++] = pcm[read_head];
  __atomic_store_n((uint32_t *)(void *)(old->base + 4), read_head, __ATOMIC_RELEASE);
  return count;
}

static void peer_old_reader_works(void **state) {
  (void)state;
  char name[32];
  device_name("old", name);
  struct oriel_audio_writer *writer;
  struct oriel_audio_reader *witness;
  struct old_reader old;
  assert_int_equal(oriel_audio_writer_create(name, &device_config, &writer), 0);
  assert_int_equal(oriel_audio_reader_open(name, 0, &witness), 0);
  old_reader_open(&old, name);
  uint32_t header[5];
  memcpy(header, old.base, sizeof header);
  assert_int_equal(header[2], RING * CHANNELS);
  assert_int_equal(header[3], CHANNELS);
  assert_int_equal(header[4], DEVICE_RATE);
  assert_int_equal(old_reader_read(&old, frames, sizeof frames / sizeof *frames), 0);
  uint64_t heard = 0;
  for (size_t i = 0; i < 200; i++) {
    device_write(writer, 1 + i * 29 % 700);
    const size_t got = old_reader_read(&old, frames, RING * CHANNELS);
    assert_int_equal(got % CHANNELS, 0);
    assert_int_equal(device_wrong(frames, heard, got / CHANNELS, CHANNELS), 0);
    heard += got / CHANNELS;
    assert_int_equal(heard, oriel_audio_writer_position(writer));
    /* Its read_head, and whatever else it scribbles over the header, is nothing to anybody of ours. */
    assert_int_equal(oriel_audio_reader_read(witness, frames, 1000, 0), 1 + i * 29 % 700);
  }
  for (size_t i = 0; i < 20; i++) {
    memset(old.base, (int)(i * 13), 20);
    device_write(writer, 500);
    assert_int_equal(oriel_audio_reader_read(witness, frames, 500, 0), 500);
    assert_int_equal(device_wrong(frames, oriel_audio_writer_position(writer) - 500, 500, CHANNELS), 0);
  }
  munmap(old.base, old.size);
  oriel_audio_reader_close(witness);
  oriel_audio_writer_destroy(writer);
}

/* A lying writer: a valid object whose positions are then set by the test. Mapped and copied readers. */
static void peer_lying_writer_is_silence(void **state) {
  (void)state;
  /* Among them: positions whose announcement wraps past the end of 64 bits, so that it looks near to a low position. */
  const uint64_t lies[] = {0, 1, RING, 12345, UINT32_MAX, UINT64_MAX, UINT64_MAX - RING, 1ull << 63, 1ull << 40};
  enum { LIES = sizeof lies / sizeof *lies };
  for (int sealed = 0; sealed < 2; sealed++) {
    const size_t at = oriel_audio_shm_block_offset(RING * CHANNELS);
    const size_t size = at + sizeof(struct oriel_audio_shm_block);
    const int fd = memfd_create("lies", MFD_ALLOW_SEALING | MFD_CLOEXEC);
    assert_int_equal(ftruncate(fd, (off_t)size), 0);
    assert_int_equal(fcntl(fd, F_ADD_SEALS, sealed ? F_SEAL_SHRINK : 0), 0);
    uint8_t *base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_ptr_not_equal(base, MAP_FAILED);
    struct oriel_audio_shm_legacy *legacy = (void *)base;
    struct oriel_audio_shm_block *block = (void *)(base + at);
    legacy->buffer_size = RING * CHANNELS;
    legacy->channels = block->channels = CHANNELS;
    legacy->sample_rate = block->rate = DEVICE_RATE;
    block->version = ORIEL_AUDIO_SHM_VERSION;
    block->data_offset = ORIEL_AUDIO_SHM_DATA_OFFSET;
    block->frames = RING;
    atomic_store(&block->magic, ORIEL_AUDIO_SHM_MAGIC);
    atomic_store(&block->line.generation, 7);
    for (size_t i = 20; i < at; i++)
      base[i] = 0xff; /* NaNs: what must never come out */
    struct oriel_audio_reader *reader;
    assert_int_equal(oriel_audio_reader_open_fd(fd, &reader), 0);
    for (size_t i = 0; i < LIES * LIES; i++) {
      block->line.written = block->line.writing = 0; /* and back to the start each time */
      assert_int_equal(oriel_audio_reader_read(reader, frames, 1, 0), 0);
      block->line.written = lies[i / LIES];
      block->line.writing = lies[i % LIES];
      block->line.published_ns = lies[i * 5 % LIES];
      block->line.period = (uint32_t)lies[i * 7 % LIES];
      block->line.state = (uint32_t)(i % 3);
      struct oriel_audio_info info;
      assert_int_equal(oriel_audio_reader_info(reader, &info), 0);
      assert_int_equal(info.direct, sealed);
      assert_true(info.backlog <= RING && info.period <= RING);
      memset(frames, 0x55, sizeof frames);
      const ssize_t got = oriel_audio_reader_read(reader, frames, 2 * RING, i % 16 == 0 ? 1 : 0);
      assert_in_range(got, 0, RING);
      for (size_t n = 0; n < 2 * RING * CHANNELS; n++)
        assert_true(frames[n] == 0.0f);
      assert_int_equal(oriel_audio_reader_arm(reader, RING), 0);
      oriel_audio_reader_trim(reader, i);
    }
    oriel_audio_reader_close(reader);
    munmap(base, size);
    close(fd);
  }
}

static void expect_bad(int fd) {
  struct oriel_audio_reader *reader = (void *)&fd;
  assert_int_equal(oriel_audio_reader_open_fd(fd, &reader), ORIEL_AUDIO_BAD_LAYOUT);
  assert_ptr_equal(reader, &fd);
  close(fd);
}

/* Not memory, or not ours: refused, and without blocking. */
static void peer_foreign_objects_are_refused(void **state) {
  (void)state;
  int ends[2];
  assert_int_equal(pipe(ends), 0);
  expect_bad(ends[0]);
  close(ends[1]);
  expect_bad(open("/dev/zero", O_RDONLY));
  expect_bad(open("/", O_RDONLY));
  expect_bad(open("/proc/self/exe", O_RDONLY));
  expect_bad(memfd_create("empty", 0));
  /* Each size up to a little more than the headers, of zeros and of ones. */
  for (size_t size = 1; size < 600; size += 7) {
    uint8_t bytes[600];
    memset(bytes, size % 2 ? 0 : 0xff, sizeof bytes);
    const int fd = memfd_create("garbage", 0);
    assert_int_equal(write(fd, bytes, size), size);
    expect_bad(fd);
  }
  /* Every byte of the fixed fields changed, one at a time. */
  struct oriel_audio_writer *writer;
  assert_int_equal(oriel_audio_writer_create(NULL, &device_config, &writer), 0);
  const size_t at = oriel_audio_shm_block_offset(RING * CHANNELS), size = at + sizeof(struct oriel_audio_shm_block);
  uint8_t *bytes = malloc(size);
  assert_int_equal(pread(oriel_audio_writer_fd(writer), bytes, size, 0), size);
  for (size_t i = 8; i < 20 + 32; i++) {
    const size_t place = i < 20 ? i : at + i - 20;
    if (place >= at + offsetof(struct oriel_audio_shm_block, delay) &&
        place < at + offsetof(struct oriel_audio_shm_block, flags))
      continue; /* may be anything up to ten seconds */
    bytes[place] ^= 0x41;
    const int fd = memfd_create("changed", 0);
    assert_int_equal(pwrite(fd, bytes, size, 0), size);
    expect_bad(fd);
    bytes[place] ^= 0x41;
  }
  free(bytes);
  oriel_audio_writer_destroy(writer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(peer_writer_killed_at_any_instant),
    cmocka_unit_test(peer_reader_killed_changes_nothing),
    cmocka_unit_test(peer_cuts_memory_off),
    cmocka_unit_test(peer_guards_run_out),
    cmocka_unit_test(peer_guard_passes_other_faults_on),
    cmocka_unit_test(peer_old_reader_works),
    cmocka_unit_test(peer_lying_writer_is_silence),
    cmocka_unit_test(peer_foreign_objects_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
