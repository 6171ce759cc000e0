/* SPDX-License-Identifier: MIT
 *
 * Copies samples out of memory that a peer may change meanwhile: each is read exactly once, then judged, so that what was
 * judged is what is kept. NaN, infinities and everything at or above 1024 (60 dB above full scale) become 0: sound never
 * is, and added up they would spoil every sample mixed with them. Data threads.
 */
#ifndef ORIEL_AUDIO_CLEAN_H
#define ORIEL_AUDIO_CLEAN_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* 16 bytes: one register of SSE2 and NEON, which every x86-64 and arm64 has. */
typedef int32_t oriel_audio_lanes __attribute__((vector_size(16), aligned(4), may_alias));
typedef int32_t oriel_audio_lane __attribute__((may_alias));

enum {
  ORIEL_AUDIO_MAGNITUDE = 0x7fffffff,
  ORIEL_AUDIO_TOO_LOUD = 0x44800000, /* 1024.0f; as integers, magnitudes of floats sort as the floats do, then Inf, then NaN */
};

static inline void oriel_audio_clean_copy(float *to, const float *from, size_t count) {
  size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    oriel_audio_lanes lanes[4];
    for (size_t n = 0; n < 4; n++) /* volatile: one load, whatever the compiler would like better */
      lanes[n] = *(const volatile oriel_audio_lanes *)(from + i + 4 * n);
    for (size_t n = 0; n < 4; n++) {
      lanes[n] &= (lanes[n] & ORIEL_AUDIO_MAGNITUDE) < ORIEL_AUDIO_TOO_LOUD;
      *(oriel_audio_lanes *)(to + i + 4 * n) = lanes[n];
    }
  }
  for (; i < count; i++) {
    const int32_t lane = *(const volatile oriel_audio_lane *)(from + i);
    *(oriel_audio_lane *)(to + i) = (lane & ORIEL_AUDIO_MAGNITUDE) < ORIEL_AUDIO_TOO_LOUD ? lane : 0;
  }
}

#endif
