/* SPDX-License-Identifier: MIT
 *
 * The transport thread: sleeps until a packet is full, the host speaks or a reconnection is due. The thread itself is
 * its maker's, so that PipeWire's own can give it real-time priority. Thread-safety: run from that thread, the rest
 * from the main one.
 */
#ifndef ORIEL_GUEST_AGENT_PUMP_H
#define ORIEL_GUEST_AGENT_PUMP_H

#include "guest/agent/input.h"
#include "guest/agent/output.h"

struct agent_pump;

/** Borrows both for its life. 0, -ENOMEM, other -errno. */
int agent_pump_create(struct agent_output *output, struct agent_input *input, struct agent_pump **pump);
/** After run has returned. NULL is fine. */
void agent_pump_destroy(struct agent_pump *pump);
/** Start routine of the thread; returns NULL after quit. */
void *agent_pump_run(void *pump);
void agent_pump_quit(struct agent_pump *pump);

#endif
