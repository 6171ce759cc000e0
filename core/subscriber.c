/* SPDX-License-Identifier: MIT
 *
 * One subscriber and one packet: what fits, what is left out, what then helps. Under the channel's lock.
 */
#include "core/subscriber.h"

#include "core/clock.h"

uint64_t oriel_backoff_break(struct oriel_backoff *backoff, uint64_t now_ns) {
  static const uint64_t calm_ns = 10 * ORIEL_NS_PER_SECOND;
  if (backoff->last_ns && now_ns < backoff->last_ns + calm_ns)
    backoff->level = backoff->level < 3 ? backoff->level + 1 : 3;
  else
    backoff->level = 0;
  backoff->last_ns = now_ns;
  return backoff->level ? now_ns + (ORIEL_NS_PER_SECOND << (backoff->level - 1)) : now_ns;
}

void oriel_subscriber_init(struct oriel_subscriber *subscriber, const struct oriel_subscriber_impl *impl) {
  *subscriber = (struct oriel_subscriber){.impl = impl, .sync = ORIEL_SYNC_NEEDS_KEY};
  oriel_list_init(&subscriber->node);
}

void oriel_subscriber_finish(struct oriel_subscriber *subscriber) {
  oriel_packet_unref(subscriber->waiting);
  subscriber->waiting = NULL;
}

bool oriel_subscriber_is_ready(const struct oriel_subscriber *subscriber, uint64_t now_ns) {
  return subscriber->looks && !subscriber->waiting && !subscriber->is_stuck &&
         subscriber->impl->has_room(subscriber, now_ns);
}

static void leave_out(struct oriel_subscriber *subscriber) {
  subscriber->skipped++;
  subscriber->left_out++;
}

static void put(struct oriel_subscriber *subscriber, struct oriel_packet *packet) {
  if (subscriber->waiting)
    leave_out(subscriber);
  oriel_packet_unref(subscriber->waiting);
  subscriber->waiting = oriel_packet_ref(packet);
  subscriber->was_handed = false;
}

void oriel_subscriber_need_key(struct oriel_subscriber *subscriber, uint64_t key_after_ns) {
  oriel_packet_unref(subscriber->waiting);
  subscriber->waiting = NULL;
  subscriber->sync = ORIEL_SYNC_NEEDS_KEY;
  subscriber->key_after_ns = key_after_ns;
}

/* Video that it cannot do without does not fit: only a key frame helps now. */
static void break_sequence(struct oriel_subscriber *subscriber, uint64_t now_ns) {
  if (subscriber->waiting)
    leave_out(subscriber);
  leave_out(subscriber);
  oriel_subscriber_need_key(subscriber, oriel_backoff_break(&subscriber->backoff, now_ns));
  subscriber->is_skipping = subscriber->is_stuck = subscriber->skip_due = true;
  subscriber->breaks++;
}

static void offer_key(struct oriel_subscriber *subscriber, struct oriel_packet *packet, uint64_t now_ns) {
  if (subscriber->sync == ORIEL_SYNC_NEEDS_KEY && !oriel_subscriber_is_ready(subscriber, now_ns)) {
    leave_out(subscriber); /* its line is still full; it asks again once it is not */
    return;
  }
  put(subscriber, packet);
  subscriber->skip_due |= subscriber->is_skipping && subscriber->skipped > 0;
  subscriber->sync = ORIEL_SYNC_IN_SYNC;
  subscriber->is_skipping = false;
}

/* News go first: what waits of a refinement is missed. */
static void drop_refinement(struct oriel_subscriber *subscriber) {
  struct oriel_packet *waiting = subscriber->waiting;
  if (!waiting || waiting->kind != ORIEL_PACKET_TILES || !waiting->sharpening)
    return;
  oriel_damage_merge(&subscriber->unrefined, &waiting->part);
  oriel_packet_unref(waiting);
  subscriber->waiting = NULL;
}

static void offer_video(struct oriel_subscriber *subscriber, struct oriel_packet *packet, uint64_t now_ns) {
  drop_refinement(subscriber);
  if (subscriber->sync == ORIEL_SYNC_NEEDS_KEY) {
    leave_out(subscriber);
  } else if (!subscriber->waiting || subscriber->waiting->kind == ORIEL_PACKET_TILES) {
    put(subscriber, packet); /* video covers the tiles that waited */
    subscriber->sync = ORIEL_SYNC_IN_SYNC;
  } else {
    break_sequence(subscriber, now_ns);
  }
}

/* Refinement carries no news: whoever cannot take a part goes on with what it has. */
static void offer_refinement(struct oriel_subscriber *subscriber, struct oriel_packet *packet) {
  if (subscriber->no_tiles)
    return;
  if (subscriber->sync == ORIEL_SYNC_IN_SYNC && !subscriber->waiting)
    put(subscriber, packet);
  else
    oriel_damage_merge(&subscriber->unrefined, &packet->part);
}

static void offer_tiles(struct oriel_subscriber *subscriber, struct oriel_packet *packet) {
  drop_refinement(subscriber);
  if (subscriber->sync == ORIEL_SYNC_IN_SYNC && !subscriber->waiting && !subscriber->no_tiles) {
    put(subscriber, packet);
    return;
  }
  leave_out(subscriber);
  if (subscriber->sync == ORIEL_SYNC_IN_SYNC)
    subscriber->sync = ORIEL_SYNC_NEEDS_VIDEO;
}

bool oriel_subscriber_offer(struct oriel_subscriber *subscriber, struct oriel_packet *packet, uint64_t now_ns) {
  if (!subscriber->looks)
    return false;
  if (packet->kind == ORIEL_PACKET_TILES && packet->sharpening)
    offer_refinement(subscriber, packet);
  else if (packet->kind == ORIEL_PACKET_TILES)
    offer_tiles(subscriber, packet);
  else if (packet->key)
    offer_key(subscriber, packet, now_ns);
  else
    offer_video(subscriber, packet, now_ns);
  if (packet->kind != ORIEL_PACKET_VIDEO)
    return false;
  if (!packet->partly) /* all of it is owed to everybody */
    subscriber->unrefined.count = 0;
  /* What was exact on its screen is so no more. */
  return packet->partly && !subscriber->draws_parts && !subscriber->no_tiles && subscriber->sync == ORIEL_SYNC_IN_SYNC;
}

void oriel_subscriber_hand_over(struct oriel_subscriber *subscriber, struct oriel_packet *key) {
  if (!subscriber->looks || subscriber->sync != ORIEL_SYNC_NEEDS_KEY || subscriber->waiting)
    return;
  put(subscriber, key);
  subscriber->sync = ORIEL_SYNC_IN_SYNC;
  subscriber->was_handed = true;
}

struct oriel_packet *oriel_subscriber_take(struct oriel_subscriber *subscriber) {
  struct oriel_packet *packet = subscriber->waiting;
  subscriber->waiting = NULL;
  return packet;
}

uint64_t oriel_subscriber_key_ns(const struct oriel_subscriber *subscriber, bool news) {
  const bool content = !news && subscriber->content_until_ns > subscriber->key_after_ns;
  return content ? subscriber->content_until_ns : subscriber->key_after_ns;
}

uint64_t oriel_subscriber_behind_ns(const struct oriel_subscriber *subscriber) {
  const struct oriel_subscriber_impl *impl = subscriber->impl;
  const uint64_t sent_ns = impl->oldest_sent_ns ? impl->oldest_sent_ns(subscriber) : 0;
  if (sent_ns)
    return sent_ns;
  return subscriber->waiting ? subscriber->waiting->encoded_ns : 0;
}
