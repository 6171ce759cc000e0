/* SPDX-License-Identifier: MIT
 *
 * The media thread: damage -> convert -> tiles or video -> hub; what stands still is made exact. Sleeps without a timer
 * until there is something to make and somebody who can take it; drops before encoding, never after (lessons 2, 3).
 * Locks the surface for a conversion or for coding a few tiles, and encodes video outside of every lock (lesson 1).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "core/log.h"
#include "desktop/media.h"
#include "desktop/opening.h"
#include "media/tiles.h"

enum { PICTURE_BURST = 2 };
/* Opening an encoder takes milliseconds and starts with a key frame: a guest that changes its size all the time gets no
 * more of them. */
enum { OPENS_PER_SECOND = 8, OPEN_BURST = 4 };
enum { OPENINGS_PER_SECOND = 8, OPENING_BURST = 4 }; /* a few ms each, and a burden to nobody but who asks for it */
static const uint64_t settled_ns = ORIEL_NS_PER_SECOND;       /* so long without video: refine */
static const uint64_t retry_ns = 500 * ORIEL_NS_PER_MS;       /* after an encoder refused */

/* ---- making a picture; no lock held ---- */

static void release_encoder(struct oriel_media *media) {
  oriel_encoder_destroy(media->encoder);
  oriel_picture_finish(&media->picture);
  free(media->canvas);
  media->encoder = NULL;
  media->canvas = NULL;
  memset(&media->picture, 0, sizeof media->picture);
  oriel_damage_clear(&media->video_damage);
  oriel_refine_clear(&media->refine);
}

static uint16_t at_least_min(uint16_t side) {
  return side < ORIEL_PICTURE_SIZE_MIN ? (uint16_t)ORIEL_PICTURE_SIZE_MIN : side;
}

/* The bitrate for now, and the size for all who ask. */
static uint32_t settle_rate(struct oriel_media *media, uint16_t width, uint16_t height, uint64_t now) {
  struct oriel_desktop *desktop = media->desktop;
  struct oriel_hub *hub = &desktop->hub;
  uint32_t cap = desktop->config.bitrate_kbps;
  if (!cap)
    cap = oriel_encoder_default_kbps(width, height);
  pthread_mutex_lock(&hub->lock);
  if (!hub->rate.cap_kbps)
    oriel_bitrate_init(&hub->rate, cap, now);
  else if (hub->rate.cap_kbps != cap)
    oriel_bitrate_cap(&hub->rate, cap, now);
  uint32_t kbps = oriel_bitrate_kbps(&hub->rate, now);
  hub->bitrate_kbps = kbps;
  pthread_mutex_unlock(&hub->lock);
  const struct oriel_fact_size size = {.width = width, .height = height};
  (void)oriel_bulletin_post(&desktop->bulletin, ORIEL_FACT_SIZE, &size, now); /* a picture follows and wakes */
  return kbps;
}

static int open_encoder(struct oriel_media *media, uint16_t width, uint16_t height) {
  struct oriel_desktop *desktop = media->desktop;
  struct oriel_encoder_config config = {
    .width = width, .height = height, .fps = desktop->config.fps, .bitrate_kbps = media->kbps,
  };
  int error = oriel_picture_init(&media->picture, width, height);
  if (error)
    return error;
  error = oriel_encoder_create(desktop->config.encoder, &config, &media->encoder);
  if (error) {
    oriel_picture_finish(&media->picture);
    memset(&media->picture, 0, sizeof media->picture);
    return error;
  }
  media->key_forced = true;
  pthread_mutex_lock(&desktop->hub.lock);
  desktop->hub.encoder = oriel_encoder_name(media->encoder);
  pthread_mutex_unlock(&desktop->hub.lock);
  return 0;
}

/* Follows the rate in steps worth a reconfiguration: 5 %, or arrival at the cap. */
static void follow_rate(struct oriel_media *media, uint32_t kbps) {
  uint32_t step = media->kbps / 20;
  bool near = kbps + step > media->kbps && kbps < media->kbps + step;
  if (kbps == media->kbps || (near && kbps != media->desktop->hub.rate.cap_kbps))
    return;
  struct oriel_encoder_config config = {
    .width = media->picture.width, .height = media->picture.height, .fps = media->desktop->config.fps,
    .bitrate_kbps = kbps,
  };
  if (!oriel_encoder_reconfigure(media->encoder, &config))
    media->kbps = kbps;
}

