/* SPDX-License-Identifier: MIT
 *
 * One sound gives way to another, over 50 ms at equal power: to itself, without the buffer that it needed in a mix. The
 * new one sets the pace, so that nothing is delayed; where what fades out ends, concealment goes on for it.
 *
 * Thread-safety: one thread (audio).
 */
#ifndef ORIEL_DESKTOP_CROSSFADE_H
#define ORIEL_DESKTOP_CROSSFADE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/receiver_conceal.h"
#include "media/opus.h"

enum { ORIEL_FRAMES_FIFO = 2 * ORIEL_OPUS_FRAMES_MAX }; /* two of the longest packets */

/** Stereo frames. All zero: empty. */
struct oriel_frames {
  size_t count;
  float frames[ORIEL_FRAMES_FIFO * ORIEL_OPUS_CHANNELS];
};
/** Where there is no room the oldest go. */
void oriel_frames_put(struct oriel_frames *fifo, const float *frames, size_t count);
/** Returns how many there were. */
size_t oriel_frames_take(struct oriel_frames *fifo, float *frames, size_t count);

struct oriel_crossfade {
  size_t position; /* frames of the fade so far */
  bool ran_dry;    /* what fades out ended early: concealment goes on with it */
  struct receiver_conceal conceal;
};

/** 0, -ENOMEM. */
int oriel_crossfade_init(struct oriel_crossfade *fade);
/** Also for one that is all zero. */
void oriel_crossfade_finish(struct oriel_crossfade *fade);
void oriel_crossfade_begin(struct oriel_crossfade *fade);
/** True while there is something to mix. */
bool oriel_crossfade_runs(const struct oriel_crossfade *fade);
/** Mixes `count` frames of what fades out into `frames`; of these `got` are in `before`, which has room for `count`. */
void oriel_crossfade_mix(struct oriel_crossfade *fade, float *frames, size_t count, float *before, size_t got);

#endif
