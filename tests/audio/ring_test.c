/* SPDX-License-Identifier: MIT
 *
 * The ring between threads that share one mapping, for ThreadSanitizer: a writer that does not lap its readers, so that
 * every sample's write must happen before its read by the orders of `written` alone; and one writer beside readers
 * that come, go, and are lapped, through the public interface.
 */
#include "audio/ring.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/audio/device.h"

enum { FRAMES = 1 << 16, READERS = 2 };

static struct oriel_audio_shm_legacy legacy;
static struct oriel_audio_shm_line line;
static float samples[FRAMES];

static void *write_ring(void *argument) {
  (void)argument;
  struct oriel_audio_ring ring = {
    .legacy = &legacy, .line = &line, .samples = samples, .frames = FRAMES, .channels = 1};
  float block[100];
  /* The last span is announced before it is written: stay one below the ring. */
  while (ring.position < FRAMES - 100) {
    const size_t count = 1 + ring.position * 31 % 100;
    device_fill(block, ring.position, count, 1);
    oriel_audio_ring_write(&ring, block, count, 1);
  }
  return NULL;
}

static void *read_ring(void *argument) {
  size_t *wrong = argument;
  struct oriel_audio_ring ring = {.line = &line, .samples = samples, .frames = FRAMES, .channels = 1};
  float block[300];
  while (ring.position < FRAMES - 100) {
    const ssize_t got = oriel_audio_ring_take(&ring, block, 1 + ring.position * 17 % 300);
    *wrong += got < 0 || device_wrong(block, ring.position - (uint64_t)got, (size_t)got, 1);
    if (!got)
      sched_yield();
  }
  *wrong += ring.lost != 0;
  return NULL;
}

static void ring_threads_in_order(void **state) {
  (void)state;
  pthread_t writer, readers[READERS];
  size_t wrong[READERS] = {0};
  for (int i = 0; i < READERS; i++)
    assert_int_equal(pthread_create(&readers[i], NULL, read_ring, &wrong[i]), 0);
  assert_int_equal(pthread_create(&writer, NULL, write_ring, NULL), 0);
  pthread_join(writer, NULL);
  for (int i = 0; i < READERS; i++) {
    pthread_join(readers[i], NULL);
    assert_int_equal(wrong[i], 0);
  }
}

static atomic_bool over;

static void *come_and_go(void *argument) {
  size_t *wrong = argument;
  static _Thread_local float block[3000 * DEVICE_CHANNELS];
  char name[32];
  device_name("ring", name);
  while (!atomic_load(&over)) {
    struct oriel_audio_reader *reader;
    if (oriel_audio_reader_open(name, 0, &reader) < 0) {
      *wrong += 1;
      break;
    }
    for (size_t i = 0; i < 30; i++) {
      struct oriel_audio_info info;
      const ssize_t got = oriel_audio_reader_read(reader, block, 1 + i * 97, i % 3 ? 0 : 1);
      *wrong += got < 0 || oriel_audio_reader_info(reader, &info) < 0;
      if (got > 0)
        *wrong += device_wrong(block, info.position - (uint64_t)got, (size_t)got, DEVICE_CHANNELS);
    }
    oriel_audio_reader_close(reader);
  }
  return NULL;
}

static void *flip(void *writer) {
  for (unsigned i = 0; !atomic_load(&over); i++) {
    oriel_audio_writer_set_running(writer, i % 2);
    if (oriel_audio_writer_check(writer) < 0)
      abort();
    sched_yield();
  }
  return NULL;
}

static void ring_readers_come_and_go(void **state) {
  (void)state;
  char name[32];
  device_name("ring", name);
  struct oriel_audio_writer *writer;
  assert_int_equal(oriel_audio_writer_create(name, &device_config, &writer), 0);
  pthread_t readers[READERS], flipper;
  size_t wrong[READERS] = {0};
  for (int i = 0; i < READERS; i++)
    assert_int_equal(pthread_create(&readers[i], NULL, come_and_go, &wrong[i]), 0);
  assert_int_equal(pthread_create(&flipper, NULL, flip, writer), 0);
  for (size_t i = 0; i < 20000; i++)
    device_write(writer, i * 41 % 800);
  atomic_store(&over, true);
  pthread_join(flipper, NULL);
  for (int i = 0; i < READERS; i++) {
    pthread_join(readers[i], NULL);
    assert_int_equal(wrong[i], 0);
  }
  oriel_audio_writer_destroy(writer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(ring_threads_in_order),
    cmocka_unit_test(ring_readers_come_and_go),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
