/* SPDX-License-Identifier: MIT
 *
 * Copies samples out of memory that a peer may change meanwhile: each is read exactly once, then judged, so that
 * what was judged is what is kept. NaN, infinities and everything at or above 1024 (60 dB above full scale) become
 * 0: sound never is, and added up they would spoil every sample mixed with them. Data threads.
 */
#ifndef ORIEL_AUDIO_SANITIZE_H
#define ORIEL_AUDIO_SANITIZE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Eight samples as integers: one register of AVX2, two of SSE2 and NEON, which every x86-64 and arm64 has. */
typedef int32_t oriel_audio_vector __attribute__((vector_size(32), aligned(4), may_alias));
typedef int32_t oriel_audio_bits __attribute__((may_alias));

enum {
  ORIEL_AUDIO_MAGNITUDE = 0x7fffffff,
  ORIEL_AUDIO_TOO_LOUD = 0x44800000, /* 1024.0f; as integers, magnitudes sort as floats do, then Inf, then NaN */
};

__attribute__((always_inline)) static inline void oriel_audio_sanitize_vectors(float *to, const float *from,
                                                                               size_t count) {
  size_t i = 0;
  for (; i + 32 <= count; i += 32) {
    oriel_audio_vector vectors[4];
    for (size_t n = 0; n < 4; n++) /* volatile: one load, whatever the compiler would like better */
      vectors[n] = *(const volatile oriel_audio_vector *)(from + i + 8 * n);
    for (size_t n = 0; n < 4; n++) {
      vectors[n] &= (vectors[n] & ORIEL_AUDIO_MAGNITUDE) < ORIEL_AUDIO_TOO_LOUD;
      *(oriel_audio_vector *)(to + i + 8 * n) = vectors[n];
    }
  }
  for (; i < count; i++) {
    const int32_t bits = *(const volatile oriel_audio_bits *)(from + i);
    *(oriel_audio_bits *)(to + i) = (bits & ORIEL_AUDIO_MAGNITUDE) < ORIEL_AUDIO_TOO_LOUD ? bits : 0;
  }
}

#ifdef __x86_64__
/* A memcpy uses these registers too; without them a large block takes half as long again. */
__attribute__((target("avx2"))) static inline void oriel_audio_sanitize_avx2(float *to, const float *from,
                                                                             size_t count) {
  oriel_audio_sanitize_vectors(to, from, count);
}
#endif

static inline void oriel_audio_sanitize_copy(float *to, const float *from, size_t count) {
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx2")) {
    oriel_audio_sanitize_avx2(to, from, count);
    return;
  }
#endif
  oriel_audio_sanitize_vectors(to, from, count);
}

#endif
