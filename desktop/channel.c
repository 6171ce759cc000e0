/* SPDX-License-Identifier: MIT
 *
 * Channels: what the viewers of a rendition want, and packets put into their mailboxes. A viewer holds at most one
 * picture and one second of sound; what does not fit breaks that viewer's chain and nobody else's. The director surveys
 * and publishes, the audio thread publishes sound.
 */
#include <string.h>

#include "core/clock.h"
#include "desktop/opening.h"
#include "desktop/private.h"
#include "desktop/speaker.h"
#include "media/opus_packet.h"

static const uint64_t patience_ns = ORIEL_NS_PER_SECOND; /* refinement waits so long for a viewer that is behind */
static const uint64_t second_us = ORIEL_NS_PER_SECOND / ORIEL_NS_PER_US;
static const uint64_t burst_ns = 8 * ORIEL_NS_PER_MS; /* lesson 16 */

/* ---- what is wanted ---- */

/* A viewer that is only slow sets the pace of refinement; one that stands still does not. */
static void survey_refinement(const struct oriel_viewer *viewer, bool ready, uint64_t now_ns,
                              struct oriel_demand *demand) {
  if (viewer->chain != ORIEL_CHAIN_LIVE)
    return;
  if (ready) {
    demand->refinable = true;
    demand->unrefined |= !oriel_damage_empty(&viewer->unrefined);
    return;
  }
  uint64_t since_ns = viewer->picture ? viewer->picture->encoded_ns : 0;
  if (viewer->sent_count != viewer->received_count)
    since_ns = viewer->sent[viewer->received_count % ORIEL_SENT_RING].taken_ns;
  if (since_ns && now_ns < since_ns + patience_ns && since_ns + patience_ns > demand->refine_after_ns)
    demand->refine_after_ns = since_ns + patience_ns;
}

/* Whoever is expected finds a key frame; while others look it would be a burden to them. */
static bool key_ahead(const struct oriel_hub *hub, enum oriel_channel_kind kind) {
  return kind == ORIEL_CHANNEL_TILES && hub->expected_ns && !hub->watchers_pictures &&
         !hub->channels[kind].newest_key && !oriel_opening_current_locked(hub);
}

/* While a page draws its opening, coding the same once more would only take it the processor. */
static uint64_t key_time(const struct oriel_viewer *viewer, bool damaged) {
  return viewer->seen_ns > viewer->key_after_ns && !damaged ? viewer->seen_ns : viewer->key_after_ns;
}

void oriel_channel_survey_locked(const struct oriel_hub *hub, enum oriel_channel_kind kind, bool damaged,
                                 uint64_t now_ns, struct oriel_demand *demand) {
  *demand = (struct oriel_demand){.tiles = kind == ORIEL_CHANNEL_TILES, .key_due = key_ahead(hub, kind)};
  for (unsigned i = 0; i < hub->count; i++) {
    const struct oriel_viewer *viewer = hub->viewers[i];
    if (!viewer->pictures || viewer->channel != kind)
      continue;
    bool ready = oriel_hub_ready_locked(hub, viewer, now_ns);
    demand->subscribers++;
    demand->blocked |= !ready;
    if (viewer->chain != ORIEL_CHAIN_KEY) {
      demand->live++;
      demand->live_ready += ready;
      demand->video_due |= ready && viewer->chain == ORIEL_CHAIN_VIDEO;
      if (kind == ORIEL_CHANNEL_TILES)
        survey_refinement(viewer, ready, now_ns, demand);
    } else if (ready) {
      const uint64_t at = key_time(viewer, damaged);
      demand->key_due |= at <= now_ns;
      if (at > now_ns && (!demand->key_after_ns || at < demand->key_after_ns))
        demand->key_after_ns = at;
    }
  }
}

/* ---- one viewer and one packet ---- */

static void leave_out(struct oriel_viewer *viewer) {
  viewer->skipped++;
  viewer->pictures_skipped++;
}

static void slot_put(struct oriel_viewer *viewer, struct oriel_packet *packet) {
  if (viewer->picture)
    leave_out(viewer);
  oriel_packet_unref(viewer->picture);
  viewer->picture = oriel_packet_ref(packet);
  viewer->handed_over = false;
}

/* Video that the viewer cannot do without does not fit: only a key frame helps now. */
static void break_chain(struct oriel_viewer *viewer, uint64_t now_ns) {
  if (viewer->picture)
    leave_out(viewer);
  leave_out(viewer);
  oriel_hub_need_key_locked(viewer, oriel_backoff_break(&viewer->backoff, now_ns));
  viewer->skipping = viewer->stuck = true;
  viewer->skipped_due = true;
  viewer->skips++;
}

