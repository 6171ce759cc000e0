/* SPDX-License-Identifier: MIT
 *
 * Limit of processor time: work may take a part of a core on average, and a burst after a pause. What is over waits; it
 * is paid back by waiting, so however unevenly work comes the part holds. On times that the caller passes in.
 * Thread-safety: none; one owner.
 */
#ifndef ORIEL_CORE_CPU_LIMIT_H
#define ORIEL_CORE_CPU_LIMIT_H

#include <stdint.h>

struct oriel_cpu_limit {
  unsigned percent; /* of a core; 0 = no limit */
  uint64_t due_ns;  /* when all that was used so far is paid for */
};

/** `percent` of one core, 1..100; 0 = no limit. After a pause as much as a quarter of a second allows is used at
 *  once. */
void oriel_cpu_limit_init(struct oriel_cpu_limit *limit, unsigned percent);
/** Earliest time for more work; at or before `now_ns` means at once. */
uint64_t oriel_cpu_limit_next(const struct oriel_cpu_limit *limit, uint64_t now_ns);
/** Work that began at `from_ns` has used so much processor time. */
void oriel_cpu_limit_take(struct oriel_cpu_limit *limit, uint64_t from_ns, uint64_t used_ns);

#endif
