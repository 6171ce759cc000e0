/* SPDX-License-Identifier: MIT
 *
 * The statistics of a desktop. Any thread.
 */
#include "desktop/stats.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "desktop/hub.h"
#include "desktop/sound.h"
#include "desktop/state.h"

static uint32_t paints_last_second(const struct oriel_viewer *viewer, uint64_t now_ns) {
  uint32_t count = 0;
  for (unsigned i = 0; i < ORIEL_PAINT_RING; i++)
    if (viewer->paints_ns[i] && viewer->paints_ns[i] + ORIEL_NS_PER_SECOND > now_ns)
      count++;
  return count;
}

static void viewer_stats(const struct oriel_hub *hub, const struct oriel_viewer *viewer,
                         struct oriel_viewer_stats *out) {
  *out = (struct oriel_viewer_stats){
    .id = viewer->id,
    .role = viewer == hub->controller ? ORIEL_ROLE_CONTROLLER : ORIEL_ROLE_VIEWER,
    .pictures = viewer->subscriber.looks,
    .sound = viewer->sound,
    .skipping = viewer->subscriber.is_skipping,
    .rtt_us = viewer->rtt_us,
    .in_flight = (uint32_t)(viewer->sent_count - viewer->received_count),
    .pictures_sent = viewer->pictures_sent,
    .pictures_skipped = viewer->subscriber.left_out,
    .skips = viewer->subscriber.breaks,
    .audio_sent = viewer->audio_sent,
    .audio_dropped = viewer->audio.dropped + viewer->audio_trimmed,
    .bytes_sent = viewer->bytes_sent,
    .painted = viewer->painted,
    .microphone_packets = viewer->microphone_packets,
    .microphone_refused = viewer->microphone_refused,
    .picture_queue = viewer->subscriber.waiting ? 1 : 0,
    .audio_queue = (uint32_t)viewer->audio.count,
  };
  memcpy(out->name, viewer->name, sizeof out->name);
}

static void stats_facts(struct oriel_desktop *desktop, struct oriel_desktop_stats *stats) {
  struct oriel_facts facts;
  oriel_bulletin_read(&desktop->bulletin, &facts);
  stats->state = facts.source.state;
  memcpy(stats->detail, facts.source.detail, sizeof stats->detail);
  stats->width = facts.size.width;
  stats->height = facts.size.height;
  stats->abilities = facts.abilities;
}

/* The one of video that stands for the desktop: the reference viewer's, or that which worked. */
static enum oriel_channel_kind shown_channel(const struct oriel_hub *hub, const struct oriel_viewer *reference) {
  if (reference && reference->channel != ORIEL_CHANNEL_LOSSLESS)
    return reference->channel;
  return hub->channels[ORIEL_CHANNEL_TILES].encoder[0] ? ORIEL_CHANNEL_TILES : ORIEL_CHANNEL_VIDEO;
}

static void stats_hub_locked(const struct oriel_hub *hub, struct oriel_desktop_stats *stats, uint64_t now_ns) {
  stats->fps = hub->fps;
  stats->viewers = hub->count;
  stats->controller = hub->controller ? hub->controller->id : 0;
  stats->damage_events = hub->damage_events;
  for (unsigned i = 0; i < ORIEL_CHANNELS; i++)
    stats->conversions += hub->channels[i].conversions;
  stats->pictures_video = hub->pictures_video;
  stats->pictures_tiles = hub->pictures_tiles;
  stats->pictures_key = hub->pictures_key;
  stats->pictures_sharpened = hub->pictures_sharpened;
  stats->pictures_refined = hub->pictures_refined;
  stats->openings = hub->openings;
  stats->video_bytes = hub->video_bytes;
  stats->tiles_bytes = hub->tiles_bytes;
  stats->refined_bytes = hub->refined_bytes;
  stats->audio_packets = hub->audio_packets;
  stats->audio_bytes = hub->audio_bytes;
  stats->encode_failures = hub->encode_failures;
  stats->key_requests = hub->key_requests;
  stats->held_back = hub->held_back;
  stats->bursts = hub->bursts;
  stats->cpu_us = hub->cpu_ns / ORIEL_NS_PER_US;
  stats->cpu_limited = hub->cpu_limited;
  stats->viewer_count = hub->count;
  for (unsigned i = 0; i < hub->count; i++) {
    viewer_stats(hub, hub->viewers[i], &stats->viewer[i]);
    stats->watching += hub->viewers[i]->subscriber.looks || hub->viewers[i]->sound;
  }
  const struct oriel_viewer *reference = oriel_hub_reference_locked(hub);
  const struct oriel_channel *channel = &hub->channels[shown_channel(hub, reference)];
  stats->encoder = channel->encoder;
  stats->bitrate_kbps = channel->kbps;
  stats->painted_fps = reference ? paints_last_second(reference, now_ns) : 0;
}

void oriel_desktop_stats(struct oriel_desktop *desktop, struct oriel_desktop_stats *stats) {
  assert(desktop && stats);
  memset(stats, 0, sizeof *stats);
  struct oriel_hub *hub = &desktop->hub;
  /* Sorting for percentiles happens on a copy, outside the lock that viewers and the media thread share. */
  struct oriel_histogram *stages = malloc(sizeof hub->stages);
  uint64_t now = oriel_clock_ns();
  pthread_mutex_lock(&hub->lock);
  stats_hub_locked(hub, stats, now);
  if (stages)
    memcpy(stages, hub->stages, sizeof hub->stages);
  pthread_mutex_unlock(&hub->lock);
  for (unsigned i = 0; stages && i < ORIEL_STAGES; i++)
    oriel_histogram_read(&stages[i], &stats->stages[i]);
  free(stages);
  stats->audio_overruns = oriel_sound_overruns(desktop->sound);
  stats->input_events = atomic_load_explicit(&desktop->input_events, memory_order_relaxed); /* a counter alone */
  stats->input_refused = atomic_load_explicit(&desktop->input_refused, memory_order_relaxed);
  oriel_source_info(desktop->source, &stats->source);
  stats_facts(desktop, stats);
  oriel_sound_stats(desktop, &stats->sound);
}
