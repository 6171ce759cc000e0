/* SPDX-License-Identifier: MIT
 *
 * See canvas.h. Called by flash's only thread.
 */
#include "canvas.h"

#include <stddef.h>

struct rect canvas_clip(const struct canvas *canvas, struct rect rect) {
  int left = rect.x > 0 ? rect.x : 0;
  int top = rect.y > 0 ? rect.y : 0;
  int right = rect.x + rect.width < canvas->width ? rect.x + rect.width : canvas->width;
  int bottom = rect.y + rect.height < canvas->height ? rect.y + rect.height : canvas->height;
  if (right <= left || bottom <= top) {
    return (struct rect){ 0, 0, 0, 0 };
  }
  return (struct rect){ left, top, right - left, bottom - top };
}

void canvas_fill(const struct canvas *canvas, struct rect rect, uint32_t colour) {
  struct rect part = canvas_clip(canvas, rect);
  for (int y = part.y; y < part.y + part.height; y++) {
    uint32_t *row = canvas->pixels + (size_t)y * (size_t)canvas->width;
    for (int x = part.x; x < part.x + part.width; x++) {
      row[x] = colour;
    }
  }
}
