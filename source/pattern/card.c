/* SPDX-License-Identifier: MIT
 *
 * The painter, see card.h. Called under the pattern's lock with the surface locked.
 */
#include "source/pattern/card.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "source/pattern/font.h"

enum {
  TEXT_X = 320, /* right of the counter */
  TITLE_Y = 32, TITLE_SCALE = 4,
  CLOCK_Y = 104, CLOCK_SCALE = 2,
  INFO_Y = 144, POINTER_Y = 168, TYPED_Y = 192,
  LINE_SCALE = 1,
  LINE_CHARACTERS = ORIEL_CARD_TYPED_MAX + 2,
  SCENE_TOP = 288, SCENE_LEFT = 32,
  LINE_HEIGHT = 16,
  INK = 0xF0F0F0, DIM = 0xA0B0C0, PAPER = 0xE8E8E8, DARK = 0x303030,
};

struct canvas {
  uint8_t *bgrx;
  int stride;
  struct oriel_rect clip;
};

const char *oriel_scene_name(enum oriel_scene scene) {
  static const char *const names[ORIEL_SCENES] = {"static", "typing", "scroll", "motion"};
  return (unsigned)scene < ORIEL_SCENES ? names[scene] : "unknown";
}

void oriel_card_init(struct oriel_card *card) {
  const double turn = 6.283185307179586;
  for (int i = 0; i < ORIEL_CARD_WAVE; i++)
    card->wave[i] = (uint8_t)(64 + 40 * sin(turn * i / ORIEL_CARD_WAVE) + 23 * sin(turn * 3 * i / ORIEL_CARD_WAVE));
  for (int i = 0; i < ORIEL_CARD_COLOURS; i++) {
    double phase = turn * i / ORIEL_CARD_COLOURS;
    uint32_t red = (uint32_t)(112 + 80 * sin(phase)), green = (uint32_t)(112 + 72 * sin(2 * phase + 1));
    card->colours[i] = red << 16 | green << 8 | (uint32_t)(136 + 80 * sin(phase + 3));
  }
  card->cross_known = card->pointer_known = false;
}

/* ---- drawing ---- */

static uint32_t *row_at(const struct canvas *canvas, int y) {
  return (uint32_t *)(void *)(canvas->bgrx + (ptrdiff_t)y * canvas->stride); /* rows of a surface are aligned */
}

static void fill(const struct canvas *canvas, struct oriel_rect rect, uint32_t rgb) {
  rect = oriel_rect_intersect(rect, canvas->clip);
  for (int y = rect.y; y < rect.y + rect.height; y++) {
    uint32_t *row = row_at(canvas, y);
    for (int x = rect.x; x < rect.x + rect.width; x++)
      row[x] = 0xFF000000u | rgb;
  }
}

static void glyph(const struct canvas *canvas, int left, int top, int scale, char character, uint32_t rgb) {
  struct oriel_rect rect = {left, top, ORIEL_FONT_WIDTH * scale, ORIEL_FONT_HEIGHT * scale};
  rect = oriel_rect_intersect(rect, canvas->clip);
  for (int y = rect.y; y < rect.y + rect.height; y++) {
    uint32_t *row = row_at(canvas, y);
    for (int x = rect.x; x < rect.x + rect.width; x++)
      if (oriel_font_dot(character, (x - left) / scale, (y - top) / scale))
        row[x] = 0xFF000000u | rgb;
  }
}

static void text(const struct canvas *canvas, int left, int top, int scale, const char *characters, uint32_t rgb) {
  for (int i = 0; characters[i]; i++)
    glyph(canvas, left + i * ORIEL_FONT_WIDTH * scale, top, scale, characters[i], rgb);
}

/* ---- scenes ---- */

/* A number that looks random and is always the same for the same place. */
static uint32_t mix(uint32_t a, uint32_t b) {
  uint32_t value = a * 0x9E3779B1u ^ (b + 1) * 0x85EBCA77u;
  value ^= value >> 16;
  value *= 0x7FEB352Du;
  return value ^ value >> 15;
}

