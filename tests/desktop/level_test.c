/* SPDX-License-Identifier: MIT
 *
 * desktop/level: who takes the lower rendition, in virtual time.
 */
#include "desktop/level.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/clock.h"

#define MS ORIEL_NS_PER_MS
enum { STEP_MS = 250 };
static const struct oriel_level_rates motion = {.wanted = 8000, .used = 6000}, still = {.wanted = 8000, .used = 100};

/* Looks for so long; how often it moved. */
static unsigned pass(struct oriel_level *level, uint32_t carries_kbps, const struct oriel_level_rates *rates,
                     unsigned ms, uint64_t *now_ns) {
  unsigned moves = 0;
  for (unsigned at = 0; at < ms; at += STEP_MS, *now_ns += STEP_MS * MS)
    moves += oriel_level_look(level, carries_kbps, rates, *now_ns);
  return moves;
}

static void level_accepts_from_half_of_the_best_on(void **state) {
  (void)state;
  assert_true(oriel_level_accepts(4000, &motion));
  assert_false(oriel_level_accepts(3999, &motion));
  assert_true(oriel_level_accepts(0, &motion)); /* nothing is known of it */
}

static void level_leaves_when_pictures_need_more_for_a_second(void **state) {
  (void)state;
  struct oriel_level level = {0};
  uint64_t now = 1000 * MS;
  assert_int_equal(pass(&level, 1000, &motion, 750, &now), 0);
  assert_int_equal(pass(&level, 5000, &motion, 250, &now), 0); /* a dip of the estimate */
  assert_int_equal(pass(&level, 1000, &motion, 1000, &now), 0);
  assert_int_equal(pass(&level, 1000, &motion, 250, &now), 1);
  assert_true(level.low);
  assert_int_equal(pass(&level, 1000, &motion, 60000, &now), 0);
}

static void level_stays_while_the_screen_is_calm(void **state) {
  (void)state;
  struct oriel_level level = {0};
  uint64_t now = 1000 * MS;
  assert_int_equal(pass(&level, 1000, &still, 60000, &now), 0);
  assert_int_equal(pass(&level, 1000, &motion, 1250, &now), 1);
  assert_int_equal(pass(&level, 1000, &still, 5000, &now), 0);
  assert_int_equal(pass(&level, 1000, &still, 250, &now), 1); /* back, to read what stands still */
  assert_false(level.low);
}

static void level_returns_after_seconds_of_enough(void **state) {
  (void)state;
  struct oriel_level level = {0};
  uint64_t now = 1000 * MS;
  assert_int_equal(pass(&level, 1000, &motion, 1250, &now), 1);
  for (unsigned i = 0; i < 20; i++) { /* an estimate that wavers about what it left for is not enough */
    assert_int_equal(pass(&level, 5700, &motion, 4000, &now), 0);
    assert_int_equal(pass(&level, 3900, &motion, 1000, &now), 0);
  }
  assert_int_equal(pass(&level, 5700, &motion, 5000, &now), 0);
  assert_int_equal(pass(&level, 5700, &motion, 250, &now), 1);
  assert_false(level.low);
  assert_int_equal(pass(&level, 4000, &motion, 60000, &now), 0);
}

static void level_does_not_flap(void **state) {
  (void)state;
  struct oriel_level level = {0};
  uint64_t now = 1000 * MS;
  unsigned moves = 0;
  for (unsigned i = 0; i < 60; i++) { /* ten minutes of a network that comes and goes */
    moves += pass(&level, 20000, &motion, 6000, &now);
    moves += pass(&level, 500, &motion, 4000, &now);
  }
  assert_in_range(moves, 2, 4); /* and then it is never enough for long enough */
  moves = pass(&level, 20000, &motion, 90000, &now);
  assert_int_equal(moves, 1);
  assert_int_equal(pass(&level, 500, &motion, 1250, &now), 1);
  assert_int_equal(pass(&level, 20000, &motion, 5250, &now), 1); /* it lasted: it waits no longer than at first */
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(level_accepts_from_half_of_the_best_on),
    cmocka_unit_test(level_leaves_when_pictures_need_more_for_a_second),
    cmocka_unit_test(level_stays_while_the_screen_is_calm),
    cmocka_unit_test(level_returns_after_seconds_of_enough),
    cmocka_unit_test(level_does_not_flap),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
