/* SPDX-License-Identifier: MIT
 *
 * Makes a rendition's packets: damage -> convert -> tiles or video, or tiles of a still screen. Called by its owner.
 */
#include "media/rendition.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "media/canvas.h"
#include "media/tiles.h"

enum { PICTURE_BURST = 2 };
/* Opening an encoder takes milliseconds and starts with a key frame: a guest that changes its size all the time gets no
 * more of them. */
enum { OPENS_PER_SECOND = 8, OPEN_BURST = 4 };
/* Of all key frames that subscribers need: at most four a second, and one a second for long. */
enum { KEYS_PER_SECOND = 4, KEYS_AVERAGE = 1, KEYS_AVERAGE_BURST = 8 };
static const uint64_t settled_ns = ORIEL_NS_PER_SECOND; /* so long without video: refine */
static const uint64_t retry_ns = 500 * ORIEL_NS_PER_MS; /* after an encoder refused */

void oriel_rendition_init(struct oriel_rendition *rendition, const struct oriel_rendition_config *config) {
  *rendition = (struct oriel_rendition){.config = *config, .sequence = 1, .shrink = 1};
  oriel_rate_limit_init(&rendition->pace, config->fps, PICTURE_BURST);
  oriel_rate_limit_init(&rendition->open_limit, OPENS_PER_SECOND, OPEN_BURST);
  oriel_rate_limit_init(&rendition->key_spacing, KEYS_PER_SECOND, 1);
  oriel_rate_limit_init(&rendition->key_average, KEYS_AVERAGE, KEYS_AVERAGE_BURST);
}

void oriel_rendition_release(struct oriel_rendition *rendition) {
  oriel_encoder_destroy(rendition->encoder);
  oriel_picture_finish(&rendition->picture);
  free(rendition->canvas);
  rendition->encoder = NULL;
  rendition->canvas = NULL;
  memset(&rendition->picture, 0, sizeof rendition->picture);
  oriel_damage_clear(&rendition->video_damage);
  oriel_refine_clear(&rendition->refine);
}

void oriel_rendition_finish(struct oriel_rendition *rendition) {
  oriel_rendition_release(rendition);
}

const char *oriel_rendition_encoder(const struct oriel_rendition *rendition) {
  return rendition->encoder ? oriel_encoder_name(rendition->encoder) : "";
}

void oriel_rendition_owe(struct oriel_rendition *rendition, const struct oriel_damage *missed) {
  oriel_refine_owe(&rendition->refine, missed);
}

void oriel_rendition_owe_all(struct oriel_rendition *rendition) {
  oriel_refine_begin(&rendition->refine, rendition->picture.width, rendition->picture.height,
                     rendition->refine.at_ns);
}

void oriel_rendition_shrink(struct oriel_rendition *rendition, unsigned shrink) {
  assert(shrink == 1 || shrink == 2 || shrink == 4);
  rendition->shrink = shrink;
}

/* ---- the encoder ---- */

static struct oriel_rate rate_of(const struct oriel_rendition *rendition, uint16_t width, uint16_t height,
                                 uint64_t now_ns) {
  return rendition->config.rate(rendition->config.user, width, height, now_ns);
}

static struct oriel_encoder_config encoder_config(const struct oriel_rendition *rendition, uint16_t width,
                                                  uint16_t height, uint32_t kbps) {
  return (struct oriel_encoder_config){
    .codec = rendition->config.codec, .width = width, .height = height, .fps = rendition->config.fps, .bitrate_kbps = kbps,
    .single_thread = rendition->config.single_thread,
  };
}

static int open_encoder(struct oriel_rendition *rendition, uint16_t width, uint16_t height) {
  const struct oriel_encoder_config config = encoder_config(rendition, width, height, rendition->kbps);
  int error = oriel_picture_init(&rendition->picture, width, height, oriel_encoder_range(config.codec));
  if (error)
    return error;
  error = oriel_encoder_create(rendition->config.encoder, &config, &rendition->encoder);
  if (error) {
    oriel_picture_finish(&rendition->picture);
    memset(&rendition->picture, 0, sizeof rendition->picture);
    return error;
  }
  rendition->key_forced = true;
  return 0;
}

