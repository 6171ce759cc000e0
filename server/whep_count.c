/* SPDX-License-Identifier: MIT
 *
 * Counts WHEP. Loop thread. Clients are walked, not counted as they go: who asks does so each few seconds.
 */
#include "server/whep_count.h"

#include "server/whep_client.h"

/** What is of now alone. */
static void add_now(struct oriel_whep_stats *stats, const struct oriel_whep_client *client) {
  const enum oriel_webrtc_state state = oriel_webrtc_session_state(client->session);
  const uint64_t kbps = oriel_webrtc_session_carries_kbps(client->session);
  stats->waiting += state == ORIEL_WEBRTC_WAITING;
  stats->open += state == ORIEL_WEBRTC_OPEN;
  if (!kbps)
    return;
  if (!stats->slowest_kbps || kbps < stats->slowest_kbps)
    stats->slowest_kbps = kbps;
  if (kbps > stats->fastest_kbps)
    stats->fastest_kbps = kbps;
}

void oriel_whep_count(const struct oriel_mount *mount, struct oriel_whep_stats *stats) {
  const struct oriel_whep *whep = mount->mounts->whep;
  *stats = mount->whep_past;
  if (!whep || !(mount->whep_count + mount->whep_pages))
    return;
  const struct oriel_list *node;
  oriel_list_each(node, &whep->clients) {
    const struct oriel_whep_client *client = oriel_list_entry(node, struct oriel_whep_client, node);
    if (client->mount != mount)
      continue;
    oriel_whep_client_count(client, stats);
    add_now(stats, client);
  }
}

void oriel_whep_count_port(const struct oriel_mounts *mounts, struct oriel_whep_port_stats *stats) {
  const struct oriel_whep *whep = mounts->whep;
  *stats = (struct oriel_whep_port_stats){0};
  if (!whep || !whep->open)
    return;
  const struct oriel_udp *udp = &whep->udp;
  *stats = (struct oriel_whep_port_stats){
    .received = udp->received, .sent = udp->sent, .cut = udp->cut, .lost = udp->lost, .refused = udp->refused,
    .strange = whep->strange, .cuts = !udp->whole};
}
