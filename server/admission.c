/* SPDX-License-Identifier: MIT
 *
 * Admission. Loop thread. The connections are walked, not indexed: there are at most some hundreds, and one is admitted
 * a few times a second.
 */
#include "server/admission.h"

#include <string.h>

#include "core/clock.h"
#include "server/private.h"
#include "server/relay.h"
#include "server/request.h"

/* One that just came, or just asked, is not ended for the next: it would only move the queue to the network. An idle
 * one has had its answer. */
#define BUSY_MIN_NS ORIEL_NS_PER_SECOND

struct census {
  const struct oriel_address_key *key;
  uint64_t now_ns;
  unsigned all, same;
  /* Of all and of the same address, who has waited longest; UINT64_MAX = since never. */
  struct oriel_connection *victim, *same_victim;
  struct oriel_relay *relay_victim, *same_relay_victim;
  uint64_t since_ns, same_since_ns;
};

/** Since when this one may be ended for another; UINT64_MAX = it may not. */
static uint64_t expendable_since(const struct oriel_connection *connection, uint64_t now_ns) {
  if (connection->known || connection->suspended || connection->phase == CONNECTION_UPGRADED)
    return UINT64_MAX;
  bool idle = connection->phase == CONNECTION_IDLE;
  return idle || now_ns - connection->phase_ns >= BUSY_MIN_NS ? connection->phase_ns : UINT64_MAX;
}

static void consider(struct census *census, bool same, uint64_t since_ns, struct oriel_connection *connection,
                     struct oriel_relay *relay) {
  census->all++;
  census->same += same;
  if (since_ns < census->since_ns) {
    census->since_ns = since_ns;
    census->victim = connection;
    census->relay_victim = relay;
  }
  if (same && since_ns < census->same_since_ns) {
    census->same_since_ns = since_ns;
    census->same_victim = connection;
    census->same_relay_victim = relay;
  }
}

static void count_connections(const struct oriel_server *server, struct census *census) {
  for (struct oriel_connection *connection = server->connections; connection; connection = connection->next) {
    if (!connection->doomed)
      consider(census, memcmp(&connection->key, census->key, sizeof *census->key) == 0,
               expendable_since(connection, census->now_ns), connection, NULL);
  }
}

static void count_relays(const struct oriel_server *server, struct census *census) {
  struct oriel_relay_view view;
  for (struct oriel_relay *relay = NULL; (relay = oriel_relays_next(server, relay, &view)) != NULL;) {
    uint64_t since_ns = census->now_ns - view.since_ns >= BUSY_MIN_NS ? view.since_ns : UINT64_MAX;
    if (view.connection)
      since_ns = expendable_since(view.connection, census->now_ns);
    consider(census, memcmp(view.key, census->key, sizeof *census->key) == 0, since_ns, view.connection, relay);
  }
}

static struct census take_census(const struct oriel_server *server, const struct sockaddr *address,
                                 const struct oriel_address_key *key) {
  struct census census = {
    .key = key, .now_ns = oriel_clock_ns(), .since_ns = UINT64_MAX, .same_since_ns = UINT64_MAX,
  };
  if (server->tls)
    count_relays(server, &census);
  else
    count_connections(server, &census);
  if (oriel_proxies_trust(&server->proxies, address))
    census.same = 0; /* it brings many clients by one address */
  return census;
}

static void end(struct oriel_server *server, struct oriel_connection *connection, struct oriel_relay *relay) {
  server->stats.connections_evicted++;
  if (connection)
    oriel_connection_doom(connection);
  if (relay)
    oriel_relay_end(relay);
}

/** Makes room, where somebody may be ended for it. */
static bool make_room(struct oriel_server *server, struct census *census) {
  if (census->same >= ORIEL_CONNECTIONS_PER_ADDRESS) {
    if (census->same_since_ns == UINT64_MAX)
      return false;
    end(server, census->same_victim, census->same_relay_victim);
    return true; /* which made room among all, too */
  }
  if (census->all < ORIEL_CONNECTIONS_MAX)
    return true;
  if (census->since_ns == UINT64_MAX)
    return false;
  end(server, census->victim, census->relay_victim);
  return true;
}

static bool has_room(const struct census *census) {
  return census->all < ORIEL_CONNECTIONS_MAX && census->same < ORIEL_CONNECTIONS_PER_ADDRESS;
}

bool oriel_admission_admits(struct oriel_server *server, const struct sockaddr *address) {
  struct oriel_address_key key;
  oriel_address_key(address, &key);
  struct census census = take_census(server, address, &key);
  if (!has_room(&census)) { /* some may only look as if they were there */
    oriel_http_reap(server);
    census = take_census(server, address, &key);
  }
  if (has_room(&census) || make_room(server, &census))
    return true;
  server->stats.connections_refused++;
  return false;
}
