/* SPDX-License-Identifier: MIT
 *
 * The largest values of a sliding while: eight buckets of time, the oldest forgotten as a new one begins.
 *
 * Thread-safety: one object, one thread. Real-time safe.
 */
#ifndef ORIEL_MEDIA_RECEIVER_PEAK_H
#define ORIEL_MEDIA_RECEIVER_PEAK_H

#include <stdint.h>

enum { RECEIVER_PEAK_BUCKETS = 8 };

struct receiver_peak {
  double buckets[RECEIVER_PEAK_BUCKETS];
  unsigned at;
  uint64_t bucket_ns, until_ns;
};

void receiver_peak_init(struct receiver_peak *peak, uint64_t bucket_ns);
void receiver_peak_add(struct receiver_peak *peak, double value, uint64_t now_ns);
/** The largest value, and in *second the largest of the other buckets; 0 where there is none. */
double receiver_peak_most(const struct receiver_peak *peak, double *second);

#endif
