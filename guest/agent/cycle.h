/* SPDX-License-Identifier: MIT
 *
 * Whether cycles of the graph's clock went by without a device. Thread-safety: one thread, the data thread.
 */
#ifndef ORIEL_GUEST_AGENT_CYCLE_H
#define ORIEL_GUEST_AGENT_CYCLE_H

#include <stdint.h>

/** Where a clock stands at a cycle, in its own frames. A duration of 0: unknown, no cycle before. */
struct agent_cycle {
  uint64_t position, duration;
  uint32_t clock;
};

/** Returns the frames between the cycle in `last`, which becomes `now`, and `now` that no cycle was for; adds the
 *  cycles they were to `xruns`. 0 where it is another clock. */
uint64_t agent_cycle_missed(struct agent_cycle *last, struct agent_cycle now, uint64_t *xruns);

#endif
