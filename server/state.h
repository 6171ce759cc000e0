/* SPDX-License-Identifier: MIT
 *
 * The server put together: its parts, none of which knows it, and what requests need of more than one. Thread-safety:
 * the loop thread only, but for what mounts.h says of the mounts.
 */
#ifndef ORIEL_SERVER_STATE_H
#define ORIEL_SERVER_STATE_H

#include "server/access.h"
#include "server/config.h"
#include "server/http.h"
#include "server/listener.h"
#include "server/loop.h"
#include "server/mounts.h"
#include "server/relay.h"
#include "server/site.h"
#include "server/stats.h"

struct oriel_routes;

struct oriel_server {
  struct oriel_loop loop;
  struct oriel_server_stats stats;
  struct oriel_access access;
  struct oriel_site site;
  struct oriel_mounts mounts;
  struct oriel_http http;
  struct oriel_relays relays;
  struct oriel_listener listener;
  const struct oriel_routes *routes; /* what is answered */
  struct oriel_server_registry registry;
  uint64_t started_us; /* the process, since 1970; see process.h */

  bool closing;
  uint64_t close_by_ns;
  void (*closed)(void *user);
  void *closed_user;
};

/** What is counted, with what there is now. */
void oriel_server_count(const struct oriel_server *server, struct oriel_server_stats *stats);

#endif
