/* SPDX-License-Identifier: MIT
 *
 * Surfaces on pictures of another size. Called by the media thread.
 */
#include "media/canvas.h"

#include <stdlib.h>
#include <string.h>

#include "media/shrink.h"

/* By what its sides are divided. */
static unsigned factor_of(const struct oriel_surface_view *view, unsigned shrink) {
  return view->width / shrink < ORIEL_PICTURE_SIZE_MIN || view->height / shrink < ORIEL_PICTURE_SIZE_MIN ? 1 : shrink;
}

struct oriel_canvas_size oriel_canvas_size(const struct oriel_surface_view *view, unsigned shrink) {
  const unsigned factor = factor_of(view, shrink);
  return (struct oriel_canvas_size){oriel_picture_side((uint16_t)(view->width / factor)),
                                    oriel_picture_side((uint16_t)(view->height / factor))};
}

void oriel_canvas_damage(const struct oriel_surface_view *view, unsigned shrink, struct oriel_damage *damage) {
  const int32_t factor = (int32_t)factor_of(view, shrink);
  for (int i = 0; i < view->damage.count; i++) {
    const struct oriel_rect rect = view->damage.rects[i];
    const int32_t x = rect.x / factor, y = rect.y / factor;
    oriel_damage_add(damage, (struct oriel_rect){x, y, (rect.x + rect.width + factor - 1) / factor - x,
                                                 (rect.y + rect.height + factor - 1) / factor - y});
  }
}

/* Top left on what is black around it. */
static void pad(uint8_t *bgrx, size_t line, const struct oriel_surface_view *view) {
  for (unsigned y = 0; y < view->height; y++)
    memcpy(bgrx + y * line, view->bgrx + (size_t)y * (size_t)view->stride, (size_t)view->width * 4);
}

/* Chroma, which is made of these pixels next, needs even coordinates. */
static void shrink_damage(uint8_t *bgrx, const struct oriel_surface_view *view, uint16_t width, uint16_t height,
                          const struct oriel_damage *damage) {
  for (int i = 0; i < damage->count; i++) {
    const struct oriel_rect rect = oriel_rect_align(damage->rects[i], 2, width, height);
    if (!oriel_rect_empty(rect))
      oriel_shrink_part(view->bgrx, view->stride, view->width / width, rect, bgrx, width * 4);
  }
}

const uint8_t *oriel_canvas_fit(uint8_t **bgrx, const struct oriel_surface_view *view, uint16_t width, uint16_t height,
                                const struct oriel_damage *damage, int *stride) {
  if (view->width == width && view->height == height) {
    *stride = view->stride;
    return view->bgrx;
  }
  if (!*bgrx)
    *bgrx = calloc(height, (size_t)width * 4);
  if (!*bgrx)
    return NULL;
  if (view->width < ORIEL_PICTURE_SIZE_MIN || view->height < ORIEL_PICTURE_SIZE_MIN)
    pad(*bgrx, (size_t)width * 4, view);
  else
    shrink_damage(*bgrx, view, width, height, damage);
  *stride = width * 4;
  return *bgrx;
}
