/* SPDX-License-Identifier: MIT
 *
 * See channel.h.
 */
#include "desktop/channel.h"

#include <errno.h>

#include "core/clock.h"

static const uint64_t patience_ns = ORIEL_NS_PER_SECOND; /* refinement waits so long for a viewer that is behind */
static const uint64_t burst_ns = 8 * ORIEL_NS_PER_MS; /* lesson 16 */

int oriel_channel_init(struct oriel_channel *channel, bool tiles) {
  *channel = (struct oriel_channel){.tiles = tiles, .encoder = "", .sequence = 1}; /* acknowledged, 0 = "none yet" */
  oriel_list_init(&channel->subscribers);
  return pthread_mutex_init(&channel->lock, NULL) ? -ENOMEM : 0;
}

void oriel_channel_finish(struct oriel_channel *channel) {
  oriel_packet_unref(channel->newest_key);
  pthread_mutex_destroy(&channel->lock);
}

void oriel_channel_join(struct oriel_channel *channel, struct oriel_subscriber *subscriber) {
  pthread_mutex_lock(&channel->lock);
  oriel_list_append(&channel->subscribers, &subscriber->node);
  pthread_mutex_unlock(&channel->lock);
}

void oriel_channel_leave(struct oriel_channel *channel, struct oriel_subscriber *subscriber) {
  pthread_mutex_lock(&channel->lock);
  oriel_list_remove(&subscriber->node);
  if (channel->reference == subscriber)
    channel->reference = NULL;
  pthread_mutex_unlock(&channel->lock);
}

static struct oriel_subscriber *subscriber_of(struct oriel_list *node) {
  return oriel_list_entry(node, struct oriel_subscriber, node);
}

/* ---- demand ---- */

/* A subscriber that is only slow sets the pace of refinement; one that stands still does not. */
static void add_refinement(const struct oriel_subscriber *subscriber, bool ready, uint64_t now_ns,
                           struct oriel_demand *demand) {
  if (subscriber->sync != ORIEL_SYNC_IN_SYNC || subscriber->no_tiles)
    return;
  if (ready) {
    demand->refinable = true;
    demand->unrefined |= !oriel_damage_empty(&subscriber->unrefined);
    return;
  }
  const uint64_t since_ns = oriel_subscriber_behind_ns(subscriber);
  if (since_ns && now_ns < since_ns + patience_ns && since_ns + patience_ns > demand->refine_after_ns)
    demand->refine_after_ns = since_ns + patience_ns;
}

static void add_demand(const struct oriel_subscriber *subscriber, bool tiles, bool damaged, uint64_t now_ns,
                       struct oriel_demand *demand) {
  const bool ready = oriel_subscriber_is_ready(subscriber, now_ns);
  demand->subscribers++;
  demand->blocked |= !ready;
  demand->full_size |= subscriber->full_size;
  if (subscriber->sync != ORIEL_SYNC_NEEDS_KEY) {
    demand->live++;
    demand->live_ready += ready;
    demand->tiles &= !subscriber->no_tiles;
    demand->video_due |= ready && subscriber->sync == ORIEL_SYNC_NEEDS_VIDEO;
    if (tiles)
      add_refinement(subscriber, ready, now_ns, demand);
  } else if (ready) {
    const uint64_t at = oriel_subscriber_key_ns(subscriber, damaged);
    demand->key_due |= at <= now_ns;
    if (at > now_ns)
      oriel_clock_bring_forward(&demand->key_after_ns, at);
  }
}

void oriel_channel_demand(struct oriel_channel *channel, bool damaged, uint64_t now_ns, struct oriel_demand *demand) {
  struct oriel_list *node;
  *demand = (struct oriel_demand){.tiles = channel->tiles};
  pthread_mutex_lock(&channel->lock);
  oriel_list_each(node, &channel->subscribers)
    if (subscriber_of(node)->looks)
      add_demand(subscriber_of(node), channel->tiles, damaged, now_ns, demand);
  pthread_mutex_unlock(&channel->lock);
}

/* ---- packets ---- */

static void count_picture(struct oriel_channel *channel, const struct oriel_packet *packet) {
  struct oriel_channel_counters *counters = &channel->counters;
  if (packet->kind == ORIEL_PACKET_TILES) {
    counters->tiles++;
    counters->tiles_bytes += packet->size;
  } else {
    counters->video++;
    counters->video_bytes += packet->size;
  }
  counters->keys += packet->key;
  counters->sharpened += packet->sharpening && packet->kind == ORIEL_PACKET_VIDEO;
  if (packet->sharpening && packet->kind == ORIEL_PACKET_TILES) {
    counters->refined++;
    counters->refined_bytes += packet->size;
  }
  counters->bursts += channel->picture_ns && packet->encoded_ns < channel->picture_ns + burst_ns;
  channel->picture_ns = packet->encoded_ns;
}

