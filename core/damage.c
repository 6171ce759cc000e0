/* SPDX-License-Identifier: MIT
 *
 * Rectangles and damage regions. Arithmetic is in 64 bits, so that no int32 input overflows. Any thread; one owner.
 */
#include "core/damage.h"

#include <stddef.h>

/* Corners, right and bottom exclusive. */
struct box {
  int64_t left, top, right, bottom;
};

static struct box box_of(struct oriel_rect rect) {
  return (struct box){ rect.x, rect.y, (int64_t)rect.x + rect.width, (int64_t)rect.y + rect.height };
}

static int64_t max64(int64_t a, int64_t b) {
  return a > b ? a : b;
}

static int64_t min64(int64_t a, int64_t b) {
  return a < b ? a : b;
}

/* Back to int32, cut to the coordinates that regions know. Their span is below 2^31, so a width always fits. */
static struct oriel_rect rect_of(struct box box) {
  const int64_t limit = ORIEL_RECT_COORDINATE_MAX;
  box.left = max64(box.left, -limit);
  box.top = max64(box.top, -limit);
  box.right = min64(box.right, limit);
  box.bottom = min64(box.bottom, limit);
  if (box.left >= box.right || box.top >= box.bottom)
    return (struct oriel_rect){ 0 };
  return (struct oriel_rect){ (int32_t)box.left, (int32_t)box.top, (int32_t)(box.right - box.left),
                              (int32_t)(box.bottom - box.top) };
}

bool oriel_rect_empty(struct oriel_rect rect) {
  return rect.width <= 0 || rect.height <= 0;
}

struct oriel_rect oriel_rect_intersect(struct oriel_rect a, struct oriel_rect b) {
  if (oriel_rect_empty(a) || oriel_rect_empty(b))
    return (struct oriel_rect){ 0 };
  const struct box p = box_of(a), q = box_of(b);
  return rect_of((struct box){ max64(p.left, q.left), max64(p.top, q.top), min64(p.right, q.right),
                               min64(p.bottom, q.bottom) });
}

struct oriel_rect oriel_rect_union(struct oriel_rect a, struct oriel_rect b) {
  if (oriel_rect_empty(a))
    return oriel_rect_empty(b) ? (struct oriel_rect){ 0 } : rect_of(box_of(b));
  if (oriel_rect_empty(b))
    return rect_of(box_of(a));
  const struct box p = box_of(a), q = box_of(b);
  return rect_of((struct box){ min64(p.left, q.left), min64(p.top, q.top), max64(p.right, q.right),
                               max64(p.bottom, q.bottom) });
}

struct oriel_rect oriel_rect_align(struct oriel_rect rect, int32_t align, int32_t width, int32_t height) {
  const struct oriel_rect picture = { 0, 0, width, height };
  rect = oriel_rect_intersect(rect, picture);
  if (oriel_rect_empty(rect) || align <= 1)
    return rect;
  const int64_t mask = (int64_t)align - 1;
  struct box box = box_of(rect);
  box.left &= ~mask;
  box.top &= ~mask;
  box.right = min64((box.right + mask) & ~mask, width);
  box.bottom = min64((box.bottom + mask) & ~mask, height);
  return rect_of(box);
}

static uint64_t area(struct oriel_rect rect) {
  return oriel_rect_empty(rect) ? 0 : (uint64_t)rect.width * (uint64_t)rect.height;
}

/* Pixels in the union of a and b that neither covers. No overflow: each area is below 2^62. */
static uint64_t waste(struct oriel_rect a, struct oriel_rect b) {
  return area(oriel_rect_union(a, b)) + area(oriel_rect_intersect(a, b)) - area(a) - area(b);
}

static bool contains(struct oriel_rect outer, struct oriel_rect inner) {
  const struct box p = box_of(outer), q = box_of(inner);
  return p.left <= q.left && p.top <= q.top && p.right >= q.right && p.bottom >= q.bottom;
}

/* Order carries no meaning, so the last one fills the gap. */
static void remove_at(struct oriel_damage *damage, int index) {
  damage->rects[index] = damage->rects[--damage->count];
}

/* Folds present rectangles into *rect as long as that covers no further pixel. False when one already holds it all. */
static bool collapse(struct oriel_damage *damage, struct oriel_rect *rect) {
  for (int i = 0; i < damage->count;) {
    const struct oriel_rect present = damage->rects[i];
    if (contains(present, *rect))
      return false;
    if (waste(present, *rect) > 0) {
      i++;
      continue;
    }
    *rect = oriel_rect_union(present, *rect);
    remove_at(damage, i);
    i = 0; /* the larger rectangle may now take in one that was passed over */
  }
  return true;
}

/* Merges the pair, of all present rectangles and *rect, whose union wastes least. Leaves fewer than the maximum. */
static void merge_cheapest(struct oriel_damage *damage, struct oriel_rect *rect) {
  int a = 0, b = damage->count; /* b == count stands for *rect */
  uint64_t least = UINT64_MAX;
  for (int i = 0; i < damage->count; i++) {
    for (int j = i + 1; j <= damage->count; j++) {
      const uint64_t cost = waste(damage->rects[i], j == damage->count ? *rect : damage->rects[j]);
      if (cost < least) {
        least = cost;
        a = i;
        b = j;
      }
    }
  }
  if (b == damage->count) {
    *rect = oriel_rect_union(damage->rects[a], *rect);
    remove_at(damage, a);
    return;
  }
  struct oriel_rect merged = oriel_rect_union(damage->rects[a], damage->rects[b]);
  remove_at(damage, b); /* the higher index first: what moves into its place does not come from a */
  remove_at(damage, a);
  if (collapse(damage, &merged))
    damage->rects[damage->count++] = merged;
}

void oriel_damage_clear(struct oriel_damage *damage) {
  damage->count = 0;
}

void oriel_damage_add(struct oriel_damage *damage, struct oriel_rect rect) {
  rect = oriel_rect_union(rect, (struct oriel_rect){ 0 }); /* cut to the coordinates that regions know */
  if (oriel_rect_empty(rect))
    return;
  while (collapse(damage, &rect)) {
    if (damage->count < ORIEL_DAMAGE_RECTS_MAX) {
      damage->rects[damage->count++] = rect;
      return;
    }
    merge_cheapest(damage, &rect);
  }
}

void oriel_damage_merge(struct oriel_damage *damage, const struct oriel_damage *other) {
  if (damage == other)
    return;
  for (int i = 0; i < other->count; i++)
    oriel_damage_add(damage, other->rects[i]);
}

bool oriel_damage_empty(const struct oriel_damage *damage) {
  return damage->count == 0;
}

uint64_t oriel_damage_area(const struct oriel_damage *damage) {
  uint64_t sum = 0;
  for (int i = 0; i < damage->count; i++)
    sum += area(damage->rects[i]);
  return sum;
}

struct oriel_rect oriel_damage_bounds(const struct oriel_damage *damage) {
  struct oriel_rect bounds = { 0 };
  for (int i = 0; i < damage->count; i++)
    bounds = oriel_rect_union(bounds, damage->rects[i]);
  return bounds;
}
