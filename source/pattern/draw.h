/* SPDX-License-Identifier: MIT
 *
 * Drawing the pattern: painting what changed into the surface, and the thread that animates scenes and brings the
 * machine back after a power-down. It sleeps without a timer while nobody watches.
 *
 * Thread-safety: functions called _locked with the pattern's lock held; the others on any thread, without it.
 */
#ifndef ORIEL_SOURCE_PATTERN_DRAW_H
#define ORIEL_SOURCE_PATTERN_DRAW_H

#include <stddef.h>
#include <stdint.h>

#include "core/damage.h"
#include "source/facts.h"
#include "source/pattern/pattern_state.h"

/** Paints parts of the card, which are damage from then on, and counts a frame. Empty rectangles are skipped. */
void oriel_pattern_paint_locked(struct pattern *pattern, const struct oriel_rect *rects, size_t count, uint64_t now);
void oriel_pattern_paint_all_locked(struct pattern *pattern);
/** The card as it is when the machine starts. */
void oriel_pattern_reset_locked(struct pattern *pattern);
/** Seconds since midnight, local time. */
uint32_t oriel_pattern_time_of_day_s(void);
/** Tells the sink, with a sentence. */
void oriel_pattern_tell_state(struct pattern *pattern, enum oriel_source_state state);
/** The drawing thread, for pthread_create; `argument` is the pattern. It ends when the pattern is stopping. */
void *oriel_pattern_draw(void *argument);

#endif
