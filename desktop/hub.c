/* SPDX-License-Identifier: MIT
 *
 * See hub.h.
 */
#include "desktop/hub.h"

#include <errno.h>

#include "desktop/form.h"

enum { RESIZES_PER_SECOND = 5 };
/* Each start of a source costs a whole picture, and with QEMU a registration: a viewer that hides and shows itself all
 * the time must not have a thousand of them. */
enum { STOPS_PER_SECOND = 2, STOP_BURST = 8 };

static void finish_channels(struct oriel_hub *hub, unsigned count) {
  for (unsigned i = 0; i < count; i++)
    oriel_channel_finish(&hub->channels[i]);
}

static int init_channels(struct oriel_hub *hub) {
  for (unsigned i = 0; i < ORIEL_CHANNELS; i++) {
    const int error = oriel_channel_init(&hub->channels[i], i < ORIEL_RENDITIONS && oriel_forms[i].tiles);
    if (error) {
      finish_channels(hub, i);
      return error;
    }
  }
  return 0;
}

int oriel_hub_init(struct oriel_hub *hub, const struct oriel_desktop_config *config) {
  if (pthread_mutex_init(&hub->lock, NULL))
    return -ENOMEM;
  if (oriel_waiter_init(&hub->waiter))
    goto fail_lock;
  if (init_channels(hub))
    goto fail_waiter;
  if (oriel_sound_channel_init(&hub->sound, config->opus_frame_ms))
    goto fail_channels;
  oriel_list_init(&hub->captures);
  oriel_rate_limit_init(&hub->resize_pace, RESIZES_PER_SECOND, 1);
  oriel_rate_limit_init(&hub->idle_pace, STOPS_PER_SECOND, STOP_BURST);
  hub->fps = config->fps;
  atomic_init(&hub->reference_kind, ORIEL_CHANNELS);
  return 0;
fail_channels:
  finish_channels(hub, ORIEL_CHANNELS);
fail_waiter:
  oriel_waiter_finish(&hub->waiter);
fail_lock:
  pthread_mutex_destroy(&hub->lock);
  return -ENOMEM;
}

void oriel_hub_finish(struct oriel_hub *hub) {
  oriel_packet_unref(hub->opening);
  oriel_sound_channel_finish(&hub->sound);
  finish_channels(hub, ORIEL_CHANNELS);
  oriel_waiter_finish(&hub->waiter);
  pthread_mutex_destroy(&hub->lock);
}

struct oriel_viewer *oriel_hub_viewer(const struct oriel_subscriber *subscriber) {
  return oriel_list_entry(subscriber, struct oriel_viewer, subscriber);
}

void oriel_hub_wake(struct oriel_hub *hub, unsigned events) {
  /* relaxed: the media thread widens it before it takes the lock under which the caller changed something */
  if (!events || (atomic_load_explicit(&hub->wait, memory_order_relaxed) & events))
    oriel_waiter_wake(&hub->waiter);
}

void oriel_hub_wake_by_viewer(struct oriel_hub *hub) {
  hub->gathered = hub->gathers;
  if (!hub->gathers)
    oriel_hub_wake(hub, ORIEL_WAIT_VIEWERS);
}

void oriel_hub_need_key(struct oriel_viewer *viewer, uint64_t key_after_ns) {
  oriel_packet_unref(viewer->opening);
  viewer->opening = NULL;
  oriel_subscriber_need_key(&viewer->subscriber, key_after_ns);
  if (viewer->owed)
    viewer->owed->width = viewer->owed->height = 0;
}

/* ---- whose experience counts ---- */

/* A viewer that follows beats one that skips; then the shorter round trip, an unknown one last. */
static bool is_better(const struct oriel_viewer *a, const struct oriel_viewer *b) {
  if (a->subscriber.is_skipping != b->subscriber.is_skipping)
    return b->subscriber.is_skipping;
  return a->flight.rtt_us - 1u < b->flight.rtt_us - 1u;
}

/* The least that one carries of those for whom the channel's pictures are coded (level.h). Its lock is held. */
static uint32_t least_accepted_kbps(const struct oriel_channel *channel) {
  struct oriel_level_rates rates = {.wanted = 0};
  uint32_t least_kbps = UINT32_MAX;
  struct oriel_list *node;
  oriel_list_each(node, &channel->subscribers) {
    const struct oriel_viewer *viewer = oriel_hub_viewer(oriel_list_entry(node, struct oriel_subscriber, node));
    const uint32_t carries_kbps = viewer->carries_kbps ? viewer->carries_kbps : UINT32_MAX;
    if (viewer->subscriber.looks && carries_kbps > rates.wanted)
      rates.wanted = carries_kbps;
  }
  if (channel->rate.cap_kbps && channel->rate.cap_kbps < rates.wanted)
    rates.wanted = channel->rate.cap_kbps;
  oriel_list_each(node, &channel->subscribers) {
    const struct oriel_viewer *viewer = oriel_hub_viewer(oriel_list_entry(node, struct oriel_subscriber, node));
    if (viewer->subscriber.looks && viewer->carries_kbps && viewer->carries_kbps < least_kbps &&
        oriel_level_accepts(viewer->carries_kbps, &rates))
      least_kbps = viewer->carries_kbps;
  }
  return least_kbps < UINT32_MAX ? least_kbps : 0;
}

static const struct oriel_viewer *refer_channel_locked(const struct oriel_hub *hub, struct oriel_channel *channel) {
  const struct oriel_viewer *best = NULL;
  struct oriel_list *node;
  pthread_mutex_lock(&channel->lock);
  oriel_list_each(node, &channel->subscribers) {
    const struct oriel_viewer *viewer = oriel_hub_viewer(oriel_list_entry(node, struct oriel_subscriber, node));
    if (!viewer->subscriber.looks)
      continue;
    if (!best || viewer == hub->controller || (best != hub->controller && is_better(viewer, best)))
      best = viewer;
  }
  channel->carries_kbps = least_accepted_kbps(channel);
  channel->reference = best ? &best->subscriber : NULL;
  pthread_mutex_unlock(&channel->lock);
  return best;
}

void oriel_hub_refer_locked(struct oriel_hub *hub) {
  const struct oriel_viewer *reference = NULL;
  unsigned kind = ORIEL_CHANNELS;
  for (unsigned i = 0; i < ORIEL_CHANNELS; i++) {
    const struct oriel_viewer *best = refer_channel_locked(hub, &hub->channels[i]);
    /* one without video, which comes last, says nothing about video's rate, whatever it controls */
    if (best && (!reference || (best == hub->controller && i != ORIEL_CHANNEL_LOSSLESS))) {
      reference = best;
      kind = i;
    }
  }
  atomic_store_explicit(&hub->reference, reference, memory_order_relaxed); /* only compared */
  atomic_store_explicit(&hub->reference_kind, kind, memory_order_relaxed); /* likewise */
}

bool oriel_hub_refers_to(const struct oriel_hub *hub, const struct oriel_viewer *viewer) {
  return atomic_load_explicit(&hub->reference, memory_order_relaxed) == viewer; /* as above */
}

bool oriel_hub_controls(const struct oriel_viewer *viewer) {
  return viewer->desktop->hub.controller == viewer;
}
