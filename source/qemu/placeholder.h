/* SPDX-License-Identifier: MIT
 *
 * QEMU's own words: where a guest shows nothing, QEMU hands out a picture of its own with one line of text in the
 * middle. Thread-safety: none needed; stateless.
 */
#ifndef ORIEL_SOURCE_QEMU_PLACEHOLDER_H
#define ORIEL_SOURCE_QEMU_PLACEHOLDER_H

#include <stddef.h>
#include <stdint.h>

enum oriel_qemu_placeholder {
  ORIEL_QEMU_PLACEHOLDER_NONE,    /* it is the guest's picture */
  ORIEL_QEMU_PLACEHOLDER_OFF,     /* "Guest disabled display.", "Display output is not active." */
  ORIEL_QEMU_PLACEHOLDER_NOT_YET, /* "Guest has not initialized the display (yet)." */
};

/** What a whole picture in BGRX is; `stride` in bytes, `height` lines. Told by the one grey on black, by where QEMU
 *  puts the line (ui/console.c: cells of 8 x 16 pixels, the middle one) and by where its words end; a guest whose text
 *  console shows nothing but such a line there is taken for it. A look at a few pixels for almost every picture. */
enum oriel_qemu_placeholder oriel_qemu_placeholder_find(const uint8_t *bgrx, size_t stride, uint32_t width,
                                                        uint32_t height);

#endif
