/* SPDX-License-Identifier: MIT
 *
 * core/histogram: nearest-rank percentiles of a sliding window, checked against a plain sort.
 */
#include "core/histogram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>

#include <cmocka.h>

static int by_value(const void *a, const void *b) {
  const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

static void histogram_empty_is_zero(void **state) {
  (void)state;
  struct oriel_histogram histogram;
  struct oriel_percentiles out;
  oriel_histogram_init(&histogram);
  oriel_histogram_read(&histogram, &out);
  assert_true(out.count == 0 && out.sum_us == 0);
  assert_true(out.p50_us == 0 && out.p95_us == 0 && out.p99_us == 0 && out.max_us == 0);
}

static void histogram_one_sample_is_all(void **state) {
  (void)state;
  struct oriel_histogram histogram;
  struct oriel_percentiles out;
  oriel_histogram_init(&histogram);
  oriel_histogram_add(&histogram, UINT32_MAX);
  oriel_histogram_read(&histogram, &out);
  assert_true(out.count == 1 && out.sum_us == UINT32_MAX);
  assert_true(out.p50_us == UINT32_MAX && out.p95_us == UINT32_MAX && out.p99_us == UINT32_MAX);
  assert_true(out.max_us == UINT32_MAX);
}

static void histogram_hundred_ranks(void **state) {
  (void)state;
  struct oriel_histogram histogram;
  struct oriel_percentiles out;
  oriel_histogram_init(&histogram);
  for (uint32_t i = 100; i >= 1; i--)
    oriel_histogram_add(&histogram, i);
  oriel_histogram_read(&histogram, &out);
  assert_int_equal(out.p50_us, 50);
  assert_int_equal(out.p95_us, 95);
  assert_int_equal(out.p99_us, 99);
  assert_int_equal(out.max_us, 100);
  assert_true(out.sum_us == 5050);
}

static void histogram_forgets_beyond_window(void **state) {
  (void)state;
  struct oriel_histogram histogram;
  struct oriel_percentiles out;
  oriel_histogram_init(&histogram);
  for (int i = 0; i < 100; i++)
    oriel_histogram_add(&histogram, 1000000);
  for (int i = 0; i < ORIEL_HISTOGRAM_WINDOW; i++)
    oriel_histogram_add(&histogram, 7);
  oriel_histogram_read(&histogram, &out);
  assert_int_equal(out.max_us, 7);
  assert_true(out.count == 100 + ORIEL_HISTOGRAM_WINDOW); /* totals do not forget */
  assert_true(out.sum_us == 100u * 1000000u + 7u * ORIEL_HISTOGRAM_WINDOW);
}

static void histogram_counts_each_sample_in_one_bucket(void **state) {
  (void)state;
  struct oriel_histogram histogram;
  struct oriel_percentiles out;
  oriel_histogram_init(&histogram);
  for (unsigned i = 0; i < ORIEL_HISTOGRAM_BOUNDS; i++) {
    assert_true(i == 0 || oriel_histogram_bounds_us[i - 1] < oriel_histogram_bounds_us[i]);
    for (int more = 0; more < ORIEL_HISTOGRAM_WINDOW; more++) /* they do not slide away */
      oriel_histogram_add(&histogram, oriel_histogram_bounds_us[i]);
    oriel_histogram_add(&histogram, oriel_histogram_bounds_us[i] + 1);
  }
  oriel_histogram_add(&histogram, 0);
  oriel_histogram_add(&histogram, UINT32_MAX);
  oriel_histogram_read(&histogram, &out);
  uint64_t all = 0;
  for (unsigned i = 0; i < ORIEL_HISTOGRAM_BUCKETS; i++) {
    const bool last = i == ORIEL_HISTOGRAM_BUCKETS - 1;
    assert_int_equal(out.buckets[i], (last ? 1 : ORIEL_HISTOGRAM_WINDOW) + 1);
    all += out.buckets[i];
  }
  assert_int_equal(all, out.count);
}

static void histogram_matches_plain_sort(void **state) {
  (void)state;
  uint32_t all[1500];
  srandom(4);
  for (int round = 0; round < 40; round++) {
    struct oriel_histogram histogram;
    struct oriel_percentiles out;
    oriel_histogram_init(&histogram);
    const size_t count = 1 + (size_t)random() % 1500;
    for (size_t i = 0; i < count; i++) {
      all[i] = (uint32_t)random() % (round % 2 ? 10u : 1000000u);
      oriel_histogram_add(&histogram, all[i]);
    }
    const size_t window = count < ORIEL_HISTOGRAM_WINDOW ? count : (size_t)ORIEL_HISTOGRAM_WINDOW;
    uint32_t *newest = all + (count - window);
    qsort(newest, window, sizeof *newest, by_value);
    oriel_histogram_read(&histogram, &out);
    assert_int_equal(out.p50_us, newest[(window * 50 + 99) / 100 - 1]);
    assert_int_equal(out.p95_us, newest[(window * 95 + 99) / 100 - 1]);
    assert_int_equal(out.p99_us, newest[(window * 99 + 99) / 100 - 1]);
    assert_int_equal(out.max_us, newest[window - 1]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(histogram_empty_is_zero),
    cmocka_unit_test(histogram_one_sample_is_all),
    cmocka_unit_test(histogram_hundred_ranks),
    cmocka_unit_test(histogram_forgets_beyond_window),
    cmocka_unit_test(histogram_counts_each_sample_in_one_bucket),
    cmocka_unit_test(histogram_matches_plain_sort),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
