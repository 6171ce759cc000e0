/* SPDX-License-Identifier: MIT
 *
 * The test card: what the guest's `flash` program and the `pattern:` source draw alike, and what tests and
 * benchmarks read back from painted pixels. Only layout and colours; no thread, no state.
 *
 * All coordinates are pixels from the top left corner of the surface that shows the card. A surface smaller than the
 * card shows the part that fits.
 */
#ifndef ORIEL_WIRE_TESTCARD_H
#define ORIEL_WIRE_TESTCARD_H

#include <stdint.h>

/** The block: changes to the next palette colour on each key press and each button press. */
enum {
  ORIEL_TESTCARD_BLOCK_X = 32,
  ORIEL_TESTCARD_BLOCK_Y = 32,
  ORIEL_TESTCARD_BLOCK_WIDTH = 96,
  ORIEL_TESTCARD_BLOCK_HEIGHT = 96,
  ORIEL_TESTCARD_BLOCK_COLOURS = 6,
};

/** Block colours as 0xRRGGBB, shown in this order and then again. Neighbours differ by at least 0x60 in some channel,
 *  far more than lossy video can move a flat area. */
static const uint32_t oriel_testcard_palette[ORIEL_TESTCARD_BLOCK_COLOURS] = {
  0x202020, 0xE03030, 0x30C030, 0x3050E0, 0xE0E0E0, 0xE0C020,
};

/** The frame counter: square cells in one row, most significant bit first. A cell is exactly one macroblock, so one bit
 *  never bleeds into the next. The counter starts at 0 and wraps at 2^16. */
enum {
  ORIEL_TESTCARD_COUNTER_X = 32,
  ORIEL_TESTCARD_COUNTER_Y = 144,
  ORIEL_TESTCARD_COUNTER_CELL = 16,
  ORIEL_TESTCARD_COUNTER_BITS = 16,
};
#define ORIEL_TESTCARD_BIT_ONE 0xF0F0F0u
#define ORIEL_TESTCARD_BIT_ZERO 0x101010u
#define ORIEL_TESTCARD_BACKGROUND 0x304050u

/** The cross: one pixel wide lines, 11 pixels long, centred on the last button press. */
enum { ORIEL_TESTCARD_CROSS_ARM = 5 };
#define ORIEL_TESTCARD_CROSS_COLOUR 0xFFFFFFu

#endif
