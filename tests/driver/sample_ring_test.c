/* SPDX-License-Identifier: MIT
 *
 * The ring by sample time (lesson 25).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "driver/sample_ring.h"
#include "tests/driver/rig.h"

static void put(struct sample_ring *ring, int64_t at, size_t count) {
  struct sample_span span;
  sample_ring_begin(ring, at, count, &span);
  rig_fill(span.frames[0], at, span.count[0], ring->channels);
  rig_fill(span.frames[1], at + (int64_t)span.count[0], span.count[1], ring->channels);
  sample_ring_commit(ring);
}

static float frames[2 * SAMPLE_RING_FRAMES];

/* Reads [at, at + count): [from, to) must be the sound of its time, all else silence. */
static void expect(struct sample_ring *ring, int64_t at, size_t count, int64_t from, int64_t to) {
  size_t real = 0;
  const size_t got = sample_ring_read(ring, at, frames, count);
  for (size_t i = 0; i < count; i++) {
    const int64_t time = at + (int64_t)i;
    const bool sounds = time >= from && time < to;
    real += sounds;
    for (unsigned c = 0; c < 2; c++)
      assert_true(frames[2 * i + c] == (sounds ? rig_sample(time, c) : 0.0f));
  }
  assert_int_equal(got, real);
}

static void sample_ring_reads_what_was_written_at_its_time(void **state) {
  (void)state;
  static const size_t sizes[] = {32, 64, 512, 4096};
  for (int s = 0; s < 4; s++) {
    struct sample_ring ring;
    assert_int_equal(sample_ring_init(&ring, 2), 0);
    for (int64_t at = 1000000; at < 1000000 + 40000; at += (int64_t)sizes[s]) {
      put(&ring, at, sizes[s]);
      expect(&ring, at, sizes[s], at, at + (int64_t)sizes[s]);
      expect(&ring, at, sizes[s], at, at + (int64_t)sizes[s]); /* a second reader hears the same */
    }
    sample_ring_finish(&ring);
  }
}

static void sample_ring_replays_nothing_stale(void **state) { /* lesson 25 */
  (void)state;
  struct sample_ring ring;
  assert_int_equal(sample_ring_init(&ring, 2), 0);
  put(&ring, 0, 512);
  expect(&ring, 512, 512, 0, 0);                           /* not yet */
  expect(&ring, SAMPLE_RING_FRAMES, 512, 0, 0);            /* the same places, a turn later */
  expect(&ring, 256, 512, 256, 512);                       /* partly */
  put(&ring, 3 * SAMPLE_RING_FRAMES + 100, 512);           /* a jump forgets */
  expect(&ring, 0, 512, 0, 0);
  expect(&ring, 3 * SAMPLE_RING_FRAMES, 1024, 3 * SAMPLE_RING_FRAMES + 100, 3 * SAMPLE_RING_FRAMES + 612);
  for (int64_t at = 3 * SAMPLE_RING_FRAMES + 612; at < 5 * SAMPLE_RING_FRAMES; at += 500)
    put(&ring, at, 500);
  expect(&ring, 3 * SAMPLE_RING_FRAMES + 100, 512, 0, 0);  /* written over */
  sample_ring_finish(&ring);
}

static void sample_ring_gap_is_silence(void **state) {
  (void)state;
  struct sample_ring ring;
  assert_int_equal(sample_ring_init(&ring, 2), 0);
  for (int64_t at = 0; at < 2 * SAMPLE_RING_FRAMES; at += 512)
    put(&ring, at, 512);
  const int64_t end = 2 * SAMPLE_RING_FRAMES;
  put(&ring, end + 300, 100); /* the gap holds sound of a turn ago */
  sample_ring_read(&ring, end, frames, 400);
  for (int i = 0; i < 600; i++)
    assert_true(frames[i] == 0);
  expect(&ring, end + 300, 100, end + 300, end + 400);
  expect(&ring, end - 512, 512, end - 512, end); /* what came before the gap is still there */
  sample_ring_finish(&ring);
}

static void sample_ring_goes_back_on_a_new_timeline(void **state) {
  (void)state;
  struct sample_ring ring;
  int64_t begin, end;
  assert_int_equal(sample_ring_init(&ring, 2), 0);
  put(&ring, 1000000, 512);
  put(&ring, 100, 512);
  sample_ring_extent(&ring, &begin, &end);
  assert_int_equal(begin, 100);
  assert_int_equal(end, 612);
  expect(&ring, 1000000, 512, 0, 0);
  put(&ring, -50, 100); /* times before zero are times too; a short step back rewrites */
  expect(&ring, -50, 100, -50, 50);
  sample_ring_finish(&ring);
}

struct race {
  struct sample_ring ring;
  atomic_llong written, taken;
  atomic_bool torn;
};

/* What a reader that is written over meanwhile copies is thrown away, but to the thread sanitizer it is a race all the
 * same. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
enum { MAY_LAP = 0 };
#else
enum { MAY_LAP = 1 };
#endif
#elif defined(__SANITIZE_THREAD__)
enum { MAY_LAP = 0 };
#else
enum { MAY_LAP = 1 };
#endif

/* Follows the writer, which may lap. */
static void *follow(void *context) {
  struct race *race = context;
  float *own = malloc(sizeof(float) * 2 * 256);
  for (int64_t at = 0; at < 400000; at += 256) {
    while (atomic_load(&race->written) < at + 256)
      ;
    const size_t got = sample_ring_read(&race->ring, at, own, 256);
    for (size_t i = 0; got == 256 && i < 256; i++)
      if (own[2 * i] != rig_sample(at + (int64_t)i, 0))
        atomic_store(&race->torn, true);
    atomic_store(&race->taken, at + 256);
  }
  free(own);
  return NULL;
}

static void sample_ring_is_whole_across_threads(void **state) {
  (void)state;
  static struct race race;
  pthread_t reader;
  assert_int_equal(sample_ring_init(&race.ring, 2), 0);
  pthread_create(&reader, NULL, follow, &race);
  for (int64_t at = 0; at < 400000; at += 500) {
    int64_t begin, end;
    put(&race.ring, at, 500);
    sample_ring_extent(&race.ring, &begin, &end);
    assert_int_equal(end, at + 500);
    atomic_store(&race.written, at + 500);
    /* At times the reader keeps near, as the transport thread does. */
    if (at % 80000 < 40000 || !MAY_LAP)
      while (atomic_load(&race.taken) + SAMPLE_RING_FRAMES / 2 < at)
        ;
  }
  atomic_store(&race.written, 1 << 20);
  pthread_join(reader, NULL);
  assert_false(race.torn);
  sample_ring_finish(&race.ring);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(sample_ring_reads_what_was_written_at_its_time),
    cmocka_unit_test(sample_ring_replays_nothing_stale),
    cmocka_unit_test(sample_ring_gap_is_silence),
    cmocka_unit_test(sample_ring_goes_back_on_a_new_timeline),
    cmocka_unit_test(sample_ring_is_whole_across_threads),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
