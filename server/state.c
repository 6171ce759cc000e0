/* SPDX-License-Identifier: MIT
 *
 * What the parts count together. Loop thread.
 */
#include "server/state.h"

#include "core/clock.h"

void oriel_server_count(const struct oriel_server *server, struct oriel_server_stats *stats) {
  *stats = server->stats;
  stats->connections_now = server->http.connections.count;
  stats->viewers_now = server->mounts.peer_count;
  stats->sessions_now = (unsigned)oriel_sessions_count(&server->access.sessions, oriel_clock_ns());
}