static int typing_columns(const struct oriel_card *card) {
  int columns = (card->width - 2 * SCENE_LEFT) / ORIEL_FONT_WIDTH;
  return columns > 1 ? columns : 1;
}

static int typing_rows(const struct oriel_card *card) {
  int rows = (card->height - SCENE_TOP) / LINE_HEIGHT;
  return rows > 1 ? rows : 1;
}

static struct oriel_rect typing_cell(const struct oriel_card *card, uint32_t place) {
  int column = (int)(place % (uint32_t)typing_columns(card)), row = (int)(place / (uint32_t)typing_columns(card));
  return (struct oriel_rect){SCENE_LEFT + column * ORIEL_FONT_WIDTH, SCENE_TOP + row * LINE_HEIGHT, ORIEL_FONT_WIDTH,
                             LINE_HEIGHT};
}

/* Cells before the writing position are of this pass over the page, the others of the last one. */
static void paint_typing(const struct oriel_card *card, const struct canvas *canvas) {
  uint32_t page = (uint32_t)(typing_columns(card) * typing_rows(card));
  for (uint32_t place = 0; place < page; place++) {
    struct oriel_rect cell = typing_cell(card, place);
    uint32_t pass = card->step / page + (place < card->step % page);
    if (!pass || oriel_rect_empty(oriel_rect_intersect(cell, canvas->clip)))
      continue;
    uint32_t value = mix(place, pass);
    glyph(canvas, cell.x, cell.y, 1, value % 6 ? (char)('a' + value / 6 % 26) : ' ', INK);
  }
}

static void paint_scroll(const struct oriel_card *card, const struct canvas *canvas) {
  fill(canvas, (struct oriel_rect){0, SCENE_TOP, card->width, card->height - SCENE_TOP}, PAPER);
  int rows = (card->height - SCENE_TOP + LINE_HEIGHT - 1) / LINE_HEIGHT;
  int columns = card->width / ORIEL_FONT_WIDTH;
  for (int row = 0; row < rows; row++) {
    struct oriel_rect line = {0, SCENE_TOP + row * LINE_HEIGHT, card->width, LINE_HEIGHT};
    if (oriel_rect_empty(oriel_rect_intersect(line, canvas->clip)))
      continue;
    uint32_t number = card->step + (uint32_t)row;
    int length = (int)(20 + mix(number, 0) % 100);
    for (int column = 2; column < columns && column < length; column++) {
      uint32_t value = mix(number, (uint32_t)column);
      if (value % 6)
        glyph(canvas, column * ORIEL_FONT_WIDTH, line.y, 1, (char)('a' + value / 6 % 26), DARK);
    }
  }
}

static void paint_motion(const struct oriel_card *card, const struct canvas *canvas) {
  struct oriel_rect rect = oriel_rect_intersect(oriel_card_all(card), canvas->clip);
  for (int y = rect.y; y < rect.y + rect.height; y++) {
    uint32_t *row = row_at(canvas, y);
    uint32_t base = card->wave[((uint32_t)y + card->step * 3) % ORIEL_CARD_WAVE] + card->step;
    uint32_t shift = card->step * 5 + (uint32_t)y / 2;
    for (int x = rect.x; x < rect.x + rect.width; x++)
      row[x] = 0xFF000000u |
               card->colours[(card->wave[((uint32_t)x + shift) % ORIEL_CARD_WAVE] + base) % ORIEL_CARD_COLOURS];
  }
}

/* ---- the card ---- */

static struct oriel_rect on_card(const struct oriel_card *card, struct oriel_rect rect) {
  return oriel_rect_intersect(rect, oriel_card_all(card));
}

struct oriel_rect oriel_card_all(const struct oriel_card *card) {
  return (struct oriel_rect){0, 0, card->width, card->height};
}

