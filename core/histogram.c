/* SPDX-License-Identifier: MIT
 *
 * Sliding-window percentiles, and buckets since init. The owner's lock guards it.
 */
#include "core/histogram.h"

#include <string.h>

/* Dense where a picture's delay is felt: below a frame of 60 Hz, and up to 50 ms. */
const uint32_t oriel_histogram_bounds_us[ORIEL_HISTOGRAM_BOUNDS] = {
  100, 250, 500, 1000, 2500, 5000, 10000, 20000, 35000, 50000, 100000, 250000, 1000000};

void oriel_histogram_init(struct oriel_histogram *histogram) {
  memset(histogram, 0, sizeof *histogram);
}

static unsigned bucket_of(uint32_t sample_us) {
  unsigned bucket = 0;
  for (unsigned i = 0; i < ORIEL_HISTOGRAM_BOUNDS; i++)
    bucket += sample_us > oriel_histogram_bounds_us[i];
  return bucket;
}

void oriel_histogram_add(struct oriel_histogram *histogram, uint32_t sample_us) {
  histogram->samples_us[histogram->next] = sample_us;
  histogram->next = (histogram->next + 1) % ORIEL_HISTOGRAM_WINDOW;
  histogram->count++;
  histogram->sum_us += sample_us;
  histogram->buckets[bucket_of(sample_us)]++;
}

/* Shell sort with Ciura's gaps: 512 values at most, and unlike qsort of the C library it never allocates, which matters
 * because the owner holds a lock. */
static void sort(uint32_t *values, size_t count) {
  static const size_t gaps[] = { 301, 132, 57, 23, 10, 4, 1 };
  for (size_t g = 0; g < sizeof gaps / sizeof *gaps; g++) {
    const size_t gap = gaps[g];
    for (size_t i = gap; i < count; i++) {
      const uint32_t value = values[i];
      size_t j = i;
      for (; j >= gap && values[j - gap] > value; j -= gap)
        values[j] = values[j - gap];
      values[j] = value;
    }
  }
}

/* Nearest rank: the smallest value that at least `percent` of the samples do not exceed. */
static uint32_t percentile(const uint32_t *sorted, size_t count, size_t percent) {
  return sorted[(percent * count + 99) / 100 - 1];
}

void oriel_histogram_read(const struct oriel_histogram *histogram, struct oriel_percentiles *out) {
  *out = (struct oriel_percentiles){ .count = histogram->count, .sum_us = histogram->sum_us };
  memcpy(out->buckets, histogram->buckets, sizeof out->buckets);
  const size_t count =
    histogram->count < ORIEL_HISTOGRAM_WINDOW ? (size_t)histogram->count : (size_t)ORIEL_HISTOGRAM_WINDOW;
  if (!count)
    return;
  uint32_t sorted[ORIEL_HISTOGRAM_WINDOW];
  memcpy(sorted, histogram->samples_us, count * sizeof *sorted);
  sort(sorted, count);
  out->p50_us = percentile(sorted, count, 50);
  out->p95_us = percentile(sorted, count, 95);
  out->p99_us = percentile(sorted, count, 99);
  out->max_us = sorted[count - 1];
}
