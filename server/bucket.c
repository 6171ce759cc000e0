/* SPDX-License-Identifier: MIT
 *
 * Token bucket. Loop thread.
 */
#include "server/bucket.h"

#include "core/clock.h"

void oriel_bucket_init(struct oriel_bucket *bucket, uint32_t rate, uint64_t now_ns) {
  *bucket = (struct oriel_bucket){.rate = rate, .level = rate * ORIEL_NS_PER_SECOND, .filled_ns = now_ns};
}

bool oriel_bucket_take(struct oriel_bucket *bucket, uint64_t now_ns) {
  uint64_t full = bucket->rate * ORIEL_NS_PER_SECOND;
  uint64_t passed = now_ns > bucket->filled_ns ? now_ns - bucket->filled_ns : 0;
  if (passed >= ORIEL_NS_PER_SECOND || passed * bucket->rate >= full - bucket->level)
    bucket->level = full;
  else
    bucket->level += passed * bucket->rate;
  bucket->filled_ns = now_ns;
  if (bucket->level < ORIEL_NS_PER_SECOND)
    return false;
  bucket->level -= ORIEL_NS_PER_SECOND;
  return true;
}
