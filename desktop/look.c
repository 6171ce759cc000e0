/* SPDX-License-Identifier: MIT
 *
 * See look.h. Network thread.
 */
#include "desktop/look.h"

#include "core/clock.h"
#include "desktop/hub.h"
#include "desktop/opening.h"

/* Gives it the key frame that is the newest picture, if there is such: nothing has to be made, and nothing waits for
 * the pace of key frames. Otherwise it gets one that its peer's budget allows: others have to take it, too. Whoever
 * looks alone and reloads its page is no burden to anybody. The channel's lock is held. */
static void renew_first_locked(struct oriel_hub *hub, struct oriel_viewer *viewer) {
  struct oriel_packet *key = viewer->channel->newest_key;
  if (key)
    oriel_subscriber_hand_over(&viewer->subscriber, key);
  if (viewer->subscriber.sync == ORIEL_SYNC_NEEDS_KEY && hub->watchers_pictures > 1)
    viewer->subscriber.key_after_ns = oriel_keys_ask(&hub->keys, viewer->peer, oriel_clock_ns());
}

static void show_first_locked(struct oriel_hub *hub, struct oriel_viewer *viewer) {
  viewer->opens = viewer->can_open;
  oriel_opening_hand_over_locked(hub, viewer);
  renew_first_locked(hub, viewer);
}

/* Nothing that was on its way counts any more. The channel's lock is held. */
static void start_over(struct oriel_viewer *viewer) {
  struct oriel_subscriber *subscriber = &viewer->subscriber;
  oriel_hub_need_key(viewer, 0);
  subscriber->is_skipping = subscriber->is_stuck = subscriber->skip_due = false;
  subscriber->skipped = 0;
  oriel_flight_forget(&viewer->flight); /* acknowledgements of the time before may be lost for good on a hidden page */
}

void oriel_look_locked(struct oriel_hub *hub, struct oriel_viewer *viewer, bool looks) {
  if (looks == viewer->subscriber.looks) /* which this thread alone writes */
    return;
  hub->watchers_pictures += looks ? 1u : -1u;
  if (looks)
    hub->joined_ns = oriel_clock_ns();
  pthread_mutex_lock(&viewer->channel->lock);
  start_over(viewer);
  viewer->subscriber.looks = looks;
  viewer->opens = false;
  if (looks)
    show_first_locked(hub, viewer);
  pthread_mutex_unlock(&viewer->channel->lock);
}

bool oriel_look_renew_locked(struct oriel_hub *hub, struct oriel_viewer *viewer) {
  pthread_mutex_lock(&viewer->channel->lock);
  start_over(viewer);
  if (viewer->subscriber.looks)
    renew_first_locked(hub, viewer);
  const bool waits = viewer->subscriber.waiting;
  pthread_mutex_unlock(&viewer->channel->lock);
  return waits;
}

void oriel_look_move_locked(struct oriel_hub *hub, struct oriel_viewer *viewer, enum oriel_channel_kind kind) {
  const bool looks = viewer->subscriber.looks;
  oriel_look_locked(hub, viewer, false);
  oriel_channel_leave(viewer->channel, &viewer->subscriber);
  viewer->kind = kind;
  viewer->channel = &hub->channels[kind];
  oriel_channel_join(viewer->channel, &viewer->subscriber);
  oriel_look_locked(hub, viewer, looks);
  pthread_mutex_lock(&viewer->channel->lock);
  viewer->subscriber.key_after_ns = 0; /* it did not ask for it, and moves are rare */
  pthread_mutex_unlock(&viewer->channel->lock);
  oriel_hub_refer_locked(hub);
  oriel_hub_wake(hub, 0);
}
