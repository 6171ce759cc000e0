/* SPDX-License-Identifier: MIT
 *
 * See rate_limit.h. Pure.
 */
#include "core/rate_limit.h"

#include "core/clock.h"

void oriel_rate_limit_init(struct oriel_rate_limit *limit, uint32_t rate, unsigned burst) {
  limit->interval_ns = ORIEL_NS_PER_SECOND / (rate ? rate : 1);
  limit->slack_ns = limit->interval_ns * (burst ? burst - 1 : 0);
  limit->due_ns = 0;
}

uint64_t oriel_rate_limit_next(const struct oriel_rate_limit *limit, uint64_t now_ns) {
  if (limit->due_ns <= now_ns + limit->slack_ns)
    return now_ns;
  return limit->due_ns - limit->slack_ns;
}

void oriel_rate_limit_take(struct oriel_rate_limit *limit, uint64_t now_ns) {
  uint64_t from = limit->due_ns > now_ns ? limit->due_ns : now_ns;
  limit->due_ns = from + limit->interval_ns;
}
