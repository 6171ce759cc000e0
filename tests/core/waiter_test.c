/* SPDX-License-Identifier: MIT
 *
 * core/waiter: no wake is lost, wherever it meets the sleeper; a deadline ends a wait, and nothing else does.
 */
#include "core/waiter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/clock.h"

enum { ROUNDS = 20000, WAKERS = 4 };

static int set_up(void **state) {
  static struct oriel_waiter waiter;
  *state = &waiter;
  return oriel_waiter_init(&waiter);
}

static int tear_down(void **state) {
  oriel_waiter_finish(*state);
  return 0;
}

static void waiter_remembers_a_wake(void **state) {
  struct oriel_waiter *waiter = *state;
  oriel_waiter_wake(waiter);
  assert_true(oriel_waiter_wait(waiter, 0));
}

static void waiter_counts_many_wakes_as_one(void **state) {
  struct oriel_waiter *waiter = *state;
  oriel_waiter_wake(waiter);
  oriel_waiter_wake(waiter);
  assert_true(oriel_waiter_wait(waiter, 0));
  assert_false(oriel_waiter_wait(waiter, oriel_clock_ns()));
}

static void waiter_returns_at_its_deadline(void **state) {
  const uint64_t until = oriel_clock_ns() + 5 * ORIEL_NS_PER_MS;
  assert_false(oriel_waiter_wait(*state, until));
  assert_true(oriel_clock_ns() >= until);
}

static void waiter_returns_at_once_after_its_deadline(void **state) {
  assert_false(oriel_waiter_wait(*state, 1)); /* or the test ends by its own time limit */
}

static void waiter_prefers_a_wake_to_a_deadline_that_is_over(void **state) {
  oriel_waiter_wake(*state);
  assert_true(oriel_waiter_wait(*state, 1));
}

static void waiter_forgets_what_was_cleared(void **state) {
  struct oriel_waiter *waiter = *state;
  oriel_waiter_wake(waiter);
  oriel_waiter_clear(waiter);
  assert_false(oriel_waiter_wait(waiter, 1));
}

/* Two threads that take turns: each finds the other falling asleep, asleep, or not there yet. */

struct turns {
  struct oriel_waiter waiter[2];
  uint64_t until_ns; /* far off, or 0 */
  unsigned turn;     /* plain: the wakes alone order the accesses */
};

static void take_turns(struct turns *turns, unsigned self) {
  for (unsigned round = 0; round < ROUNDS; round++) {
    assert_true(oriel_waiter_wait(&turns->waiter[self], turns->until_ns));
    turns->turn++;
    oriel_waiter_wake(&turns->waiter[!self]);
  }
}

static void *other_side(void *argument) {
  take_turns(argument, 1);
  return NULL;
}

static void run_turns(uint64_t until_ns) {
  struct turns turns = {.until_ns = until_ns};
  pthread_t other;
  for (unsigned i = 0; i < 2; i++)
    assert_int_equal(oriel_waiter_init(&turns.waiter[i]), 0);
  assert_int_equal(pthread_create(&other, NULL, other_side, &turns), 0);
  oriel_waiter_wake(&turns.waiter[0]);
  take_turns(&turns, 0);
  pthread_join(other, NULL);
  assert_int_equal(turns.turn, 2 * ROUNDS);
  for (unsigned i = 0; i < 2; i++)
    oriel_waiter_finish(&turns.waiter[i]);
}

static void waiter_loses_no_wake_without_a_deadline(void **state) {
  (void)state;
  run_turns(0);
}

static void waiter_loses_no_wake_with_a_deadline(void **state) {
  (void)state;
  run_turns(oriel_clock_ns() + 3600 * ORIEL_NS_PER_SECOND);
}

/* Several wakers: what each did before its last wake is seen, however many wakes became one. */

struct work {
  struct oriel_waiter waiter;
  atomic_uint done;
};

static void *do_work(void *argument) {
  struct work *work = argument;
  for (unsigned i = 0; i < ROUNDS / WAKERS; i++) {
    atomic_fetch_add_explicit(&work->done, 1, memory_order_relaxed); /* the wake orders it */
    oriel_waiter_wake(&work->waiter);
  }
  return NULL;
}

static void look_for_work(struct work *work, bool clears) {
  const unsigned all = ROUNDS / WAKERS * WAKERS;
  for (;;) {
    if (clears)
      oriel_waiter_clear(&work->waiter);
    if (atomic_load_explicit(&work->done, memory_order_relaxed) == all)
      return;
    assert_true(oriel_waiter_wait(&work->waiter, 0));
  }
}

static void run_work(bool clears) {
  struct work work = {.done = 0};
  pthread_t wakers[WAKERS];
  assert_int_equal(oriel_waiter_init(&work.waiter), 0);
  for (unsigned i = 0; i < WAKERS; i++)
    assert_int_equal(pthread_create(&wakers[i], NULL, do_work, &work), 0);
  look_for_work(&work, clears);
  for (unsigned i = 0; i < WAKERS; i++)
    pthread_join(wakers[i], NULL);
  oriel_waiter_finish(&work.waiter);
}

static void waiter_sees_what_all_its_wakers_did(void **state) {
  (void)state;
  run_work(false);
}

static void waiter_that_clears_before_it_looks_misses_nothing(void **state) {
  (void)state;
  run_work(true);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(waiter_remembers_a_wake, set_up, tear_down),
    cmocka_unit_test_setup_teardown(waiter_counts_many_wakes_as_one, set_up, tear_down),
    cmocka_unit_test_setup_teardown(waiter_returns_at_its_deadline, set_up, tear_down),
    cmocka_unit_test_setup_teardown(waiter_returns_at_once_after_its_deadline, set_up, tear_down),
    cmocka_unit_test_setup_teardown(waiter_prefers_a_wake_to_a_deadline_that_is_over, set_up, tear_down),
    cmocka_unit_test_setup_teardown(waiter_forgets_what_was_cleared, set_up, tear_down),
    cmocka_unit_test(waiter_loses_no_wake_without_a_deadline),
    cmocka_unit_test(waiter_loses_no_wake_with_a_deadline),
    cmocka_unit_test(waiter_sees_what_all_its_wakers_did),
    cmocka_unit_test(waiter_that_clears_before_it_looks_misses_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
