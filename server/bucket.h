/* SPDX-License-Identifier: MIT
 *
 * A token bucket: `rate` a second on average, at most `rate` at once. Thread-safety: one owner, the loop thread.
 */
#ifndef ORIEL_SERVER_BUCKET_H
#define ORIEL_SERVER_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

struct oriel_bucket {
  uint32_t rate;      /* tokens a second, and the most it holds */
  uint64_t level;     /* tokens, in billionths */
  uint64_t filled_ns; /* when level was last brought up to date */
};

/** Full. */
void oriel_bucket_init(struct oriel_bucket *bucket, uint32_t rate, uint64_t now_ns);
/** Takes one token; false when none is left. */
bool oriel_bucket_take(struct oriel_bucket *bucket, uint64_t now_ns);

#endif
