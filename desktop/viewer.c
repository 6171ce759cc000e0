/* SPDX-License-Identifier: MIT
 *
 * A viewer's life and its mailbox: what the network thread calls to take things out. All from the network thread.
 */
#include "desktop/viewer.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "desktop/controls.h"
#include "desktop/hub.h"
#include "desktop/notify.h"
#include "desktop/opening.h"
#include "desktop/watch.h"

enum { AUDIO_SECOND_MS = 1000, AUDIO_SHORTEST_MS = 5, AUDIO_STALLED_MS = 160, AUDIO_TARGET_MS = 60 };

static void watchers_add_locked(struct oriel_hub *hub, struct oriel_viewer *viewer, bool pictures, bool sound) {
  if (pictures && !viewer->subscriber.looks)
    hub->joined_ns = oriel_clock_ns();
  hub->watchers_pictures += (unsigned)pictures - (unsigned)viewer->subscriber.looks;
  hub->watchers_sound += (unsigned)sound - (unsigned)viewer->sound;
  viewer->subscriber.looks = pictures;
  viewer->sound = sound;
  oriel_hub_refer_locked(hub);
}

/* Gives a viewer that waits for a key frame the one that is the newest picture, if there is such: nothing has to be
 * made, and nothing waits for the pace of key frames. */
static void hand_over_locked(struct oriel_hub *hub, struct oriel_viewer *viewer) {
  struct oriel_packet *key = hub->channels[viewer->channel].newest_key;
  oriel_opening_hand_over_locked(hub, viewer);
  if (key)
    oriel_subscriber_hand_over(&viewer->subscriber, key);
}

/* The key frame that there is, or one that its peer's budget allows: others have to take it, too. Whoever looks alone
 * and reloads its page is no burden to anybody. */
static void show_first_locked(struct oriel_hub *hub, struct oriel_viewer *viewer) {
  viewer->opens = viewer->can_open && viewer->subscriber.looks;
  hand_over_locked(hub, viewer);
  if (viewer->subscriber.looks && viewer->subscriber.sync == ORIEL_SYNC_NEEDS_KEY && hub->watchers_pictures > 1)
    viewer->subscriber.key_after_ns = oriel_keys_ask(&hub->keys, viewer->peer, oriel_clock_ns());
}

/* What it hears of at first: all there is, but for what the server's hello says. */
static void begin_reading(struct oriel_viewer *viewer) {
  struct oriel_bulletin *bulletin = &viewer->desktop->bulletin;
  struct oriel_facts facts;
  viewer->seen.wanted = ORIEL_NOTICES_ALL;
  if (!viewer->can_microphone)
    viewer->seen.wanted &= ~(1u << ORIEL_NOTICE_MICROPHONE);
  oriel_bulletin_skip(bulletin, &viewer->seen, 1u << ORIEL_NOTICE_ABILITIES);
  oriel_bulletin_read(bulletin, &facts);
  if (facts.abilities.display != ORIEL_DISPLAY_SHOWN)
    viewer->seen.version[ORIEL_NOTICE_ABILITIES] = 0;
}

static struct oriel_viewer *viewer_of(const struct oriel_subscriber *subscriber) {
  return oriel_list_entry(subscriber, struct oriel_viewer, subscriber);
}

static bool has_room(const struct oriel_subscriber *subscriber, uint64_t now_ns) {
  const struct oriel_viewer *viewer = viewer_of(subscriber);
  return oriel_hub_window_open_locked(&viewer->desktop->hub, viewer, now_ns);
}

static uint64_t oldest_sent_ns(const struct oriel_subscriber *subscriber) {
  const struct oriel_viewer *viewer = viewer_of(subscriber);
  if (viewer->sent_count == viewer->received_count)
    return 0;
  return viewer->sent[viewer->received_count % ORIEL_SENT_RING].taken_ns;
}

static const struct oriel_subscriber_impl subscriber_impl = {.has_room = has_room, .oldest_sent_ns = oldest_sent_ns};

static enum oriel_channel_kind channel_of(const struct oriel_viewer_config *config) {
  if (!config->video)
    return ORIEL_CHANNEL_LOSSLESS;
  return config->tiles ? ORIEL_CHANNEL_TILES : ORIEL_CHANNEL_VIDEO;
}

