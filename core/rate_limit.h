/* SPDX-License-Identifier: MIT
 *
 * Rate limit: a token bucket in the form of the generic cell rate algorithm, on times that the caller passes in.
 * Thread-safety: none; one owner.
 */
#ifndef ORIEL_CORE_RATE_LIMIT_H
#define ORIEL_CORE_RATE_LIMIT_H

#include <stdint.h>

struct oriel_rate_limit {
  uint64_t interval_ns, slack_ns; /* slack: how far ahead of an even rhythm an event may be */
  uint64_t due_ns;                /* when the next event would come in an even rhythm */
};

/** `rate` events a second on average, at most `burst` (>= 1) at once after a pause. */
void oriel_rate_limit_init(struct oriel_rate_limit *limit, uint32_t rate, unsigned burst);
/** Earliest time for the next event; at or before `now` means at once. */
uint64_t oriel_rate_limit_next(const struct oriel_rate_limit *limit, uint64_t now_ns);
/** An event happens now. */
void oriel_rate_limit_take(struct oriel_rate_limit *limit, uint64_t now_ns);

#endif
