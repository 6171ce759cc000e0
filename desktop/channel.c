/* SPDX-License-Identifier: MIT
 *
 * Channels: what the subscribers of a rendition want, all together, and packets offered to each. The director surveys
 * and publishes, the audio thread publishes sound, of which a viewer holds at most one second.
 */
#include "desktop/channel.h"

#include <string.h>

#include "core/clock.h"
#include "desktop/hub.h"
#include "desktop/notify.h"
#include "media/opus.h"
#include "media/opus_packet.h"

static const uint64_t patience_ns = ORIEL_NS_PER_SECOND; /* refinement waits so long for a viewer that is behind */
static const uint64_t second_us = ORIEL_NS_PER_SECOND / ORIEL_NS_PER_US;
static const uint64_t burst_ns = 8 * ORIEL_NS_PER_MS; /* lesson 16 */

/* A subscriber that is only slow sets the pace of refinement; one that stands still does not. */
static void survey_refinement(const struct oriel_subscriber *subscriber, bool ready, uint64_t now_ns,
                              struct oriel_demand *demand) {
  if (subscriber->sync != ORIEL_SYNC_IN_SYNC)
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

static void survey_one(const struct oriel_subscriber *subscriber, bool tiles, bool damaged, uint64_t now_ns,
                       struct oriel_demand *demand) {
  const bool ready = oriel_subscriber_is_ready(subscriber, now_ns);
  demand->subscribers++;
  demand->blocked |= !ready;
  if (subscriber->sync != ORIEL_SYNC_NEEDS_KEY) {
    demand->live++;
    demand->live_ready += ready;
    demand->video_due |= ready && subscriber->sync == ORIEL_SYNC_NEEDS_VIDEO;
    if (tiles)
      survey_refinement(subscriber, ready, now_ns, demand);
  } else if (ready) {
    const uint64_t at = oriel_subscriber_key_ns(subscriber, damaged);
    demand->key_due |= at <= now_ns;
    if (at > now_ns)
      oriel_clock_bring_forward(&demand->key_after_ns, at);
  }
}

void oriel_channel_survey_locked(const struct oriel_hub *hub, enum oriel_channel_kind kind, bool damaged,
                                 uint64_t now_ns, struct oriel_demand *demand) {
  const struct oriel_list *head = &hub->channels[kind].subscribers, *node;
  *demand = (struct oriel_demand){.tiles = kind == ORIEL_CHANNEL_TILES};
  oriel_list_each(node, head) {
    const struct oriel_subscriber *subscriber = oriel_list_entry(node, const struct oriel_subscriber, node);
    if (subscriber->looks)
      survey_one(subscriber, demand->tiles, damaged, now_ns, demand);
  }
}

static void count_picture_locked(struct oriel_hub *hub, struct oriel_channel *channel,
                                 const struct oriel_packet *packet) {
  if (packet->kind == ORIEL_PACKET_TILES) {
    hub->pictures_tiles++;
    hub->tiles_bytes += packet->size;
  } else {
    hub->pictures_video++;
    hub->video_bytes += packet->size;
  }
  hub->pictures_key += packet->key;
  hub->pictures_sharpened += packet->sharpening && packet->kind == ORIEL_PACKET_VIDEO;
  if (packet->sharpening && packet->kind == ORIEL_PACKET_TILES) {
    hub->pictures_refined++;
    hub->refined_bytes += packet->size;
  }
  hub->bursts += channel->picture_ns && packet->encoded_ns < channel->picture_ns + burst_ns;
  channel->picture_ns = packet->encoded_ns;
  if (packet->sharpening)
    return;
  oriel_stage_add(hub->stages, ORIEL_STAGE_CAPTURE, packet->captured_ns, packet->taken_ns);
  oriel_stage_add(hub->stages, ORIEL_STAGE_CONVERT, packet->taken_ns, packet->converted_ns);
  oriel_stage_add(hub->stages, ORIEL_STAGE_ENCODE, packet->converted_ns, packet->encoded_ns);
}

/* Offers the packet to all. True when one of them draws all of a picture of which others draw a part. */
static bool offer_locked(struct oriel_channel *channel, struct oriel_packet *packet, uint64_t now_ns) {
  struct oriel_list *node;
  bool all = false;
  oriel_list_each(node, &channel->subscribers)
    all |= oriel_subscriber_offer(oriel_list_entry(node, struct oriel_subscriber, node), packet, now_ns);
  return all;
}

void oriel_channel_need_keys_locked(struct oriel_channel *channel) {
  struct oriel_list *node;
  oriel_list_each(node, &channel->subscribers) {
    struct oriel_subscriber *subscriber = oriel_list_entry(node, struct oriel_subscriber, node);
    if (subscriber->looks && subscriber->sync != ORIEL_SYNC_NEEDS_KEY)
      oriel_subscriber_need_key(subscriber, 0);
  }
}

void oriel_channel_missed_locked(struct oriel_channel *channel, struct oriel_damage *missed) {
  struct oriel_list *node;
  oriel_list_each(node, &channel->subscribers) {
    struct oriel_subscriber *subscriber = oriel_list_entry(node, struct oriel_subscriber, node);
    if (subscriber->sync != ORIEL_SYNC_NEEDS_KEY) /* which gets everything anew */
      oriel_damage_merge(missed, &subscriber->unrefined);
    oriel_damage_clear(&subscriber->unrefined);
  }
}

bool oriel_channel_publish(struct oriel_desktop *desktop, enum oriel_channel_kind kind, struct oriel_packet *packet) {
  struct oriel_hub *hub = &desktop->hub;
  struct oriel_channel *channel = &hub->channels[kind];
  struct oriel_damage forgotten = {.count = 0};
  const uint64_t now = oriel_clock_ns();
  pthread_mutex_lock(&hub->lock);
  channel->sequence = packet->sequence;
  count_picture_locked(hub, channel, packet);
  struct oriel_packet *old = oriel_hub_forget_key_locked(hub, kind);
  if (packet->key && hub->source_watched & ORIEL_WATCH_PICTURES) /* unwatched, the screen changes unseen */
    channel->newest_key = oriel_packet_ref(packet);
  const bool all = offer_locked(channel, packet, now) && kind == ORIEL_CHANNEL_TILES;
  if (all)
    oriel_channel_missed_locked(channel, &forgotten); /* all is owed to everybody */
  pthread_mutex_unlock(&hub->lock);
  oriel_packet_unref(old);
  oriel_packet_unref(packet);
  oriel_desktop_wake(desktop);
  return all;
}

/* At most a second waits (lesson 32), whatever the length of a guest's own packets. */
static void offer_audio(const struct oriel_hub *hub, struct oriel_viewer *viewer, struct oriel_packet *packet) {
  oriel_queue_push(&viewer->audio, packet);
  for (; viewer->audio.count * hub->audio_packet_us > second_us; viewer->audio_trimmed++)
    oriel_packet_unref(oriel_queue_pop(&viewer->audio));
}

void oriel_channel_publish_sound(struct oriel_desktop *desktop, struct oriel_packet *packet) {
  struct oriel_hub *hub = &desktop->hub;
  const int frames = oriel_opus_packet_frames(packet->data, packet->size);
  pthread_mutex_lock(&hub->lock);
  if (frames > 0)
    hub->audio_packet_us = (uint32_t)frames * 1000 / (ORIEL_OPUS_RATE / 1000);
  oriel_sound_stage_add(hub->sound_stages, ORIEL_SOUND_STAGE_HOST,
                        packet->converted_ns ? packet->converted_ns : packet->captured_ns, packet->encoded_ns);
  packet->sequence = ++hub->audio_sequence;
  hub->audio_packets++;
  hub->audio_bytes += packet->size;
  for (unsigned i = 0; i < hub->count; i++)
    if (hub->viewers[i]->sound)
      offer_audio(hub, hub->viewers[i], packet);
  pthread_mutex_unlock(&hub->lock);
  oriel_desktop_wake(desktop);
  oriel_packet_unref(packet);
}