static void destroy(struct oriel_viewer *viewer) {
  oriel_subscriber_finish(&viewer->subscriber);
  oriel_packet_unref(viewer->opening);
  oriel_queue_finish(&viewer->audio);
  free(viewer->owed);
  free(viewer);
}

/* One that is in no list yet; NULL when memory is short. */
static struct oriel_viewer *create(struct oriel_desktop *desktop, const struct oriel_viewer_config *config) {
  struct oriel_viewer *viewer = calloc(1, sizeof *viewer);
  if (!viewer)
    return NULL;
  *viewer = (struct oriel_viewer){
    .desktop = desktop,
    .peer = config->peer,
    .can_video = config->video,
    .can_tiles = config->tiles,
    .can_audio = config->audio,
    .can_microphone = config->microphone,
    .can_open = config->opening && config->tiles && config->video,
    .watcher = config->watcher,
    .owner = config->owner,
    .channel = channel_of(config),
    .role_due = true,
    .controls_due = true,
  };
  oriel_subscriber_init(&viewer->subscriber, &subscriber_impl);
  viewer->subscriber.draws_parts = config->part && config->tiles && config->video;
  /* The guest's own packets pass as they are, short ones too. */
  const unsigned packet_ms = desktop->config.guest_audio ? AUDIO_SHORTEST_MS : desktop->config.opus_frame_ms;
  const bool blocks = config->tiles && !config->video;
  if (oriel_queue_init(&viewer->audio, AUDIO_SECOND_MS / packet_ms, ORIEL_QUEUE_DROP_OLDEST)) {
    free(viewer);
    return NULL;
  }
  if (blocks && !(viewer->owed = calloc(1, sizeof *viewer->owed))) {
    destroy(viewer);
    return NULL;
  }
  begin_reading(viewer);
  return viewer;
}

/* False when there are as many as may be. */
static bool join_locked(struct oriel_hub *hub, struct oriel_viewer *viewer, bool sound) {
  if (hub->count == ORIEL_DESKTOP_VIEWERS_MAX)
    return false;
  viewer->id = ++hub->last_id;
  snprintf(viewer->name, sizeof viewer->name, "Viewer %u", viewer->id);
  hub->viewers[hub->count++] = viewer;
  oriel_list_append(&hub->channels[viewer->channel].subscribers, &viewer->subscriber.node);
  watchers_add_locked(hub, viewer, viewer->can_video || viewer->can_tiles, sound);
  hub->expected_ns = 0;
  show_first_locked(hub, viewer);
  oriel_hub_wake_locked(hub, 0);
  return true;
}

static void leave_locked(struct oriel_hub *hub, struct oriel_viewer *viewer) {
  unsigned at = 0;
  watchers_add_locked(hub, viewer, false, false);
  oriel_list_remove(&viewer->subscriber.node);
  while (hub->viewers[at] != viewer)
    at++;
  memmove(&hub->viewers[at], &hub->viewers[at + 1], (hub->count - at - 1) * sizeof hub->viewers[0]);
  hub->count--;
  oriel_hub_wake_locked(hub, 0);
}

int oriel_viewer_attach(struct oriel_desktop *desktop, const struct oriel_viewer_config *config,
                        struct oriel_viewer **out) {
  assert(desktop && config && out);
  struct oriel_hub *hub = &desktop->hub;
  struct oriel_viewer *viewer = create(desktop, config);
  if (!viewer)
    return -ENOMEM;
  pthread_mutex_lock(&hub->lock);
  const bool joined = join_locked(hub, viewer, config->audio);
  pthread_mutex_unlock(&hub->lock);
  if (!joined) {
    destroy(viewer);
    return -EUSERS;
  }
  *out = viewer;
  if (config->role == ORIEL_ROLE_CONTROLLER)
    oriel_controls_join(viewer);
  oriel_desktop_update_watch(desktop);
  oriel_desktop_wake(desktop);
  return 0;
}

void oriel_viewer_detach(struct oriel_viewer *viewer) {
  if (!viewer)
    return;
  struct oriel_desktop *desktop = viewer->desktop;
  oriel_viewer_control(viewer, false);
  pthread_mutex_lock(&desktop->hub.lock);
  leave_locked(&desktop->hub, viewer);
  pthread_mutex_unlock(&desktop->hub.lock);
  oriel_desktop_update_watch(desktop);
  destroy(viewer);
}

