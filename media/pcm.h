/* SPDX-License-Identifier: MIT
 *
 * PCM of any common kind to interleaved float stereo at 48 kHz. Thread-safety: one converter, one thread.
 */
#ifndef ORIEL_MEDIA_PCM_H
#define ORIEL_MEDIA_PCM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct oriel_pcm_format {
  uint8_t bits;        /* 8, 16, 24 (packed in 3 bytes), 32; 64 for float only */
  bool is_signed, is_float, big_endian;
  uint32_t rate;       /* 1000..768000 Hz */
  uint8_t channels;    /* 1..16; above two: front left and right plus the rest mixed in evenly */
};

struct oriel_pcm_converter;

/** 0, -EINVAL (a field out of range), -ENOMEM. Resampling only when rate is not 48000 (libsamplerate). */
int oriel_pcm_converter_create(const struct oriel_pcm_format *format, struct oriel_pcm_converter **converter);
void oriel_pcm_converter_destroy(struct oriel_pcm_converter *converter);
/** Bytes of one input frame. */
size_t oriel_pcm_frame_size(const struct oriel_pcm_format *format);
/** Converts up to `size` bytes (a trailing part of a frame is kept for the next call) and lends the result:
 *  *frames points at *count interleaved stereo frames, valid until the next call. Values are finite and
 *  within [-1, 1] but for a resampler's overshoot. 0, -EINVAL (size > 1 MiB, or more than 2^20 frames would come out),
 *  -ENOMEM. */
int oriel_pcm_convert(struct oriel_pcm_converter *converter, const void *data, size_t size, const float **frames,
                      size_t *count);

#endif
