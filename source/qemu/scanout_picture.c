/* SPDX-License-Identifier: MIT
 *
 * Pictures into the surface, see scanout_picture.h.
 */
#include "source/qemu/scanout_picture.h"

#include <errno.h>

#include "core/clock.h"
#include "source/qemu/placeholder.h"

void oriel_qemu_scanout_set_display(struct oriel_qemu_scanout *scanout, struct oriel_qemu_display display) {
  const struct oriel_qemu_display *now = &scanout->display;
  if (now->kind == display.kind && now->width == display.width && now->height == display.height &&
      now->format == display.format)
    return;
  scanout->display = display;
  scanout->events.display(scanout->events.user, &display);
}

void oriel_qemu_scanout_blank(struct oriel_qemu_scanout *scanout, struct oriel_qemu_display display) {
  oriel_qemu_map_drop(&scanout->map);
  atomic_store(&scanout->has_picture, false);
  atomic_store(&scanout->recheck, false); /* there is none to compare with */
  oriel_surface_fill(scanout->surface, 0, oriel_clock_ns());
  oriel_qemu_scanout_set_display(scanout, display);
  scanout->sink->damaged(scanout->sink->user);
}

const char *oriel_qemu_scanout_refuse(struct oriel_qemu_scanout *scanout, const struct oriel_qemu_shape *shape,
                                      uint32_t pixman, const char *why) {
  atomic_store(&scanout->recheck, false);
  if (why == oriel_qemu_too_large && shape->width && shape->height)
    oriel_qemu_scanout_blank(scanout, (struct oriel_qemu_display){.kind = ORIEL_QEMU_DISPLAY_TOO_LARGE,
                                                                  .width = shape->width, .height = shape->height});
  else if (why == oriel_qemu_unknown_format)
    oriel_qemu_scanout_blank(scanout, (struct oriel_qemu_display){.kind = ORIEL_QEMU_DISPLAY_FORMAT,
                                                                  .format = pixman});
  else
    oriel_qemu_scanout_set_display(scanout, (struct oriel_qemu_display){.kind = ORIEL_QEMU_DISPLAY_BROKEN});
  return why;
}

static void picture_arrived(struct oriel_qemu_scanout *scanout, bool changed, enum oriel_qemu_display_kind kind) {
  oriel_qemu_scanout_set_display(scanout, (struct oriel_qemu_display){.kind = kind});
  if (changed)
    scanout->sink->damaged(scanout->sink->user);
}

/* Checked pixels become a part of the picture. */
static const char *take_part(struct oriel_qemu_scanout *scanout, struct oriel_rect rect, const uint8_t *pixels,
                             const struct oriel_qemu_shape *shape, uint64_t now, enum oriel_qemu_display_kind kind) {
  int result = oriel_surface_update(scanout->surface, rect, pixels, (int)shape->stride, shape->format, now);
  if (result < 0)
    return "refused by the surface";
  picture_arrived(scanout, result > 0, kind);
  return NULL;
}

/* What a whole picture says of the display: QEMU writes its own words where the guest shows nothing. */
static enum oriel_qemu_display_kind kind_of(const struct oriel_qemu_shape *shape, const uint8_t *pixels) {
  if (shape->format != ORIEL_PIXEL_BGRX8888)
    return ORIEL_QEMU_DISPLAY_ON;
  switch (oriel_qemu_placeholder_find(pixels, shape->stride, shape->width, shape->height)) {
  case ORIEL_QEMU_PLACEHOLDER_OFF:
    return ORIEL_QEMU_DISPLAY_OFF;
  case ORIEL_QEMU_PLACEHOLDER_NOT_YET:
    return ORIEL_QEMU_DISPLAY_NOT_YET;
  default:
    return ORIEL_QEMU_DISPLAY_ON;
  }
}

const char *oriel_qemu_scanout_replace(struct oriel_qemu_scanout *scanout, const struct oriel_qemu_shape *shape,
                                       const uint8_t *pixels, uint64_t now) {
  enum oriel_qemu_display_kind kind = kind_of(shape, pixels);
  if (!atomic_exchange(&scanout->recheck, false))
    atomic_fetch_add(&scanout->frames, 1);
  /* Known but for what changed; the first after a registration is damage as a whole, whoever saw it before. */
  if (atomic_load(&scanout->has_picture) && atomic_load(&scanout->size) == (shape->width << 16 | shape->height)) {
    const struct oriel_rect all = {.width = (int32_t)shape->width, .height = (int32_t)shape->height};
    atomic_store(&scanout->missed, false);
    return take_part(scanout, all, pixels, shape, now, kind);
  }
  int result = oriel_surface_replace(scanout->surface, shape->width, shape->height, pixels, (int)shape->stride,
                                     shape->format, now);
  if (result < 0)
    return result == -ENOMEM ? "out of memory" : "refused by the surface";
  atomic_store(&scanout->size, shape->width << 16 | shape->height);
  atomic_store(&scanout->missed, false);
  atomic_store(&scanout->has_picture, true);
  picture_arrived(scanout, true, kind);
  return NULL;
}

/* One that comes while QEMU's own words stand there belongs to a picture that replaced
 * them, of which the rest is not known. */
const char *oriel_qemu_scanout_update(struct oriel_qemu_scanout *scanout, struct oriel_rect rect, const uint8_t *pixels,
                                      const struct oriel_qemu_shape *shape, uint64_t now) {
  if (scanout->display.kind != ORIEL_QEMU_DISPLAY_ON) {
    atomic_store(&scanout->missed, true);
    scanout->events.stale(scanout->events.user);
  }
  atomic_fetch_add(&scanout->frames, 1);
  return take_part(scanout, rect, pixels, shape, now, ORIEL_QEMU_DISPLAY_ON);
}

bool oriel_qemu_scanout_covers(struct oriel_qemu_scanout *scanout, const struct oriel_rect *rect) {
  unsigned size = atomic_load(&scanout->size);
  int32_t all_width = (int32_t)(size >> 16), all_height = (int32_t)(size & 0xffff);
  return rect->x >= 0 && rect->y >= 0 && rect->width > 0 && rect->height > 0 && rect->width <= all_width &&
         rect->height <= all_height && rect->x <= all_width - rect->width && rect->y <= all_height - rect->height;
}
