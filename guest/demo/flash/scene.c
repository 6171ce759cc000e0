/* SPDX-License-Identifier: MIT
 *
 * See scene.h. Called by flash's only thread.
 *
 * The guest runs under an interpreter of machine code in many tests, at a few hundred million instructions per second:
 * motion and scroll therefore copy ready rows and compute nothing per pixel.
 */
#include "scene.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "testcard.h"

enum {
  CELL_WIDTH = 12,
  CELL_HEIGHT = 20,
  GLYPH_WIDTH = 5, /* in dots of 2 pixels less one column and row of space */
  GLYPH_HEIGHT = 7,
  TYPING_TOP = 288, /* below the card */
  TYPING_LEFT = 32,
  PERIOD = 2048, /* of motion's colours, in pixels */
  WAVE = 512,    /* of motion's rows, in pixels */
  SCROLL_PIXELS = 3,
  MAX_WIDTH = 8192,
  PAPER = 0xE8E8E8,
  INK = 0x303030,
  INTERVAL_TYPING_MS = 100,
  INTERVAL_FRAME_MS = 33,
};

bool scene_by_name(const char *name, enum scene_kind *kind) {
  static const char *const names[] = { "static", "typing", "scroll", "motion" };
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (strcmp(name, names[i]) == 0) {
      *kind = (enum scene_kind)i;
      return true;
    }
  }
  return false;
}

int scene_interval_ms(enum scene_kind kind) {
  switch (kind) {
  case SCENE_TYPING:
    return INTERVAL_TYPING_MS;
  case SCENE_SCROLL:
  case SCENE_MOTION:
    return INTERVAL_FRAME_MS;
  default:
    return 0;
  }
}

/* A number that looks random and is always the same for the same place. */
static uint32_t mix(uint32_t a, uint32_t b) {
  uint32_t value = a * 0x9E3779B1u ^ b * 0x85EBCA77u;
  value ^= value >> 15;
  value *= 0xC2B2AE3Du;
  return value ^ value >> 13;
}

/* Whether the pixel (x, y) of the cell is ink, for a glyph-like pattern with mirrored strokes. */
static bool glyph_ink(uint32_t glyph, int x, int y) {
  int column = (x - 1) / 2;
  int row = (y - 3) / 2;
  if (x < 1 || y < 3 || column >= GLYPH_WIDTH || row >= GLYPH_HEIGHT) {
    return false;
  }
  int half = column < 3 ? column : 4 - column;
  return (glyph >> (half * GLYPH_HEIGHT + row)) & 1;
}

static int typing_columns(const struct canvas *canvas) {
  int columns = (canvas->width - 2 * TYPING_LEFT) / CELL_WIDTH;
  return columns > 1 ? columns : 1;
}

static int typing_rows(const struct canvas *canvas) {
  int rows = (canvas->height - TYPING_TOP) / CELL_HEIGHT;
  return rows > 1 ? rows : 1;
}

static void typing_draw(const struct canvas *canvas, struct rect part, unsigned step) {
  int columns = typing_columns(canvas);
  unsigned page = (unsigned)(columns * typing_rows(canvas));
  for (int y = part.y; y < part.y + part.height; y++) {
    for (int x = part.x; x < part.x + part.width; x++) {
      int column = (x - TYPING_LEFT) / CELL_WIDTH;
      int row = (y - TYPING_TOP) / CELL_HEIGHT;
      uint32_t colour = ORIEL_TESTCARD_BACKGROUND;
      if (x >= TYPING_LEFT && y >= TYPING_TOP && column < columns && row < typing_rows(canvas)) {
        unsigned place = (unsigned)(row * columns + column);
        /* Cells before the writing position are of this pass over the page, the others of the last one. */
        unsigned pass = step / page + (place < step % page);
        if (pass > 0 && glyph_ink(mix(place, pass), (x - TYPING_LEFT) % CELL_WIDTH, (y - TYPING_TOP) % CELL_HEIGHT)) {
          colour = ORIEL_TESTCARD_BIT_ONE;
        }
      }
      canvas->pixels[(size_t)y * (size_t)canvas->width + (size_t)x] = colour;
    }
  }
}

/* One row of pixels of line `line`, wide enough for any surface. */
static void scroll_row(uint32_t *row, int width, uint32_t line, int y) {
  for (int x = 0; x < width; x++) {
    uint32_t glyph = mix(line, (uint32_t)(x / CELL_WIDTH) + 1);
    bool space = glyph % 6 == 0 || (uint32_t)x / CELL_WIDTH > 40 + mix(line, 0) % 60;
    row[x] = !space && glyph_ink(glyph, x % CELL_WIDTH, y) ? INK : PAPER;
  }
}

