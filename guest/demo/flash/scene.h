/* SPDX-License-Identifier: MIT
 *
 * What lies behind the card's block and counter: nothing, or one of three loads for video encoders. A scene is a pure
 * function of its step, so that any buffer can be brought up to date from any other step.
 * Thread-safety: none needed, flash has one thread.
 */
#ifndef ORIEL_GUEST_FLASH_SCENE_H
#define ORIEL_GUEST_FLASH_SCENE_H

#include "canvas.h"

enum scene_kind {
  SCENE_STATIC, /* the card's background */
  SCENE_TYPING, /* one glyph more at each step */
  SCENE_SCROLL, /* lines of text that move up by a few pixels at each step */
  SCENE_MOTION, /* a gradient that flows over the whole surface */
};

struct scene {
  enum scene_kind kind;
  unsigned step;
};

/** Finds a kind by the name that users type. False if there is none. */
bool scene_by_name(const char *name, enum scene_kind *kind);

/** Milliseconds between steps, 0 for a scene that stands still. */
int scene_interval_ms(enum scene_kind kind);

void scene_draw(const struct canvas *canvas, struct rect part, const struct scene *scene);

/** The rectangle that differs between two steps of the same kind. */
struct rect scene_compare(const struct canvas *canvas, const struct scene *from, const struct scene *to);

#endif