/* Offers the packet to all. True when one of them draws all of a picture of which others draw a part. */
static bool offer(struct oriel_channel *channel, struct oriel_packet *packet, uint64_t now_ns) {
  struct oriel_list *node;
  bool all = false;
  oriel_list_each(node, &channel->subscribers)
    all |= oriel_subscriber_offer(subscriber_of(node), packet, now_ns);
  return all;
}

static void take_missed(struct oriel_channel *channel, struct oriel_damage *missed) {
  struct oriel_list *node;
  oriel_list_each(node, &channel->subscribers) {
    struct oriel_subscriber *subscriber = subscriber_of(node);
    if (subscriber->sync != ORIEL_SYNC_NEEDS_KEY) /* which gets everything anew */
      oriel_damage_merge(missed, &subscriber->unrefined);
    oriel_damage_clear(&subscriber->unrefined);
  }
}

static struct oriel_packet *replace_key(struct oriel_channel *channel, struct oriel_packet *key) {
  struct oriel_packet *old = channel->newest_key;
  channel->newest_key = key && channel->keeps_keys ? oriel_packet_ref(key) : NULL;
  return old;
}

bool oriel_channel_publish(struct oriel_channel *channel, struct oriel_packet *packet) {
  struct oriel_damage forgotten = {.count = 0};
  const uint64_t now = oriel_clock_ns();
  pthread_mutex_lock(&channel->lock);
  channel->sequence = packet->sequence;
  count_picture(channel, packet);
  struct oriel_packet *old = replace_key(channel, packet->key ? packet : NULL);
  const bool all = offer(channel, packet, now) && channel->tiles;
  if (all)
    take_missed(channel, &forgotten); /* all is owed to everybody */
  pthread_mutex_unlock(&channel->lock);
  oriel_packet_unref(old);
  oriel_packet_unref(packet);
  return all;
}

void oriel_channel_fail(struct oriel_channel *channel) {
  struct oriel_list *node;
  pthread_mutex_lock(&channel->lock);
  channel->counters.failures++;
  oriel_list_each(node, &channel->subscribers)
    if (subscriber_of(node)->looks && subscriber_of(node)->sync != ORIEL_SYNC_NEEDS_KEY)
      oriel_subscriber_need_key(subscriber_of(node), 0);
  pthread_mutex_unlock(&channel->lock);
}

void oriel_channel_missed(struct oriel_channel *channel, struct oriel_damage *missed) {
  pthread_mutex_lock(&channel->lock);
  take_missed(channel, missed);
  pthread_mutex_unlock(&channel->lock);
}

/* ---- what its rendition and its owner keep here ---- */

void oriel_channel_keep_keys(struct oriel_channel *channel, bool keeps) {
  pthread_mutex_lock(&channel->lock);
  channel->keeps_keys = keeps;
  struct oriel_packet *old = replace_key(channel, NULL);
  pthread_mutex_unlock(&channel->lock);
  oriel_packet_unref(old);
}

bool oriel_channel_has_key(struct oriel_channel *channel) {
  pthread_mutex_lock(&channel->lock);
  const bool has = channel->newest_key != NULL;
  pthread_mutex_unlock(&channel->lock);
  return has;
}

enum { KBPS_MIN = 100 }; /* below, an encoder has nothing to work with: whoever carries less skips pictures */

uint32_t oriel_channel_kbps(struct oriel_channel *channel, uint32_t cap_kbps, uint64_t now_ns) {
  pthread_mutex_lock(&channel->lock);
  if (!channel->rate.cap_kbps)
    oriel_bitrate_init(&channel->rate, cap_kbps, now_ns);
  else if (channel->rate.cap_kbps != cap_kbps)
    oriel_bitrate_cap(&channel->rate, cap_kbps, now_ns);
  uint32_t kbps = oriel_bitrate_kbps(&channel->rate, now_ns);
  if (channel->carries_kbps && channel->carries_kbps < kbps)
    kbps = channel->carries_kbps > KBPS_MIN ? channel->carries_kbps : KBPS_MIN;
  channel->kbps = kbps;
  pthread_mutex_unlock(&channel->lock);
  return kbps;
}

void oriel_channel_describe(struct oriel_channel *channel, const char *encoder, uint64_t conversions) {
  pthread_mutex_lock(&channel->lock);
  channel->encoder = encoder;
  channel->counters.conversions = conversions;
  pthread_mutex_unlock(&channel->lock);
}
