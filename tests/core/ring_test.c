/* SPDX-License-Identifier: MIT
 *
 * core/ring: bounds and wrap-around on one thread, then producer and consumer on two with random block sizes, which
 * ThreadSanitizer watches for a missing acquire or release.
 */
#include "core/ring.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cmocka.h>

static void ring_rejects_bad_arguments(void **state) {
  (void)state;
  struct oriel_ring *ring = (struct oriel_ring *)&ring;
  assert_int_equal(oriel_ring_create(0, 1, &ring), -EINVAL);
  assert_int_equal(oriel_ring_create((1u << 24) + 1, 1, &ring), -EINVAL);
  assert_int_equal(oriel_ring_create(SIZE_MAX, 1, &ring), -EINVAL);
  assert_int_equal(oriel_ring_create(1, 0, &ring), -EINVAL);
  assert_int_equal(oriel_ring_create(1, 65, &ring), -EINVAL);
  assert_ptr_equal(ring, &ring); /* untouched on failure */
  oriel_ring_destroy(NULL);
}

static void ring_rounds_up_and_refuses_more(void **state) {
  (void)state;
  struct oriel_ring *ring;
  const float frames[16] = { 0 };
  assert_int_equal(oriel_ring_create(5, 1, &ring), 0);
  assert_int_equal(oriel_ring_level(ring), 0);
  assert_int_equal(oriel_ring_write(ring, frames, 16), 8);
  assert_int_equal(oriel_ring_level(ring), 8);
  assert_int_equal(oriel_ring_write(ring, frames, 1), 0);
  assert_int_equal(oriel_ring_skip(ring, 3), 3);
  assert_int_equal(oriel_ring_write(ring, frames, 16), 3);
  assert_int_equal(oriel_ring_skip(ring, SIZE_MAX), 8);
  assert_int_equal(oriel_ring_skip(ring, 1), 0);
  assert_int_equal(oriel_ring_level(ring), 0);
  oriel_ring_destroy(ring);
}

/* Pages of a ring that the system has given memory for. */
static size_t resident(const struct oriel_ring *ring, size_t bytes) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  static unsigned char pages[1 << 15];
  const uintptr_t from = ((uintptr_t)ring + page - 1) / page * page;
  size_t count = 0;
  assert_in_range(bytes / page, 1, sizeof pages);
  assert_int_equal(mincore((void *)from, bytes / page * page, pages), 0);
  for (size_t i = 0; i < bytes / page; i++)
    count += pages[i] & 1;
  return count;
}

static void ring_untouched_takes_memory_as_frames_pass(void **state) {
  (void)state;
  enum { FRAMES = 1 << 23, PART = 4096 }; /* so large that it is no memory which somebody had before */
  const size_t page = (size_t)sysconf(_SC_PAGESIZE), bytes = FRAMES * sizeof(float) - page;
  static float frames[PART];
  struct oriel_ring *ring;
  mallopt(M_PERTURB, 0); /* as tests run, the allocator writes all that it hands out */
  (void)prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0); /* pages of 4 KiB, wherever it runs */
  assert_int_equal(oriel_ring_create_untouched(FRAMES, 1, &ring), 0);
  assert_in_range(resident(ring, bytes), 0, 4);
  for (int i = 0; i < 64; i++) {
    assert_int_equal(oriel_ring_write(ring, frames, PART), PART);
    assert_int_equal(oriel_ring_read(ring, frames, PART), PART);
  }
  const size_t passed = 64 * PART * sizeof(float) / page;
  assert_in_range(resident(ring, bytes), passed - 1, passed + 4);
  oriel_ring_destroy(ring);
  assert_int_equal(oriel_ring_create(FRAMES, 1, &ring), 0);
  assert_int_equal(resident(ring, bytes), bytes / page);
  oriel_ring_destroy(ring);
}

