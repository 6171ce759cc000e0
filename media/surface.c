/* SPDX-License-Identifier: MIT
 *
 * The surface: one BGRX picture, the log of its damage, one lock. Any thread.
 */
#include "media/surface.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/damage_log.h"

enum {
  STRIDE_ALIGN = 64,
  UPDATE_BAND = 64, /* rows that share one damaged rectangle */
};

struct oriel_surface {
  pthread_mutex_t lock; /* guards all below */
  uint16_t width, height;
  int stride;
  uint8_t *bgrx;
  uint32_t generation;
  struct oriel_damage_log log;
};

static struct oriel_rect whole(const struct oriel_surface *surface) {
  return (struct oriel_rect){.width = surface->width, .height = surface->height};
}

static void fill_pixels(uint8_t *bgrx, int stride, int width, int height, uint32_t rgb) {
  const uint8_t pixel[4] = {(uint8_t)rgb, (uint8_t)(rgb >> 8), (uint8_t)(rgb >> 16), 255};
  if (!width || !height)
    return;
  for (int x = 0; x < width; x++)
    memcpy(bgrx + (size_t)x * 4, pixel, sizeof pixel);
  for (int y = 1; y < height; y++)
    memcpy(bgrx + (size_t)y * (size_t)stride, bgrx, (size_t)width * 4);
}

/* A time of 0 would read as "no damage". */
static uint64_t some_time(uint64_t captured_ns) {
  return captured_ns ? captured_ns : oriel_clock_ns();
}

/* Lock held. */
static void add_damage(struct oriel_surface *surface, struct oriel_rect rect, uint64_t captured_ns) {
  rect = oriel_rect_intersect(rect, whole(surface));
  if (!oriel_rect_empty(rect))
    oriel_damage_log_add(&surface->log, rect, some_time(captured_ns));
}

int oriel_surface_create(struct oriel_surface **surface) {
  struct oriel_surface *made = calloc(1, sizeof *made);
  if (!made)
    return -ENOMEM;
  pthread_mutex_init(&made->lock, NULL);
  *surface = made;
  return 0;
}

void oriel_surface_destroy(struct oriel_surface *surface) {
  if (!surface)
    return;
  pthread_mutex_destroy(&surface->lock);
  free(surface->bgrx);
  free(surface);
}

/* Allocated without the lock: 7680 x 4320 takes tens of milliseconds. */
static uint8_t *allocate(uint32_t width, uint32_t height, int *stride) {
  *stride = (int)((width * 4 + STRIDE_ALIGN - 1) & ~(uint32_t)(STRIDE_ALIGN - 1));
  return aligned_alloc(STRIDE_ALIGN, (size_t)*stride * height);
}

/* Lock not held. Puts finished pixels of a new size in place. */
static void adopt(struct oriel_surface *surface, uint32_t width, uint32_t height, uint8_t *bgrx, int stride,
                  uint64_t captured_ns) {
  pthread_mutex_lock(&surface->lock);
  uint8_t *old = surface->bgrx;
  surface->bgrx = bgrx;
  surface->stride = stride;
  surface->width = (uint16_t)width;
  surface->height = (uint16_t)height;
  surface->generation++;
  oriel_damage_log_reset(&surface->log, whole(surface), some_time(captured_ns));
  pthread_mutex_unlock(&surface->lock);
  free(old);
}

static bool size_valid(uint32_t width, uint32_t height) {
  return width >= 1 && width <= ORIEL_PICTURE_WIDTH_MAX && height >= 1 && height <= ORIEL_PICTURE_HEIGHT_MAX;
}

static bool has_size(struct oriel_surface *surface, uint32_t width, uint32_t height) {
  pthread_mutex_lock(&surface->lock);
  bool same = surface->width == width && surface->height == height;
  pthread_mutex_unlock(&surface->lock);
  return same;
}

int oriel_surface_resize(struct oriel_surface *surface, uint32_t width, uint32_t height) {
  if (!size_valid(width, height))
    return -EINVAL;
  if (has_size(surface, width, height))
    return 0;
  int stride;
  uint8_t *bgrx = allocate(width, height, &stride);
  if (!bgrx)
    return -ENOMEM;
  fill_pixels(bgrx, stride, (int)width, (int)height, 0);
  adopt(surface, width, height, bgrx, stride, 0);
  return 0;
}

int oriel_surface_replace(struct oriel_surface *surface, uint32_t width, uint32_t height, const uint8_t *pixels,
                          int stride, enum oriel_pixel_format format, uint64_t captured_ns) {
  if (!size_valid(width, height) || (unsigned)format >= ORIEL_PIXEL_FORMATS ||
      stride < (int)width * oriel_pixel_size(format))
    return -EINVAL;
  struct oriel_rect rect = {.width = (int32_t)width, .height = (int32_t)height};
  if (has_size(surface, width, height) &&
      oriel_surface_write(surface, rect, pixels, stride, format, captured_ns) == 0)
    return 0;
  int own_stride;
  uint8_t *bgrx = allocate(width, height, &own_stride);
  if (!bgrx)
    return -ENOMEM;
  oriel_pixels_to_bgrx(bgrx, own_stride, pixels, stride, format, rect.width, rect.height);
  adopt(surface, width, height, bgrx, own_stride, captured_ns);
  return 0;
}

