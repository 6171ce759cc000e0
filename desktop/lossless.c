/* SPDX-License-Identifier: MIT
 *
 * Tiles for viewers without a video decoder. Called by the media thread.
 */
#include "desktop/lossless.h"

#include <assert.h>

#include "core/clock.h"
#include "desktop/hub.h"
#include "desktop/notify.h"

enum { PACKETS_PER_SECOND = 120, PACKET_BURST = 2 }; /* some 0.4 ms each: a twentieth of this thread at most */

void oriel_lossless_init(struct oriel_lossless *lossless) {
  oriel_rate_limit_init(&lossless->pace, PACKETS_PER_SECOND, PACKET_BURST);
}

static struct oriel_channel *channel_of(struct oriel_hub *hub) {
  return &hub->channels[ORIEL_CHANNEL_LOSSLESS];
}

static struct oriel_viewer *viewer_of(struct oriel_list *node) {
  return oriel_hub_viewer(oriel_list_entry(node, struct oriel_subscriber, node));
}

static bool waits(const struct oriel_viewer *viewer, bool news, uint64_t now_ns) {
  return viewer->owed && (news || viewer->owed->left || !viewer->owed->width) &&
         oriel_subscriber_is_ready(&viewer->subscriber, now_ns);
}

bool oriel_lossless_damaged_locked(const struct oriel_lossless *lossless, const struct oriel_hub *hub) {
  return hub->damage_events != lossless->seen_events;
}

/* When the first of those who wait for something may have it; 0 = nobody waits. */
static uint64_t first_ns(struct oriel_channel *channel, bool news, uint64_t now_ns) {
  struct oriel_list *node;
  uint64_t at = 0;
  pthread_mutex_lock(&channel->lock);
  oriel_list_each(node, &channel->subscribers) {
    const struct oriel_viewer *viewer = viewer_of(node);
    if (waits(viewer, news, now_ns) && (!at || viewer->owed->at_ns < at))
      at = viewer->owed->at_ns ? viewer->owed->at_ns : 1;
  }
  pthread_mutex_unlock(&channel->lock);
  return at;
}

bool oriel_lossless_due_locked(const struct oriel_lossless *lossless, struct oriel_hub *hub, uint64_t now_ns,
                               uint64_t *at_ns) {
  const uint64_t at = first_ns(channel_of(hub), oriel_lossless_damaged_locked(lossless, hub), now_ns);
  *at_ns = 0;
  if (!at)
    return false;
  const uint64_t turn = oriel_rate_limit_next(&lossless->pace, now_ns);
  if (at <= now_ns && turn <= now_ns)
    return true;
  *at_ns = at > turn ? at : turn;
  return false;
}

static void owe(struct oriel_channel *channel, const struct oriel_damage *damage, uint16_t width, uint16_t height) {
  struct oriel_list *node;
  pthread_mutex_lock(&channel->lock);
  oriel_list_each(node, &channel->subscribers) {
    struct oriel_refine *owed = viewer_of(node)->owed;
    if (!owed)
      continue;
    if (owed->width != width || owed->height != height)
      oriel_refine_begin(owed, width, height, owed->at_ns);
    else
      oriel_refine_owe(owed, damage);
  }
  pthread_mutex_unlock(&channel->lock);
}

bool oriel_lossless_look(struct oriel_lossless *lossless, struct oriel_desktop *desktop, uint16_t *width,
                         uint16_t *height) {
  struct oriel_hub *hub = &desktop->hub;
  struct oriel_surface_view view;
  pthread_mutex_lock(&hub->lock);
  lossless->seen_events = hub->damage_events; /* before: what comes meanwhile counts anew */
  pthread_mutex_unlock(&hub->lock);
  oriel_surface_lock(desktop->surface, &lossless->cursor, &view);
  oriel_surface_unlock(desktop->surface, &lossless->cursor);
  *width = view.width;
  *height = view.height;
  if (!view.width || !view.height)
    return false;
  owe(channel_of(hub), &view.damage, view.width, view.height);
  return true;
}

/* Copies what the one owes itself that has waited longest. Its id; 0 = nobody waits. */
static uint32_t choose(struct oriel_channel *channel, struct oriel_refine *owed, uint64_t now_ns) {
  const struct oriel_viewer *first = NULL;
  struct oriel_list *node;
  pthread_mutex_lock(&channel->lock);
  oriel_list_each(node, &channel->subscribers) {
    const struct oriel_viewer *viewer = viewer_of(node);
    if (waits(viewer, false, now_ns) && viewer->owed->left && viewer->owed->at_ns <= now_ns &&
        (!first || viewer->owed->at_ns < first->owed->at_ns))
      first = viewer;
  }
  const uint32_t id = first ? first->id : 0;
  if (first)
    *owed = *first->owed;
  pthread_mutex_unlock(&channel->lock);
  return id;
}

/* The viewer may be gone by now, or have been told to begin anew. */
static void deliver(struct oriel_channel *channel, uint32_t id, const struct oriel_refine *owed,
                    struct oriel_packet *packet) {
  struct oriel_list *node;
  pthread_mutex_lock(&channel->lock);
  oriel_list_each(node, &channel->subscribers) {
    struct oriel_viewer *viewer = viewer_of(node);
    if (viewer->id != id || !viewer->subscriber.looks || viewer->owed->width != owed->width ||
        viewer->owed->height != owed->height)
      continue;
    *viewer->owed = *owed;
    assert(!viewer->subscriber.waiting); /* only this thread puts one there */
    packet->sequence = ++viewer->own_sequence;
    viewer->subscriber.waiting = oriel_packet_ref(packet);
    channel->counters.tiles++;
    channel->counters.tiles_bytes += packet->size;
  }
  pthread_mutex_unlock(&channel->lock);
}

void oriel_lossless_send(struct oriel_lossless *lossless, struct oriel_desktop *desktop, uint16_t width,
                         uint16_t height, uint32_t kbps) {
  struct oriel_channel *channel = channel_of(&desktop->hub);
  struct oriel_packet *packet = NULL;
  const uint64_t now = oriel_clock_ns();
  static _Thread_local struct oriel_refine owed; /* too large for a stack, and needed in this function only */
  const uint32_t id = choose(channel, &owed, now);
  oriel_rate_limit_take(&lossless->pace, now);
  if (!id || oriel_refine_make(&owed, desktop->surface, kbps, now, &packet))
    return;
  packet->width = width;
  packet->height = height;
  packet->key = true;         /* builds on nothing */
  packet->sharpening = false; /* it is the picture itself */
  deliver(channel, id, &owed, packet);
  oriel_packet_unref(packet);
  oriel_desktop_wake(desktop);
}
