/* SPDX-License-Identifier: MIT
 *
 * liboriel-audio's public interface on one thread: a writer, readers, what each sees of the other.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "tests/audio/device.h"
#include "wire/audio_shm.h"

enum { CHANNELS = DEVICE_CHANNELS, RING = DEVICE_FRAMES, BLOCK = 480 };

struct rig {
  char name[32];
  struct oriel_audio_writer *writer;
  struct oriel_audio_reader *reader;
  float frames[2 * RING * CHANNELS];
};

/* `direct`: a sealed memory passed by descriptor; else a name. */
static void rig_open(struct rig *rig, bool direct) {
  memset(rig->frames, 0x55, sizeof rig->frames);
  device_name("device", rig->name);
  assert_int_equal(oriel_audio_writer_create(direct ? NULL : rig->name, &device_config, &rig->writer), 0);
  if (direct)
    assert_int_equal(oriel_audio_reader_open_fd(oriel_audio_writer_fd(rig->writer), &rig->reader), 0);
  else
    assert_int_equal(oriel_audio_reader_open(rig->name, 0, &rig->reader), 0);
}

static void rig_close(struct rig *rig) {
  oriel_audio_reader_close(rig->reader);
  oriel_audio_writer_destroy(rig->writer);
}

static struct oriel_audio_info info_of(struct rig *rig) {
  struct oriel_audio_info info;
  assert_int_equal(oriel_audio_reader_info(rig->reader, &info), 0);
  return info;
}

static void device_says_what_it_is(void **state) {
  (void)state;
  for (int direct = 0; direct < 2; direct++) {
    struct rig rig;
    rig_open(&rig, direct);
    struct oriel_audio_info info = info_of(&rig);
    assert_int_equal(info.channels, CHANNELS);
    assert_int_equal(info.rate, DEVICE_RATE);
    assert_int_equal(info.ring_frames, RING);
    assert_int_equal(info.period, 0);
    assert_int_equal(info.state, ORIEL_AUDIO_IDLE);
    assert_int_equal(info.direct, direct);
    oriel_audio_writer_set_running(rig.writer, true);
    device_write(rig.writer, BLOCK);
    info = info_of(&rig);
    assert_int_equal(info.period, BLOCK);
    assert_int_equal(info.backlog, BLOCK);
    assert_int_equal(info.beat, 1);
    assert_int_equal(info.state, ORIEL_AUDIO_RUNNING);
    /* Lesson 23: an idle writer and one that stalls are two things. */
    oriel_audio_writer_silence(rig.writer, BLOCK, oriel_audio_clock_ns() - 600000000u);
    assert_int_equal(info_of(&rig).state, ORIEL_AUDIO_STALLED);
    oriel_audio_writer_set_running(rig.writer, false);
    assert_int_equal(info_of(&rig).state, ORIEL_AUDIO_IDLE);
    rig_close(&rig);
  }
}

/* Blocks of many sizes, several times around the ring, through the copying and the mapped way, copied and zero-copy
 * in. */
static void device_carries_every_frame(void **state) {
  (void)state;
  for (int way = 0; way < 4; way++) {
    struct rig rig;
    rig_open(&rig, way & 1);
    uint64_t read = 0;
    for (size_t i = 0; i < 400; i++) {
      size_t left = 1 + i * 37 % 1000;
      if (way & 2) {
        while (left) {
          size_t count = left;
          float *span = oriel_audio_writer_acquire(rig.writer, &count);
          assert_in_range(count, 1, RING / 4);
          device_fill(span, oriel_audio_writer_position(rig.writer), count, CHANNELS);
          oriel_audio_writer_commit(rig.writer, count, 1);
          left -= count;
        }
      } else {
        device_write(rig.writer, left);
      }
      const size_t count = info_of(&rig).backlog > RING / 2 ? RING : 1 + i * 53 % 2000; /* never lapped */
      const ssize_t got = oriel_audio_reader_read(rig.reader, rig.frames, count, 0);
      assert_true(got >= 0);
      assert_int_equal(device_wrong(rig.frames, read, (size_t)got, CHANNELS), 0);
      read += (uint64_t)got;
    }
    assert_true(read > 10 * RING);
    assert_int_equal(info_of(&rig).lost, 0);
    rig_close(&rig);
  }
}

