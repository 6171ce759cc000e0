/* SPDX-License-Identifier: MIT
 *
 * What input changes on the card: a key or a button turns the block's colour, what is typed and where the pointer is
 * are shown. Pure. Thread-safety: none; the pattern's lock.
 */
#ifndef ORIEL_SOURCE_PATTERN_REACTION_H
#define ORIEL_SOURCE_PATTERN_REACTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/damage.h"
#include "source/input.h"
#include "source/pattern/card.h"

enum { ORIEL_REACTION_RECTS_MAX = 8 };

/** The shift keys that are down. */
struct oriel_shift {
  bool left, right;
};

struct oriel_reaction {
  struct oriel_rect rects[ORIEL_REACTION_RECTS_MAX]; /* of the card, that are to be painted */
  size_t count;
  bool moved; /* the pointer, by motion: the viewer does not know where it is */
};

/** Carries out an event, of any type but text, and adds what it changed to the reaction. */
void oriel_card_react(struct oriel_card *card, struct oriel_shift *shift, const struct oriel_input *input,
                      struct oriel_reaction *reaction);
/** Moves the pointer there, or to the nearest pixel of the card. */
void oriel_card_place_pointer(struct oriel_card *card, int32_t x, int32_t y);

#endif