static void offer_key(const struct oriel_hub *hub, struct oriel_viewer *viewer, struct oriel_packet *packet,
                      uint64_t now_ns) {
  if (viewer->chain == ORIEL_CHAIN_KEY && !oriel_hub_ready_locked(hub, viewer, now_ns)) {
    leave_out(viewer); /* its link is still full; it asks again once it is not */
    return;
  }
  slot_put(viewer, packet);
  viewer->opens = false;
  viewer->skipped_due |= viewer->skipping && viewer->skipped > 0;
  viewer->chain = ORIEL_CHAIN_LIVE;
  viewer->skipping = false;
}

/* News go first: what waits of a refinement is missed. */
static void drop_refinement(struct oriel_viewer *viewer) {
  if (!viewer->picture || viewer->picture->kind != ORIEL_PACKET_TILES || !viewer->picture->sharpening)
    return;
  oriel_damage_merge(&viewer->unrefined, &viewer->picture->part);
  oriel_packet_unref(viewer->picture);
  viewer->picture = NULL;
}

static void offer_video(struct oriel_viewer *viewer, struct oriel_packet *packet, uint64_t now_ns) {
  drop_refinement(viewer);
  if (viewer->chain == ORIEL_CHAIN_KEY) {
    leave_out(viewer);
  } else if (!viewer->picture || viewer->picture->kind == ORIEL_PACKET_TILES) {
    slot_put(viewer, packet); /* video covers the tiles that waited */
    viewer->chain = ORIEL_CHAIN_LIVE;
  } else {
    break_chain(viewer, now_ns);
  }
}

/* Refinement carries no news: whoever cannot take a part goes on with what it has. */
static void offer_refinement(struct oriel_viewer *viewer, struct oriel_packet *packet) {
  if (viewer->chain == ORIEL_CHAIN_LIVE && !viewer->picture)
    slot_put(viewer, packet);
  else
    oriel_damage_merge(&viewer->unrefined, &packet->part);
}

static void offer_tiles(struct oriel_viewer *viewer, struct oriel_packet *packet) {
  drop_refinement(viewer);
  if (viewer->chain == ORIEL_CHAIN_LIVE && !viewer->picture) {
    slot_put(viewer, packet);
    return;
  }
  leave_out(viewer);
  if (viewer->chain == ORIEL_CHAIN_LIVE)
    viewer->chain = ORIEL_CHAIN_VIDEO;
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

/* One that knows of no parts: what was exact on its screen is so no more. */
static bool draws_all(const struct oriel_viewer *viewer, const struct oriel_packet *packet) {
  return packet->partly && viewer->channel == ORIEL_CHANNEL_TILES && !viewer->can_part && viewer->chain == ORIEL_CHAIN_LIVE;
}

/* Everything is owed to everybody. */
static void forget_unrefined_locked(struct oriel_hub *hub, enum oriel_channel_kind kind) {
  for (unsigned i = 0; i < hub->count; i++)
    if (hub->viewers[i]->channel == kind)
      oriel_damage_clear(&hub->viewers[i]->unrefined);
}

bool oriel_channel_publish(struct oriel_desktop *desktop, enum oriel_channel_kind kind, struct oriel_packet *packet) {
  struct oriel_hub *hub = &desktop->hub;
  struct oriel_channel *channel = &hub->channels[kind];
  uint64_t now = oriel_clock_ns();
  bool all = false;
  pthread_mutex_lock(&hub->lock);
  channel->sequence = packet->sequence;
  count_picture_locked(hub, channel, packet);
  struct oriel_packet *old = oriel_hub_forget_key_locked(hub, kind);
  if (packet->key && hub->source_watched & ORIEL_WATCH_PICTURES) /* unwatched, the screen changes unseen */
    channel->newest_key = oriel_packet_ref(packet);
  for (unsigned i = 0; i < hub->count; i++) {
    struct oriel_viewer *viewer = hub->viewers[i];
    if (!viewer->pictures || viewer->channel != kind)
      continue;
    if (packet->kind == ORIEL_PACKET_TILES && packet->sharpening) {
      offer_refinement(viewer, packet);
    } else if (packet->kind == ORIEL_PACKET_TILES) {
      offer_tiles(viewer, packet);
    } else if (packet->key) {
      offer_key(hub, viewer, packet, now);
    } else {
      offer_video(viewer, packet, now);
      all |= draws_all(viewer, packet);
    }
  }
  if (all || (packet->kind == ORIEL_PACKET_VIDEO && !packet->partly))
    forget_unrefined_locked(hub, kind);
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
  if (desktop->speaker) /* last: it decodes */
    oriel_speaker_push(desktop->speaker, packet);
  oriel_packet_unref(packet);
}
