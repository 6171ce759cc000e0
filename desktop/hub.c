/* SPDX-License-Identifier: MIT
 *
 * The hub: hands packets to viewers. A viewer holds at most one picture and one second of sound; what does not fit
 * breaks that viewer's chain and nobody else's. Publish from the media and audio threads, everything under hub.lock.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "desktop/opening.h"
#include "desktop/private.h"
#include "desktop/speaker.h"
#include "media/opus_packet.h"

static const uint64_t stalled_ns = 5 * ORIEL_NS_PER_SECOND; /* a picture unacknowledged for so long: nobody is there */
static const uint64_t patience_ns = ORIEL_NS_PER_SECOND;    /* refinement waits so long for a viewer that is behind */
static const uint64_t second_us = ORIEL_NS_PER_SECOND / ORIEL_NS_PER_US;
static const uint64_t burst_ns = 8 * ORIEL_NS_PER_MS;       /* lesson 16 */

enum { RESIZES_PER_SECOND = 5 };

int oriel_hub_init(struct oriel_hub *hub) {
  pthread_condattr_t attributes;
  if (pthread_mutex_init(&hub->lock, NULL))
    return -ENOMEM;
  if (pthread_condattr_init(&attributes))
    goto fail_lock;
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  if (pthread_cond_init(&hub->media, &attributes))
    goto fail_attributes;
  if (pthread_cond_init(&hub->fresh, &attributes))
    goto fail_media;
  pthread_condattr_destroy(&attributes);
  oriel_rate_limit_init(&hub->resize_pace, RESIZES_PER_SECOND, 1);
  hub->encoder = "";
  hub->sequence = 1;
  for (int i = 0; i < ORIEL_STAGES; i++)
    oriel_histogram_init(&hub->stages[i]);
  for (int i = 0; i < ORIEL_SOUND_STAGES; i++)
    oriel_histogram_init(&hub->sound_stages[i]);
  return 0;
fail_media:
  pthread_cond_destroy(&hub->media);
fail_attributes:
  pthread_condattr_destroy(&attributes);
fail_lock:
  pthread_mutex_destroy(&hub->lock);
  return -ENOMEM;
}

void oriel_hub_finish(struct oriel_hub *hub) {
  oriel_packet_unref(hub->newest_key);
  oriel_packet_unref(hub->opening);
  pthread_cond_destroy(&hub->fresh);
  pthread_cond_destroy(&hub->media);
  pthread_mutex_destroy(&hub->lock);
}

void oriel_hub_poke_locked(struct oriel_hub *hub, unsigned events) {
  if (!events || (hub->wait & events))
    pthread_cond_signal(&hub->media);
}

bool oriel_hub_window_open_locked(const struct oriel_hub *hub, const struct oriel_viewer *viewer, uint64_t now_ns) {
  uint64_t in_flight = viewer->sent_count - viewer->received_count;
  if (in_flight) {
    const struct oriel_sent *oldest = &viewer->sent[viewer->received_count % ORIEL_SENT_RING];
    if (now_ns > oldest->taken_ns + stalled_ns)
      return false;
  }
  return in_flight < oriel_flight_window(viewer->rtt_us, hub->fps) &&
         viewer->received_count - viewer->decoded_count <= ORIEL_DECODE_BACKLOG_MAX;
}

bool oriel_hub_ready_locked(const struct oriel_hub *hub, const struct oriel_viewer *viewer, uint64_t now_ns) {
  return viewer->pictures && !viewer->picture && !viewer->stuck && oriel_hub_window_open_locked(hub, viewer, now_ns);
}

