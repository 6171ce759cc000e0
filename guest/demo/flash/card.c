/* SPDX-License-Identifier: MIT
 *
 * See card.h. Called by flash's only thread.
 */
#include "card.h"

#include "testcard.h"

static const struct rect block = { ORIEL_TESTCARD_BLOCK_X, ORIEL_TESTCARD_BLOCK_Y, ORIEL_TESTCARD_BLOCK_WIDTH,
                                   ORIEL_TESTCARD_BLOCK_HEIGHT };
static const struct rect counter = { ORIEL_TESTCARD_COUNTER_X, ORIEL_TESTCARD_COUNTER_Y,
                                     ORIEL_TESTCARD_COUNTER_CELL * ORIEL_TESTCARD_COUNTER_BITS,
                                     ORIEL_TESTCARD_COUNTER_CELL };

static struct rect cross_rect(const struct card *card) {
  enum { SIZE = 2 * ORIEL_TESTCARD_CROSS_ARM + 1 };
  return (struct rect){ card->cross_x - ORIEL_TESTCARD_CROSS_ARM, card->cross_y - ORIEL_TESTCARD_CROSS_ARM, SIZE,
                        SIZE };
}

static struct rect intersect(struct rect a, struct rect b) {
  int left = a.x > b.x ? a.x : b.x;
  int top = a.y > b.y ? a.y : b.y;
  int right = a.x + a.width < b.x + b.width ? a.x + a.width : b.x + b.width;
  int bottom = a.y + a.height < b.y + b.height ? a.y + a.height : b.y + b.height;
  if (right <= left || bottom <= top) {
    return (struct rect){ 0, 0, 0, 0 };
  }
  return (struct rect){ left, top, right - left, bottom - top };
}

static void draw_counter(const struct canvas *canvas, struct rect part, unsigned value) {
  for (int bit = 0; bit < ORIEL_TESTCARD_COUNTER_BITS; bit++) {
    bool one = (value >> (ORIEL_TESTCARD_COUNTER_BITS - 1 - bit)) & 1;
    struct rect cell = { counter.x + bit * ORIEL_TESTCARD_COUNTER_CELL, counter.y, ORIEL_TESTCARD_COUNTER_CELL,
                         ORIEL_TESTCARD_COUNTER_CELL };
    canvas_fill(canvas, intersect(cell, part), one ? ORIEL_TESTCARD_BIT_ONE : ORIEL_TESTCARD_BIT_ZERO);
  }
}

static void draw_cross(const struct canvas *canvas, struct rect part, const struct card *card) {
  if (!card->cross) {
    return;
  }
  struct rect whole = cross_rect(card);
  struct rect horizontal = { whole.x, card->cross_y, whole.width, 1 };
  struct rect vertical = { card->cross_x, whole.y, 1, whole.height };
  canvas_fill(canvas, intersect(horizontal, part), ORIEL_TESTCARD_CROSS_COLOUR);
  canvas_fill(canvas, intersect(vertical, part), ORIEL_TESTCARD_CROSS_COLOUR);
}

/* Draws what of the card lies in `part`, from the back to the front. */
static void draw_part(const struct canvas *canvas, struct rect part, const struct card *card) {
  part = canvas_clip(canvas, part);
  scene_draw(canvas, part, &card->scene);
  canvas_fill(canvas, intersect(block, part), oriel_testcard_palette[card->colour]);
  draw_counter(canvas, part, card->counter);
  draw_cross(canvas, part, card);
}

void card_draw(const struct canvas *canvas, const struct card *card) {
  draw_part(canvas, (struct rect){ 0, 0, canvas->width, canvas->height }, card);
}

static void add(struct card_damage *damage, const struct canvas *canvas, struct rect rect) {
  struct rect part = canvas_clip(canvas, rect);
  if (part.width > 0 && damage->count < CARD_DAMAGE_MAX) {
    damage->rects[damage->count++] = part;
  }
}

static bool same_cross(const struct card *a, const struct card *b) {
  return a->cross == b->cross && a->cross_x == b->cross_x && a->cross_y == b->cross_y;
}

void card_compare(const struct canvas *canvas, const struct card *from, const struct card *to,
                  struct card_damage *damage) {
  damage->count = 0;
  struct rect moved = scene_compare(canvas, &from->scene, &to->scene);
  if (moved.width == canvas->width && moved.height == canvas->height) {
    add(damage, canvas, moved);
    return;
  }
  add(damage, canvas, moved);
  if (from->colour != to->colour) {
    add(damage, canvas, block);
  }
  for (unsigned bit = 0, bits = from->counter ^ to->counter; bits >> bit; bit++) {
    if (bits >> (bit + 1) == 0) { /* the highest changed cell; all to its right count as changed */
      int cells = (int)bit + 1;
      add(damage, canvas, (struct rect){ counter.x + counter.width - cells * ORIEL_TESTCARD_COUNTER_CELL, counter.y,
                                         cells * ORIEL_TESTCARD_COUNTER_CELL, counter.height });
    }
  }
  if (!same_cross(from, to)) {
    if (from->cross) {
      add(damage, canvas, cross_rect(from));
    }
    if (to->cross) {
      add(damage, canvas, cross_rect(to));
    }
  }
}

void card_update(const struct canvas *canvas, const struct card *from, const struct card *to) {
  struct card_damage damage;
  card_compare(canvas, from, to, &damage);
  for (int i = 0; i < damage.count; i++) {
    draw_part(canvas, damage.rects[i], to);
  }
}
