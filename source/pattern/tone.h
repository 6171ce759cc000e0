/* SPDX-License-Identifier: MIT
 *
 * A 1 kHz tone at -12 dBFS in blocks of 10 ms from a thread of its own, which sleeps without a timer while it is quiet.
 * Thread-safety: play from any thread; create, start and destroy from the source's owner.
 */
#ifndef ORIEL_SOURCE_PATTERN_TONE_H
#define ORIEL_SOURCE_PATTERN_TONE_H

#include <stdbool.h>

#include "source/sink.h"

struct oriel_tone;

/** 0, -ENOMEM. */
int oriel_tone_create(struct oriel_tone **tone);
/** Starts the thread; it calls sink->sound. 0, -EAGAIN. */
int oriel_tone_start(struct oriel_tone *tone, const struct oriel_source_sink *sink);
/** Plays or is quiet. Never blocks. */
void oriel_tone_play(struct oriel_tone *tone, bool playing);
void oriel_tone_destroy(struct oriel_tone *tone);

#endif