/* Follows the rate in steps worth a reconfiguration: 5 %, or arrival at the cap. */
static void follow_rate(struct oriel_rendition *rendition, uint64_t now_ns) {
  const struct oriel_picture *picture = &rendition->picture;
  const struct oriel_rate rate = rate_of(rendition, picture->width, picture->height, now_ns);
  const uint32_t step = rendition->kbps / 20;
  const bool near = rate.kbps + step > rendition->kbps && rate.kbps < rendition->kbps + step;
  if (rate.kbps == rendition->kbps || (near && rate.kbps != rate.cap_kbps))
    return;
  const struct oriel_encoder_config config = encoder_config(rendition, picture->width, picture->height, rate.kbps);
  if (!oriel_encoder_reconfigure(rendition->encoder, &config))
    rendition->kbps = rate.kbps;
}

/* A surface that went to another size and back is all damage and needs no other encoder; a padded one does, for what
 * lies around it on the canvas. */
static bool encoder_fits(const struct oriel_rendition *rendition, const struct oriel_surface_view *view) {
  const struct oriel_canvas_size size = oriel_canvas_size(view, rendition->shrink);
  return rendition->encoder && rendition->picture.width == size.width && rendition->picture.height == size.height &&
         (rendition->generation == view->generation || (size.width == view->width && size.height == view->height));
}

/* Another encoder for a surface that is not locked meanwhile. */
static int change_encoder(struct oriel_rendition *rendition, const struct oriel_surface_view *view) {
  const struct oriel_canvas_size size = oriel_canvas_size(view, rendition->shrink);
  const uint64_t now = oriel_clock_ns(), at = oriel_rate_limit_next(&rendition->open_limit, now);
  if (at > now) {
    rendition->retry_at_ns = at;
    return -EBUSY;
  }
  oriel_rate_limit_take(&rendition->open_limit, now);
  oriel_rendition_release(rendition);
  rendition->kbps = rate_of(rendition, size.width, size.height, now).kbps;
  const int error = open_encoder(rendition, size.width, size.height);
  if (!error)
    rendition->generation = view->generation;
  return error;
}

/* A new size or a first picture needs an encoder before pixels can be converted: the surface is unlocked meanwhile and
 * looked at again, since opening takes milliseconds. Returns 0 with the surface locked, or an error with it unlocked;
 * -EAGAIN when it has no size, -EBUSY when its size changes faster than encoders may be opened: retry_at_ns says when
 * to come back, so that the owner never runs after such a guest for ever. */
static int lock_surface(struct oriel_rendition *rendition, struct oriel_surface *surface,
                        struct oriel_surface_view *view) {
  for (bool opened = false;; opened = true) {
    oriel_surface_lock(surface, &rendition->cursor, view);
    const bool empty = !view->width || !view->height;
    if (!empty && encoder_fits(rendition, view)) {
      rendition->generation = view->generation;
      return 0;
    }
    oriel_surface_unlock(surface, NULL);
    if (empty)
      return -EAGAIN;
    if (opened) {
      rendition->retry_at_ns = oriel_rate_limit_next(&rendition->open_limit, oriel_clock_ns());
      return -EBUSY;
    }
    const int error = change_encoder(rendition, view);
    if (error)
      return error;
  }
}

/* ---- taking what changed ---- */

/* When the change happened that a picture shows. What changed before anybody looked waited for no reason that delays
 * have, as did what others could not take before a newcomer's key frame. */
static uint64_t capture_time(const struct oriel_surface_view *view, const struct oriel_rendition_work *work) {
  const bool news = view->captured_ns && (view->captured_ns >= work->step.joined_ns || !work->key);
  return news ? view->captured_ns : work->taken_ns;
}

static bool nothing_new(const struct oriel_rendition_work *work) {
  return oriel_damage_empty(&work->damage) && !work->key && work->step.action == ORIEL_RENDITION_PICTURE &&
         !work->step.video_due;
}

