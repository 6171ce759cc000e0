/* SPDX-License-Identifier: MIT
 *
 * What becomes of checked pictures and updates: they go into the surface, and what they say of the display is told.
 *
 * Thread-safety: the thread of the listener's messages, but where said.
 */
#ifndef ORIEL_SOURCE_QEMU_SCANOUT_PICTURE_H
#define ORIEL_SOURCE_QEMU_SCANOUT_PICTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/damage.h"
#include "source/qemu/display.h"
#include "source/qemu/scanout_state.h"
#include "source/qemu/shape.h"

/** Tells what the display is, if that is news. */
void oriel_qemu_scanout_set_display(struct oriel_qemu_scanout *scanout, struct oriel_qemu_display display);
/** There is nothing to look at, and what was is over, the memory that it was in as well. */
void oriel_qemu_scanout_blank(struct oriel_qemu_scanout *scanout, struct oriel_qemu_display display);
/** A whole picture was refused: the one before is no longer true, unless this one is nonsense. Returns `why`. */
const char *oriel_qemu_scanout_refuse(struct oriel_qemu_scanout *scanout, const struct oriel_qemu_shape *shape,
                                      uint32_t pixman, const char *why);
/** A checked shape with its pixels becomes the whole picture. NULL, or why not (static). */
const char *oriel_qemu_scanout_replace(struct oriel_qemu_scanout *scanout, const struct oriel_qemu_shape *shape,
                                       const uint8_t *pixels, uint64_t now);
/** Checked pixels become a part of it, which lies inside. NULL, or why not (static). */
const char *oriel_qemu_scanout_update(struct oriel_qemu_scanout *scanout, struct oriel_rect rect, const uint8_t *pixels,
                                      const struct oriel_qemu_shape *shape, uint64_t now);
/** Whether a rectangle, not empty, lies inside the last scanout. Any thread. */
bool oriel_qemu_scanout_covers(struct oriel_qemu_scanout *scanout, const struct oriel_rect *rect);

#endif
