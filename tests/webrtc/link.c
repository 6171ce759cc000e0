/* SPDX-License-Identifier: MIT
 *
 * The simulated link.
 */
#include "link.h"

#include <assert.h>

double link_random(struct link *link) {
  link->seed = link->seed * 1664525u + 1013904223u;
  return (double)(link->seed >> 8) / (1 << 24);
}

bool link_send(struct link *link, uint32_t bytes, uint32_t id) {
  if (link->queued + bytes > link->queue_max || link->queue_count == LINK_PACKETS)
    return false;
  const unsigned index = (link->queue_first + link->queue_count++) % LINK_PACKETS;
  link->queue[index] = (struct link_packet){.bytes = bytes, .id = id};
  link->queued += bytes;
  return true;
}

static void pass(struct link *link) {
  struct link_packet packet = link->queue[link->queue_first];
  link->queue_first = (link->queue_first + 1) % LINK_PACKETS;
  link->queue_count--;
  link->queued -= packet.bytes;
  packet.lost = link_random(link) < link->loss;
  packet.at_ns = link->now_ns + link->delay_ns + (uint64_t)(link_random(link) * (double)link->jitter_ns);
  if (packet.at_ns < link->last_ns)
    packet.at_ns = link->last_ns;
  link->last_ns = packet.at_ns;
  assert(link->way_count < LINK_PACKETS);
  link->way[(link->way_first + link->way_count++) % LINK_PACKETS] = packet;
}

void link_run(struct link *link, uint64_t now_ns) {
  link->credit += (double)(now_ns - link->now_ns) * (double)link->rate_bps / 8e9;
  link->now_ns = now_ns;
  while (link->queue_count && link->credit >= link->queue[link->queue_first].bytes) {
    link->credit -= link->queue[link->queue_first].bytes;
    pass(link);
  }
  if (!link->queue_count)
    link->credit = 0;
}

bool link_take(struct link *link, struct link_packet *packet) {
  if (!link->way_count || link->way[link->way_first].at_ns > link->now_ns)
    return false;
  *packet = link->way[link->way_first];
  link->way_first = (link->way_first + 1) % LINK_PACKETS;
  link->way_count--;
  return true;
}

uint64_t link_queue_ns(const struct link *link) {
  return (uint64_t)((double)link->queued * 8e9 / (double)link->rate_bps);
}