/* Small changes of a picture as tiles; false when they are no case for it. The surface is locked. */
static bool make_tiles(struct oriel_rendition *rendition, const struct oriel_surface_view *view, struct oriel_rendition_work *work) {
  const uint16_t width = rendition->picture.width, height = rendition->picture.height;
  return work->step.action == ORIEL_RENDITION_PICTURE && work->step.tiles && !work->key && view->width == width &&
         view->height == height &&
         oriel_motion_tiles(&rendition->motion, oriel_damage_area(&work->damage), rendition->kbps, work->taken_ns) &&
         !oriel_tiles_encode(view->bgrx, view->stride, width, height, &view->damage, &work->packet);
}

/* Brings the I420 picture up to date. The surface is locked. */
static bool convert(struct oriel_rendition *rendition, const struct oriel_surface_view *view) {
  const struct oriel_picture *picture = &rendition->picture;
  int stride = 0;
  if (rendition->key_forced)
    oriel_damage_add(&rendition->video_damage, (struct oriel_rect){0, 0, picture->width, picture->height});
  const uint8_t *bgrx = oriel_canvas_fit(&rendition->canvas, view, picture->width, picture->height,
                                         &rendition->video_damage, &stride);
  if (bgrx)
    oriel_picture_convert(&rendition->picture, bgrx, stride, &rendition->video_damage);
  return bgrx != NULL;
}

/* Takes the damage: makes tiles of it, or brings the I420 picture up to date. Leaves the surface unlocked. */
static int take_damage(struct oriel_rendition *rendition, struct oriel_surface *surface, struct oriel_rendition_work *work) {
  struct oriel_surface_view view;
  int error = lock_surface(rendition, surface, &view);
  if (error)
    return error;
  work->taken_ns = oriel_clock_ns();
  work->damage = view.damage;
  work->key = work->step.action == ORIEL_RENDITION_KEY || rendition->key_forced;
  work->captured_ns = capture_time(&view, work);
  bool taken = false;
  if (nothing_new(work)) {
    error = -ENODATA; /* taken with the picture before */
  } else {
    taken = make_tiles(rendition, &view, work);
    oriel_canvas_damage(&view, rendition->shrink, &rendition->video_damage);
    taken = taken || convert(rendition, &view);
    error = taken ? 0 : -ENOMEM;
  }
  oriel_surface_unlock(surface, taken ? &rendition->cursor : NULL);
  work->converted_ns = oriel_clock_ns();
  return error;
}

/* ---- making packets ---- */

static void finish_tiles(const struct oriel_rendition *rendition, struct oriel_rendition_work *work) {
  struct oriel_packet *packet = work->packet;
  packet->width = rendition->picture.width;
  packet->height = rendition->picture.height;
  packet->captured_ns = work->captured_ns;
  packet->converted_ns = work->taken_ns;
  packet->encoded_ns = oriel_clock_ns();
  packet->damage_pixels = (uint32_t)oriel_damage_area(&work->damage);
}

/* What was taken is in the picture already; a key frame later shows it. */
static void note_failure(struct oriel_rendition *rendition, uint64_t now_ns) {
  rendition->retry_at_ns = now_ns + (retry_ns << (rendition->failures < 4 ? rendition->failures : 4));
  if (rendition->failures++)
    oriel_rendition_release(rendition); /* twice: a new one may do better */
  rendition->key_forced = rendition->unshown = true;
}

static int take_picture(struct oriel_rendition *rendition, struct oriel_surface *surface,
                        struct oriel_rendition_work *work) {
  rendition->held = rendition->unshown = false;
  if (rendition->encoder)
    follow_rate(rendition, work->started_ns);
  const int error = take_damage(rendition, surface, work);
  rendition->unshown = error == -EBUSY;
  if (error == -EAGAIN || error == -ENODATA || error == -EBUSY)
    return error;
  if (error)
    note_failure(rendition, work->started_ns);
  else if (work->packet)
    finish_tiles(rendition, work);
  return error;
}