/* Every position of the indices within the ring, every size of write and read, one and three channels. */
static void ring_keeps_frames_whole(void **state) {
  (void)state;
  for (unsigned channels = 1; channels <= 3; channels += 2) {
    struct oriel_ring *ring;
    assert_int_equal(oriel_ring_create(8, channels, &ring), 0);
    uint32_t in = 0, out = 0;
    for (size_t step = 0; step < 1000; step++) {
      float frames[10 * 3];
      const size_t count = step % 11 < 10 ? step % 11 : 10;
      for (size_t i = 0; i < count * channels; i++)
        frames[i] = (float)(in * channels + i);
      in += (uint32_t)oriel_ring_write(ring, frames, count);
      const size_t got = oriel_ring_read(ring, frames, step * 7 % 9);
      for (size_t i = 0; i < got * channels; i++)
        assert_true(frames[i] == (float)(out * channels + i));
      out += (uint32_t)got;
      assert_int_equal(oriel_ring_level(ring), in - out);
    }
    assert_true(out > 1000);
    oriel_ring_destroy(ring);
  }
}

enum { STREAM_FRAMES = 400000, BLOCK_MAX = 97, CHANNELS = 2 };

static void *produce(void *argument) {
  struct oriel_ring *ring = argument;
  unsigned seed = 1;
  float block[BLOCK_MAX * CHANNELS];
  for (size_t sent = 0; sent < STREAM_FRAMES;) {
    size_t count = 1 + (size_t)rand_r(&seed) % BLOCK_MAX;
    if (count > STREAM_FRAMES - sent)
      count = STREAM_FRAMES - sent;
    for (size_t i = 0; i < count; i++) {
      block[i * CHANNELS] = (float)(sent + i); /* exact below 2^24 */
      block[i * CHANNELS + 1] = -(float)(sent + i);
    }
    const size_t fitted = oriel_ring_write(ring, block, count);
    sent += fitted;
    if (!fitted)
      sched_yield();
  }
  return NULL;
}

static void stream(size_t capacity, bool skips) {
  struct oriel_ring *ring;
  pthread_t producer;
  assert_int_equal(oriel_ring_create(capacity, CHANNELS, &ring), 0);
  assert_int_equal(pthread_create(&producer, NULL, produce, ring), 0);
  unsigned seed = 2;
  size_t received = 0, wrong = 0, too_full = 0;
  float block[BLOCK_MAX * CHANNELS];
  while (received < STREAM_FRAMES) {
    const size_t count = 1 + (size_t)rand_r(&seed) % BLOCK_MAX;
    too_full += oriel_ring_level(ring) > capacity;
    if (skips && rand_r(&seed) % 4 == 0) {
      received += oriel_ring_skip(ring, count);
      continue;
    }
    const size_t got = oriel_ring_read(ring, block, count);
    for (size_t i = 0; i < got; i++)
      wrong += block[i * CHANNELS] != (float)(received + i) || block[i * CHANNELS + 1] != -(float)(received + i);
    received += got;
    if (!got)
      sched_yield();
  }
  pthread_join(producer, NULL);
  assert_int_equal(wrong, 0);
  assert_int_equal(too_full, 0);
  assert_int_equal(received, STREAM_FRAMES); /* once each: no more came than was sent */
  assert_int_equal(oriel_ring_level(ring), 0);
  oriel_ring_destroy(ring);
}

static void ring_two_threads_in_order(void **state) {
  (void)state;
  stream(64, false);
}

static void ring_two_threads_large(void **state) {
  (void)state;
  stream(4096, false);
}

static void ring_two_threads_with_skips(void **state) {
  (void)state;
  stream(128, true);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(ring_rejects_bad_arguments),
    cmocka_unit_test(ring_rounds_up_and_refuses_more),
    cmocka_unit_test(ring_untouched_takes_memory_as_frames_pass),
    cmocka_unit_test(ring_keeps_frames_whole),
    cmocka_unit_test(ring_two_threads_in_order),
    cmocka_unit_test(ring_two_threads_large),
    cmocka_unit_test(ring_two_threads_with_skips),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