/* A surface below 64 pixels, top left on a black canvas of the least size. Returns the pixels to convert. */
static const uint8_t *pad_canvas(struct oriel_media *media, const struct oriel_surface_view *view, uint16_t width,
                                 uint16_t height, int *stride) {
  if (view->width == width && view->height == height) {
    *stride = view->stride;
    return view->bgrx;
  }
  size_t line = (size_t)width * 4;
  if (!media->canvas)
    media->canvas = calloc(height, line);
  if (!media->canvas)
    return NULL;
  for (unsigned y = 0; y < view->height; y++)
    memcpy(media->canvas + y * line, view->bgrx + (size_t)y * (size_t)view->stride, (size_t)view->width * 4);
  *stride = (int)line;
  return media->canvas;
}

struct work {
  struct oriel_media_plan plan;
  struct oriel_damage damage;     /* new in this picture */
  struct oriel_packet *packet;    /* tiles that are ready */
  uint64_t captured_ns, taken_ns, converted_ns;
  bool key;
};

/* A surface that went to another size and back is all damage and needs no other encoder; a padded one does, for what
 * lies around it on the canvas. */
static bool encoder_fits(const struct oriel_media *media, const struct oriel_surface_view *view) {
  return media->encoder && (media->generation == view->generation ||
                            (media->picture.width == view->width && media->picture.height == view->height));
}

/* A new size or a first picture needs an encoder before pixels can be converted: the surface is unlocked meanwhile and
 * looked at again, since opening takes milliseconds. Returns 0 with the surface locked, or an error with it unlocked;
 * -EAGAIN when it has no size, -EBUSY when its size changes faster than encoders may be opened: retry_at_ns says when
 * to come back, so that this thread never runs after such a guest for ever. */
static int lock_surface(struct oriel_media *media, struct oriel_surface_view *view) {
  for (bool opened = false;; opened = true) {
    oriel_surface_lock(media->desktop->surface, &media->cursor, view);
    uint16_t width = at_least_min(view->width), height = at_least_min(view->height);
    uint32_t generation = view->generation;
    bool empty = !view->width || !view->height;
    if (!empty && encoder_fits(media, view)) {
      media->generation = generation;
      return 0;
    }
    oriel_surface_unlock(media->desktop->surface, NULL);
    if (empty)
      return -EAGAIN;
    uint64_t now = oriel_clock_ns(), at = oriel_rate_limit_next(&media->open_pace, now);
    if (opened || at > now) {
      media->retry_at_ns = at;
      return -EBUSY;
    }
    oriel_rate_limit_take(&media->open_pace, now);
    release_encoder(media);
    media->kbps = settle_rate(media, width, height, now);
    int error = open_encoder(media, width, height);
    if (error)
      return error;
    media->generation = generation;
  }
}

/* When the change happened that a picture shows. What changed before anybody looked waited for no reason that delays
 * have, as did what others could not take before a newcomer's key frame. */
static uint64_t capture_time(const struct oriel_surface_view *view, const struct oriel_media_plan *plan, bool first,
                             uint64_t taken_ns) {
  bool news = view->captured_ns && (view->captured_ns >= plan->joined_ns || !first);
  return news ? view->captured_ns : taken_ns;
}

/* Takes the damage: makes tiles of it, or brings the I420 picture up to date. Leaves the surface unlocked. */
static int take_damage(struct oriel_media *media, struct work *work) {
  struct oriel_surface *surface = media->desktop->surface;
  struct oriel_surface_view view;
  int error = lock_surface(media, &view);
  if (error)
    return error;
  work->taken_ns = oriel_clock_ns();
  work->damage = view.damage;
  work->key = work->plan.action == ORIEL_MEDIA_KEY || media->key_forced;
  work->captured_ns = capture_time(&view, &work->plan, work->key, work->taken_ns);
  bool changed = !oriel_damage_empty(&view.damage);
  if (!changed && !work->key && work->plan.action == ORIEL_MEDIA_PICTURE && !work->plan.video_due) {
    oriel_surface_unlock(surface, NULL); /* taken with the picture before */
    return -ENODATA;
  }
  uint64_t area = oriel_damage_area(&view.damage);
  uint16_t width = media->picture.width, height = media->picture.height;
  bool padded = view.width != width || view.height != height;
  if (work->plan.action == ORIEL_MEDIA_PICTURE && work->plan.tiles && !work->key && !padded &&
      oriel_motion_tiles(&media->motion, area, media->kbps, work->taken_ns) &&
      !oriel_tiles_encode(view.bgrx, view.stride, width, height, &view.damage, &work->packet)) {
    oriel_surface_unlock(surface, &media->cursor);
    oriel_damage_merge(&media->video_damage, &work->damage);
    return 0;
  }
  oriel_damage_merge(&media->video_damage, &work->damage);
  if (media->key_forced)
    oriel_damage_add(&media->video_damage, (struct oriel_rect){0, 0, width, height});
  int stride = 0;
  const uint8_t *bgrx = pad_canvas(media, &view, width, height, &stride);
  if (bgrx)
    oriel_picture_convert(&media->picture, bgrx, stride, &media->video_damage);
  oriel_surface_unlock(surface, bgrx ? &media->cursor : NULL);
  work->converted_ns = oriel_clock_ns();
  return bgrx ? 0 : -ENOMEM;
}

