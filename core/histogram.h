/* SPDX-License-Identifier: MIT
 *
 * Percentiles of the last samples of one stage delay, in microseconds: a sliding window of 512 values, sorted when
 * asked. Adding is a store; asking is a sort of 2 KiB. Thread-safety: none; the owner's lock guards it.
 */
#ifndef ORIEL_CORE_HISTOGRAM_H
#define ORIEL_CORE_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

enum { ORIEL_HISTOGRAM_WINDOW = 512 };

struct oriel_histogram {
  uint32_t samples_us[ORIEL_HISTOGRAM_WINDOW];
  uint32_t next;
  uint64_t count;  /* since init */
  uint64_t sum_us; /* since init */
};

struct oriel_percentiles {
  uint64_t count, sum_us; /* since init */
  uint32_t p50_us, p95_us, p99_us, max_us; /* of the window; 0 when empty */
};

void oriel_histogram_init(struct oriel_histogram *histogram);
/** Adds one delay; negative or absurd differences are the caller's to reject. */
void oriel_histogram_add(struct oriel_histogram *histogram, uint32_t sample_us);
void oriel_histogram_read(const struct oriel_histogram *histogram, struct oriel_percentiles *out);

#endif
