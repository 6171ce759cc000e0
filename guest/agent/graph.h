/* SPDX-License-Identifier: MIT
 *
 * The connection to PipeWire: made as soon as there is a daemon, dropped whole when it goes, made again (lesson 22).
 * Counts who is linked to our devices. Thread-safety: the thread that runs the loop.
 */
#ifndef ORIEL_GUEST_AGENT_GRAPH_H
#define ORIEL_GUEST_AGENT_GRAPH_H

#include <pipewire/pipewire.h>
#include <spa/support/thread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest/agent/device.h"

enum {
  AGENT_DEVICES = 2,
  AGENT_RETRY_MS = 250, /* asking for a daemon costs some microseconds; sound is to be back within a second */
};

struct agent_graph;

/** Borrows the devices for its life. 0, -ENOMEM, -errno of PipeWire's library. */
int agent_graph_create(struct pw_loop *loop, struct agent_device *const devices[AGENT_DEVICES],
                       struct agent_graph **graph);
void agent_graph_destroy(struct agent_graph *graph);
/** Makes threads and gives them real-time priority, by PipeWire's real-time module (rtkit or the user's limits). */
struct spa_thread_utils *agent_graph_threads(const struct agent_graph *graph);
bool agent_graph_is_connected(const struct agent_graph *graph);
/** Connections made so far: more than 1 means that the daemon was restarted. */
uint64_t agent_graph_connections(const struct agent_graph *graph);
/** Version of the daemon; "" while there is none. */
const char *agent_graph_version(const struct agent_graph *graph);
/** Calls `each` for every client (application) linked with the node, once each. Returns how many. */
size_t agent_graph_clients(const struct agent_graph *graph, uint32_t node, void (*each)(void *user, const char *name),
                           void *user);

#endif
