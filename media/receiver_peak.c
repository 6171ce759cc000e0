/* SPDX-License-Identifier: MIT
 *
 * Sliding maxima. Called by whichever thread owns the object.
 */
#include "media/receiver_peak.h"

void receiver_peak_init(struct receiver_peak *peak, uint64_t bucket_ns) {
  *peak = (struct receiver_peak){.bucket_ns = bucket_ns};
}

void receiver_peak_add(struct receiver_peak *peak, double value, uint64_t now_ns) {
  /* After a long pause the time gone by says nothing about jitter: at most one bucket is forgotten a call. */
  if (now_ns >= peak->until_ns) {
    if (peak->until_ns) {
      peak->at = (peak->at + 1) % RECEIVER_PEAK_BUCKETS;
      peak->buckets[peak->at] = 0;
    }
    peak->until_ns = now_ns + peak->bucket_ns;
  }
  if (value > peak->buckets[peak->at])
    peak->buckets[peak->at] = value;
}

double receiver_peak_most(const struct receiver_peak *peak, double *second) {
  double most = 0, next = 0;
  for (unsigned i = 0; i < RECEIVER_PEAK_BUCKETS; i++) {
    if (peak->buckets[i] > most) {
      next = most;
      most = peak->buckets[i];
    } else if (peak->buckets[i] > next) {
      next = peak->buckets[i];
    }
  }
  if (second)
    *second = next;
  return most;
}
