/* SPDX-License-Identifier: MIT
 *
 * Ring -> resampler -> volume -> PCM. The listener's thread.
 */
#include "source/qemu/voice.h"

#include <errno.h>
#include <math.h>
#include <samplerate.h>
#include <stdlib.h>
#include <string.h>

enum {
  RATE = 48000,
  RATE_MIN = 8000,
  RATE_MAX = 192000,
  CHANNELS_MAX = 8,
  BACKLOG_FRAMES = RATE / 10, /* QEMU reads every 10 ms, a busy one later */
  START_FRAMES = RATE / 100,
  BLOCK_FRAMES = 1024,        /* worked on at once, of either rate */
};

struct oriel_qemu_voice {
  struct oriel_pcm_format format;
  size_t frame_size;
  SRC_STATE *resampler; /* NULL at 48 kHz */
  bool started;
  uint64_t next; /* frame of the ring */
  float gain[2], wanted[2], step;
  uint64_t quiet; /* frames without any gain, the newest in a row */
};

static bool format_known(const struct oriel_pcm_format *format) {
  const bool integer = format->bits == 8 || format->bits == 16 || format->bits == 32;
  return (format->is_float ? format->bits == 32 : integer) && format->rate >= RATE_MIN && format->rate <= RATE_MAX &&
         format->channels >= 1 && format->channels <= CHANNELS_MAX;
}

int oriel_qemu_voice_create(const struct oriel_pcm_format *format, struct oriel_qemu_voice **voice) {
  if (!format_known(format))
    return -EINVAL;
  struct oriel_qemu_voice *made = calloc(1, sizeof *made);
  if (!made)
    return -ENOMEM;
  int error = 0;
  if (format->rate != RATE && !(made->resampler = src_new(SRC_SINC_FASTEST, 2, &error))) {
    free(made);
    return -ENOMEM;
  }
  made->format = *format;
  made->frame_size = oriel_pcm_frame_size(format);
  made->step = 1.0f / (0.03f * (float)format->rate); /* lesson 28 */
  for (int side = 0; side < 2; side++)
    made->gain[side] = made->wanted[side] = 1.0f;
  *voice = made;
  return 0;
}

void oriel_qemu_voice_destroy(struct oriel_qemu_voice *voice) {
  if (!voice)
    return;
  if (voice->resampler)
    src_delete(voice->resampler);
  free(voice);
}

void oriel_qemu_voice_gain(struct oriel_qemu_voice *voice, float left, float right) {
  voice->wanted[0] = left;
  voice->wanted[1] = right;
}

uint64_t oriel_qemu_voice_quiet(const struct oriel_qemu_voice *voice) {
  return voice->quiet;
}

/* --- PCM ---------------------------------------------------------------------------------------------------------- */

static uint32_t sample_bits(const struct oriel_pcm_format *format, float sample) {
  if (format->is_float) {
    uint32_t bits;
    memcpy(&bits, &sample, sizeof bits);
    return bits;
  }
  /* Not a number becomes the least value by neither comparison; the receiver gives none. */
  const double value = sample >= 1.0f ? 1.0 : sample > -1.0f ? (double)sample : -1.0;
  const double scale = (double)(1u << (format->bits - 1));
  const double scaled = value * scale;
  const int64_t rounded = (int64_t)floor(scaled + 0.5);
  const int64_t most = (int64_t)scale - 1;
  const uint32_t bits = (uint32_t)(rounded > most ? most : rounded);
  return format->is_signed ? bits : bits ^ 1u << (format->bits - 1);
}

static uint8_t *put(const struct oriel_pcm_format *format, uint8_t *bytes, float sample) {
  const uint32_t bits = sample_bits(format, sample);
  const unsigned count = format->bits / 8u;
  for (unsigned i = 0; i < count; i++)
    bytes[i] = (uint8_t)(bits >> (8 * (format->big_endian ? count - 1 - i : i)));
  return bytes + count;
}

