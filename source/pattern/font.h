/* SPDX-License-Identifier: MIT
 *
 * A small bitmap font for the pattern source. Thread-safety: only constant data.
 */
#ifndef ORIEL_SOURCE_PATTERN_FONT_H
#define ORIEL_SOURCE_PATTERN_FONT_H

#include <stdbool.h>
#include <stdint.h>

enum { ORIEL_FONT_WIDTH = 8, ORIEL_FONT_HEIGHT = 16, ORIEL_FONT_FIRST = ' ', ORIEL_FONT_LAST = '~' };

/** Whether pixel (x, y) of a character's 8x16 cell is ink. Characters outside ASCII look like '?'. */
bool oriel_font_dot(char character, int x, int y);

#endif
