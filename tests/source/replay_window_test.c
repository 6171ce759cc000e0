/* SPDX-License-Identifier: MIT
 *
 * source/replay_window: numbers of datagrams, also those that mean harm.
 */
#include "source/replay_window.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void expect(struct replay_window *window, uint32_t number, enum replay_place place, uint32_t lost) {
  uint32_t found = 99;
  assert_int_equal(replay_window_take(window, number, &found), place);
  assert_int_equal(found, lost);
}

static void window_counts_over_the_wrap(void **state) {
  (void)state;
  struct replay_window window = {0};
  expect(&window, UINT32_MAX - 1, REPLAY_RESTART, 0);
  expect(&window, UINT32_MAX, REPLAY_NEXT, 0);
  expect(&window, 2, REPLAY_NEXT, 2);
  expect(&window, 0, REPLAY_LATE, 0);
  expect(&window, 0, REPLAY_DUPLICATE, 0);
  expect(&window, 2, REPLAY_DUPLICATE, 0);
  expect(&window, UINT32_MAX, REPLAY_DUPLICATE, 0);
  expect(&window, 1002, REPLAY_NEXT, 999);
  expect(&window, 950, REPLAY_LATE, 0);
}

static void window_far_away_begins_anew(void **state) {
  (void)state;
  struct replay_window window = {0};
  expect(&window, 7, REPLAY_RESTART, 0);
  expect(&window, 7 + 1001, REPLAY_RESTART, 0);
  expect(&window, 1u << 31, REPLAY_RESTART, 0);
  expect(&window, (1u << 31) + 1, REPLAY_NEXT, 0);
}

/* A sender that began again a little before: it is not dropped for ever. */
static void window_follows_a_sender_that_began_again(void **state) {
  (void)state;
  struct replay_window window = {0};
  uint32_t lost, heard = 0;
  for (uint32_t i = 0; i < 500; i++)
    expect(&window, i, i ? REPLAY_NEXT : REPLAY_RESTART, 0);
  for (uint32_t i = 0; i < 100; i++)
    heard += replay_window_take(&window, i, &lost) == REPLAY_NEXT;
  assert_true(heard >= 79);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(window_counts_over_the_wrap),
    cmocka_unit_test(window_far_away_begins_anew),
    cmocka_unit_test(window_follows_a_sender_that_began_again),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