static float ramp(float gain, float wanted, float step) {
  const float apart = wanted - gain;
  return apart > step ? gain + step : apart < -step ? gain - step : wanted;
}

/* One channel gets both sides, two or more have them in front and silence elsewhere. */
static uint8_t *encode(struct oriel_qemu_voice *voice, const float *frames, size_t count, uint8_t *bytes) {
  const struct oriel_pcm_format *format = &voice->format;
  for (size_t i = 0; i < count; i++) {
    float side[2];
    voice->quiet = voice->gain[0] + voice->gain[1] + voice->wanted[0] + voice->wanted[1] > 0 ? 0 : voice->quiet + 1;
    for (int s = 0; s < 2; s++) {
      voice->gain[s] = ramp(voice->gain[s], voice->wanted[s], voice->step);
      side[s] = frames[2 * i + (size_t)s] * voice->gain[s];
    }
    if (format->channels == 1) {
      bytes = put(format, bytes, (side[0] + side[1]) / 2);
      continue;
    }
    for (unsigned channel = 0; channel < format->channels; channel++)
      bytes = put(format, bytes, channel < 2 ? side[channel] : 0.0f);
  }
  return bytes;
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

/* Puts a voice that begins, or slept, near the end of the ring (lessons 25, 27). */
static void seek_if_behind(struct oriel_qemu_voice *voice, const struct oriel_qemu_ring *ring) {
  const uint64_t waiting = ring->end - voice->next;
  if (voice->started && voice->next <= ring->end && waiting <= BACKLOG_FRAMES)
    return;
  voice->next = ring->end > START_FRAMES ? ring->end - START_FRAMES : 0;
  voice->started = true;
  if (voice->resampler)
    src_reset(voice->resampler);
}

/* Frames in one piece from the voice's place on. */
static size_t piece(const struct oriel_qemu_voice *voice, const struct oriel_qemu_ring *ring, const float **frames) {
  const size_t at = voice->next % ORIEL_QEMU_RING_FRAMES;
  size_t count = (size_t)(ring->end - voice->next);
  if (count > ORIEL_QEMU_RING_FRAMES - at)
    count = ORIEL_QEMU_RING_FRAMES - at;
  *frames = ring->frames + 2 * at;
  return count < BLOCK_FRAMES ? count : BLOCK_FRAMES;
}

/* At most `room` frames of the voice's rate into `out`; *more tells whether calling again may give some. */
static size_t convert(struct oriel_qemu_voice *voice, const struct oriel_qemu_ring *ring, float *out, size_t room,
                      bool *more) {
  const float *frames;
  size_t count = piece(voice, ring, &frames);
  *more = false;
  if (room > BLOCK_FRAMES)
    room = BLOCK_FRAMES;
  if (!count || !room)
    return 0;
  if (!voice->resampler) {
    count = count < room ? count : room;
    memcpy(out, frames, count * 2 * sizeof *out);
    voice->next += count;
    *more = true;
    return count;
  }
  SRC_DATA data = {.data_in = frames, .data_out = out, .input_frames = (long)count, .output_frames = (long)room,
                   .src_ratio = voice->format.rate / (double)RATE};
  if (src_process(voice->resampler, &data))
    return 0;
  voice->next += (uint64_t)data.input_frames_used;
  *more = data.input_frames_used > 0 || data.output_frames_gen > 0;
  return (size_t)data.output_frames_gen;
}

size_t oriel_qemu_voice_read(struct oriel_qemu_voice *voice, const struct oriel_qemu_ring *ring, uint8_t *bytes,
                             size_t size) {
  float block[2 * BLOCK_FRAMES];
  uint8_t *end = bytes;
  bool more = true;
  seek_if_behind(voice, ring);
  while (more) {
    const size_t room = (size - (size_t)(end - bytes)) / voice->frame_size;
    end = encode(voice, block, convert(voice, ring, block, room, &more), end);
  }
  return (size_t)(end - bytes);
}
