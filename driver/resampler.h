/* SPDX-License-Identifier: MIT
 *
 * Between a device's rate and the stream's 48 kHz, in stereo. At equal rates nothing is touched, bit for bit.
 *
 * Thread-safety: an object belongs to one thread at a time. resampler_run: no lock, no allocation.
 */
#ifndef ORIEL_DRIVER_RESAMPLER_H
#define ORIEL_DRIVER_RESAMPLER_H

#include <stddef.h>
#include <stdint.h>

enum { RESAMPLER_TAPS = 32 };

/** A windowed sinc in phases, stereo, for ratios of the rates offered here (160/147, 80/147, 1/2 and back). */
struct resampler {
  uint32_t up, down;  /* out = in * up / down, no common divisor; equal = copy */
  uint32_t phase;     /* of the next output frame, 0..up-1 */
  uint32_t need;      /* input frames to take before it */
  float *taps;        /* up * RESAMPLER_TAPS */
  float history[2 * 2 * RESAMPLER_TAPS]; /* a ring stored twice, so that the last taps always lie in one piece */
  uint32_t at;
};

/** 0, -EINVAL (a rate of 0 or too odd a ratio), -ENOMEM. */
int resampler_init(struct resampler *resampler, uint32_t in_rate, uint32_t out_rate);
void resampler_finish(struct resampler *resampler);
/** Forgets the sound, keeps the rates. */
void resampler_reset(struct resampler *resampler);
/** Takes up to *in_count frames and gives up to *out_count; both come back as what was taken and given. Ends when
 *  either runs out. */
void resampler_run(struct resampler *resampler, const float *in, size_t *in_count, float *out, size_t *out_count);
/** Input frames that must be given for the next `out_count` frames. */
size_t resampler_input_for(const struct resampler *resampler, size_t out_count);

#endif
