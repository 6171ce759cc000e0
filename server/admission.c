/* SPDX-License-Identifier: MIT
 *
 * Admission. Loop thread. The connections are walked, not indexed: there are at most some hundreds, and one is admitted
 * a few times a second.
 */
#include "server/admission.h"

#include <string.h>

#include "core/clock.h"
#include "server/capacity.h"
#include "server/proxies.h"
#include "server/relay.h"

enum { PER_ADDRESS_MAX = 64 };

/* One that just came, or just asked, is not ended for the next: it would only move the queue to the network. An idle
 * one has had its answer. */
#define BUSY_MIN_NS ORIEL_NS_PER_SECOND

struct occupancy {
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

static void consider(struct occupancy *places, bool same, uint64_t since_ns, struct oriel_connection *connection,
                     struct oriel_relay *relay) {
  places->all++;
  places->same += same;
  if (since_ns < places->since_ns) {
    places->since_ns = since_ns;
    places->victim = connection;
    places->relay_victim = relay;
  }
  if (same && since_ns < places->same_since_ns) {
    places->same_since_ns = since_ns;
    places->same_victim = connection;
    places->same_relay_victim = relay;
  }
}

static void count_connections(const struct oriel_connections *connections, struct occupancy *places) {
  for (struct oriel_connection *connection = connections->first; connection; connection = connection->next) {
    if (!connection->doomed)
      consider(places, memcmp(&connection->key, places->key, sizeof *places->key) == 0,
               expendable_since(connection, places->now_ns), connection, NULL);
  }
}

static void count_relays(const struct oriel_relays *relays, struct occupancy *places) {
  struct oriel_relay_view view;
  for (struct oriel_relay *relay = NULL; (relay = oriel_relays_next(relays, relay, &view)) != NULL;) {
    uint64_t since_ns = places->now_ns - view.since_ns >= BUSY_MIN_NS ? view.since_ns : UINT64_MAX;
    if (view.connection)
      since_ns = expendable_since(view.connection, places->now_ns);
    consider(places, memcmp(view.key, places->key, sizeof *places->key) == 0, since_ns, view.connection, relay);
  }
}

static struct occupancy measure(const struct oriel_admission *admission, const struct sockaddr *address,
                                const struct oriel_address_key *key) {
  struct occupancy places = {
    .key = key, .now_ns = oriel_clock_ns(), .since_ns = UINT64_MAX, .same_since_ns = UINT64_MAX,
  };
  if (admission->relays)
    count_relays(admission->relays, &places);
  else
    count_connections(admission->connections, &places);
  if (oriel_proxies_trust(admission->proxies, address))
    places.same = 0; /* it brings many clients by one address */
  return places;
}

static void end(const struct oriel_admission *admission, struct oriel_connection *connection,
                struct oriel_relay *relay) {
  admission->connections->stats->connections_evicted++;
  if (connection)
    oriel_connection_doom(connection);
  if (relay)
    oriel_relay_end(relay);
}

/** Makes room, where somebody may be ended for it. */
static bool make_room(const struct oriel_admission *admission, struct occupancy *places) {
  if (places->same >= PER_ADDRESS_MAX) {
    if (places->same_since_ns == UINT64_MAX)
      return false;
    end(admission, places->same_victim, places->same_relay_victim);
    return true; /* which made room among all, too */
  }
  if (places->all < ORIEL_CONNECTIONS_MAX)
    return true;
  if (places->since_ns == UINT64_MAX)
    return false;
  end(admission, places->victim, places->relay_victim);
  return true;
}

static bool has_room(const struct occupancy *places) {
  return places->all < ORIEL_CONNECTIONS_MAX && places->same < PER_ADDRESS_MAX;
}

bool oriel_admission_admits(const struct oriel_admission *admission, const struct sockaddr *address) {
  struct oriel_address_key key;
  oriel_address_key(address, &key);
  struct occupancy places = measure(admission, address, &key);
  if (!has_room(&places)) { /* some may only look as if they were there */
    oriel_connections_reap(admission->connections);
    places = measure(admission, address, &key);
  }
  if (has_room(&places) || make_room(admission, &places))
    return true;
  admission->connections->stats->connections_refused++;
  return false;
}
