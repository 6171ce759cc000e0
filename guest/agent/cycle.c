/* SPDX-License-Identifier: MIT
 *
 * Cycles of the graph's clock. Data thread.
 */
#include "guest/agent/cycle.h"

uint64_t agent_cycle_missed(struct agent_cycle *last, struct agent_cycle now, uint64_t *xruns) {
  const struct agent_cycle before = *last;
  *last = now;
  if (before.duration == 0 || now.duration == 0 || before.clock != now.clock)
    return 0;
  const uint64_t gone = now.position - before.position;
  /* Where the duration changes, some drivers step by the old one and some by the new one: neither is late. */
  if (gone == before.duration || gone == now.duration)
    return 0;
  const uint64_t longer = before.duration > now.duration ? before.duration : now.duration;
  const uint64_t missed = now.position > before.position && gone > longer ? gone - longer : 0;
  *xruns += missed > now.duration ? missed / now.duration : 1;
  return missed;
}
