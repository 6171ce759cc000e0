/* SPDX-License-Identifier: MIT
 *
 * A surface as a picture of another size shows it: on a black canvas of the least size, or shrunk. Private to media/.
 *
 * Thread-safety: none; the surface is locked, the rest is the caller's.
 */
#ifndef ORIEL_MEDIA_CANVAS_H
#define ORIEL_MEDIA_CANVAS_H

#include "media/surface.h"

struct oriel_canvas_size {
  uint16_t width, height; /* pixels */
};

/** Size of the picture that shows a surface with its sides divided by `shrink` (1, 2, 4); by 1 where one would be below
 *  64 pixels. What is left over of a side that is no multiple is not shown. */
struct oriel_canvas_size oriel_canvas_size(const struct oriel_surface_view *view, unsigned shrink);
/** Adds what of such a picture shows the view's damage. */
void oriel_canvas_damage(const struct oriel_surface_view *view, unsigned shrink, struct oriel_damage *damage);
/** The pixels of such a picture, of which `damage` is brought up to date: the surface's own, or *bgrx, which is allocated
 *  when first needed and the caller's to free before the size changes. *stride in bytes. NULL: memory is short. */
const uint8_t *oriel_canvas_fit(uint8_t **bgrx, const struct oriel_surface_view *view, uint16_t width, uint16_t height,
                                const struct oriel_damage *damage, int *stride);

#endif
