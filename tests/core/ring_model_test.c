/* SPDX-License-Identifier: MIT
 *
 * Every interleaving of a producer and a consumer on a ring of two frames, with every outcome that C's memory model
 * allows; see memory_model.h. The two sides are coroutines that change places before any load of the other's index.
 * Wrong is sound out of order, a race on a sample, and an index out of bounds.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdlib.h>
#include <ucontext.h>

#include <cmocka.h>

#include "tests/core/memory_model.h"

static uint64_t index_load(const void *address, memory_order order, int line);
static void model_copy(float *to, const float *from, size_t size);

#undef atomic_load_explicit
#undef atomic_store_explicit
#define atomic_load_explicit(object, order) index_load((object), (order), __LINE__)
#define atomic_store_explicit(object, value, order) model_store((object), (value), (order), __LINE__)
#define memcpy(to, from, size) model_copy((to), (from), (size))
#include "core/ring.c"
#undef memcpy

enum { PRODUCER, CONSUMER };
enum { STACK = 64 * 1024, FRAMES = 5 };

static struct {
  ucontext_t scheduler, side[MODEL_THREADS];
  bool finished[MODEL_THREADS];
  struct oriel_ring *ring;
  float seen[FRAMES + 4];
  size_t seen_count;
} rig;
static char stacks[MODEL_THREADS][STACK];

static uint64_t index_load(const void *address, memory_order order, int line) {
  /* A relaxed load is of the side's own index. */
  if (order != memory_order_relaxed)
    swapcontext(&rig.side[model.self], &rig.scheduler);
  return model_load(address, order, line);
}

static bool in_ring(const float *at) {
  return at >= rig.ring->samples && at < rig.ring->samples + 2;
}

static void model_copy(float *to, const float *from, size_t size) {
  for (size_t i = 0; i < size / sizeof *to; i++) {
    if (in_ring(to))
      model_plain_store(to + i, (uint64_t)from[i]);
    else
      to[i] = (float)model_plain_load(from + i);
  }
}

/* Up to five frames through a ring of two: the indices go around twice when the consumer keeps up. */
static void producer_main(void) {
  static const size_t sizes[] = { 1, 2, 2, 1 };
  size_t sent = 0;
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes && sent < FRAMES; i++) {
    const float block[2] = { (float)(sent + 1), (float)(sent + 2) };
    const size_t left = FRAMES - sent;
    sent += oriel_ring_write(rig.ring, block, sizes[i] < left ? sizes[i] : left);
  }
  rig.finished[PRODUCER] = true;
}

static void consumer_main(void) {
  static const size_t sizes[] = { 2, 1, 2 };
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
    rig.seen_count += oriel_ring_read(rig.ring, rig.seen + rig.seen_count, sizes[i]);
  rig.finished[CONSUMER] = true;
}

static void start(int side, void (*entry)(void)) {
  getcontext(&rig.side[side]);
  rig.side[side].uc_stack.ss_sp = stacks[side];
  rig.side[side].uc_stack.ss_size = STACK;
  rig.side[side].uc_link = &rig.scheduler;
  makecontext(&rig.side[side], entry, 0);
  rig.finished[side] = false;
}

static bool run_both(void) {
  rig.ring->read_seen = 0;
  rig.ring->written_seen = 0;
  rig.seen_count = 0;
  start(PRODUCER, producer_main);
  start(CONSUMER, consumer_main);
  while (!rig.finished[PRODUCER] || !rig.finished[CONSUMER]) {
    const bool both = !rig.finished[PRODUCER] && !rig.finished[CONSUMER];
    model.self = both ? (int)model_choose(2) : rig.finished[PRODUCER] ? CONSUMER : PRODUCER;
    swapcontext(&rig.scheduler, &rig.side[model.self]);
    if (rig.ring->read_seen > FRAMES || rig.ring->written_seen > FRAMES)
      return false;
  }
  for (size_t i = 0; i < rig.seen_count; i++)
    if (rig.seen[i] != (float)(i + 1))
      return false;
  return true;
}

static int setup(void **state) {
  (void)state;
  return oriel_ring_create(2, 1, &rig.ring);
}

static int teardown(void **state) {
  (void)state;
  oriel_ring_destroy(rig.ring);
  return 0;
}

static void ring_model_every_interleaving(void **state) {
  (void)state;
  size_t wrong;
  const size_t runs = model_explore(run_both, 0, &wrong);
  print_message("%zu interleavings and outcomes\n", runs);
  assert_true(runs > 1000);
  assert_int_equal(wrong, 0);
}

/* The release and the acquire of each of the two indices. (oriel_ring_level's are not run here.) */
static void ring_model_every_order_is_needed(void **state) {
  (void)state;
  size_t wrong;
  model.line_count = 0;
  model_explore(run_both, 0, &wrong);
  assert_int_equal(model.line_count, 4);
  assert_int_equal(model_weaken_each(run_both), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(ring_model_every_interleaving, setup, teardown),
    cmocka_unit_test_setup_teardown(ring_model_every_order_is_needed, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