/* Lesson 25: a shared FIFO would give each half of the sound. */
static void device_readers_hear_the_same(void **state) {
  (void)state;
  struct rig rig;
  rig_open(&rig, false);
  struct oriel_audio_reader *other;
  assert_int_equal(oriel_audio_reader_open(rig.name, 0, &other), 0);
  device_write(rig.writer, BLOCK);
  assert_int_equal(oriel_audio_reader_read(rig.reader, rig.frames, BLOCK, 0), BLOCK);
  assert_int_equal(device_wrong(rig.frames, 0, BLOCK, CHANNELS), 0);
  assert_int_equal(oriel_audio_reader_read(other, rig.frames, BLOCK, 0), BLOCK);
  assert_int_equal(device_wrong(rig.frames, 0, BLOCK, CHANNELS), 0);
  oriel_audio_reader_close(other);
  rig_close(&rig);
}

/* Lessons 25 and 27: no stale sound, no backlog that stays. */
static void device_late_reader_goes_on_with_the_newest(void **state) {
  (void)state;
  for (int direct = 0; direct < 2; direct++) {
    struct rig rig;
    rig_open(&rig, direct);
    for (int i = 0; i < 100; i++)
      device_write(rig.writer, BLOCK);
    assert_int_equal(oriel_audio_reader_read(rig.reader, rig.frames, BLOCK, 0), BLOCK);
    assert_int_equal(device_wrong(rig.frames, 99 * BLOCK, BLOCK, CHANNELS), 0);
    const struct oriel_audio_info info = info_of(&rig);
    assert_int_equal(info.lost, 99 * BLOCK);
    assert_int_equal(info.position, 100 * BLOCK);
    device_write(rig.writer, 1000);
    assert_int_equal(oriel_audio_reader_trim(rig.reader, 100), 900);
    assert_int_equal(oriel_audio_reader_trim(rig.reader, 100), 0);
    assert_int_equal(oriel_audio_reader_read(rig.reader, rig.frames, BLOCK, 0), 100);
    assert_int_equal(device_wrong(rig.frames, 100 * BLOCK + 900, 100, CHANNELS), 0);
    rig_close(&rig);
  }
}

static void device_late_opener_hears_nothing_old(void **state) {
  (void)state;
  struct rig rig;
  rig_open(&rig, false);
  device_write(rig.writer, BLOCK);
  struct oriel_audio_reader *late;
  assert_int_equal(oriel_audio_reader_open(rig.name, 0, &late), 0);
  assert_int_equal(oriel_audio_reader_read(late, rig.frames, BLOCK, 0), 0);
  oriel_audio_reader_close(late);
  rig_close(&rig);
}

static void device_silence_where_nothing_was_written(void **state) {
  (void)state;
  struct rig rig;
  rig_open(&rig, true);
  device_write(rig.writer, 10);
  oriel_audio_writer_silence(rig.writer, 20, 0);
  assert_int_equal(oriel_audio_reader_read(rig.reader, rig.frames, BLOCK, 0), 30);
  assert_int_equal(device_wrong(rig.frames, 0, 10, CHANNELS), 0);
  for (size_t i = 10 * CHANNELS; i < BLOCK * CHANNELS; i++)
    assert_true(rig.frames[i] == 0.0f);
  /* A ring of silence over old sound, and more than a ring. */
  oriel_audio_writer_silence(rig.writer, 3 * RING + 5, 0);
  assert_int_equal(oriel_audio_reader_read(rig.reader, rig.frames, RING, 0), RING / 2);
  for (size_t i = 0; i < RING * CHANNELS; i++)
    assert_true(rig.frames[i] == 0.0f);
  rig_close(&rig);
}

static void device_sanitizes_what_is_no_sound(void **state) {
  (void)state;
  static const float bad[] = {NAN, -NAN, INFINITY, -INFINITY, 1024, -1024, 3e38f, -3e38f};
  static const float good[] = {0, -0.0f, 1, -1, 1e-42f, 1023.5f, -1023.5f, 1e-30f};
  for (int direct = 0; direct < 2; direct++) {
    struct rig rig;
    rig_open(&rig, direct);
    /* Every place in the vector loop and its tail. */
    for (size_t count = 1; count <= 40; count++) {
      float frames[40 * CHANNELS];
      for (size_t i = 0; i < count * CHANNELS; i++)
        frames[i] = i * 7 % 3 ? bad[i % 8] : good[i % 8];
      oriel_audio_writer_write(rig.writer, frames, count, 0);
      assert_int_equal(oriel_audio_reader_read(rig.reader, rig.frames, count, 0), count);
      for (size_t i = 0; i < count * CHANNELS; i++)
        assert_true(rig.frames[i] == (i * 7 % 3 ? 0.0f : good[i % 8]));
    }
    rig_close(&rig);
  }
}

