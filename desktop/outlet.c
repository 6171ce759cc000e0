/* SPDX-License-Identifier: MIT
 *
 * See outlet.h.
 */
#include "desktop/outlet.h"

#include <errno.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "desktop/publish.h"
#include "media/encoder.h"

enum { SHARE_PERCENT = 50 };

/* ---- the bitrate ---- */

static void tell_size(struct oriel_desktop *desktop, uint16_t width, uint16_t height, uint64_t now_ns) {
  const struct oriel_fact_size size = {.width = width, .height = height};
  (void)oriel_bulletin_post(&desktop->bulletin, ORIEL_FACT_SIZE, &size, now_ns); /* a picture follows and wakes */
}

struct oriel_rate oriel_outlet_rate(struct oriel_desktop *desktop, enum oriel_channel_kind kind, uint16_t width,
                                    uint16_t height, uint64_t now_ns) {
  uint32_t cap = desktop->config.bitrate_kbps;
  if (!cap)
    cap = oriel_encoder_default_kbps(width, height);
  return (struct oriel_rate){.kbps = oriel_channel_kbps(&desktop->hub.channels[kind], cap, now_ns), .cap_kbps = cap};
}

/* The screen's size is its own, however much smaller its pictures are. */
static struct oriel_rate rate(void *user, uint16_t width, uint16_t height, uint64_t now_ns) {
  const struct oriel_outlet *outlet = user;
  struct oriel_surface *surface = outlet->desktop->surface;
  struct oriel_surface_view view = {.width = width, .height = height};
  if (outlet->rendition.shrink > 1) {
    oriel_surface_lock(surface, NULL, &view);
    oriel_surface_unlock(surface, NULL);
  }
  tell_size(outlet->desktop, oriel_picture_side(view.width), oriel_picture_side(view.height), now_ns);
  return oriel_outlet_rate(outlet->desktop, outlet->kind, width, height, now_ns);
}

/* ---- life ---- */

void oriel_outlet_init(struct oriel_outlet *outlet, struct oriel_desktop *desktop, enum oriel_channel_kind kind) {
  const struct oriel_desktop_config *config = &desktop->config;
  const struct oriel_form *form = &oriel_forms[kind];
  *outlet = (struct oriel_outlet){.desktop = desktop, .kind = kind, .form = form};
  const struct oriel_rendition_config made = {
    .codec = form->codec,
    .encoder = form->codec == ORIEL_CODEC_H264 ? config->encoder : NULL,
    .fps = form->fps && form->fps < config->fps ? form->fps : config->fps,
    .single_thread = form->beside || config->cpu_percent > 0,
    .rate = rate,
    .user = outlet,
  };
  oriel_rendition_init(&outlet->rendition, &made);
  oriel_rendition_shrink(&outlet->rendition, form->shrink);
  oriel_thrift_init(&outlet->thrift, form->shrink);
  oriel_cpu_limit_init(&outlet->share, SHARE_PERCENT);
  oriel_side_init(&outlet->side, &outlet->rendition, &desktop->hub.waiter);
}

void oriel_outlet_finish(struct oriel_outlet *outlet) {
  oriel_side_rest(&outlet->side);
  oriel_rendition_finish(&outlet->rendition);
}

/* ---- what to do ---- */

bool oriel_outlet_is_damaged_locked(const struct oriel_outlet *outlet) {
  return outlet->rendition.unshown || outlet->seen_events != outlet->desktop->hub.damage_events;
}

struct oriel_rendition_step oriel_outlet_plan_locked(struct oriel_outlet *outlet, const struct oriel_demand *demand,
                                                     bool damaged, uint64_t now_ns) {
  if (demand->full_size) {
    oriel_thrift_init(&outlet->thrift, outlet->form->shrink);
    oriel_rendition_shrink(&outlet->rendition, outlet->form->shrink);
  }
  outlet->yields = outlet->form->beside && outlet->desktop->hub.watchers_pictures > demand->subscribers;
  const uint64_t turn_ns = oriel_cpu_limit_next(&outlet->share, now_ns);
  if (demand->subscribers && outlet->yields && turn_ns > now_ns)
    return (struct oriel_rendition_step){.action = ORIEL_RENDITION_SLEEP, .wake_ns = turn_ns};
  return oriel_rendition_plan(&outlet->rendition, demand, damaged, now_ns);
}

