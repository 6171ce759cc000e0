/* SPDX-License-Identifier: MIT
 *
 * Every interleaving of a producer and a consumer on a ring of two frames. The ring's own source is compiled in with
 * its atomic accesses and copies turned into scheduling points; the two sides are coroutines, and the test walks the
 * tree of all schedules, replaying each from the start. ring_test under ThreadSanitizer covers the memory orders; this
 * covers the logic between them. To prove that it can fail, it also runs with copies that become visible only after
 * the index does, which is what a missing release would allow.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include <cmocka.h>

static void step(void);
static void model_copy(void *to, const void *from, size_t size);
static void model_store(atomic_size_t *index, size_t value);

#undef atomic_load_explicit
#undef atomic_store_explicit
/* A relaxed load is of the caller's own index, which commutes with all the other side does: no point to switch at. */
#define atomic_load_explicit(object, order) ((order) == memory_order_relaxed ? *(object) : (step(), *(object)))
#define atomic_store_explicit(object, value, order) model_store(object, value)
#define memcpy(to, from, size) model_copy(to, from, size)
#include "core/ring.c"
#undef memcpy

enum { PRODUCER, CONSUMER, SIDES, NOBODY = SIDES };
enum { STACK = 64 * 1024, STEPS_MAX = 64, FRAMES = 5 };

static struct {
  ucontext_t scheduler, side[SIDES];
  bool finished[SIDES];
  int running;
  struct oriel_ring *ring;
  bool late_copies; /* the planted fault */
  struct { void *to; float frames[4]; size_t size; } late[2];
  size_t late_count;
  float seen[FRAMES + 4];
  size_t seen_count;
} model;
static char stacks[SIDES][STACK];

/* The schedule: choices[i] is the side that took step i, of those that could. */
static uint8_t choices[STEPS_MAX];
static size_t depth;

static void step(void) {
  const int self = model.running;
  if (self == NOBODY) /* the test itself, which sets the ring up */
    return;
  swapcontext(&model.side[self], &model.scheduler);
}

static void flush_late(void) {
  for (size_t i = 0; i < model.late_count; i++)
    memcpy(model.late[i].to, model.late[i].frames, model.late[i].size);
  model.late_count = 0;
}

static void model_copy(void *to, const void *from, size_t size) {
  if (!size)
    return;
  if (model.late_copies && model.running == PRODUCER) {
    model.late[model.late_count].to = to;
    model.late[model.late_count].size = size;
    memcpy(model.late[model.late_count++].frames, from, size);
    return;
  }
  step();
  memcpy(to, from, size);
}

static void model_store(atomic_size_t *index, size_t value) {
  step();
  *index = value;
  if (model.running == PRODUCER && model.late_count) {
    step();
    flush_late();
  }
}

/* Up to five frames through a ring of two: the indices go around twice when the consumer keeps up. */
static void producer_main(void) {
  static const size_t sizes[] = { 1, 2, 2, 1 };
  size_t sent = 0;
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes && sent < FRAMES; i++) {
    const float block[2] = { (float)(sent + 1), (float)(sent + 2) };
    const size_t left = FRAMES - sent;
    sent += oriel_ring_write(model.ring, block, sizes[i] < left ? sizes[i] : left);
  }
  model.finished[PRODUCER] = true;
}

static void consumer_main(void) {
  static const size_t sizes[] = { 2, 1, 2 };
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
    model.seen_count += oriel_ring_read(model.ring, model.seen + model.seen_count, sizes[i]);
  model.finished[CONSUMER] = true;
}

static void start(int side, void (*entry)(void)) {
  getcontext(&model.side[side]);
  model.side[side].uc_stack.ss_sp = stacks[side];
  model.side[side].uc_stack.ss_size = STACK;
  model.side[side].uc_link = &model.scheduler;
  makecontext(&model.side[side], entry, 0);
  model.finished[side] = false;
}

static void reset_ring(void) {
  atomic_init(&model.ring->written, 0);
  atomic_init(&model.ring->read, 0);
  model.ring->read_seen = 0;
  model.ring->written_seen = 0;
  memset(model.ring->samples, 0, 2 * sizeof(float));
  memset(model.seen, 0, sizeof model.seen);
  model.seen_count = 0;
  model.late_count = 0;
}

/* Runs one schedule: the recorded prefix, then always the producer first. `forks` marks steps that had a choice. */
static void replay(size_t prefix, bool forks[STEPS_MAX]) {
  reset_ring();
  start(PRODUCER, producer_main);
  start(CONSUMER, consumer_main);
  for (depth = 0; !model.finished[PRODUCER] || !model.finished[CONSUMER]; depth++) {
    assert_true(depth < STEPS_MAX);
    forks[depth] = !model.finished[PRODUCER] && !model.finished[CONSUMER];
    if (!forks[depth])
      choices[depth] = model.finished[PRODUCER] ? CONSUMER : PRODUCER;
    else if (depth >= prefix)
      choices[depth] = PRODUCER;
    model.running = choices[depth];
    swapcontext(&model.scheduler, &model.side[model.running]);
    model.running = NOBODY;
  }
}

static bool correct(void) {
  for (size_t i = 0; i < model.seen_count; i++)
    if (model.seen[i] != (float)(i + 1))
      return false;
  return model.ring->written - model.ring->read <= 2;
}

/* Walks the tree depth first. Returns the schedules tried; *wrong counts those that ended badly. */
static size_t explore(bool late_copies, size_t *wrong) {
  bool forks[STEPS_MAX];
  size_t schedules = 0;
  *wrong = 0;
  model.running = NOBODY;
  assert_int_equal(oriel_ring_create(2, 1, &model.ring), 0);
  model.late_copies = late_copies;
  for (size_t prefix = 0;;) {
    replay(prefix, forks);
    schedules++;
    *wrong += !correct();
    /* The deepest step where the consumer has not had its turn. */
    size_t last = depth;
    while (last > 0 && !(forks[last - 1] && choices[last - 1] == PRODUCER))
      last--;
    if (!last)
      break;
    choices[last - 1] = CONSUMER;
    prefix = last;
  }
  oriel_ring_destroy(model.ring);
  return schedules;
}

static void ring_model_every_interleaving(void **state) {
  (void)state;
  size_t wrong;
  const size_t schedules = explore(false, &wrong);
  print_message("%zu interleavings\n", schedules);
  assert_true(schedules > 10000);
  assert_int_equal(wrong, 0);
}

static void ring_model_notices_late_samples(void **state) {
  (void)state;
  size_t wrong;
  explore(true, &wrong);
  assert_true(wrong > 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(ring_model_every_interleaving),
    cmocka_unit_test(ring_model_notices_late_samples),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
