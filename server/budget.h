/* SPDX-License-Identifier: MIT
 *
 * How long one kind of work may go on before the loop's other descriptors, timers and signals get their turn. A client
 * can make much of the work here as fast as it is done, so that "until there is no more" may never come.
 *
 * Thread-safety: one owner; time is an argument.
 */
#ifndef ORIEL_SERVER_BUDGET_H
#define ORIEL_SERVER_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

struct oriel_budget {
  uint64_t limit_ns, spent_ns; /* of one turn of the loop */
  unsigned limit, count;       /* pieces of work; limit 0 = any number */
};

/** A new turn. */
static inline void oriel_budget_renew(struct oriel_budget *budget) {
  budget->spent_ns = 0;
  budget->count = 0;
}

/** Whether another piece of work may begin; a piece that has begun may exceed the limit. */
static inline bool oriel_budget_left(const struct oriel_budget *budget) {
  return budget->spent_ns < budget->limit_ns && (budget->limit == 0 || budget->count < budget->limit);
}

static inline void oriel_budget_spend(struct oriel_budget *budget, uint64_t from_ns, uint64_t to_ns) {
  budget->spent_ns += to_ns - from_ns;
}

#endif