static uint64_t ms_since(uint64_t start_ns) {
  return (oriel_audio_clock_ns() - start_ns) / 1000000;
}

static void device_times_out(void **state) {
  (void)state;
  struct rig rig;
  rig_open(&rig, false);
  for (int running = 0; running < 2; running++) {
    oriel_audio_writer_set_running(rig.writer, running);
    device_write(rig.writer, 3);
    const uint64_t start_ns = oriel_audio_clock_ns();
    assert_int_equal(oriel_audio_reader_read(rig.reader, rig.frames, BLOCK, 30), 3);
    assert_true(ms_since(start_ns) >= 30);
    assert_true(rig.frames[3 * CHANNELS] == 0.0f && rig.frames[BLOCK * CHANNELS - 1] == 0.0f);
  }
  rig_close(&rig);
}

/* The descriptor becomes readable when a block should be there, not before, and at once when it is. */
static void device_descriptor_follows_the_clock(void **state) {
  (void)state;
  struct rig rig;
  rig_open(&rig, true);
  oriel_audio_writer_set_running(rig.writer, true);
  device_write(rig.writer, 4800); /* a period of 100 ms, more than half the ring */
  struct pollfd ready = {.fd = oriel_audio_reader_fd(rig.reader), .events = POLLIN};
  assert_int_equal(poll(&ready, 1, 0), 0);
  assert_int_equal(oriel_audio_reader_read(rig.reader, rig.frames, 2 * RING, 0), RING / 2);
  assert_int_equal(oriel_audio_reader_trim(rig.reader, 0), 0);
  const uint64_t start_ns = oriel_audio_clock_ns();
  oriel_audio_writer_silence(rig.writer, 960, start_ns); /* a period of 20 ms now */
  assert_int_equal(oriel_audio_reader_arm(rig.reader, 100), 0);
  assert_int_equal(poll(&ready, 1, 1000), 1);
  assert_int_equal(oriel_audio_reader_read(rig.reader, rig.frames, 2 * RING, 0), 960);
  assert_int_equal(oriel_audio_reader_arm(rig.reader, 1000), 0); /* two periods */
  assert_int_equal(poll(&ready, 1, 1000), 1);
  assert_true(oriel_audio_clock_ns() - start_ns >= 40000000);
  assert_int_equal(oriel_audio_reader_arm(rig.reader, 1000), 0);
  assert_int_equal(poll(&ready, 1, 0), 0); /* arming cleared it */
  rig_close(&rig);
}

static void device_end_is_told(void **state) {
  (void)state;
  for (int direct = 0; direct < 2; direct++) {
    struct rig rig;
    rig_open(&rig, direct);
    oriel_audio_writer_destroy(rig.writer);
    assert_int_equal(oriel_audio_reader_read(rig.reader, rig.frames, BLOCK, 0), ORIEL_AUDIO_RESTART_REQUIRED);
    assert_true(rig.frames[0] == 0.0f && rig.frames[BLOCK * CHANNELS - 1] == 0.0f);
    assert_int_equal(oriel_audio_reader_read(rig.reader, rig.frames, BLOCK, -1), ORIEL_AUDIO_RESTART_REQUIRED);
    assert_int_equal(oriel_audio_reader_arm(rig.reader, BLOCK), ORIEL_AUDIO_RESTART_REQUIRED);
    struct pollfd ready = {.fd = oriel_audio_reader_fd(rig.reader), .events = POLLIN};
    assert_int_equal(poll(&ready, 1, 1000), 1);
    assert_int_equal(info_of(&rig).state, ORIEL_AUDIO_GONE);
    oriel_audio_reader_close(rig.reader);
    if (!direct)
      assert_int_equal(oriel_audio_reader_open(rig.name, 0, &rig.reader), ORIEL_AUDIO_NOT_INSTALLED);
  }
}

