/* SPDX-License-Identifier: MIT
 *
 * core/damage_log: no reader misses a change, however slow it is and however many others read; none that keeps up is
 * told of more than changed.
 */
#include "core/damage_log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SIDE = 64 };
static const struct oriel_rect whole = {0, 0, SIDE, SIDE};

static struct oriel_rect dot(int x, int y) {
  return (struct oriel_rect){x, y, 1, 1};
}

static bool covers(const struct oriel_damage *damage, int x, int y) {
  for (int i = 0; i < damage->count; i++)
    if (!oriel_rect_empty(oriel_rect_intersect(damage->rects[i], dot(x, y))))
      return true;
  return false;
}

static void log_empty(void **state) {
  (void)state;
  struct oriel_damage_log log = {0};
  struct oriel_damage damage;
  assert_false(oriel_damage_log_changed(&log, 0));
  assert_int_equal(oriel_damage_log_since(&log, 0, &damage), 0);
  assert_true(oriel_damage_empty(&damage));
  assert_int_equal(oriel_damage_log_take(&log), 0);
}

static void log_new_reader_is_told_of_all(void **state) {
  (void)state;
  static struct oriel_damage_log log;
  struct oriel_damage damage;
  oriel_damage_log_reset(&log, whole, 9);
  oriel_damage_log_add(&log, dot(3, 3), 11);
  assert_int_equal(oriel_damage_log_since(&log, 0, &damage), 9);
  assert_int_equal(oriel_damage_area(&damage), SIDE * SIDE);
  const uint64_t serial = oriel_damage_log_take(&log);
  assert_false(oriel_damage_log_changed(&log, serial));
  oriel_damage_log_reset(&log, (struct oriel_rect){0, 0, 8, 8}, 20);
  assert_int_equal(oriel_damage_log_since(&log, serial, &damage), 20);
  assert_int_equal(oriel_damage_area(&damage), 64);
}

/* A change in an entry that nobody has read joins it: a storm of updates costs one entry. */
static void log_changes_nobody_told_apart(void **state) {
  (void)state;
  static struct oriel_damage_log log;
  struct oriel_damage damage;
  oriel_damage_log_reset(&log, whole, 1);
  const uint64_t serial = oriel_damage_log_take(&log);
  for (int i = 0; i < 10000; i++)
    oriel_damage_log_add(&log, dot(i % 4, 7), (uint64_t)(100 - i % 50));
  assert_int_equal(log.count, 1);
  assert_int_equal(oriel_damage_log_since(&log, serial, &damage), 51);
  assert_int_equal(oriel_damage_area(&damage), 4);
}

/* One reads each change, the other a hundred later: the first gets exactly it, the second at least all. */
static void log_slow_reader(void **state) {
  (void)state;
  static struct oriel_damage_log log;
  struct oriel_damage damage;
  oriel_damage_log_reset(&log, whole, 1);
  uint64_t quick = oriel_damage_log_take(&log);
  const uint64_t slow = quick;
  for (int i = 0; i < 100; i++) {
    oriel_damage_log_add(&log, dot(i % SIDE, i / SIDE * 9), (uint64_t)(1000 + i));
    assert_int_equal(oriel_damage_log_since(&log, quick, &damage), 1000 + i);
    assert_int_equal(oriel_damage_area(&damage), 1);
    quick = oriel_damage_log_take(&log);
  }
  assert_int_equal(log.count, ORIEL_DAMAGE_LOG_ENTRIES);
  assert_int_equal(oriel_damage_log_since(&log, slow, &damage), 1000);
  for (int i = 0; i < 100; i++)
    assert_true(covers(&damage, i % SIDE, i / SIDE * 9));
}

/* Any order of changes, resets and readers: what a reader was not yet told of is in what it is told. */
static void log_random(void **state) {
  (void)state;
  enum { READERS = 5, STEPS = 20000 };
  static struct oriel_damage_log log;
  static bool unseen[READERS][SIDE][SIDE];
  uint64_t serial[READERS] = {0};
  srand(7);
  memset(unseen, true, sizeof unseen);
  oriel_damage_log_reset(&log, whole, 1);
  for (int step = 0; step < STEPS; step++) {
    const int reader = rand() % (READERS * (step % 400 < 200 ? 1 : 20)); /* some stretches have few readers */
    if (rand() % 500 == 0) {
      oriel_damage_log_reset(&log, whole, 1);
      memset(unseen, true, sizeof unseen);
    }
    const int x = rand() % SIDE, y = rand() % SIDE;
    oriel_damage_log_add(&log, dot(x, y), 1);
    for (int i = 0; i < READERS; i++)
      unseen[i][y][x] = true;
    if (reader >= READERS)
      continue;
    struct oriel_damage damage;
    oriel_damage_log_since(&log, serial[reader], &damage);
    for (int py = 0; py < SIDE; py++)
      for (int px = 0; px < SIDE; px++)
        assert_true(!unseen[reader][py][px] || covers(&damage, px, py));
    memset(unseen[reader], false, sizeof unseen[reader]);
    serial[reader] = oriel_damage_log_take(&log);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(log_empty),
    cmocka_unit_test(log_new_reader_is_told_of_all),
    cmocka_unit_test(log_changes_nobody_told_apart),
    cmocka_unit_test(log_slow_reader),
    cmocka_unit_test(log_random),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
