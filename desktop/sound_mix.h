/* SPDX-License-Identifier: MIT
 *
 * What is heard at once: the active input at its own pace, and whatever else sounds, added to it. The others go through
 * a receiver each (desktop/resampler.h), which takes up their jitter and the drift of two clocks; a limiter keeps the
 * sum within full scale.
 *
 * Thread-safety: the audio thread, but for init and finish.
 */
#ifndef ORIEL_DESKTOP_SOUND_MIX_H
#define ORIEL_DESKTOP_SOUND_MIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "desktop/crossfade.h"
#include "desktop/resampler.h"
#include "desktop/sound_inputs.h"
#include "media/limiter.h"
#include "media/receiver_conceal.h"

struct oriel_sound_mix {
  struct oriel_sound_inputs *inputs; /* borrowed */
  /* All zero where there is no such input, or no other than it. */
  struct oriel_resampler resamplers[ORIEL_SOUND_INPUTS];
  bool direct;    /* the active input's own packets or frames are taken, not what its resampler makes of them */
  bool returning; /* to them a moment ago: what its resampler still has fades out */
  bool ends;      /* a direct input stopped in the middle of its sound, which fades out */
  struct oriel_crossfade fade;  /* of one that returns */
  struct receiver_conceal tail; /* of one that ends */
  struct oriel_limiter limiter;
  uint64_t company_ns; /* when something was last added */
};

/** `packet_frames`: of our own packets. 0, -ENOMEM; then finish. */
int oriel_sound_mix_init(struct oriel_sound_mix *mix, struct oriel_sound_inputs *inputs, size_t packet_frames);
/** Also for one that is all zero. */
void oriel_sound_mix_finish(struct oriel_sound_mix *mix);
/** Adds to `count` (1..ORIEL_OPUS_FRAMES_MAX) frames of the active input what else is to be heard. True where that is
 *  anything. */
bool oriel_sound_mix_add(struct oriel_sound_mix *mix, float *frames, size_t count);
/** There may be something to add. */
bool oriel_sound_mix_has_company(const struct oriel_sound_mix *mix);

#endif
