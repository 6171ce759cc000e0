/* SPDX-License-Identifier: MIT
 *
 * See keys.h. Pure.
 */
#include "desktop/keys.h"

#include "core/clock.h"

enum { PEER_BURST = 4 };
static const uint64_t peer_interval_ns = 4 * ORIEL_NS_PER_SECOND;

/* Its entry, or the one whose owner has asked for nothing the longest. */
static struct oriel_keys_peer *find(struct oriel_keys *keys, uint64_t id) {
  struct oriel_keys_peer *oldest = &keys->peers[0];
  for (unsigned i = 0; i < ORIEL_KEYS_PEERS; i++) {
    struct oriel_keys_peer *peer = &keys->peers[i];
    if (peer->id == id)
      return peer;
    if (peer->asked_ns < oldest->asked_ns)
      oldest = peer;
  }
  *oldest = (struct oriel_keys_peer){
    .id = id, .pace = {.interval_ns = peer_interval_ns, .slack_ns = (PEER_BURST - 1) * peer_interval_ns}};
  return oldest;
}

uint64_t oriel_keys_ask(struct oriel_keys *keys, uint64_t peer_id, uint64_t now_ns) {
  if (!peer_id)
    return 0;
  struct oriel_keys_peer *peer = find(keys, peer_id);
  peer->asked_ns = now_ns;
  if (peer->reserved_ns > now_ns)
    return peer->reserved_ns;
  uint64_t at = oriel_rate_limit_next(&peer->pace, now_ns);
  oriel_rate_limit_take(&peer->pace, now_ns);
  peer->reserved_ns = at > now_ns ? at : 0;
  return peer->reserved_ns;
}