/* A viewer that is only slow sets the pace of refinement; one that stands still does not. */
static void survey_refinement(const struct oriel_viewer *viewer, bool ready, uint64_t now_ns,
                              struct oriel_demand *demand) {
  if (!viewer->can_tiles || viewer->chain != ORIEL_CHAIN_LIVE)
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
static bool key_ahead(const struct oriel_hub *hub) {
  return hub->expected_ns && !hub->watchers_pictures && !hub->newest_key && !oriel_opening_current_locked(hub);
}

/* While a page draws its opening, coding the same once more would only take it the processor. */
static uint64_t key_time(const struct oriel_viewer *viewer, bool damaged) {
  return viewer->seen_ns > viewer->key_after_ns && !damaged ? viewer->seen_ns : viewer->key_after_ns;
}

void oriel_hub_survey_locked(const struct oriel_hub *hub, bool damaged, uint64_t now_ns, struct oriel_demand *demand) {
  *demand = (struct oriel_demand){.tiles = true, .key_due = key_ahead(hub)};
  for (unsigned i = 0; i < hub->count; i++) {
    const struct oriel_viewer *viewer = hub->viewers[i];
    if (!viewer->pictures)
      continue;
    bool ready = oriel_hub_ready_locked(hub, viewer, now_ns);
    demand->blocked |= !ready;
    if (viewer->owed)
      continue;
    demand->subscribers++;
    if (viewer->chain != ORIEL_CHAIN_KEY) {
      demand->live++;
      demand->live_ready += ready;
      demand->tiles &= viewer->can_tiles;
      demand->video_due |= ready && viewer->chain == ORIEL_CHAIN_VIDEO;
      survey_refinement(viewer, ready, now_ns, demand);
    } else if (ready) {
      const uint64_t at = key_time(viewer, damaged);
      demand->key_due |= at <= now_ns;
      if (at > now_ns && (!demand->key_after_ns || at < demand->key_after_ns))
        demand->key_after_ns = at;
    }
  }
}

struct oriel_viewer *oriel_hub_reference_locked(const struct oriel_hub *hub) {
  if (hub->controller && hub->controller->pictures && !hub->controller->owed)
    return hub->controller;
  struct oriel_viewer *best = NULL;
  for (unsigned i = 0; i < hub->count; i++) {
    struct oriel_viewer *viewer = hub->viewers[i];
    if (!viewer->pictures)
      continue;
    if (best && !best->owed != !viewer->owed) { /* one without video says nothing about the rate of video */
      best = best->owed ? viewer : best;
      continue;
    }
    /* A viewer that follows beats one that skips; then the shorter round trip, an unknown one last. */
    if (!best || best->skipping > viewer->skipping ||
        (best->skipping == viewer->skipping && viewer->rtt_us - 1u < best->rtt_us - 1u))
      best = viewer;
  }
  return best;
}

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

void oriel_hub_need_key_locked(struct oriel_viewer *viewer, uint64_t key_after_ns) {
  oriel_packet_unref(viewer->picture);
  oriel_packet_unref(viewer->opening);
  viewer->picture = viewer->opening = NULL;
  viewer->chain = ORIEL_CHAIN_KEY;
  viewer->key_after_ns = key_after_ns;
  if (viewer->owed)
    viewer->owed->width = viewer->owed->height = 0;
}

void oriel_hub_hand_over_locked(struct oriel_hub *hub, struct oriel_viewer *viewer) {
  if (!viewer->pictures || viewer->owed || viewer->chain != ORIEL_CHAIN_KEY || viewer->picture)
    return;
  oriel_opening_hand_over_locked(hub, viewer);
  if (!hub->newest_key)
    return;
  viewer->picture = oriel_packet_ref(hub->newest_key);
  viewer->chain = ORIEL_CHAIN_LIVE;
  viewer->handed_over = true;
}

struct oriel_packet *oriel_hub_forget_key_locked(struct oriel_hub *hub) {
  struct oriel_packet *key = hub->newest_key;
  hub->newest_key = NULL;
  return key;
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
  if (viewer->chain == ORIEL_CHAIN_LIVE && !viewer->picture && viewer->can_tiles)
    slot_put(viewer, packet);
  else if (viewer->can_tiles)
    oriel_damage_merge(&viewer->unrefined, &packet->part);
}

static void offer_tiles(struct oriel_viewer *viewer, struct oriel_packet *packet) {
  drop_refinement(viewer);
  if (viewer->chain == ORIEL_CHAIN_LIVE && !viewer->picture && viewer->can_tiles) {
    slot_put(viewer, packet);
    return;
  }
  leave_out(viewer);
  if (viewer->chain == ORIEL_CHAIN_LIVE)
    viewer->chain = ORIEL_CHAIN_VIDEO;
}

static void count_picture_locked(struct oriel_hub *hub, const struct oriel_packet *packet) {
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
  hub->bursts += hub->picture_ns && packet->encoded_ns < hub->picture_ns + burst_ns;
  hub->picture_ns = packet->encoded_ns;
  if (packet->sharpening)
    return;
  oriel_stage_add(hub->stages, ORIEL_STAGE_CAPTURE, packet->captured_ns, packet->taken_ns);
  oriel_stage_add(hub->stages, ORIEL_STAGE_CONVERT, packet->taken_ns, packet->converted_ns);
  oriel_stage_add(hub->stages, ORIEL_STAGE_ENCODE, packet->converted_ns, packet->encoded_ns);
}

/* One that knows of no parts: what was exact on its screen is so no more. */
static bool draws_all(const struct oriel_viewer *viewer, const struct oriel_packet *packet) {
  return packet->partly && viewer->can_tiles && !viewer->can_part && viewer->chain == ORIEL_CHAIN_LIVE;
}

/* Everything is owed to everybody. */
static void forget_unrefined_locked(struct oriel_hub *hub) {
  for (unsigned i = 0; i < hub->count; i++)
    oriel_damage_clear(&hub->viewers[i]->unrefined);
}

bool oriel_hub_publish_picture(struct oriel_desktop *desktop, struct oriel_packet *packet) {
  struct oriel_hub *hub = &desktop->hub;
  uint64_t now = oriel_clock_ns();
  bool all = false;
  pthread_mutex_lock(&hub->lock);
  hub->sequence = packet->sequence;
  count_picture_locked(hub, packet);
  struct oriel_packet *old = oriel_hub_forget_key_locked(hub);
  if (packet->key && hub->source_watched & ORIEL_WATCH_PICTURES) /* unwatched, the screen changes unseen */
    hub->newest_key = oriel_packet_ref(packet);
  for (unsigned i = 0; i < hub->count; i++) {
    struct oriel_viewer *viewer = hub->viewers[i];
    if (!viewer->pictures || viewer->owed)
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
    forget_unrefined_locked(hub);
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

void oriel_hub_publish_audio(struct oriel_desktop *desktop, struct oriel_packet *packet) {
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