uint32_t oriel_viewer_id(const struct oriel_viewer *viewer) {
  return viewer->id;
}

void oriel_viewer_want(struct oriel_viewer *viewer, bool pictures, bool sound) {
  struct oriel_hub *hub = &viewer->desktop->hub;
  pictures = pictures && (viewer->can_video || viewer->can_tiles);
  sound = sound && viewer->can_audio;
  pthread_mutex_lock(&hub->lock);
  if (pictures != viewer->subscriber.looks) {
    oriel_hub_need_key_locked(viewer, 0);
    viewer->subscriber.is_skipping = viewer->subscriber.is_stuck = viewer->subscriber.skip_due = false;
    viewer->subscriber.skipped = 0;
    /* Acknowledgements of the time before may be lost for good on a hidden page: start over. */
    viewer->received_count = viewer->decoded_count = viewer->sent_count;
  }
  if (!sound)
    oriel_queue_clear(&viewer->audio);
  const bool begins = pictures && !viewer->subscriber.looks;
  watchers_add_locked(hub, viewer, pictures, sound);
  if (begins)
    show_first_locked(hub, viewer);
  oriel_hub_wake_locked(hub, 0);
  pthread_mutex_unlock(&hub->lock);
  oriel_desktop_update_watch(viewer->desktop);
}

/* ---- the mailbox ---- */

static bool picture_open_locked(const struct oriel_hub *hub, const struct oriel_viewer *viewer, uint64_t now_ns) {
  return (viewer->opening || viewer->subscriber.waiting) && oriel_hub_window_open_locked(hub, viewer, now_ns);
}

bool oriel_viewer_pending(struct oriel_viewer *viewer) {
  struct oriel_hub *hub = &viewer->desktop->hub;
  if (oriel_bulletin_due(&viewer->desktop->bulletin, &viewer->seen, ORIEL_NOTICES_ALL))
    return true;
  pthread_mutex_lock(&hub->lock);
  bool pending = viewer->role_due || viewer->controls_due || viewer->typed_due || viewer->subscriber.skip_due ||
                 viewer->audio.count || picture_open_locked(hub, viewer, oriel_clock_ns());
  pthread_mutex_unlock(&hub->lock);
  return pending;
}

enum {
  NOTICES_FIRST = 1 << ORIEL_NOTICE_STATE,
  NOTICES_LAST = 1 << ORIEL_NOTICE_CURSOR, /* after another shape: what else waits goes before it */
  NOTICES_BETWEEN = ORIEL_NOTICES_ALL & ~NOTICES_FIRST & ~NOTICES_LAST,
};

static bool take_notice(struct oriel_viewer *viewer, unsigned notices, struct oriel_delivery *delivery) {
  return oriel_bulletin_take(&viewer->desktop->bulletin, &viewer->seen, notices, delivery);
}

static bool take_typed_locked(struct oriel_viewer *viewer, struct oriel_delivery *delivery) {
  if (!viewer->typed_due)
    return false;
  viewer->typed_due = false;
  delivery->type = ORIEL_DELIVERY_TYPED;
  delivery->typed.number = viewer->typed;
  delivery->typed.dropped = viewer->typed_dropped;
  viewer->typed_dropped = 0;
  return true;
}

static bool take_role_locked(const struct oriel_hub *hub, struct oriel_viewer *viewer,
                             struct oriel_delivery *delivery) {
  if (!viewer->role_due)
    return false;
  viewer->role_due = false;
  delivery->type = ORIEL_DELIVERY_ROLE;
  delivery->role = hub->controller == viewer ? ORIEL_ROLE_CONTROLLER : ORIEL_ROLE_VIEWER;
  return true;
}

static bool take_controls_locked(const struct oriel_hub *hub, struct oriel_viewer *viewer,
                                 struct oriel_delivery *delivery) {
  if (!viewer->controls_due)
    return false;
  viewer->controls_due = false;
  oriel_controls_describe_locked(hub, viewer, viewer->desktop->config.control, delivery);
  return true;
}

/* What was typed goes before the news of what ended a text: the machine, or the controls. */
static bool take_control_locked(const struct oriel_hub *hub, struct oriel_viewer *viewer,
                                struct oriel_delivery *delivery) {
  return take_typed_locked(viewer, delivery) || take_notice(viewer, NOTICES_FIRST, delivery) ||
         take_role_locked(hub, viewer, delivery) ||
         (!viewer->had_cursor && take_notice(viewer, NOTICES_LAST, delivery)) ||
         take_notice(viewer, NOTICES_BETWEEN, delivery) || take_controls_locked(hub, viewer, delivery);
}

