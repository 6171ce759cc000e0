/* SPDX-License-Identifier: MIT
 *
 * Between a device's channels and the two of Opus. No state; any thread; real-time safe.
 */
#ifndef ORIEL_GUEST_AGENT_MIX_H
#define ORIEL_GUEST_AGENT_MIX_H

#include <stddef.h>

/** `count` interleaved frames of `channels` (1..16) to stereo: mono to both sides; of more than two, front left and
 * right and the rest evenly, scaled so that full scale stays full scale. */
void agent_mix_to_stereo(const float *from, unsigned channels, float *stereo, size_t count);
/** Stereo to `channels`: the mean to mono; the first two of more, the others silent. `to` may be `stereo` where
 * channels is 1. */
void agent_mix_from_stereo(const float *stereo, unsigned channels, float *to, size_t count);

#endif