/* Whether the pixels of a rectangle of any place can be what the caller says. */
static bool pixels_valid(struct oriel_rect rect, int stride, enum oriel_pixel_format format) {
  return (unsigned)format < ORIEL_PIXEL_FORMATS && rect.x >= 0 && rect.y >= 0 && !oriel_rect_empty(rect) &&
         rect.width <= ORIEL_PICTURE_WIDTH_MAX && stride >= rect.width * oriel_pixel_size(format);
}

/* Lock held. */
static bool fits(const struct oriel_surface *surface, struct oriel_rect rect) {
  return rect.width <= surface->width && rect.x <= surface->width - rect.width && rect.height <= surface->height &&
         rect.y <= surface->height - rect.height;
}

/* Lock held; the rectangle fits. */
static uint8_t *at(struct oriel_surface *surface, int32_t x, int32_t y) {
  return surface->bgrx + (size_t)y * (size_t)surface->stride + (size_t)x * 4;
}

int oriel_surface_write(struct oriel_surface *surface, struct oriel_rect rect, const uint8_t *pixels, int stride,
                        enum oriel_pixel_format format, uint64_t captured_ns) {
  if (!pixels_valid(rect, stride, format))
    return -EINVAL;
  int error = -EINVAL;
  pthread_mutex_lock(&surface->lock);
  if (fits(surface, rect)) {
    oriel_pixels_to_bgrx(at(surface, rect.x, rect.y), surface->stride, pixels, stride, format, rect.width,
                         rect.height);
    add_damage(surface, rect, captured_ns);
    error = 0;
  }
  pthread_mutex_unlock(&surface->lock);
  return error;
}

/* Copies a row of pixels and widens *changed by what differed. */
static void update_row(uint8_t *row, const uint8_t *fresh, int32_t y, int32_t width, struct oriel_rect *changed) {
  if (!memcmp(row, fresh, (size_t)width * 4))
    return;
  int32_t first = 0, last = width - 1;
  while (!memcmp(row + (size_t)first * 4, fresh + (size_t)first * 4, 4))
    first++;
  while (!memcmp(row + (size_t)last * 4, fresh + (size_t)last * 4, 4))
    last--;
  memcpy(row + (size_t)first * 4, fresh + (size_t)first * 4, (size_t)(last - first + 1) * 4);
  *changed = oriel_rect_union(*changed, (struct oriel_rect){first, y, last - first + 1, 1});
}

int oriel_surface_update(struct oriel_surface *surface, struct oriel_rect rect, const uint8_t *pixels, int stride,
                         enum oriel_pixel_format format, uint64_t captured_ns) {
  if (!pixels_valid(rect, stride, format))
    return -EINVAL;
  uint8_t fresh[ORIEL_PICTURE_WIDTH_MAX * 4];
  int error = -EINVAL;
  pthread_mutex_lock(&surface->lock);
  if (fits(surface, rect)) {
    error = 0;
    /* By bands, so that two far changes do not damage all between them. */
    for (int32_t top = 0; top < rect.height; top += UPDATE_BAND) {
      int32_t bottom = top + UPDATE_BAND < rect.height ? top + UPDATE_BAND : rect.height;
      struct oriel_rect changed = {.width = 0};
      for (int32_t y = top; y < bottom; y++) {
        oriel_pixels_to_bgrx(fresh, (int)sizeof fresh, pixels + (size_t)y * (size_t)stride, stride, format,
                             rect.width, 1);
        update_row(at(surface, rect.x, rect.y + y), fresh, y, rect.width, &changed);
      }
      if (oriel_rect_empty(changed))
        continue;
      changed.x += rect.x;
      changed.y += rect.y;
      add_damage(surface, changed, captured_ns);
      error = 1;
    }
  }
  pthread_mutex_unlock(&surface->lock);
  return error;
}

void oriel_surface_fill(struct oriel_surface *surface, uint32_t rgb, uint64_t captured_ns) {
  pthread_mutex_lock(&surface->lock);
  fill_pixels(surface->bgrx, surface->stride, surface->width, surface->height, rgb);
  add_damage(surface, whole(surface), captured_ns);
  pthread_mutex_unlock(&surface->lock);
}

void oriel_surface_damage(struct oriel_surface *surface, struct oriel_rect rect, uint64_t captured_ns) {
  pthread_mutex_lock(&surface->lock);
  add_damage(surface, rect, captured_ns);
  pthread_mutex_unlock(&surface->lock);
}

void oriel_surface_lock(struct oriel_surface *surface, const struct oriel_surface_cursor *cursor,
                        struct oriel_surface_view *view) {
  pthread_mutex_lock(&surface->lock);
  *view = (struct oriel_surface_view){
    .width = surface->width,
    .height = surface->height,
    .stride = surface->stride,
    .bgrx = surface->bgrx,
    .generation = surface->generation,
  };
  if (cursor)
    view->captured_ns = oriel_damage_log_since(&surface->log, cursor->serial, &view->damage);
}

void oriel_surface_unlock(struct oriel_surface *surface, struct oriel_surface_cursor *taker) {
  if (taker)
    taker->serial = oriel_damage_log_take(&surface->log);
  pthread_mutex_unlock(&surface->lock);
}

void oriel_surface_damage_locked(struct oriel_surface *surface, struct oriel_rect rect, uint64_t captured_ns) {
  add_damage(surface, rect, captured_ns);
}

bool oriel_surface_damaged(struct oriel_surface *surface, const struct oriel_surface_cursor *cursor) {
  pthread_mutex_lock(&surface->lock);
  bool damaged = oriel_damage_log_changed(&surface->log, cursor->serial);
  pthread_mutex_unlock(&surface->lock);
  return damaged;
}
