/* SPDX-License-Identifier: MIT
 *
 * Waiting by the clock for a writer that wakes nobody.
 */
#ifndef ORIEL_AUDIO_WAIT_H
#define ORIEL_AUDIO_WAIT_H

#include <stddef.h>
#include <stdint.h>

#include "audio/ring.h"

/** When to look for a writer that has yet to write `missing` frames: at now_ns or later, at most 10 ms away once it
 *  is late or idle, never more than a second. */
uint64_t oriel_audio_wait_until(const struct oriel_audio_view *view, size_t missing, uint32_t rate, uint64_t now_ns);

/** Sleeps until the clock shows at_ns, or a signal comes. */
void oriel_audio_wait_sleep(uint64_t at_ns);

/** A descriptor that can be set to poll readable at a time. Or -errno. */
int oriel_audio_wait_timer(void);
/** Readable from at_ns on (0: at once); not before. */
void oriel_audio_wait_set(int timer, uint64_t at_ns);

#endif
