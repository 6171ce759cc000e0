/* SPDX-License-Identifier: MIT
 *
 * The competing flow.
 */
#include "rival.h"

#include "core/clock.h"

#define DECREASE 0.7

void rival_start(struct rival *rival) {
  *rival = (struct rival){.running = true, .window = 10, .threshold = 1e9};
}

void rival_stop(struct rival *rival) {
  rival->running = false;
}

static void answer(struct rival *rival, uint64_t at_ns, bool lost) {
  const unsigned index = (rival->first + rival->count++) % LINK_PACKETS;
  rival->answers[index].at_ns = at_ns;
  rival->answers[index].lost = lost;
}

void rival_arrived(struct rival *rival, const struct link *link, const struct link_packet *packet) {
  rival->arrived_bytes += packet->lost ? 0 : packet->bytes;
  answer(rival, link->now_ns + link->delay_ns, packet->lost);
}

static void take_answers(struct rival *rival, const struct link *link) {
  while (rival->count && rival->answers[rival->first].at_ns <= link->now_ns) {
    const bool lost = rival->answers[rival->first].lost;
    rival->first = (rival->first + 1) % LINK_PACKETS;
    rival->count--;
    rival->on_way--;
    const uint64_t trip_ns = 2 * link->delay_ns + link_queue_ns(link);
    if (!lost) {
      rival->window += rival->window < rival->threshold ? 1 : 1 / rival->window;
    } else if (link->now_ns - rival->cut_ns > trip_ns) {
      rival->cut_ns = link->now_ns;
      rival->window = rival->window * DECREASE > 2 ? rival->window * DECREASE : 2;
      rival->threshold = rival->window;
    }
  }
}

void rival_step(struct rival *rival, struct link *link) {
  if (!rival->running)
    return;
  take_answers(rival, link);
  while (rival->on_way < rival->window && rival->count < LINK_PACKETS) {
    rival->on_way++;
    if (!link_send(link, RIVAL_BYTES, RIVAL_ID)) {
      answer(rival, link->now_ns + 2 * link->delay_ns + link_queue_ns(link), true);
      break;
    }
  }
}
