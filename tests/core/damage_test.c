/* SPDX-License-Identifier: MIT
 *
 * core/damage against a bitmap: no damaged pixel is ever lost, the count never exceeds its maximum, and as long as the
 * rectangles fit nothing undamaged is covered.
 */
#include "core/damage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SIDE = 64 };
typedef uint8_t bitmap[SIDE][SIDE];

static void paint(bitmap pixels, struct oriel_rect rect) {
  for (int y = 0; y < SIDE; y++)
    for (int x = 0; x < SIDE; x++)
      if (x >= rect.x && x - rect.x < rect.width && y >= rect.y && y - rect.y < rect.height)
        pixels[y][x] = 1;
}

static void check(const struct oriel_damage *damage, bitmap truth, bool exact) {
  bitmap covered = { { 0 } };
  assert_in_range(damage->count, 0, ORIEL_DAMAGE_RECTS_MAX);
  for (int i = 0; i < damage->count; i++) {
    assert_false(oriel_rect_empty(damage->rects[i]));
    paint(covered, damage->rects[i]);
  }
  for (int y = 0; y < SIDE; y++)
    for (int x = 0; x < SIDE; x++)
      if (truth[y][x] ? !covered[y][x] : exact && covered[y][x])
        fail_msg("pixel %d,%d: damaged %d, covered %d", x, y, truth[y][x], covered[y][x]);
}

static struct oriel_rect random_rect(int largest) {
  return (struct oriel_rect){ (int32_t)(random() % (SIDE + 8)) - 4, (int32_t)(random() % (SIDE + 8)) - 4,
                              (int32_t)(random() % (largest + 1)) - 1, (int32_t)(random() % (largest + 1)) - 1 };
}

static void damage_random_against_bitmap(void **state) {
  (void)state;
  srandom(1);
  for (int round = 0; round < 400; round++) {
    struct oriel_damage damage;
    bitmap truth = { { 0 } };
    struct oriel_rect bounds = { 0 };
    oriel_damage_clear(&damage);
    const int largest = 2 + round % 40;
    for (int added = 1; added <= 60; added++) {
      const struct oriel_rect rect = random_rect(largest);
      oriel_damage_add(&damage, rect);
      paint(truth, rect);
      bounds = oriel_rect_union(bounds, rect);
      check(&damage, truth, added <= ORIEL_DAMAGE_RECTS_MAX);
      const struct oriel_rect covered = oriel_damage_bounds(&damage);
      assert_memory_equal(&covered, &bounds, sizeof bounds); /* merging never reaches beyond what was added */
    }
  }
}

static void damage_merge_is_adding_all(void **state) {
  (void)state;
  srandom(2);
  for (int round = 0; round < 200; round++) {
    struct oriel_damage damage, other;
    bitmap truth = { { 0 } };
    oriel_damage_clear(&damage);
    oriel_damage_clear(&other);
    for (int i = 0; i < 20; i++) {
      const struct oriel_rect a = random_rect(12), b = random_rect(12);
      oriel_damage_add(&damage, a);
      oriel_damage_add(&other, b);
      paint(truth, a);
      paint(truth, b);
    }
    oriel_damage_merge(&damage, &other);
    check(&damage, truth, false);
    const struct oriel_damage before = damage;
    oriel_damage_merge(&damage, &damage); /* itself: nothing new */
    assert_int_equal(damage.count, before.count);
  }
}

static void damage_collapses_inside_and_around(void **state) {
  (void)state;
  struct oriel_damage damage;
  oriel_damage_clear(&damage);
  assert_true(oriel_damage_empty(&damage));
  oriel_damage_add(&damage, (struct oriel_rect){ 0, 0, 10, 10 });
  oriel_damage_add(&damage, (struct oriel_rect){ 2, 2, 3, 3 }); /* inside */
  oriel_damage_add(&damage, (struct oriel_rect){ 0, 0, 10, 10 }); /* the same */
  oriel_damage_add(&damage, (struct oriel_rect){ 5, 5, 0, 7 }); /* empty */
  oriel_damage_add(&damage, (struct oriel_rect){ 5, 5, 7, -1 }); /* empty */
  assert_int_equal(damage.count, 1);
  assert_true(oriel_damage_area(&damage) == 100);
  oriel_damage_add(&damage, (struct oriel_rect){ 30, 30, 5, 5 });
  assert_int_equal(damage.count, 2);
  oriel_damage_add(&damage, (struct oriel_rect){ -5, -5, 50, 50 }); /* around both */
  assert_int_equal(damage.count, 1);
  assert_true(oriel_damage_area(&damage) == 2500);
  oriel_damage_clear(&damage);
  assert_true(oriel_damage_empty(&damage));
}

/* A typed line arrives glyph by glyph: it must stay one rectangle, not use up the region. */
static void damage_joins_neighbours(void **state) {
  (void)state;
  struct oriel_damage damage;
  oriel_damage_clear(&damage);
  for (int32_t i = 0; i < 100; i++)
    oriel_damage_add(&damage, (struct oriel_rect){ i * 8, 40, 8, 16 });
  assert_int_equal(damage.count, 1);
  assert_true(oriel_damage_area(&damage) == 100 * 8 * 16);
}