struct oriel_rect oriel_card_block(const struct oriel_card *card) {
  return on_card(card, (struct oriel_rect){ORIEL_TESTCARD_BLOCK_X, ORIEL_TESTCARD_BLOCK_Y, ORIEL_TESTCARD_BLOCK_WIDTH,
                                           ORIEL_TESTCARD_BLOCK_HEIGHT});
}

struct oriel_rect oriel_card_counter(const struct oriel_card *card) {
  return on_card(card, (struct oriel_rect){ORIEL_TESTCARD_COUNTER_X, ORIEL_TESTCARD_COUNTER_Y,
                                           ORIEL_TESTCARD_COUNTER_CELL * ORIEL_TESTCARD_COUNTER_BITS,
                                           ORIEL_TESTCARD_COUNTER_CELL});
}

static struct oriel_rect line_rect(const struct oriel_card *card, int top, int scale, int characters) {
  return on_card(card, (struct oriel_rect){TEXT_X, top, characters * ORIEL_FONT_WIDTH * scale,
                                           ORIEL_FONT_HEIGHT * scale});
}

struct oriel_rect oriel_card_clock(const struct oriel_card *card) {
  return line_rect(card, CLOCK_Y, CLOCK_SCALE, 8);
}

struct oriel_rect oriel_card_pointer(const struct oriel_card *card) {
  return line_rect(card, POINTER_Y, LINE_SCALE, LINE_CHARACTERS);
}

struct oriel_rect oriel_card_typed(const struct oriel_card *card) {
  return line_rect(card, TYPED_Y, LINE_SCALE, LINE_CHARACTERS);
}

struct oriel_rect oriel_card_cross(const struct oriel_card *card) {
  enum { LENGTH = 2 * ORIEL_TESTCARD_CROSS_ARM + 1 };
  if (!card->cross_known)
    return (struct oriel_rect){0};
  return on_card(card, (struct oriel_rect){card->cross_x - ORIEL_TESTCARD_CROSS_ARM,
                                           card->cross_y - ORIEL_TESTCARD_CROSS_ARM, LENGTH, LENGTH});
}

struct oriel_rect oriel_card_scene(const struct oriel_card *card) {
  switch (card->scene) {
  case ORIEL_SCENE_TYPING:
    return on_card(card, typing_cell(card, (card->step - 1) %
                                             (uint32_t)(typing_columns(card) * typing_rows(card))));
  case ORIEL_SCENE_SCROLL:
    return on_card(card, (struct oriel_rect){0, SCENE_TOP, card->width, card->height - SCENE_TOP});
  case ORIEL_SCENE_MOTION:
    return oriel_card_all(card);
  default:
    return (struct oriel_rect){0};
  }
}

static void paint_counter(const struct oriel_card *card, const struct canvas *canvas) {
  for (int bit = 0; bit < ORIEL_TESTCARD_COUNTER_BITS; bit++) {
    bool one = card->counter >> (ORIEL_TESTCARD_COUNTER_BITS - 1 - bit) & 1;
    fill(canvas,
         (struct oriel_rect){ORIEL_TESTCARD_COUNTER_X + bit * ORIEL_TESTCARD_COUNTER_CELL, ORIEL_TESTCARD_COUNTER_Y,
                             ORIEL_TESTCARD_COUNTER_CELL, ORIEL_TESTCARD_COUNTER_CELL},
         one ? ORIEL_TESTCARD_BIT_ONE : ORIEL_TESTCARD_BIT_ZERO);
  }
}

