/* SPDX-License-Identifier: MIT
 *
 * See mailbox.h. `_held` means that the lock of the viewer's channel is held.
 */
#include "desktop/mailbox.h"

#include <string.h>

#include "core/clock.h"
#include "desktop/clipboard.h"
#include "desktop/controls.h"
#include "desktop/hub.h"

enum {
  NOTICES_FIRST = 1 << ORIEL_NOTICE_STATE,
  NOTICES_LAST = 1 << ORIEL_NOTICE_CURSOR, /* after another shape: what else waits goes before it */
  NOTICES_BETWEEN = ORIEL_NOTICES_ALL & ~NOTICES_FIRST & ~NOTICES_LAST,
};

static bool has_room_held(const struct oriel_viewer *viewer, uint64_t now_ns) {
  return oriel_flight_has_room(&viewer->flight, viewer->desktop->hub.fps, now_ns);
}

static bool picture_fits_held(const struct oriel_viewer *viewer, uint64_t now_ns) {
  return (viewer->opening || viewer->subscriber.waiting) && has_room_held(viewer, now_ns);
}

bool oriel_viewer_pending(struct oriel_viewer *viewer) {
  if (viewer->role_due || viewer->controls_due ||
      oriel_bulletin_due(&viewer->desktop->bulletin, &viewer->seen, ORIEL_NOTICES_ALL) ||
      oriel_sound_channel_waits(&viewer->sound) || oriel_clipboard_due(viewer))
    return true;
  pthread_mutex_lock(&viewer->channel->lock);
  const bool pending = viewer->typed_due || viewer->subscriber.skip_due || picture_fits_held(viewer, oriel_clock_ns());
  pthread_mutex_unlock(&viewer->channel->lock);
  return pending;
}

static bool take_notice(struct oriel_viewer *viewer, unsigned notices, struct oriel_delivery *delivery) {
  return oriel_bulletin_take(&viewer->desktop->bulletin, &viewer->seen, notices, delivery);
}

static bool take_typed_held(struct oriel_viewer *viewer, struct oriel_delivery *delivery) {
  if (!viewer->typed_due)
    return false;
  viewer->typed_due = false;
  delivery->type = ORIEL_DELIVERY_TYPED;
  delivery->typed.number = viewer->typed;
  delivery->typed.dropped = viewer->typed_dropped;
  viewer->typed_dropped = 0;
  return true;
}

static bool take_role(struct oriel_viewer *viewer, struct oriel_delivery *delivery) {
  if (!viewer->role_due)
    return false;
  viewer->role_due = false;
  delivery->type = ORIEL_DELIVERY_ROLE;
  delivery->role = oriel_hub_controls(viewer) ? ORIEL_ROLE_CONTROLLER : ORIEL_ROLE_VIEWER;
  return true;
}

static bool take_controls(struct oriel_viewer *viewer, struct oriel_delivery *delivery) {
  if (!viewer->controls_due)
    return false;
  viewer->controls_due = false;
  oriel_controls_describe(viewer, delivery);
  return true;
}

/* What was typed goes before the news of what ended a text: the machine, or the controls. */
static bool take_control_held(struct oriel_viewer *viewer, struct oriel_delivery *delivery) {
  return take_typed_held(viewer, delivery) || take_notice(viewer, NOTICES_FIRST, delivery) ||
         take_role(viewer, delivery) || (!viewer->had_cursor && take_notice(viewer, NOTICES_LAST, delivery)) ||
         take_notice(viewer, NOTICES_BETWEEN, delivery) || take_controls(viewer, delivery);
}

static bool take_sound(struct oriel_viewer *viewer, struct oriel_delivery *delivery) {
  delivery->packet = oriel_sound_channel_take(&viewer->desktop->hub.sound, &viewer->sound);
  if (!delivery->packet)
    return false;
  delivery->type = ORIEL_DELIVERY_AUDIO;
  return true;
}

static bool take_skipped_held(struct oriel_viewer *viewer, struct oriel_delivery *delivery) {
  struct oriel_subscriber *subscriber = &viewer->subscriber;
  if (!subscriber->skip_due)
    return false;
  delivery->type = ORIEL_DELIVERY_SKIPPED;
  delivery->skipped.count = subscriber->skipped;
  subscriber->skipped = 0;
  subscriber->skip_due = false;
  return true;
}

static void take_picture_held(struct oriel_viewer *viewer, struct oriel_delivery *delivery, uint64_t now_ns) {
  struct oriel_packet *const opening = viewer->opening;
  struct oriel_packet *packet = opening ? opening : oriel_subscriber_take(&viewer->subscriber);
  const bool timed = !opening && !packet->sharpening && !viewer->subscriber.was_handed;
  viewer->opening = NULL;
  viewer->opens &= opening || !packet->key; /* it comes ahead of a key frame or not at all */
  delivery->type = ORIEL_DELIVERY_PICTURE;
  delivery->packet = packet;
  delivery->picture.partly = packet->partly && viewer->subscriber.draws_parts;
  oriel_flight_depart(&viewer->flight, packet, timed, now_ns);
  viewer->pictures_sent++;
  viewer->picture_bytes += packet->size;
  if (timed && oriel_hub_refers_to(&viewer->desktop->hub, viewer))
    oriel_stages_add(&viewer->desktop->stages, ORIEL_STAGE_QUEUE, packet->encoded_ns, now_ns);
  oriel_hub_wake_by_viewer(&viewer->desktop->hub);
}

static void take_next_held(struct oriel_viewer *viewer, struct oriel_delivery *delivery) {
  const uint64_t now = oriel_clock_ns();
  if (viewer->opening && has_room_held(viewer, now)) {
    take_picture_held(viewer, delivery, now); /* nothing that waits for it knows what it sees */
    return;
  }
  if (take_control_held(viewer, delivery) || take_sound(viewer, delivery) || take_skipped_held(viewer, delivery))
    return;
  if (picture_fits_held(viewer, now))
    take_picture_held(viewer, delivery, now);
  else
    (void)take_notice(viewer, NOTICES_LAST, delivery);
}

bool oriel_viewer_next(struct oriel_viewer *viewer, struct oriel_delivery *delivery) {
  memset(delivery, 0, sizeof *delivery);
  pthread_mutex_lock(&viewer->channel->lock);
  if (viewer->subscriber.is_stuck) { /* it can take more again: a key frame is worth making */
    viewer->subscriber.is_stuck = false;
    oriel_hub_wake_by_viewer(&viewer->desktop->hub);
  }
  take_next_held(viewer, delivery);
  viewer->had_cursor = delivery->type == ORIEL_DELIVERY_CURSOR;
  pthread_mutex_unlock(&viewer->channel->lock);
  return delivery->type != ORIEL_DELIVERY_NONE || oriel_clipboard_take(viewer, delivery);
}
