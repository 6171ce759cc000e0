/* SPDX-License-Identifier: MIT
 *
 * The transport thread: sleeps until a packet is full, the host speaks or a reconnection is due. Thread-safety: start and stop from
 * the main thread.
 */
#ifndef ORIEL_GUEST_AGENT_PUMP_H
#define ORIEL_GUEST_AGENT_PUMP_H

#include "guest/agent/input.h"
#include "guest/agent/output.h"

struct agent_pump;

/** Borrows both until stop. 0, -ENOMEM, other -errno. */
int agent_pump_start(struct agent_output *output, struct agent_input *input, struct agent_pump **pump);
/** Ends the thread. NULL is fine. */
void agent_pump_stop(struct agent_pump *pump);

#endif