struct oriel_rendition_step oriel_outlet_plan_idle(struct oriel_outlet *outlet, uint64_t now_ns) {
  if (oriel_side_works(&outlet->side))
    return (struct oriel_rendition_step){.action = ORIEL_RENDITION_SLEEP}; /* it wakes when it is done */
  return oriel_rendition_plan_idle(&outlet->rendition, now_ns);
}

/* ---- doing it ---- */

static struct oriel_channel *channel_of(const struct oriel_outlet *outlet) {
  return &outlet->desktop->hub.channels[outlet->kind];
}

/* Nothing fits any more before a key frame. */
static void refuse(const struct oriel_outlet *outlet, int error) {
  if (outlet->rendition.failures == 1)
    oriel_error("desktop", "pictures cannot be encoded: %s; trying again, `oriel doctor` lists the encoders",
                strerror(-error));
  oriel_channel_fail(channel_of(outlet));
}

static int publish(struct oriel_outlet *outlet, struct oriel_rendition_work *work) {
  struct oriel_packet *packet = NULL;
  const int error = oriel_rendition_end(&outlet->rendition, work, &packet);
  if (error) {
    refuse(outlet, error);
    return error;
  }
  oriel_channel_describe(channel_of(outlet), oriel_rendition_encoder(&outlet->rendition),
                         outlet->rendition.conversions);
  if (oriel_desktop_publish(outlet->desktop, outlet->kind, packet))
    oriel_rendition_owe_all(&outlet->rendition);
  return 0;
}

static int make_picture(struct oriel_outlet *outlet, const struct oriel_rendition_step *step) {
  struct oriel_rendition_work work;
  const int error = oriel_rendition_take(&outlet->rendition, outlet->desktop->surface, step, &work);
  if (error == -EAGAIN || error == -EBUSY || error == -ENODATA)
    return error;
  if (error) {
    refuse(outlet, error);
    return error;
  }
  if (outlet->form->beside && !work.packet && oriel_side_code(&outlet->side, &work))
    return 0;
  oriel_rendition_code(&outlet->rendition, &work);
  return publish(outlet, &work);
}

/* What somebody missed of the refinement is to be sent once more. */
static void owe_missed(struct oriel_outlet *outlet) {
  struct oriel_damage missed = {.count = 0};
  oriel_channel_missed(channel_of(outlet), &missed);
  oriel_rendition_owe(&outlet->rendition, &missed);
}

int oriel_outlet_run(struct oriel_outlet *outlet, const struct oriel_rendition_step *step) {
  if (step->action == ORIEL_RENDITION_RELEASE) {
    oriel_rendition_release(&outlet->rendition);
    oriel_side_rest(&outlet->side);
    return 0;
  }
  if (step->action == ORIEL_RENDITION_OWE) {
    owe_missed(outlet);
    return 0;
  }
  return make_picture(outlet, step);
}

/* A picture of which at least half changed says what one costs. */
static bool is_whole(const struct oriel_outlet *outlet, const struct oriel_rendition_work *work) {
  const struct oriel_picture *picture = &outlet->rendition.picture;
  return work->key || oriel_damage_area(&outlet->rendition.video_damage) * 2 >=
                        (uint64_t)picture->width * picture->height;
}

uint64_t oriel_outlet_collect(struct oriel_outlet *outlet) {
  struct oriel_rendition_work work;
  const uint64_t used_ns = oriel_side_take(&outlet->side, &work);
  if (outlet->yields)
    oriel_cpu_limit_take(&outlet->share, work.started_ns, used_ns);
  if (!work.error && is_whole(outlet, &work))
    oriel_rendition_shrink(&outlet->rendition, oriel_thrift_note(&outlet->thrift, used_ns));
  (void)publish(outlet, &work);
  return used_ns;
}
