/* SPDX-License-Identifier: MIT
 *
 * See cpu_limit.h. Pure.
 */
#include "core/cpu_limit.h"

#include "core/clock.h"

static const uint64_t burst_ns = 250 * ORIEL_NS_PER_MS; /* a key frame and what opens its encoder wait for nothing */

void oriel_cpu_limit_init(struct oriel_cpu_limit *limit, unsigned percent) {
  *limit = (struct oriel_cpu_limit){.percent = percent};
}

uint64_t oriel_cpu_limit_next(const struct oriel_cpu_limit *limit, uint64_t now_ns) {
  return limit->due_ns <= now_ns + burst_ns ? now_ns : limit->due_ns - burst_ns;
}

void oriel_cpu_limit_take(struct oriel_cpu_limit *limit, uint64_t from_ns, uint64_t used_ns) {
  if (!limit->percent)
    return;
  if (limit->due_ns < from_ns)
    limit->due_ns = from_ns;
  limit->due_ns += used_ns * 100 / limit->percent;
}