static bool take_audio_locked(struct oriel_viewer *viewer, struct oriel_delivery *delivery) {
  if (!viewer->audio.count)
    return false;
  struct oriel_hub *hub = &viewer->desktop->hub;
  const uint64_t packet_us = hub->audio_packet_us; /* a guest's own packets may be of another length than ours */
  /* A connection that stood still does not get a second of old sound, which would stay as delay (lesson 27). */
  if (viewer->audio.count * packet_us > AUDIO_STALLED_MS * 1000) {
    while (viewer->audio.count * packet_us > AUDIO_TARGET_MS * 1000) {
      oriel_packet_unref(oriel_queue_pop(&viewer->audio));
      viewer->audio_trimmed++;
    }
  }
  delivery->type = ORIEL_DELIVERY_AUDIO;
  delivery->packet = oriel_queue_pop(&viewer->audio);
  viewer->audio_sent++;
  viewer->bytes_sent += delivery->packet->size;
  oriel_sound_stage_add(hub->sound_stages, ORIEL_SOUND_STAGE_QUEUE, delivery->packet->encoded_ns, oriel_clock_ns());
  return true;
}

static void take_picture_locked(struct oriel_hub *hub, struct oriel_viewer *viewer, struct oriel_delivery *delivery,
                                uint64_t now_ns) {
  struct oriel_packet *const opening = viewer->opening;
  struct oriel_packet *packet = opening ? opening : oriel_subscriber_take(&viewer->subscriber);
  const bool timed = !opening && !packet->sharpening && !viewer->subscriber.was_handed;
  viewer->opening = NULL;
  viewer->opens &= opening || !packet->key; /* it comes ahead of a key frame or not at all */
  delivery->type = ORIEL_DELIVERY_PICTURE;
  delivery->packet = packet;
  delivery->picture.partly = packet->partly && viewer->subscriber.draws_parts;
  viewer->sent[viewer->sent_count++ % ORIEL_SENT_RING] = (struct oriel_sent){
    .sequence = packet->sequence,
    .timed = timed,
    .captured_ns = packet->captured_ns,
    .taken_ns = now_ns,
  };
  viewer->pictures_sent++;
  viewer->bytes_sent += packet->size;
  if (timed && viewer == oriel_hub_reference_locked(hub))
    oriel_stage_add(hub->stages, ORIEL_STAGE_QUEUE, packet->encoded_ns, now_ns);
  oriel_hub_wake_locked(hub, ORIEL_WAIT_VIEWERS);
}

bool oriel_viewer_next(struct oriel_viewer *viewer, struct oriel_delivery *delivery) {
  struct oriel_hub *hub = &viewer->desktop->hub;
  memset(delivery, 0, sizeof *delivery);
  pthread_mutex_lock(&hub->lock);
  if (viewer->subscriber.is_stuck) { /* it can take more again: a key frame is worth making */
    viewer->subscriber.is_stuck = false;
    oriel_hub_wake_locked(hub, ORIEL_WAIT_VIEWERS);
  }
  const uint64_t now = oriel_clock_ns();
  if (viewer->opening && oriel_hub_window_open_locked(hub, viewer, now)) {
    take_picture_locked(hub, viewer, delivery, now); /* nothing that waits for it knows what it sees */
  } else if (!take_control_locked(hub, viewer, delivery) && !take_audio_locked(viewer, delivery)) {
    if (viewer->subscriber.skip_due) {
      delivery->type = ORIEL_DELIVERY_SKIPPED;
      delivery->skipped.count = viewer->subscriber.skipped;
      viewer->subscriber.skipped = 0;
      viewer->subscriber.skip_due = false;
    } else if (picture_open_locked(hub, viewer, now)) {
      take_picture_locked(hub, viewer, delivery, now);
    } else {
      (void)take_notice(viewer, NOTICES_LAST, delivery);
    }
  }
  viewer->had_cursor = delivery->type == ORIEL_DELIVERY_CURSOR;
  pthread_mutex_unlock(&hub->lock);
  return delivery->type != ORIEL_DELIVERY_NONE;
}