static int encode_video(struct oriel_media *media, struct work *work) {
  bool sharpen = work->plan.action == ORIEL_MEDIA_SHARPEN && !work->key;
  struct oriel_encode_request request = {
    .damage = work->key ? NULL : &media->video_damage,
    .force_key = work->key,
    .quality = sharpen ? ORIEL_QUALITY_SHARPEN : ORIEL_QUALITY_NORMAL,
    .captured_ns = work->captured_ns,
    .converted_ns = work->converted_ns,
  };
  int error = oriel_encoder_encode(media->encoder, &media->picture, &request, &work->packet);
  if (error)
    return error;
  media->video_ns = oriel_clock_ns();
  oriel_refine_video(&media->refine, &media->video_damage, work->packet, media->video_ns + settled_ns);
  oriel_damage_clear(&media->video_damage);
  media->restarts = 0;
  media->key_forced = false;
  media->sharpenings = sharpen ? media->sharpenings + 1 : 0;
  return 0;
}

static void finish_tiles(struct oriel_media *media, struct work *work) {
  struct oriel_packet *packet = work->packet;
  packet->width = media->picture.width;
  packet->height = media->picture.height;
  packet->captured_ns = work->captured_ns;
  packet->converted_ns = work->taken_ns;
  packet->encoded_ns = oriel_clock_ns();
  packet->damage_pixels = (uint32_t)oriel_damage_area(&work->damage);
}

/* Failure: what was taken is in the picture already; a key frame later shows it. */
static void refuse(struct oriel_media *media, int error, uint64_t now) {
  struct oriel_hub *hub = &media->desktop->hub;
  media->retry_at_ns = now + (retry_ns << (media->failures < 4 ? media->failures : 4));
  if (!media->failures++)
    oriel_error("desktop", "pictures cannot be encoded: %s; trying again, `oriel doctor` lists the encoders",
                strerror(-error));
  else
    release_encoder(media); /* twice: a new one may do better */
  media->key_forced = true;
  media->unshown = true;
  pthread_mutex_lock(&hub->lock);
  hub->encode_failures++;
  for (unsigned i = 0; i < hub->count; i++)
    if (hub->viewers[i]->pictures && hub->viewers[i]->chain != ORIEL_CHAIN_KEY)
      oriel_hub_need_key_locked(hub->viewers[i], 0);
  pthread_mutex_unlock(&hub->lock);
}

/* Makes one picture and publishes it. No lock held. */
static void make_picture(struct oriel_media *media, const struct oriel_media_plan *plan) {
  struct oriel_hub *hub = &media->desktop->hub;
  struct work work = {.plan = *plan};
  uint64_t now = oriel_clock_ns();
  media->held = false;
  if (media->encoder)
    follow_rate(media, settle_rate(media, media->picture.width, media->picture.height, now));
  int error = take_damage(media, &work);
  media->empty = error == -EAGAIN;
  media->unshown = error == -EBUSY;
  if (error == -EAGAIN || error == -ENODATA || error == -EBUSY)
    return;
  bool tiles = work.packet != NULL;
  if (!error && !tiles)
    error = encode_video(media, &work);
  if (error) {
    refuse(media, error, now);
    return;
  }
  media->failures = 0;
  if (tiles)
    finish_tiles(media, &work);
  oriel_motion_note(&media->motion, oriel_damage_area(&work.damage), tiles ? work.packet->size : 0, media->kbps, now);
  oriel_rate_limit_take(&media->pace, now);
  if (work.packet->key)
    oriel_keys_budget_take(&media->keys, now);
  if (!work.packet->sharpening)
    media->change_ns = now;
  if (!tiles && !oriel_damage_empty(&work.damage)) {
    pthread_mutex_lock(&hub->lock);
    hub->conversions++;
    pthread_mutex_unlock(&hub->lock);
  }
  if (oriel_hub_publish_picture(media->desktop, work.packet, work.taken_ns))
    oriel_refine_begin(&media->refine, media->picture.width, media->picture.height, media->refine.at_ns);
}

