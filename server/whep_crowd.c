/* SPDX-License-Identifier: MIT
 *
 * Clients of WHEP counted. Loop thread. They are walked, not indexed, once an offer.
 */
#include "server/whep_crowd.h"

#include <string.h>

static bool is_of(const struct oriel_whep_client *client, const struct oriel_address_key *key) {
  return memcmp(&client->key, key, sizeof *key) == 0;
}

bool oriel_whep_crowded(const struct oriel_whep *whep, const struct oriel_mount *mount,
                        const struct oriel_address_key *key) {
  unsigned count = 0;
  const struct oriel_list *node;
  oriel_list_each(node, &whep->clients) {
    const struct oriel_whep_client *client = oriel_list_entry(node, struct oriel_whep_client, node);
    count += client->mount == mount && !client->of_page && is_of(client, key);
  }
  return count >= ORIEL_WHEP_OF_ADDRESS_MAX;
}

static struct oriel_whep_client *older(struct oriel_whep_client *one, struct oriel_whep_client *other) {
  return !one || other->born_ns < one->born_ns ? other : one;
}

/* An offer costs its sender nothing, and holds a place and maybe a handshake for ten seconds. The oldest goes, since it
 * had the most time to begin: were the newest refused, a few offers a second would keep everybody out. */
struct oriel_whep_client *oriel_whep_excess(const struct oriel_whep *whep, const struct oriel_mount *mount,
                                            const struct oriel_address_key *key) {
  struct oriel_whep_client *oldest = NULL, *oldest_of_address = NULL;
  unsigned waiting = 0, waiting_of_address = 0;
  const struct oriel_list *node;
  oriel_list_each(node, &whep->clients) {
    struct oriel_whep_client *client = oriel_list_entry(node, struct oriel_whep_client, node);
    if (client->mount != mount || client->of_page || oriel_webrtc_session_state(client->session) != ORIEL_WEBRTC_WAITING)
      continue;
    waiting++;
    oldest = older(oldest, client);
    if (is_of(client, key)) {
      waiting_of_address++;
      oldest_of_address = older(oldest_of_address, client);
    }
  }
  if (waiting_of_address >= ORIEL_WHEP_WAITING_OF_ADDRESS_MAX)
    return oldest_of_address;
  return waiting >= ORIEL_WHEP_WAITING_MAX ? oldest : NULL;
}
