/* SPDX-License-Identifier: MIT
 *
 * For tests: how strong one frequency is in a stretch of sound (Goertzel). Header only.
 */
#ifndef ORIEL_TESTS_MEDIA_TONE_H
#define ORIEL_TESTS_MEDIA_TONE_H

#include <math.h>
#include <stddef.h>

#define TONE_PI 3.14159265358979323846

/** Amplitude of `hz` in every second of `count` interleaved stereo floats at 48 kHz, from `samples` on. */
static inline double tone_level(const float *samples, size_t count, double hz) {
  double w = 2 * TONE_PI * hz / 48000, a = 0, b = 0;
  for (size_t i = 0; i < count; i++) {
    double next = (double)samples[2 * i] + 2 * cos(w) * a - b;
    b = a;
    a = next;
  }
  double power = a * a + b * b - 2 * cos(w) * a * b;
  return 2 * sqrt(power > 0 ? power : 0) / (double)count;
}

#endif
