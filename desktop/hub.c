/* SPDX-License-Identifier: MIT
 *
 * The hub: who looks, what each holds, and whose experience counts. Everything under hub.lock.
 */
#include "desktop/hub.h"

#include <errno.h>
#include <string.h>

#include "core/clock.h"

static const uint64_t stalled_ns = 5 * ORIEL_NS_PER_SECOND; /* a picture unacknowledged for so long: nobody is there */

enum { RESIZES_PER_SECOND = 5 };
/* Each start of a source costs a whole picture, and with QEMU a registration: a viewer that hides and shows itself all
 * the time must not have a thousand of them. */
enum { STOPS_PER_SECOND = 2, STOP_BURST = 8 };

static void init_channel(struct oriel_channel *channel) {
  *channel = (struct oriel_channel){.encoder = "", .sequence = 1}; /* in acknowledgements, 0 means "none yet" */
  oriel_list_init(&channel->subscribers);
}

int oriel_hub_init(struct oriel_hub *hub) {
  if (pthread_mutex_init(&hub->lock, NULL))
    return -ENOMEM;
  const int error = oriel_waiter_init(&hub->waiter);
  if (error) {
    pthread_mutex_destroy(&hub->lock);
    return error;
  }
  oriel_list_init(&hub->captures);
  oriel_rate_limit_init(&hub->resize_pace, RESIZES_PER_SECOND, 1);
  oriel_rate_limit_init(&hub->idle_pace, STOPS_PER_SECOND, STOP_BURST);
  for (unsigned i = 0; i < ORIEL_CHANNELS; i++)
    init_channel(&hub->channels[i]);
  for (int i = 0; i < ORIEL_STAGES; i++)
    oriel_histogram_init(&hub->stages[i]);
  for (int i = 0; i < ORIEL_SOUND_STAGES; i++)
    oriel_histogram_init(&hub->sound_stages[i]);
  return 0;
}

void oriel_hub_finish(struct oriel_hub *hub) {
  for (unsigned i = 0; i < ORIEL_CHANNELS; i++)
    oriel_packet_unref(hub->channels[i].newest_key);
  oriel_packet_unref(hub->opening);
  oriel_waiter_finish(&hub->waiter);
  pthread_mutex_destroy(&hub->lock);
}

void oriel_hub_wake_locked(struct oriel_hub *hub, unsigned events) {
  if (!events || (hub->wait & events))
    oriel_waiter_wake(&hub->waiter);
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

void oriel_hub_need_key_locked(struct oriel_viewer *viewer, uint64_t key_after_ns) {
  oriel_packet_unref(viewer->opening);
  viewer->opening = NULL;
  oriel_subscriber_need_key(&viewer->subscriber, key_after_ns);
  if (viewer->owed)
    viewer->owed->width = viewer->owed->height = 0;
}

struct oriel_packet *oriel_hub_forget_key_locked(struct oriel_hub *hub, enum oriel_channel_kind kind) {
  struct oriel_packet *key = hub->channels[kind].newest_key;
  hub->channels[kind].newest_key = NULL;
  return key;
}

/* ---- whose experience counts ---- */

/* A viewer that follows beats one that skips; then the shorter round trip, an unknown one last. */
static bool is_better(const struct oriel_viewer *a, const struct oriel_viewer *b) {
  if (a->subscriber.is_skipping != b->subscriber.is_skipping)
    return b->subscriber.is_skipping;
  return a->rtt_us - 1u < b->rtt_us - 1u;
}

void oriel_hub_refer_locked(struct oriel_hub *hub) {
  for (unsigned i = 0; i < ORIEL_CHANNELS; i++)
    hub->channels[i].reference = NULL;
  for (unsigned i = 0; i < hub->count; i++) {
    struct oriel_viewer *viewer = hub->viewers[i], **best = &hub->channels[viewer->channel].reference;
    if (viewer->subscriber.looks && (!*best || viewer == hub->controller ||
                             (*best != hub->controller && is_better(viewer, *best))))
      *best = viewer;
  }
}

struct oriel_viewer *oriel_hub_reference_locked(const struct oriel_hub *hub) {
  const struct oriel_viewer *controller = hub->controller;
  if (controller && controller->subscriber.looks && controller->channel != ORIEL_CHANNEL_LOSSLESS)
    return hub->controller;
  struct oriel_viewer *reference = NULL;
  for (unsigned i = 0; i < ORIEL_CHANNELS && !reference; i++)
    reference = hub->channels[i].reference; /* one without video, which comes last, says nothing about video's rate */
  return reference;
}

bool oriel_hub_controls(const struct oriel_viewer *viewer) {
  return viewer->desktop->hub.controller == viewer;
}
