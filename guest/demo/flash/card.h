/* SPDX-License-Identifier: MIT
 *
 * The test card of wire/testcard.h, drawn so that a change costs only what it changes: a buffer remembers which card
 * it shows and is brought up to date piece by piece.
 * Thread-safety: none needed, flash has one thread.
 */
#ifndef ORIEL_GUEST_FLASH_CARD_H
#define ORIEL_GUEST_FLASH_CARD_H

#include "canvas.h"
#include "scene.h"

/** Everything that is on the card. */
struct card {
  unsigned colour;  /* index of the block's colour in the palette */
  unsigned counter; /* of redraws, modulo 2^16 */
  bool cross;       /* whether a button was pressed yet */
  int cross_x;
  int cross_y;
  struct scene scene;
};

enum { CARD_DAMAGE_MAX = 8 };

/** Rectangles that changed. */
struct card_damage {
  struct rect rects[CARD_DAMAGE_MAX];
  int count;
};

/** Draws all of the card. */
void card_draw(const struct canvas *canvas, const struct card *card);

/** Brings a canvas that shows `from` to `to`. */
void card_update(const struct canvas *canvas, const struct card *from, const struct card *to);

/** What differs between two cards, clipped to the canvas. */
void card_compare(const struct canvas *canvas, const struct card *from, const struct card *to,
                  struct card_damage *damage);

#endif
