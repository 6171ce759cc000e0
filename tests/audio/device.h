/* SPDX-License-Identifier: MIT
 *
 * What the tests of shared memory sound share: names of this process, and samples that say where they belong.
 */
#ifndef TESTS_AUDIO_DEVICE_H
#define TESTS_AUDIO_DEVICE_H

#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "audio/oriel-audio.h"

enum { DEVICE_CHANNELS = 2, DEVICE_RATE = 48000, DEVICE_FRAMES = 4096 };

static const struct oriel_audio_writer_config device_config = {
  .channels = DEVICE_CHANNELS, .rate = DEVICE_RATE, .ring_frames = DEVICE_FRAMES};

static inline const char *device_name(const char *what, char name[32]) {
  snprintf(name, 32, "oriel-%s-%d", what, (int)getpid());
  return name;
}

/* Exact in a float, and different in neighbours, laps and channels. */
static inline float device_sample(uint64_t position, unsigned channel) {
  return (float)((position * 2654435761u >> 7 & 0xffff) + channel * 7) / 65536.0f;
}

static inline void device_fill(float *frames, uint64_t position, size_t count, unsigned channels) {
  for (size_t i = 0; i < count; i++)
    for (unsigned c = 0; c < channels; c++)
      frames[i * channels + c] = device_sample(position + i, c);
}

/* Samples that are not those of `position` on. */
static inline size_t device_wrong(const float *frames, uint64_t position, size_t count, unsigned channels) {
  size_t wrong = 0;
  for (size_t i = 0; i < count; i++)
    for (unsigned c = 0; c < channels; c++)
      wrong += frames[i * channels + c] != device_sample(position + i, c);
  return wrong;
}

static inline void device_write(struct oriel_audio_writer *writer, size_t count) {
  float frames[8192 * DEVICE_CHANNELS];
  device_fill(frames, oriel_audio_writer_position(writer), count, DEVICE_CHANNELS);
  oriel_audio_writer_write(writer, frames, count, oriel_audio_clock_ns());
}

#endif