static void device_has_one_writer(void **state) {
  (void)state;
  struct rig rig;
  rig_open(&rig, false);
  struct oriel_audio_writer *second = (void *)&rig;
  assert_int_equal(oriel_audio_writer_create(rig.name, &device_config, &second), -EBUSY);
  assert_ptr_equal(second, &rig); /* untouched on failure */
  device_write(rig.writer, BLOCK);
  assert_int_equal(oriel_audio_reader_read(rig.reader, rig.frames, BLOCK, 0), BLOCK);
  rig_close(&rig);
}

/* Whoever takes the name away under a living writer does not leave its readers waiting for ever. */
static void device_removed_name_is_noticed(void **state) {
  (void)state;
  struct rig rig;
  rig_open(&rig, false);
  char full[40];
  snprintf(full, sizeof full, "/%s", rig.name);
  assert_int_equal(shm_unlink(full), 0);
  assert_int_equal(oriel_audio_reader_read(rig.reader, rig.frames, BLOCK, 5000), ORIEL_AUDIO_RESTART_REQUIRED);
  /* A new writer takes the name; the old one's end must not take it from the new. */
  struct oriel_audio_writer *second;
  assert_int_equal(oriel_audio_writer_create(rig.name, &device_config, &second), 0);
  rig_close(&rig);
  assert_int_equal(oriel_audio_reader_open(rig.name, 0, &rig.reader), 0);
  oriel_audio_reader_close(rig.reader);
  oriel_audio_writer_destroy(second);
}

static void device_rejects_bad_arguments(void **state) {
  (void)state;
  static const char *const names[] = {"", "/", "a/b", "//a", "/a/", ".", "..", "/..", "123456789012345678901234567890"};
  struct oriel_audio_reader *reader;
  struct oriel_audio_writer *writer;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    assert_int_equal(oriel_audio_reader_open(names[i], 0, &reader), -EINVAL);
    assert_int_equal(oriel_audio_writer_create(names[i], &device_config, &writer), -EINVAL);
  }
  assert_int_equal(oriel_audio_reader_open(NULL, 0, &reader), -EINVAL);
  assert_int_equal(oriel_audio_reader_open("oriel-x", 4, &reader), -EINVAL);
  assert_int_equal(oriel_audio_reader_open_fd(-1, &reader), ORIEL_AUDIO_OPEN_FAILED);
  const struct oriel_audio_writer_config configs[] = {
    {.channels = 0, .rate = 48000}, {.channels = 17, .rate = 48000}, {.channels = 1, .rate = 7999},
    {.channels = 1, .rate = 192001}, {.channels = 1, .rate = 48000, .ring_frames = (1 << 20) + 1},
    {.channels = 1, .rate = 48000, .delay = 480001},
  };
  for (size_t i = 0; i < sizeof configs / sizeof *configs; i++)
    assert_int_equal(oriel_audio_writer_create("oriel-x", &configs[i], &writer), -EINVAL);
  oriel_audio_reader_close(NULL);
  oriel_audio_writer_destroy(NULL);
}

static void device_longest_name_and_slash(void **state) {
  (void)state;
  char name[31];
  snprintf(name, sizeof name, "/oriel-%022d", (int)getpid());
  assert_int_equal(strlen(name), 29);
  name[29] = 'x', name[30] = 0; /* 30 with the slash */
  struct oriel_audio_writer *writer;
  struct oriel_audio_reader *reader;
  const struct oriel_audio_writer_config smallest = {.channels = 16, .rate = 8000, .ring_frames = 1};
  assert_int_equal(oriel_audio_writer_create(name, &smallest, &writer), 0);
  assert_int_equal(oriel_audio_reader_open(name + 1, 0, &reader), 0);
  struct oriel_audio_info info;
  assert_int_equal(oriel_audio_reader_info(reader, &info), 0);
  assert_int_equal(info.ring_frames, ORIEL_AUDIO_SHM_FRAMES_MIN);
  oriel_audio_reader_close(reader);
  oriel_audio_writer_destroy(writer);
}