/* A part of a still screen again, without loss. */
static int take_refinement(struct oriel_rendition *rendition, struct oriel_surface *surface,
                           struct oriel_rendition_work *work) {
  work->taken_ns = oriel_clock_ns();
  const int error = oriel_refine_make(&rendition->refine, surface, rendition->kbps, work->taken_ns, &work->packet);
  if (error == -ENOMEM)
    rendition->refine.at_ns = work->taken_ns + retry_ns;
  return error ? -ENODATA : 0;
}

int oriel_rendition_take(struct oriel_rendition *rendition, struct oriel_surface *surface,
                         const struct oriel_rendition_step *step, struct oriel_rendition_work *work) {
  *work = (struct oriel_rendition_work){.step = *step, .started_ns = oriel_clock_ns()};
  return step->action == ORIEL_RENDITION_REFINE ? take_refinement(rendition, surface, work)
                                                : take_picture(rendition, surface, work);
}

static bool sharpens(const struct oriel_rendition_work *work) {
  return work->step.action == ORIEL_RENDITION_SHARPEN && !work->key;
}

void oriel_rendition_code(struct oriel_rendition *rendition, struct oriel_rendition_work *work) {
  if (work->packet)
    return;
  const struct oriel_encode_request request = {
    .damage = work->key ? NULL : &rendition->video_damage,
    .force_key = work->key,
    .quality = sharpens(work) ? ORIEL_QUALITY_SHARPEN : ORIEL_QUALITY_NORMAL,
    .captured_ns = work->captured_ns,
    .converted_ns = work->converted_ns,
  };
  work->error = oriel_encoder_encode(rendition->encoder, &rendition->picture, &request, &work->packet);
}

static void note_video(struct oriel_rendition *rendition, const struct oriel_rendition_work *work) {
  rendition->video_ns = oriel_clock_ns();
  oriel_refine_video(&rendition->refine, &rendition->video_damage, work->packet, rendition->video_ns + settled_ns);
  oriel_damage_clear(&rendition->video_damage);
  rendition->restarts = 0;
  rendition->key_forced = false;
  rendition->sharpenings = sharpens(work) ? rendition->sharpenings + 1 : 0;
  rendition->conversions += !oriel_damage_empty(&work->damage);
}

static void note_packet(struct oriel_rendition *rendition, const struct oriel_rendition_work *work) {
  const struct oriel_packet *packet = work->packet;
  const uint64_t now = work->started_ns;
  const size_t tile_bytes = packet->kind == ORIEL_PACKET_TILES ? packet->size : 0;
  rendition->failures = 0;
  oriel_motion_note(&rendition->motion, oriel_damage_area(&work->damage), tile_bytes, rendition->kbps, now);
  oriel_rate_limit_take(&rendition->pace, now);
  if (packet->key) {
    oriel_rate_limit_take(&rendition->key_spacing, now);
    oriel_rate_limit_take(&rendition->key_average, now);
  }
  if (!packet->sharpening)
    rendition->change_ns = now;
}

int oriel_rendition_end(struct oriel_rendition *rendition, struct oriel_rendition_work *work,
                        struct oriel_packet **packet) {
  if (work->error) {
    note_failure(rendition, work->started_ns);
    return work->error;
  }
  if (work->packet->kind == ORIEL_PACKET_VIDEO)
    note_video(rendition, work);
  if (work->step.action != ORIEL_RENDITION_REFINE)
    note_packet(rendition, work);
  if (!++rendition->sequence)
    rendition->sequence = 1; /* 0 means "none yet" in acknowledgements */
  work->packet->sequence = rendition->sequence;
  work->packet->taken_ns = work->taken_ns;
  *packet = work->packet;
  return 0;
}

int oriel_rendition_make(struct oriel_rendition *rendition, struct oriel_surface *surface,
                         const struct oriel_rendition_step *step, struct oriel_packet **packet) {
  struct oriel_rendition_work work;
  const int error = oriel_rendition_take(rendition, surface, step, &work);
  if (error)
    return error;
  oriel_rendition_code(rendition, &work);
  return oriel_rendition_end(rendition, &work, packet);
}
