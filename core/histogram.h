/* SPDX-License-Identifier: MIT
 *
 * One stage's delays, in microseconds: percentiles of the last 512, sorted when asked, and how many of all fell into
 * each of a few buckets, which can be added up over stages, machines and time as percentiles cannot. Adding is two
 * stores and a few compares without a branch; asking is a sort of 2 KiB. Thread-safety: none; the owner's lock guards it.
 */
#ifndef ORIEL_CORE_HISTOGRAM_H
#define ORIEL_CORE_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

enum {
  ORIEL_HISTOGRAM_WINDOW = 512,
  ORIEL_HISTOGRAM_BOUNDS = 13,                           /* upper bounds of the buckets */
  ORIEL_HISTOGRAM_BUCKETS = ORIEL_HISTOGRAM_BOUNDS + 1,  /* the last one is of what is beyond them */
};

/** Bucket i is of delays up to this one, and beyond the one before; ascending, 100 to 1,000,000. */
extern const uint32_t oriel_histogram_bounds_us[ORIEL_HISTOGRAM_BOUNDS];

struct oriel_histogram {
  uint32_t samples_us[ORIEL_HISTOGRAM_WINDOW];
  uint32_t next;
  uint64_t count;  /* since init */
  uint64_t sum_us; /* since init */
  uint64_t buckets[ORIEL_HISTOGRAM_BUCKETS]; /* since init; their sum is `count` */
};

struct oriel_percentiles {
  uint64_t count, sum_us; /* since init */
  uint32_t p50_us, p95_us, p99_us, max_us; /* of the window; 0 when empty */
  uint64_t buckets[ORIEL_HISTOGRAM_BUCKETS]; /* since init, each by itself; their sum is `count` */
};

void oriel_histogram_init(struct oriel_histogram *histogram);
/** Adds one delay; negative or absurd differences are the caller's to reject. */
void oriel_histogram_add(struct oriel_histogram *histogram, uint32_t sample_us);
void oriel_histogram_read(const struct oriel_histogram *histogram, struct oriel_percentiles *out);

#endif
