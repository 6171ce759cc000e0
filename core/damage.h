/* SPDX-License-Identifier: MIT
 *
 * Damage: the part of a picture that changed, as at most 16 rectangles. Adding beyond that merges the pair whose union
 * wastes least. Never loses a damaged pixel; may cover undamaged ones. Thread-safety: none; one owner.
 */
#ifndef ORIEL_CORE_DAMAGE_H
#define ORIEL_CORE_DAMAGE_H

#include <stdbool.h>
#include <stdint.h>

struct oriel_rect {
  int32_t x, y, width, height; /* pixels; empty when width or height is <= 0 */
};

enum {
  ORIEL_DAMAGE_RECTS_MAX = 16,
  /* Results are cut to [-this, this): far beyond any picture, and a width always fits an int32. */
  ORIEL_RECT_COORDINATE_MAX = (1 << 30) - 1,
};

struct oriel_damage {
  struct oriel_rect rects[ORIEL_DAMAGE_RECTS_MAX];
  int count;
};

bool oriel_rect_empty(struct oriel_rect rect);
/** Common part; an empty rectangle when there is none. Safe for every int32 input. */
struct oriel_rect oriel_rect_intersect(struct oriel_rect a, struct oriel_rect b);
/** Smallest rectangle around both; empty ones do not count. */
struct oriel_rect oriel_rect_union(struct oriel_rect a, struct oriel_rect b);
/** Grows to multiples of `align` (a power of two) and clips to width x height. */
struct oriel_rect oriel_rect_align(struct oriel_rect rect, int32_t align, int32_t width, int32_t height);

void oriel_damage_clear(struct oriel_damage *damage);
/** Adds a rectangle; empty ones are ignored; ones inside or around present ones collapse. */
void oriel_damage_add(struct oriel_damage *damage, struct oriel_rect rect);
/** Adds all of `other`. */
void oriel_damage_merge(struct oriel_damage *damage, const struct oriel_damage *other);
bool oriel_damage_empty(const struct oriel_damage *damage);
/** Sum of the areas, pixels; rectangles may overlap, so at most an overestimate. */
uint64_t oriel_damage_area(const struct oriel_damage *damage);
/** Smallest rectangle around all. */
struct oriel_rect oriel_damage_bounds(const struct oriel_damage *damage);

#endif
