/* SPDX-License-Identifier: MIT
 *
 * Every outcome that C's memory model allows for readers of a tiny audio ring; see tests/core/memory_model.h. The
 * writer never reads what a reader writes, so it can run to its end first: a reader that may see every older value
 * sees all that it could have seen in between, killed writers included.
 */
#include "audio/ring.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "audio/sanitize.h"
#include "tests/core/memory_model.h"

/* Hints for waiting do not matter to sound; the generation never changes here. */
static uint64_t load(const void *address, const void *line, memory_order order, int at) {
  const size_t offset = (size_t)((const char *)address - (const char *)line);
  const bool matters = offset == offsetof(struct oriel_audio_shm_line, written) ||
                       offset == offsetof(struct oriel_audio_shm_line, writing);
  return matters ? model_load(address, order, at) : 0;
}

static void store(const void *address, uint64_t value, const void *line, memory_order order, int at) {
  const size_t offset = (size_t)((const char *)address - (const char *)line);
  if (offset == offsetof(struct oriel_audio_shm_line, published_ns) ||
      offset == offsetof(struct oriel_audio_shm_line, period) || offset == offsetof(struct oriel_audio_shm_line, beat))
    return;
  model_store(address, value, order, at);
}

static void copy_in(float *to, const float *from, size_t size) {
  for (size_t i = 0; i < size / sizeof *to; i++)
    model_store(to + i, (uint64_t)from[i], memory_order_relaxed, 0);
}

static void copy_silence(float *to, size_t size) {
  for (size_t i = 0; i < size / sizeof *to; i++)
    model_store(to + i, 0, memory_order_relaxed, 0);
}

static void copy_out_model(float *to, const float *from, size_t count) {
  for (size_t i = 0; i < count; i++)
    to[i] = (float)model_load(from + i, memory_order_relaxed, 0);
}

#undef atomic_load_explicit
#undef atomic_store_explicit
#undef atomic_thread_fence
#define atomic_load_explicit(p, order) \
  _Generic(*(p), uint32_t: (uint32_t)load((p), ring->line, (order), __LINE__), \
    default: load((p), ring->line, (order), __LINE__))
#define atomic_store_explicit(p, value, order) store((p), (value), ring->line, (order), __LINE__)
#define atomic_thread_fence(order) model_fence((order), __LINE__)
#define memcpy(to, from, size) copy_in((to), (from), (size))
#define memset(to, byte, size) copy_silence((to), (size))
#define oriel_audio_sanitize_copy copy_out_model
#include "audio/ring.c"
#undef memcpy
#undef memset

enum { WRITER, READER };
enum { RING = 4 };

static struct oriel_audio_shm_legacy legacy;
static struct oriel_audio_shm_line line;
static float samples[RING];
static size_t frames_written;

/* Sample n is n + 1: 0 is what was never written. */
static void write_all(void) {
  struct oriel_audio_ring ring = {.legacy = &legacy, .line = &line, .samples = samples, .frames = RING, .channels = 1};
  model.self = WRITER;
  while (ring.position < frames_written) {
    const float sample = (float)(ring.position + 1);
    oriel_audio_ring_write(&ring, &sample, 1, 0);
  }
}

/* Two reads: alone, straddling the end, lapped, in the midst of a write. What is taken must be what was written
 * there. */
static bool run_reader(void) {
  write_all();
  model.self = READER;
  struct oriel_audio_ring ring = {.line = &line, .samples = samples, .frames = RING, .channels = 1};
  uint64_t least_next = 0;
  for (size_t count = 2; count <= 3; count++) {
    float frames[3];
    const ssize_t got = oriel_audio_ring_take(&ring, frames, count);
    if (got < 0 || (size_t)got > count || ring.position < least_next)
      return false;
    for (ssize_t i = 0; i < got; i++)
      if (frames[i] != (float)(ring.position - (uint64_t)(got - i) + 1))
        return false;
    least_next = ring.position;
  }
  return true;
}

/* An old-style reader, from the facts of its layout alone; the writer does not lap it. */
static bool run_old_reader(void) {
  write_all();
  model.self = READER;
  uint32_t read_head = 0;
  for (int poll = 0; poll < 2; poll++) {
    const uint32_t write_head = (uint32_t)model_load(&legacy.write_head, memory_order_acquire, 0);
    for (; read_head != write_head; read_head = (read_head + 1) % RING)
      if (model_load(samples + read_head, memory_order_relaxed, 0) != read_head + 1)
        return false;
  }
  return true;
}

static void ring_model_every_outcome(void **state) {
  (void)state;
  for (frames_written = 1; frames_written <= 7; frames_written++) {
    size_t wrong;
    const size_t runs = model_explore(run_reader, 0, &wrong);
    print_message("%zu frames: %zu outcomes\n", frames_written, runs);
    assert_true(runs > 1);
    assert_int_equal(wrong, 0);
  }
}

static void ring_model_every_order_is_needed(void **state) {
  (void)state;
  size_t wrong;
  frames_written = 6;
  model.line_count = 0;
  model_explore(run_reader, 0, &wrong);
  assert_int_equal(wrong, 0);
  assert_int_equal(model.line_count, 5); /* one of them, write_head's, is for old-style readers alone: */
  assert_int_equal(model_weaken_each(run_reader), 1);
  frames_written = 3;
  size_t missed = 0;
  for (size_t i = 0; i < 5; i++) {
    model_explore(run_old_reader, model.lines[i], &wrong);
    missed += wrong > 0;
  }
  assert_int_equal(missed, 1);
}

static void ring_model_old_reader(void **state) {
  (void)state;
  size_t wrong;
  frames_written = 3;
  assert_true(model_explore(run_old_reader, 0, &wrong) > 5);
  assert_int_equal(wrong, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(ring_model_every_outcome),
    cmocka_unit_test(ring_model_every_order_is_needed),
    cmocka_unit_test(ring_model_old_reader),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
