/* SPDX-License-Identifier: MIT
 *
 * Openings for who begins to look.
 */
#include "desktop/opening.h"

#include <errno.h>

#include "core/clock.h"
#include "desktop/hub.h"
#include "desktop/notify.h"
#include "media/tiles.h"

static const uint64_t seen_ns = 100 * ORIEL_NS_PER_MS; /* longer, no page is waited for to say that it shows it */

static struct oriel_viewer *viewer_of(struct oriel_list *node) {
  return oriel_hub_viewer(oriel_list_entry(node, struct oriel_subscriber, node));
}

/* Also whether it takes one: of the channel with tiles and video alone. */
static bool waits(const struct oriel_viewer *viewer) {
  return viewer->opens && viewer->subscriber.looks && viewer->subscriber.sync == ORIEL_SYNC_NEEDS_KEY;
}

bool oriel_opening_due_locked(struct oriel_hub *hub) {
  struct oriel_channel *channel = &hub->channels[ORIEL_CHANNEL_TILES];
  bool due = hub->opens && hub->expected_ns;
  struct oriel_list *node;
  pthread_mutex_lock(&channel->lock);
  oriel_list_each(node, &channel->subscribers)
    due |= waits(viewer_of(node));
  pthread_mutex_unlock(&channel->lock);
  return due;
}

static void give(struct oriel_viewer *viewer, struct oriel_packet *packet) {
  oriel_packet_unref(viewer->opening);
  viewer->opening = oriel_packet_ref(packet);
  viewer->subscriber.content_until_ns = oriel_clock_ns() + seen_ns;
}

/* A surface that is shown on a larger canvas has none. The surface stays unlocked. */
static struct oriel_packet *code(struct oriel_surface *surface) {
  struct oriel_surface_view view;
  struct oriel_packet *packet = NULL;
  const uint64_t now = oriel_clock_ns();
  int error = -EINVAL;
  oriel_surface_lock(surface, NULL, &view);
  if (view.width >= ORIEL_PICTURE_SIZE_MIN && view.height >= ORIEL_PICTURE_SIZE_MIN)
    error = oriel_tiles_encode_whole(view.bgrx, view.stride, view.width, view.height, &packet);
  oriel_surface_unlock(surface, NULL);
  if (error)
    return NULL;
  packet->key = true; /* builds on nothing */
  packet->captured_ns = packet->converted_ns = now;
  packet->encoded_ns = oriel_clock_ns();
  return packet;
}

/* To all who wait for one, and will no longer: `packet` may be NULL. */
static void publish(struct oriel_channel *channel, struct oriel_packet *packet) {
  struct oriel_list *node;
  pthread_mutex_lock(&channel->lock);
  if (packet) {
    packet->sequence = channel->sequence; /* the next picture's is the next: whoever gets no opening misses no number */
    channel->counters.openings++;
    channel->counters.tiles_bytes += packet->size;
  }
  oriel_list_each(node, &channel->subscribers) {
    struct oriel_viewer *viewer = viewer_of(node);
    if (!waits(viewer))
      continue;
    if (packet)
      give(viewer, packet);
    viewer->opens = false;
  }
  pthread_mutex_unlock(&channel->lock);
}

void oriel_opening_make(struct oriel_desktop *desktop) {
  struct oriel_hub *hub = &desktop->hub;
  pthread_mutex_lock(&hub->lock);
  const uint64_t events = hub->damage_events; /* before it is looked at: what comes meanwhile makes it old */
  pthread_mutex_unlock(&hub->lock);
  struct oriel_packet *packet = code(desktop->surface);
  pthread_mutex_lock(&hub->lock);
  struct oriel_packet *old = hub->opening;
  hub->opening = packet;
  hub->opening_events = events;
  hub->opens = false;
  publish(&hub->channels[ORIEL_CHANNEL_TILES], packet);
  pthread_mutex_unlock(&hub->lock);
  oriel_packet_unref(old);
  if (packet)
    oriel_desktop_wake(desktop);
}

/* Unwatched, the screen changes unseen. */
bool oriel_opening_current_locked(const struct oriel_hub *hub) {
  return hub->opening && hub->opening_events == hub->damage_events && hub->source_watched & ORIEL_WATCH_PICTURES &&
         hub->opening->encoded_ns > hub->watched_ns;
}

void oriel_opening_hand_over_locked(const struct oriel_hub *hub, struct oriel_viewer *viewer) {
  if (!viewer->opens || !oriel_opening_current_locked(hub))
    return;
  give(viewer, hub->opening);
  viewer->opens = false;
}
