/* SPDX-License-Identifier: MIT
 *
 * The competing flow.
 */
#include "rival.h"

#include <math.h>

#include "core/clock.h"

#define DECREASE 0.7
#define DECREASE_RENO 0.5
#define CUBIC 0.4 /* C of RFC 9438, packets and seconds */

void rival_start(struct rival *rival, enum rival_kind kind) {
  *rival = (struct rival){.kind = kind, .running = true, .window = 10, .threshold = 1e9};
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

/* One packet was acknowledged. */
static void grow(struct rival *rival, uint64_t now_ns) {
  if (rival->window < rival->threshold) {
    rival->window += 1;
  } else if (rival->kind == RIVAL_CUBIC) {
    const double passed_s = (double)(now_ns - rival->cut_ns) * 1e-9;
    const double back_s = cbrt(rival->most * (1 - DECREASE) / CUBIC);
    const double wanted = CUBIC * pow(passed_s - back_s, 3) + rival->most;
    rival->window += wanted > rival->window ? fmin(wanted / rival->window - 1, 0.5) : 0.01 / rival->window;
  } else {
    rival->window += 1 / rival->window;
  }
}

static void shrink(struct rival *rival, uint64_t now_ns) {
  const double decrease = rival->kind == RIVAL_RENO ? DECREASE_RENO : DECREASE;
  rival->cut_ns = now_ns;
  rival->most = rival->window;
  rival->window = fmax(rival->window * decrease, 2);
  rival->threshold = rival->window;
}

static void take_answers(struct rival *rival, const struct link *link) {
  while (rival->count && rival->answers[rival->first].at_ns <= link->now_ns) {
    const bool lost = rival->answers[rival->first].lost;
    rival->first = (rival->first + 1) % LINK_PACKETS;
    rival->count--;
    rival->on_way--;
    const uint64_t trip_ns = 2 * link->delay_ns + link_queue_ns(link);
    if (!lost)
      grow(rival, link->now_ns);
    else if (link->now_ns - rival->cut_ns > trip_ns)
      shrink(rival, link->now_ns);
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
