/* SPDX-License-Identifier: MIT
 *
 * What the agent does, as JSON, on a socket of its user: whoever connects is sent one object and the end. The form is
 * documented in docs/agent.md. Thread-safety: the thread that runs the loop.
 */
#ifndef ORIEL_GUEST_AGENT_STATUS_H
#define ORIEL_GUEST_AGENT_STATUS_H

#include <stddef.h>

#include "guest/agent/clipboard.h"
#include "guest/agent/device.h"
#include "guest/agent/graph.h"
#include "guest/agent/input.h"
#include "guest/agent/output.h"

/** All borrowed for the status' life. */
struct agent_status_sources {
  const struct agent_settings *settings;
  struct agent_graph *graph;
  struct agent_device *output_device, *input_device;
  struct agent_output *output;
  struct agent_input *input;
  struct agent_shm *shm;
  struct agent_clipboard *clipboard; /* NULL = none */
};

struct agent_status;

/** Listens at settings->control, making its directory (0700) where it is missing. 0; -errno with a line in `why`;
 * -EADDRINUSE: another agent answers there. */
int agent_status_create(struct pw_loop *loop, const struct agent_status_sources *sources, struct agent_status **status,
                        char *why, size_t why_size);
void agent_status_destroy(struct agent_status *status);
/** The object as text; the caller frees it. NULL when memory is short. */
char *agent_status_text(const struct agent_status_sources *sources);

/** The other side, `oriel-agent --status`: prints what the agent at `path` says. 0; -errno with a line in `why`. */
int agent_status_ask(const char *path, char *why, size_t why_size);

#endif