/* Sends a part of a still screen again without loss. No lock held. */
static void refine_picture(struct oriel_media *media) {
  const uint64_t now = oriel_clock_ns();
  struct oriel_packet *packet = NULL;
  int error = oriel_refine_make(&media->refine, media->desktop->surface, media->kbps, now, &packet);
  if (error == -ENOMEM)
    media->refine.at_ns = now + retry_ns;
  if (!error)
    oriel_hub_publish_picture(media->desktop, packet, now);
}

/* One packet for a viewer without video. No lock held. */
static void make_lossless(struct oriel_media *media, bool alone) {
  struct oriel_desktop *desktop = media->desktop;
  uint16_t width = 0, height = 0;
  media->empty = !oriel_lossless_look(&media->lossless, desktop, &width, &height);
  if (media->empty)
    return;
  width = at_least_min(width);
  height = at_least_min(height);
  uint32_t kbps = settle_rate(media, width, height, oriel_clock_ns());
  /* Half of a rate pays for refinement, so the whole of it for the picture itself; half of it beside others' video. */
  oriel_lossless_send(&media->lossless, desktop, width, height, alone ? 2 * kbps : kbps);
}

/* ---- the thread ---- */

static void sleep_until(struct oriel_hub *hub, uint64_t wake_ns) {
  if (!wake_ns) {
    pthread_cond_wait(&hub->media, &hub->lock);
    return;
  }
  struct timespec at = {
    .tv_sec = (time_t)(wake_ns / ORIEL_NS_PER_SECOND),
    .tv_nsec = (long)(wake_ns % ORIEL_NS_PER_SECOND),
  };
  pthread_cond_timedwait(&hub->media, &hub->lock, &at);
}

/* Before the surface is looked at: what comes meanwhile counts anew. */
static void note_look_locked(struct oriel_media *media, const struct oriel_hub *hub, enum oriel_media_action action) {
  if (action == ORIEL_MEDIA_RELEASE || action == ORIEL_MEDIA_REFINE || action == ORIEL_MEDIA_OPENING)
    return;
  media->looked_events = hub->damage_events;
  if (action != ORIEL_MEDIA_LOSSLESS)
    media->seen_events = hub->damage_events;
}

void *oriel_media_thread(void *argument) {
  struct oriel_desktop *desktop = argument;
  struct oriel_hub *hub = &desktop->hub;
  struct oriel_media media = {.desktop = desktop};
#ifdef __linux__
  pthread_setname_np(pthread_self(), "oriel-media");
#endif
  oriel_rate_limit_init(&media.pace, desktop->config.fps, PICTURE_BURST);
  oriel_keys_budget_init(&media.keys);
  oriel_rate_limit_init(&media.open_pace, OPENS_PER_SECOND, OPEN_BURST);
  oriel_rate_limit_init(&media.opening_pace, OPENINGS_PER_SECOND, OPENING_BURST);
  oriel_lossless_init(&media.lossless);
  pthread_mutex_lock(&hub->lock);
  while (!hub->stopping) {
    uint64_t errand_ns = 0;
    hub->wait = 0;
    if (oriel_errand_locked(desktop, oriel_clock_ns(), &errand_ns))
      continue;
    struct oriel_media_plan plan = oriel_media_plan_locked(&media, hub, oriel_clock_ns());
    if (errand_ns)
      oriel_media_plan_wake(&plan, errand_ns);
    if (plan.action == ORIEL_MEDIA_SLEEP) {
      sleep_until(hub, plan.wake_ns);
      continue;
    }
    hub->wait = 0;
    note_look_locked(&media, hub, plan.action);
    pthread_mutex_unlock(&hub->lock);
    if (plan.action == ORIEL_MEDIA_LOSSLESS)
      make_lossless(&media, plan.alone);
    else if (plan.action == ORIEL_MEDIA_RELEASE)
      release_encoder(&media);
    else if (plan.action == ORIEL_MEDIA_OPENING)
      oriel_opening_make(desktop);
    else if (plan.action == ORIEL_MEDIA_REFINE)
      refine_picture(&media);
    else
      make_picture(&media, &plan);
    pthread_mutex_lock(&hub->lock);
  }
  pthread_mutex_unlock(&hub->lock);
  release_encoder(&media);
  return NULL;
}
