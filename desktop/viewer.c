/* SPDX-License-Identifier: MIT
 *
 * A viewer's life: it comes, looks and listens or does not, and goes. All from the network thread.
 */
#include "desktop/viewer.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "desktop/clipboard.h"
#include "desktop/controls.h"
#include "desktop/hub.h"
#include "desktop/look.h"
#include "desktop/notify.h"
#include "desktop/watch.h"

enum { SOUND_SHORTEST_MS = 5 };

/* ---- creation ---- */

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

static bool has_room(const struct oriel_subscriber *subscriber, uint64_t now_ns) {
  const struct oriel_viewer *viewer = oriel_hub_viewer(subscriber);
  return oriel_flight_has_room(&viewer->flight, viewer->desktop->hub.fps, now_ns);
}

static uint64_t oldest_sent_ns(const struct oriel_subscriber *subscriber) {
  return oriel_flight_oldest_ns(&oriel_hub_viewer(subscriber)->flight);
}

static const struct oriel_subscriber_impl subscriber_impl = {.has_room = has_room, .oldest_sent_ns = oldest_sent_ns};

static enum oriel_channel_kind channel_of(const struct oriel_viewer_config *config) {
  if (config->video)
    return config->tiles ? ORIEL_CHANNEL_TILES : ORIEL_CHANNEL_VIDEO;
  return config->vp8 ? ORIEL_CHANNEL_VP8 : ORIEL_CHANNEL_LOSSLESS;
}

static void destroy(struct oriel_viewer *viewer) {
  oriel_subscriber_finish(&viewer->subscriber);
  oriel_clipboard_leave(viewer);
  oriel_packet_unref(viewer->opening);
  oriel_sound_subscriber_finish(&viewer->sound);
  free(viewer->owed);
  free(viewer);
}

static void init(struct oriel_viewer *viewer, struct oriel_desktop *desktop, const struct oriel_viewer_config *config) {
  const enum oriel_channel_kind kind = channel_of(config);
  *viewer = (struct oriel_viewer){
    .desktop = desktop,
    .peer = config->peer,
    .clipboard.piece_max = config->clipboard_piece,
    .can_video = config->video || config->vp8,
    .can_tiles = config->tiles,
    .can_audio = config->audio,
    .can_microphone = config->microphone,
    .can_open = config->opening && kind == ORIEL_CHANNEL_TILES,
    .watcher = config->watcher,
    .owner = config->owner,
    .kind = kind,
    .channel = &desktop->hub.channels[kind],
    .role_due = true,
    .controls_due = true,
  };
  oriel_subscriber_init(&viewer->subscriber, &subscriber_impl);
  viewer->subscriber.draws_parts = config->part && config->tiles && viewer->can_video;
  viewer->subscriber.no_tiles = !config->tiles;
  viewer->subscriber.full_size = config->tiles || !config->watcher; /* tiles and input are in the screen's pixels */
}

/* One that is in no list yet; NULL when memory is short. */
static struct oriel_viewer *create(struct oriel_desktop *desktop, const struct oriel_viewer_config *config) {
  struct oriel_viewer *viewer = calloc(1, sizeof *viewer);
  if (!viewer)
    return NULL;
  init(viewer, desktop, config);
  /* The guest's own packets pass as they are, short ones too. */
  const unsigned packet_ms = desktop->config.guest_audio ? SOUND_SHORTEST_MS : desktop->config.opus_frame_ms;
  if (oriel_sound_subscriber_init(&viewer->sound, packet_ms)) {
    free(viewer);
    return NULL;
  }
  if (viewer->kind == ORIEL_CHANNEL_LOSSLESS && config->tiles && !(viewer->owed = calloc(1, sizeof *viewer->owed))) {
    destroy(viewer);
    return NULL;
  }
  begin_reading(viewer);
  return viewer;
}

/* ---- looking and listening ---- */

static void listen_locked(struct oriel_hub *hub, struct oriel_viewer *viewer, bool listens) {
  if (listens == viewer->sound.listens) /* as above */
    return;
  hub->watchers_sound += listens ? 1u : -1u;
  oriel_sound_channel_listen(&hub->sound, &viewer->sound, listens);
}

static void watch_locked(struct oriel_hub *hub, struct oriel_viewer *viewer, bool looks, bool listens) {
  oriel_look_locked(hub, viewer, looks && (viewer->can_video || viewer->can_tiles));
  listen_locked(hub, viewer, listens && viewer->can_audio);
  oriel_hub_refer_locked(hub);
  oriel_hub_wake(hub, 0);
}

void oriel_viewer_want(struct oriel_viewer *viewer, bool pictures, bool sound) {
  struct oriel_hub *hub = &viewer->desktop->hub;
  pthread_mutex_lock(&hub->lock);
  watch_locked(hub, viewer, pictures, sound);
  pthread_mutex_unlock(&hub->lock);
  oriel_desktop_update_watch(viewer->desktop);
}

void oriel_viewer_renew(struct oriel_viewer *viewer) {
  struct oriel_hub *hub = &viewer->desktop->hub;
  pthread_mutex_lock(&hub->lock);
  const bool waits = oriel_look_renew_locked(hub, viewer);
  oriel_hub_wake(hub, 0);
  pthread_mutex_unlock(&hub->lock);
  if (waits)
    oriel_desktop_wake(viewer->desktop);
}

/* ---- coming and going ---- */

/* False when there are as many as may be. */
static bool join_locked(struct oriel_hub *hub, struct oriel_viewer *viewer) {
  if (hub->count == ORIEL_DESKTOP_VIEWERS_MAX)
    return false;
  viewer->id = ++hub->last_id;
  snprintf(viewer->name, sizeof viewer->name, "Viewer %u", viewer->id);
  hub->viewers[hub->count++] = viewer;
  oriel_channel_join(viewer->channel, &viewer->subscriber);
  hub->expected_ns = 0;
  watch_locked(hub, viewer, true, true);
  return true;
}

static void leave_locked(struct oriel_hub *hub, struct oriel_viewer *viewer) {
  unsigned at = 0;
  watch_locked(hub, viewer, false, false);
  oriel_channel_leave(viewer->channel, &viewer->subscriber);
  while (hub->viewers[at] != viewer)
    at++;
  memmove(&hub->viewers[at], &hub->viewers[at + 1], (hub->count - at - 1) * sizeof hub->viewers[0]);
  hub->count--;
}

int oriel_viewer_attach(struct oriel_desktop *desktop, const struct oriel_viewer_config *config,
                        struct oriel_viewer **out) {
  assert(desktop && config && out);
  struct oriel_hub *hub = &desktop->hub;
  struct oriel_viewer *viewer = create(desktop, config);
  if (!viewer)
    return -ENOMEM;
  pthread_mutex_lock(&hub->lock);
  const bool joined = join_locked(hub, viewer);
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

void oriel_desktop_gather(struct oriel_desktop *desktop, bool gathers) {
  struct oriel_hub *hub = &desktop->hub;
  hub->gathers = gathers;
  if (!gathers && hub->gathered)
    oriel_hub_wake_by_viewer(hub);
}

uint32_t oriel_viewer_id(const struct oriel_viewer *viewer) {
  return viewer->id;
}