static void device_errors_have_sentences(void **state) {
  (void)state;
  static const int errors[] = {ORIEL_AUDIO_NOT_INSTALLED, ORIEL_AUDIO_OPEN_FAILED, ORIEL_AUDIO_MAP_FAILED,
    ORIEL_AUDIO_BAD_LAYOUT, ORIEL_AUDIO_RESTART_REQUIRED, -EBUSY, -EINVAL, -ENOMEM, -ENOTSUP, -EIO};
  enum { COUNT = sizeof errors / sizeof *errors };
  for (size_t i = 0; i < COUNT; i++) {
    const char *text = oriel_audio_error_text(errors[i]);
    assert_true(strlen(text) > 30 && text[strlen(text) - 1] == '.');
    for (size_t j = 0; j < i; j++)
      assert_string_not_equal(text, oriel_audio_error_text(errors[j]));
  }
  assert_string_equal(oriel_audio_error_text(0), "No error.");
}

/* ORIEL_AUDIO_OPEN_FAILED with errno, for a file nobody may read; as root every file may be read. */
static void device_forbidden_is_open_failed(void **state) {
  (void)state;
  struct rig rig;
  rig_open(&rig, false);
  char path[64];
  snprintf(path, sizeof path, "/dev/shm/%s", rig.name);
  struct oriel_audio_reader *reader;
  if (geteuid() != 0) {
    assert_int_equal(chmod(path, 0), 0);
    assert_int_equal(oriel_audio_reader_open(rig.name, 0, &reader), ORIEL_AUDIO_OPEN_FAILED);
    assert_int_equal(errno, EACCES);
  } else {
    /* Another user's squat on the name is not believed, unless asked for. */
    assert_int_equal(chown(path, 12345, 12345), 0);
    assert_int_equal(oriel_audio_reader_open(rig.name, 0, &reader), ORIEL_AUDIO_OPEN_FAILED);
    assert_int_equal(errno, EPERM);
    assert_int_equal(oriel_audio_reader_open(rig.name, ORIEL_AUDIO_ANY_OWNER, &reader), 0);
    oriel_audio_reader_close(reader);
  }
  rig_close(&rig);
}

static void device_mode_is_what_was_asked(void **state) {
  (void)state;
  const mode_t mask = umask(0077);
  struct oriel_audio_writer_config config = device_config;
  config.mode = 0644;
  struct rig rig;
  device_name("mode", rig.name);
  assert_int_equal(oriel_audio_writer_create(rig.name, &config, &rig.writer), 0);
  struct stat status;
  assert_int_equal(fstat(oriel_audio_writer_fd(rig.writer), &status), 0);
  assert_int_equal(status.st_mode & 0777, 0644);
  oriel_audio_writer_destroy(rig.writer);
  umask(mask);
}

static void device_passed_descriptor_only_reads(void **state) {
  (void)state;
  struct rig rig;
  rig_open(&rig, true);
  const int fd = oriel_audio_writer_fd(rig.writer);
  assert_ptr_equal(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
  assert_int_equal(write(fd, "x", 1), -1);
  assert_int_equal(ftruncate(fd, 0), -1);
  const int seals = fcntl(fd, F_GET_SEALS);
  assert_true((seals & F_SEAL_SHRINK) && (seals & F_SEAL_GROW));
  rig_close(&rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(device_says_what_it_is),
    cmocka_unit_test(device_carries_every_frame),
    cmocka_unit_test(device_readers_hear_the_same),
    cmocka_unit_test(device_late_reader_goes_on_with_the_newest),
    cmocka_unit_test(device_late_opener_hears_nothing_old),
    cmocka_unit_test(device_silence_where_nothing_was_written),
    cmocka_unit_test(device_sanitizes_what_is_no_sound),
    cmocka_unit_test(device_times_out),
    cmocka_unit_test(device_descriptor_follows_the_clock),
    cmocka_unit_test(device_end_is_told),
    cmocka_unit_test(device_has_one_writer),
    cmocka_unit_test(device_removed_name_is_noticed),
    cmocka_unit_test(device_rejects_bad_arguments),
    cmocka_unit_test(device_longest_name_and_slash),
    cmocka_unit_test(device_errors_have_sentences),
    cmocka_unit_test(device_forbidden_is_open_failed),
    cmocka_unit_test(device_mode_is_what_was_asked),
    cmocka_unit_test(device_passed_descriptor_only_reads),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