static void damage_full_merges_the_cheapest_pair(void **state) {
  (void)state;
  struct oriel_damage damage;
  oriel_damage_clear(&damage);
  for (int32_t i = 0; i < ORIEL_DAMAGE_RECTS_MAX; i++)
    oriel_damage_add(&damage, (struct oriel_rect){ i * 100, i * 100, 2, 2 });
  assert_int_equal(damage.count, ORIEL_DAMAGE_RECTS_MAX);
  /* One pixel away from the one at 700: 2 x 5 with a gap of two pixels. */
  oriel_damage_add(&damage, (struct oriel_rect){ 700, 703, 2, 2 });
  assert_int_equal(damage.count, ORIEL_DAMAGE_RECTS_MAX);
  assert_true(oriel_damage_area(&damage) == 15 * 4 + 10);
  /* Far from all: the cheapest pair is that rectangle and the one at 800, in a square of 102. */
  oriel_damage_add(&damage, (struct oriel_rect){ 5000, 5000, 1, 1 });
  assert_int_equal(damage.count, ORIEL_DAMAGE_RECTS_MAX);
  assert_true(oriel_damage_area(&damage) == 14 * 4 + 102 * 102 + 1);
}

static void rect_intersect_survives_extremes(void **state) {
  (void)state;
  const int32_t values[] = { INT32_MIN, INT32_MIN + 1, -1, 0, 1, 63, INT32_MAX - 1, INT32_MAX };
  const size_t count = sizeof values / sizeof *values;
  const struct oriel_rect picture = { 0, 0, SIDE, SIDE };
  for (size_t i = 0; i < count * count * count * count; i++) {
    const struct oriel_rect rect = { values[i % count], values[i / count % count], values[i / count / count % count],
                                     values[i / count / count / count] };
    bitmap truth = { { 0 } }, seen = { { 0 } };
    for (int y = 0; y < SIDE; y++)
      for (int x = 0; x < SIDE; x++)
        truth[y][x] = x >= rect.x && (int64_t)x - rect.x < rect.width && y >= rect.y &&
                      (int64_t)y - rect.y < rect.height;
    const struct oriel_rect common = oriel_rect_intersect(rect, picture);
    paint(seen, common);
    assert_memory_equal(seen, truth, sizeof truth);
    assert_true(oriel_rect_empty(common) || (common.x >= 0 && common.x + common.width <= SIDE));
    struct oriel_damage damage;
    oriel_damage_clear(&damage);
    oriel_damage_add(&damage, rect);
    oriel_damage_add(&damage, (struct oriel_rect){ INT32_MAX - 3, INT32_MIN, INT32_MAX, INT32_MAX });
    check(&damage, truth, false);
    const struct oriel_rect aligned = oriel_rect_align(rect, 16, SIDE, SIDE);
    memset(seen, 0, sizeof seen);
    paint(seen, aligned);
    for (size_t p = 0; p < sizeof truth; p++)
      assert_true(((uint8_t *)seen)[p] >= ((uint8_t *)truth)[p]);
  }
}

static void aligned(struct oriel_rect rect, int32_t align, struct oriel_rect expected) {
  const struct oriel_rect got = oriel_rect_align(rect, align, 101, 67);
  assert_memory_equal(&got, &expected, sizeof got);
}

static void rect_align_grows_and_clips(void **state) {
  (void)state;
  aligned((struct oriel_rect){ 1, 1, 1, 1 }, 2, (struct oriel_rect){ 0, 0, 2, 2 });
  aligned((struct oriel_rect){ 17, 33, 15, 15 }, 16, (struct oriel_rect){ 16, 32, 16, 16 });
  aligned((struct oriel_rect){ 16, 32, 16, 17 }, 16, (struct oriel_rect){ 16, 32, 16, 32 });
  aligned((struct oriel_rect){ 99, 65, 9, 9 }, 16, (struct oriel_rect){ 96, 64, 5, 3 });
  aligned((struct oriel_rect){ -9, -9, 10, 10 }, 4, (struct oriel_rect){ 0, 0, 4, 4 });
  aligned((struct oriel_rect){ 5, 6, 7, 8 }, 1, (struct oriel_rect){ 5, 6, 7, 8 });
  aligned((struct oriel_rect){ 101, 0, 7, 8 }, 16, (struct oriel_rect){ 0 });
  aligned((struct oriel_rect){ 5, 5, 0, 8 }, 16, (struct oriel_rect){ 0 });
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(damage_random_against_bitmap),
    cmocka_unit_test(damage_merge_is_adding_all),
    cmocka_unit_test(damage_collapses_inside_and_around),
    cmocka_unit_test(damage_joins_neighbours),
    cmocka_unit_test(damage_full_merges_the_cheapest_pair),
    cmocka_unit_test(rect_intersect_survives_extremes),
    cmocka_unit_test(rect_align_grows_and_clips),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
