/* SPDX-License-Identifier: MIT
 *
 * See placeholder.h. Stateless.
 */
#include "source/qemu/placeholder.h"

#include <stdbool.h>
#include <string.h>

enum { CELL_WIDTH = 8, CELL_HEIGHT = 16, GREY = 0xaa };

static const struct {
  const char *words;
  enum oriel_qemu_placeholder kind;
} lines[] = {
  {"Guest disabled display.", ORIEL_QEMU_PLACEHOLDER_OFF},
  {"Display output is not active.", ORIEL_QEMU_PLACEHOLDER_OFF},
  {"Guest has not initialized the display (yet).", ORIEL_QEMU_PLACEHOLDER_NOT_YET},
};

struct picture {
  const uint8_t *bgrx;
  size_t stride;
  uint32_t width, height;
};

/* 0 black, 1 grey, -1 another colour, in the bytes that are seen. */
static int colour(const struct picture *picture, uint32_t x, uint32_t y) {
  const uint8_t *pixel = picture->bgrx + (size_t)y * picture->stride + (size_t)x * 4;
  if (pixel[0] != pixel[1] || pixel[1] != pixel[2] || (pixel[0] && pixel[0] != GREY))
    return -1;
  return pixel[0] ? 1 : 0;
}

/* Whether a cell holds a glyph (1), nothing (0), or what QEMU would not write (-1). */
static int cell(const struct picture *picture, uint32_t left, uint32_t top) {
  int found = 0;
  for (uint32_t y = top; y < top + CELL_HEIGHT; y++)
    for (uint32_t x = left; x < left + CELL_WIDTH; x++) {
      int is = colour(picture, x, y);
      if (is < 0)
        return -1;
      found |= is;
    }
  return found;
}

static bool line_stands(const struct picture *picture, const char *words, uint32_t left, uint32_t top) {
  for (; *words; words++, left += CELL_WIDTH)
    if (cell(picture, left, top) != (*words != ' '))
      return false;
  return true;
}

static bool rest_is_black(const struct picture *picture, uint32_t left, uint32_t right, uint32_t top) {
  for (uint32_t y = 0; y < picture->height; y++) {
    bool of_line = y >= top && y < top + CELL_HEIGHT;
    for (uint32_t x = 0; x < picture->width; x++) {
      if (of_line && x == left)
        x = right;
      if (x < picture->width && colour(picture, x, y))
        return false;
    }
  }
  return true;
}

enum oriel_qemu_placeholder oriel_qemu_placeholder_find(const uint8_t *bgrx, size_t stride, uint32_t width,
                                                        uint32_t height) {
  const struct picture picture = {bgrx, stride, width, height};
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    uint32_t length = (uint32_t)strlen(lines[i].words);
    if (width / CELL_WIDTH < length || height < CELL_HEIGHT)
      continue;
    uint32_t left = (width / CELL_WIDTH - length) / 2 * CELL_WIDTH, top = (height / CELL_HEIGHT - 1) / 2 * CELL_HEIGHT;
    if (line_stands(&picture, lines[i].words, left, top) &&
        rest_is_black(&picture, left, left + length * CELL_WIDTH, top))
      return lines[i].kind;
  }
  return ORIEL_QEMU_PLACEHOLDER_NONE;
}
