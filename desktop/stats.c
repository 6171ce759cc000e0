/* SPDX-License-Identifier: MIT
 *
 * The statistics of a desktop. Any thread.
 */
#include "desktop/stats.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "desktop/clipboard.h"
#include "desktop/hub.h"
#include "desktop/sound.h"
#include "desktop/state.h"

static void picture_stats(const struct oriel_viewer *viewer, struct oriel_viewer_stats *out) {
  const struct oriel_subscriber *subscriber = &viewer->subscriber;
  pthread_mutex_lock(&viewer->channel->lock);
  out->pictures = subscriber->looks;
  out->skipping = subscriber->is_skipping;
  out->pictures_skipped = subscriber->left_out;
  out->skips = subscriber->breaks;
  out->picture_queue = subscriber->waiting ? 1 : 0;
  out->rtt_us = viewer->flight.rtt_us;
  out->in_flight = (uint32_t)(viewer->flight.sent_count - viewer->flight.received_count);
  out->painted = viewer->flight.painted;
  out->pictures_sent = viewer->pictures_sent;
  out->bytes_sent += viewer->picture_bytes;
  pthread_mutex_unlock(&viewer->channel->lock);
}

static void sound_stats(struct oriel_sound_channel *channel, const struct oriel_sound_subscriber *subscriber,
                        struct oriel_viewer_stats *out) {
  pthread_mutex_lock(&channel->lock);
  out->sound = subscriber->listens;
  out->audio_sent = subscriber->sent;
  out->audio_dropped = subscriber->queue.dropped + subscriber->trimmed;
  out->audio_queue = (uint32_t)subscriber->queue.count;
  out->bytes_sent += subscriber->bytes;
  pthread_mutex_unlock(&channel->lock);
}

static void viewer_stats_locked(struct oriel_hub *hub, const struct oriel_viewer *viewer,
                                struct oriel_viewer_stats *out) {
  out->id = viewer->id;
  out->role = viewer == hub->controller ? ORIEL_ROLE_CONTROLLER : ORIEL_ROLE_VIEWER;
  out->microphone_packets = viewer->microphone_packets;
  out->microphone_refused = viewer->microphone_refused;
  memcpy(out->name, viewer->name, sizeof out->name);
  picture_stats(viewer, out);
  sound_stats(&hub->sound, &viewer->sound, out);
}

static void stats_facts(struct oriel_desktop *desktop, struct oriel_desktop_stats *stats) {
  struct oriel_facts facts;
  oriel_bulletin_read(&desktop->bulletin, &facts);
  stats->state = facts.source.state;
  memcpy(stats->detail, facts.source.detail, sizeof stats->detail);
  stats->width = facts.size.width;
  stats->height = facts.size.height;
  stats->cursor_apart = facts.cursor_apart;
  stats->abilities = oriel_facts_abilities(&facts);
}

static void add_channel(struct oriel_channel *channel, struct oriel_desktop_stats *stats) {
  const struct oriel_channel_counters *counters = &channel->counters;
  pthread_mutex_lock(&channel->lock);
  stats->conversions += counters->conversions;
  stats->pictures_video += counters->video;
  stats->pictures_tiles += counters->tiles;
  stats->pictures_key += counters->keys;
  stats->pictures_sharpened += counters->sharpened;
  stats->pictures_refined += counters->refined;
  stats->openings += counters->openings;
  stats->video_bytes += counters->video_bytes;
  stats->tiles_bytes += counters->tiles_bytes;
  stats->refined_bytes += counters->refined_bytes;
  stats->encode_failures += counters->failures;
  stats->key_requests += counters->key_requests;
  stats->bursts += counters->bursts;
  pthread_mutex_unlock(&channel->lock);
}

static void add_sound(struct oriel_sound_channel *channel, struct oriel_desktop_stats *stats) {
  pthread_mutex_lock(&channel->lock);
  stats->audio_packets = channel->packets;
  stats->audio_bytes = channel->bytes;
  pthread_mutex_unlock(&channel->lock);
}

/* Of a channel of video what its rendition does; false when there was no picture of it yet. */
static bool show_rendition(struct oriel_channel *channel, struct oriel_desktop_stats *stats) {
  pthread_mutex_lock(&channel->lock);
  stats->encoder = channel->encoder;
  stats->bitrate_kbps = channel->kbps;
  pthread_mutex_unlock(&channel->lock);
  return stats->encoder[0];
}

/* The one of video that stands for the desktop: the reference viewer's, or that which worked. */
static void stats_reference_locked(struct oriel_hub *hub, struct oriel_desktop_stats *stats, uint64_t now_ns) {
  const struct oriel_viewer *reference = atomic_load_explicit(&hub->reference, memory_order_relaxed); /* locked */
  if (reference) {
    pthread_mutex_lock(&reference->channel->lock);
    stats->painted_fps = oriel_flight_paints(&reference->flight, now_ns);
    pthread_mutex_unlock(&reference->channel->lock);
  }
  if (reference && reference->kind != ORIEL_CHANNEL_LOSSLESS)
    (void)show_rendition(reference->channel, stats);
  else
    for (unsigned i = 0; i < ORIEL_RENDITIONS && !show_rendition(&hub->channels[i], stats); i++)
      ;
}

static void stats_hub_locked(struct oriel_hub *hub, struct oriel_desktop_stats *stats, uint64_t now_ns) {
  stats->fps = hub->fps;
  stats->viewers = stats->viewer_count = hub->count;
  stats->controller = hub->controller ? hub->controller->id : 0;
  stats->damage_events = hub->damage_events;
  stats->held_back = hub->held_back;
  stats->cpu_us = hub->cpu_ns / ORIEL_NS_PER_US;
  stats->cpu_limited = hub->cpu_limited;
  for (unsigned i = 0; i < hub->count; i++) {
    viewer_stats_locked(hub, hub->viewers[i], &stats->viewer[i]);
    stats->watching += stats->viewer[i].pictures || stats->viewer[i].sound;
  }
  stats_reference_locked(hub, stats, now_ns);
}

void oriel_desktop_stats(struct oriel_desktop *desktop, struct oriel_desktop_stats *stats) {
  assert(desktop && stats);
  memset(stats, 0, sizeof *stats);
  struct oriel_hub *hub = &desktop->hub;
  /* Sorting for percentiles happens on a copy, outside the lock that viewers and the media thread share. */
  struct oriel_histogram *stages = malloc(sizeof desktop->stages.histograms);
  pthread_mutex_lock(&hub->lock);
  stats_hub_locked(hub, stats, oriel_clock_ns());
  pthread_mutex_unlock(&hub->lock);
  for (unsigned i = 0; i < ORIEL_CHANNELS; i++)
    add_channel(&hub->channels[i], stats);
  add_sound(&hub->sound, stats);
  if (stages)
    oriel_stages_copy(&desktop->stages, stages);
  for (unsigned i = 0; stages && i < ORIEL_STAGES; i++)
    oriel_histogram_read(&stages[i], &stats->stages[i]);
  free(stages);
  stats->audio_overruns = oriel_sound_overruns(desktop->sound);
  stats->input_events = atomic_load_explicit(&desktop->input_events, memory_order_relaxed); /* a counter alone */
  stats->input_refused = atomic_load_explicit(&desktop->input_refused, memory_order_relaxed);
  oriel_source_info(desktop->source, &stats->source);
  stats_facts(desktop, stats);
  oriel_sound_stats(desktop, &stats->sound);
  oriel_clipboard_stats(&desktop->clipboard, &stats->clipboard);
}
