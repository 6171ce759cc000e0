/* SPDX-License-Identifier: MIT
 *
 * What the pattern source shows, as a model, and its painter. Painting any rectangle of a model gives the same pixels
 * as painting all of it, so that a change repaints just what it touched. Thread-safety: none; the pattern's lock.
 */
#ifndef ORIEL_SOURCE_PATTERN_CARD_H
#define ORIEL_SOURCE_PATTERN_CARD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/damage.h"
#include "wire/testcard.h"

enum oriel_scene { ORIEL_SCENE_STATIC, ORIEL_SCENE_TYPING, ORIEL_SCENE_SCROLL, ORIEL_SCENE_MOTION, ORIEL_SCENES };

enum { ORIEL_CARD_TYPED_MAX = 40, ORIEL_CARD_WAVE = 1024, ORIEL_CARD_COLOURS = 256 };

struct oriel_card {
  enum oriel_scene scene;
  int32_t width, height; /* pixels */
  uint32_t fps;
  uint16_t counter;      /* the testcard's frame counter */
  unsigned block;        /* presses so far, modulo the palette */
  uint32_t step;         /* of the scene */
  uint32_t clock_s;      /* local time of day; not shown in the static scene, which never changes by itself */
  bool pointer_known, cross_known, off;
  int32_t pointer_x, pointer_y, cross_x, cross_y;
  unsigned typed_count;
  char typed[ORIEL_CARD_TYPED_MAX]; /* the newest characters */
  /* Tables of the motion scene, so that a pixel costs two look-ups. */
  uint8_t wave[ORIEL_CARD_WAVE];
  uint32_t colours[ORIEL_CARD_COLOURS];
};

/** "static", "typing", "scroll", "motion"; static. */
const char *oriel_scene_name(enum oriel_scene scene);

/** Fills the tables; call once before painting. */
void oriel_card_init(struct oriel_card *card);
/** Paints the part of the card inside `clip` into a BGRX picture of the card's size. */
void oriel_card_paint(const struct oriel_card *card, uint8_t *bgrx, int stride, struct oriel_rect clip);

/* Where things are, clipped to the card. */
struct oriel_rect oriel_card_all(const struct oriel_card *card);
struct oriel_rect oriel_card_block(const struct oriel_card *card);
struct oriel_rect oriel_card_counter(const struct oriel_card *card);
struct oriel_rect oriel_card_clock(const struct oriel_card *card);
struct oriel_rect oriel_card_pointer(const struct oriel_card *card);
struct oriel_rect oriel_card_typed(const struct oriel_card *card);
struct oriel_rect oriel_card_cross(const struct oriel_card *card);
/** What changes in the scene with a step from step - 1 to step. */
struct oriel_rect oriel_card_scene(const struct oriel_card *card);

/** Adds a character to the echo line; '\b' takes one away. */
void oriel_card_type(struct oriel_card *card, char character);
/** US-layout character of a key (HID usage), '\b' and '\n' included; 0 for keys without. */
char oriel_card_character(uint16_t usage, bool shift);

#endif