enum { SCROLL_LINES = 64 };

/* A page of SCROLL_LINES lines, made once for a width; scrolling goes round it. */
static const uint32_t *scroll_page(int width) {
  static uint32_t page[SCROLL_LINES * CELL_HEIGHT][MAX_WIDTH];
  static int page_width;
  if (page_width != width) {
    for (int y = 0; y < SCROLL_LINES * CELL_HEIGHT; y++) {
      scroll_row(page[y], width, (uint32_t)(y / CELL_HEIGHT), y % CELL_HEIGHT);
    }
    page_width = width;
  }
  return page[0];
}

static void scroll_draw(const struct canvas *canvas, struct rect part, unsigned step) {
  const uint32_t *page = scroll_page(canvas->width);
  unsigned rows = SCROLL_LINES * CELL_HEIGHT;
  for (int y = part.y; y < part.y + part.height; y++) {
    size_t source = ((unsigned)y + step * SCROLL_PIXELS) % rows;
    memcpy(canvas->pixels + (size_t)y * (size_t)canvas->width + (size_t)part.x,
           page + source * MAX_WIDTH + (size_t)part.x, (size_t)part.width * sizeof *page);
  }
}

static uint32_t flow_colour(double phase) {
  const double turn = 6.283185307179586;
  uint32_t red = (uint32_t)(112 + 80 * sin(turn * phase));
  uint32_t green = (uint32_t)(120 + 72 * sin(turn * (2 * phase + 0.3)));
  uint32_t blue = (uint32_t)(136 + 80 * sin(turn * (3 * phase + 0.6)));
  return red << 16 | green << 8 | blue;
}

static void motion_draw(const struct canvas *canvas, struct rect part, unsigned step) {
  static uint32_t colours[PERIOD + MAX_WIDTH];
  static int wave[WAVE];
  static bool made;
  if (!made) {
    for (int i = 0; i < PERIOD + MAX_WIDTH; i++) {
      colours[i] = flow_colour((double)(i % PERIOD) / PERIOD);
    }
    for (int i = 0; i < WAVE; i++) {
      wave[i] = (int)(240 + 240 * sin(6.283185307179586 * i / WAVE));
    }
    made = true;
  }
  for (int y = part.y; y < part.y + part.height; y++) {
    unsigned shift = (unsigned)wave[((unsigned)y + 3 * step) % WAVE] + (unsigned)y + 8 * step;
    memcpy(canvas->pixels + (size_t)y * (size_t)canvas->width + (size_t)part.x,
           colours + shift % PERIOD + (size_t)part.x, (size_t)part.width * sizeof colours[0]);
  }
}

void scene_draw(const struct canvas *canvas, struct rect part, const struct scene *scene) {
  enum scene_kind kind = canvas->width > MAX_WIDTH ? SCENE_STATIC : scene->kind;
  switch (kind) {
  case SCENE_TYPING:
    typing_draw(canvas, part, scene->step);
    break;
  case SCENE_SCROLL:
    scroll_draw(canvas, part, scene->step);
    break;
  case SCENE_MOTION:
    motion_draw(canvas, part, scene->step);
    break;
  default:
    canvas_fill(canvas, part, ORIEL_TESTCARD_BACKGROUND);
  }
}

static struct rect typing_compare(const struct canvas *canvas, unsigned from, unsigned to) {
  unsigned columns = (unsigned)typing_columns(canvas);
  unsigned page = columns * (unsigned)typing_rows(canvas);
  unsigned first = (from < to ? from : to) % page;
  unsigned last = first + (from < to ? to - from : from - to) - 1;
  int x = TYPING_LEFT;
  int width = (int)columns * CELL_WIDTH;
  if (last >= page) { /* over the end of the page: all of it, it is rare */
    return (struct rect){ x, TYPING_TOP, width, (int)(page / columns) * CELL_HEIGHT };
  }
  if (first / columns == last / columns) {
    x += (int)(first % columns) * CELL_WIDTH;
    width = (int)(last - first + 1) * CELL_WIDTH;
  }
  return (struct rect){ x, TYPING_TOP + (int)(first / columns) * CELL_HEIGHT, width,
                        (int)(last / columns - first / columns + 1) * CELL_HEIGHT };
}

struct rect scene_compare(const struct canvas *canvas, const struct scene *from, const struct scene *to) {
  if (from->step == to->step || to->kind == SCENE_STATIC) {
    return (struct rect){ 0, 0, 0, 0 };
  }
  if (to->kind == SCENE_TYPING) {
    return typing_compare(canvas, from->step, to->step);
  }
  return (struct rect){ 0, 0, canvas->width, canvas->height };
}
