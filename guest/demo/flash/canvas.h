/* SPDX-License-Identifier: MIT
 *
 * Pixels in memory and the few ways in which `flash` draws on them. Everything is clipped to the canvas.
 * Thread-safety: none needed, flash has one thread.
 */
#ifndef ORIEL_GUEST_FLASH_CANVAS_H
#define ORIEL_GUEST_FLASH_CANVAS_H

#include <stdbool.h>
#include <stdint.h>

/** width x height pixels of 0x00RRGGBB, rows without gaps. The memory is borrowed. */
struct canvas {
  uint32_t *pixels;
  int width;
  int height;
};

struct rect {
  int x;
  int y;
  int width;
  int height;
};

/** The part of the rectangle that lies on the canvas; width and height are 0 if none does. */
struct rect canvas_clip(const struct canvas *canvas, struct rect rect);

void canvas_fill(const struct canvas *canvas, struct rect rect, uint32_t colour);

#endif