static void paint_texts(const struct oriel_card *card, const struct canvas *canvas) {
  char line[64];
  if (card->scene == ORIEL_SCENE_MOTION)
    fill(canvas, (struct oriel_rect){TEXT_X - 8, TITLE_Y, LINE_CHARACTERS * ORIEL_FONT_WIDTH + 16, 192},
         ORIEL_TESTCARD_BACKGROUND);
  text(canvas, TEXT_X, TITLE_Y, TITLE_SCALE, "Oriel", INK);
  if (card->scene != ORIEL_SCENE_STATIC) {
    snprintf(line, sizeof line, "%02u:%02u:%02u", card->clock_s / 3600 % 24, card->clock_s / 60 % 60,
             card->clock_s % 60);
    text(canvas, TEXT_X, CLOCK_Y, CLOCK_SCALE, line, INK);
  }
  snprintf(line, sizeof line, "pattern: %s, %dx%d, %u/s", oriel_scene_name(card->scene), card->width, card->height,
           card->fps);
  text(canvas, TEXT_X, INFO_Y, LINE_SCALE, line, DIM);
  if (card->pointer_known) {
    snprintf(line, sizeof line, "pointer %d, %d", card->pointer_x, card->pointer_y);
    text(canvas, TEXT_X, POINTER_Y, LINE_SCALE, line, DIM);
  }
  snprintf(line, sizeof line, "> %.*s", (int)card->typed_count, card->typed);
  text(canvas, TEXT_X, TYPED_Y, LINE_SCALE, line, INK);
}

static void paint_cross(const struct oriel_card *card, const struct canvas *canvas) {
  enum { ARM = ORIEL_TESTCARD_CROSS_ARM, LENGTH = 2 * ARM + 1 };
  if (!card->cross_known)
    return;
  fill(canvas, (struct oriel_rect){card->cross_x - ARM, card->cross_y, LENGTH, 1}, ORIEL_TESTCARD_CROSS_COLOUR);
  fill(canvas, (struct oriel_rect){card->cross_x, card->cross_y - ARM, 1, LENGTH}, ORIEL_TESTCARD_CROSS_COLOUR);
}

void oriel_card_paint(const struct oriel_card *card, uint8_t *bgrx, int stride, struct oriel_rect clip) {
  struct canvas canvas = {bgrx, stride, on_card(card, clip)};
  if (oriel_rect_empty(canvas.clip))
    return;
  if (card->off) {
    fill(&canvas, oriel_card_all(card), 0);
    return;
  }
  if (card->scene == ORIEL_SCENE_MOTION)
    paint_motion(card, &canvas);
  else
    fill(&canvas, oriel_card_all(card), ORIEL_TESTCARD_BACKGROUND);
  if (card->scene == ORIEL_SCENE_TYPING)
    paint_typing(card, &canvas);
  if (card->scene == ORIEL_SCENE_SCROLL)
    paint_scroll(card, &canvas);
  fill(&canvas, oriel_card_block(card), oriel_testcard_palette[card->block % ORIEL_TESTCARD_BLOCK_COLOURS]);
  paint_counter(card, &canvas);
  paint_texts(card, &canvas);
  paint_cross(card, &canvas);
}

/* ---- keys ---- */

void oriel_card_type(struct oriel_card *card, char character) {
  if (character == '\b') {
    card->typed_count -= card->typed_count > 0;
  } else if (character == '\n') {
    card->typed_count = 0;
  } else {
    if (card->typed_count == ORIEL_CARD_TYPED_MAX)
      memmove(card->typed, card->typed + 1, --card->typed_count);
    card->typed[card->typed_count++] = character;
  }
}

char oriel_card_character(uint16_t usage, bool shift) {
  static const char plain[] = "1234567890\n\0\b\0 -=[]\\\\;'`,./", shifted[] = "!@#$%^&*()\n\0\b\0 _+{}||:\"~<>?";
  static_assert(sizeof plain == 0x38 - 0x1E + 2 && sizeof shifted == sizeof plain, "one character for each usage");
  if (usage >= 0x04 && usage <= 0x1D)
    return (char)((shift ? 'A' : 'a') + (usage - 0x04));
  if (usage < 0x1E || usage > 0x38)
    return 0;
  return shift ? shifted[usage - 0x1E] : plain[usage - 0x1E];
}
