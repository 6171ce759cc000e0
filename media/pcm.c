/* SPDX-License-Identifier: MIT
 *
 * PCM of any common kind to float stereo at 48 kHz: unpack, mix to two channels, resample. Called by one audio thread.
 */
#include "media/pcm.h"

#include <errno.h>
#include <math.h>
#include <samplerate.h>
#include <stdlib.h>
#include <string.h>

#include "media/opus.h"

enum {
  INPUT_MAX = 1024 * 1024,      /* bytes a call */
  OUTPUT_MAX = 1024 * 1024,     /* frames a call, 22 s; a low rate could otherwise ask for gigabytes (lesson 38) */
  SAMPLE_MAX = 8,               /* bytes */
  CHANNELS_MAX = 16,
};

struct oriel_pcm_converter {
  struct oriel_pcm_format format;
  size_t frame_size;
  uint8_t partial[SAMPLE_MAX * CHANNELS_MAX]; /* the start of a frame whose rest is yet to come */
  size_t partial_size;
  float *stereo;  /* owned; unpacked input */
  size_t stereo_capacity;
  float *output;  /* owned; resampled */
  size_t output_capacity;
  SRC_STATE *resampler; /* NULL at 48 kHz */
};

size_t oriel_pcm_frame_size(const struct oriel_pcm_format *format) {
  return (size_t)format->bits / 8 * format->channels;
}

static bool format_valid(const struct oriel_pcm_format *format) {
  if (format->rate < 1000 || format->rate > 768000 || format->channels < 1 || format->channels > CHANNELS_MAX)
    return false;
  if (format->is_float)
    return format->bits == 32 || format->bits == 64;
  return format->bits == 8 || format->bits == 16 || format->bits == 24 || format->bits == 32;
}

int oriel_pcm_converter_create(const struct oriel_pcm_format *format, struct oriel_pcm_converter **converter) {
  if (!format_valid(format))
    return -EINVAL;
  struct oriel_pcm_converter *made = calloc(1, sizeof *made);
  if (!made)
    return -ENOMEM;
  made->format = *format;
  made->frame_size = oriel_pcm_frame_size(format);
  if (format->rate != ORIEL_OPUS_RATE) {
    /* 0.11 ms for 20 ms of sound; the medium one takes 0.26, the best 1.4, for octaves nobody hears. */
    int error = 0;
    made->resampler = src_new(SRC_SINC_FASTEST, ORIEL_OPUS_CHANNELS, &error);
    if (!made->resampler) {
      free(made);
      return -ENOMEM;
    }
  }
  *converter = made;
  return 0;
}

void oriel_pcm_converter_destroy(struct oriel_pcm_converter *converter) {
  if (!converter)
    return;
  if (converter->resampler)
    src_delete(converter->resampler);
  free(converter->stereo);
  free(converter->output);
  free(converter);
}

/* One sample as its bits, most significant byte at the top of 64. */
static uint64_t sample_bits(const uint8_t *data, unsigned bytes, bool big_endian) {
  uint64_t value = 0;
  for (unsigned i = 0; i < bytes; i++)
    value = value << 8 | data[big_endian ? i : bytes - 1 - i];
  return value << (64 - 8 * bytes);
}

static float sample_float(const uint8_t *data, const struct oriel_pcm_format *format) {
  unsigned bytes = format->bits / 8u;
  uint64_t bits = sample_bits(data, bytes, format->big_endian);
  if (!format->is_float) {
    if (!format->is_signed)
      bits ^= UINT64_C(1) << 63;
    return (float)((double)(int64_t)bits * 0x1p-63);
  }
  double value;
  if (bytes == 4) {
    float narrow;
    uint32_t word = (uint32_t)(bits >> 32);
    memcpy(&narrow, &word, sizeof narrow);
    value = (double)narrow;
  } else {
    memcpy(&value, &bits, sizeof value);
  }
  if (!isfinite(value))
    return 0.0f;
  return (float)(value > 1.0 ? 1.0 : value < -1.0 ? -1.0 : value);
}

static void frame_unpack(const struct oriel_pcm_format *format, const uint8_t *data, float *stereo) {
  unsigned bytes = format->bits / 8u;
  float left = sample_float(data, format);
  float right = format->channels > 1 ? sample_float(data + bytes, format) : left;
  if (format->channels > 2) {
    float rest = 0;
    for (unsigned channel = 2; channel < format->channels; channel++)
      rest += sample_float(data + (size_t)channel * bytes, format);
    rest /= (float)(format->channels - 2);
    /* Two parts front, one part everything else: the sum of full-scale channels still fits. */
    left = (2 * left + rest) / 3;
    right = (2 * right + rest) / 3;
  }
  stereo[0] = left;
  stereo[1] = right;
}

static void frames_unpack(const struct oriel_pcm_format *format, const uint8_t *data, size_t count, float *stereo) {
  size_t frame_size = oriel_pcm_frame_size(format);
  /* What nearly every guest plays, kept apart because it is ten times faster than the general way. */
  if (format->bits == 16 && format->is_signed && !format->is_float && !format->big_endian && format->channels == 2) {
    for (size_t i = 0; i < 2 * count; i++)
      stereo[i] = (float)(int16_t)(uint16_t)(data[2 * i] | data[2 * i + 1] << 8) * 0x1p-15f;
    return;
  }
  for (size_t i = 0; i < count; i++)
    frame_unpack(format, data + i * frame_size, stereo + 2 * i);
}

static int grow(float **buffer, size_t *capacity, size_t frames) {
  if (frames <= *capacity)
    return 0;
  float *grown = realloc(*buffer, frames * ORIEL_OPUS_CHANNELS * sizeof **buffer);
  if (!grown)
    return -ENOMEM;
  *buffer = grown;
  *capacity = frames;
  return 0;
}

/* Unpacks the kept part of a frame and `data`; keeps the new rest. */
static size_t input_unpack(struct oriel_pcm_converter *converter, const uint8_t *data, size_t size) {
  size_t count = 0;
  if (converter->partial_size) {
    size_t missing = converter->frame_size - converter->partial_size;
    size_t taken = size < missing ? size : missing;
    memcpy(converter->partial + converter->partial_size, data, taken);
    converter->partial_size += taken;
    data += taken;
    size -= taken;
    if (converter->partial_size < converter->frame_size)
      return 0;
    frames_unpack(&converter->format, converter->partial, 1, converter->stereo);
    count = 1;
  }
  size_t whole = size / converter->frame_size;
  frames_unpack(&converter->format, data, whole, converter->stereo + ORIEL_OPUS_CHANNELS * count);
  converter->partial_size = size % converter->frame_size;
  memcpy(converter->partial, data + whole * converter->frame_size, converter->partial_size);
  return count + whole;
}

static int resample(struct oriel_pcm_converter *converter, size_t frames, size_t room, size_t *count) {
  size_t done = 0, used = 0;
  do {
    SRC_DATA step = {
      .data_in = converter->stereo + ORIEL_OPUS_CHANNELS * used,
      .data_out = converter->output + ORIEL_OPUS_CHANNELS * done,
      .input_frames = (long)(frames - used),
      .output_frames = (long)(room - done),
      .src_ratio = (double)ORIEL_OPUS_RATE / converter->format.rate,
    };
    if (src_process(converter->resampler, &step))
      return -EINVAL;
    if (!step.input_frames_used && !step.output_frames_gen)
      break;
    used += (size_t)step.input_frames_used;
    done += (size_t)step.output_frames_gen;
  } while (used < frames && done < room);
  *count = done;
  return 0;
}

int oriel_pcm_convert(struct oriel_pcm_converter *converter, const void *data, size_t size, const float **frames,
                      size_t *count) {
  if (size > INPUT_MAX)
    return -EINVAL;
  size_t most = size / converter->frame_size + 1;
  size_t room = most;
  if (converter->resampler) /* the resampler may still hold some input, and rounds */
    room = (size_t)((uint64_t)most * ORIEL_OPUS_RATE / converter->format.rate) + 1024;
  if (room > OUTPUT_MAX)
    return -EINVAL;
  if (grow(&converter->stereo, &converter->stereo_capacity, most) < 0 ||
      (converter->resampler && grow(&converter->output, &converter->output_capacity, room) < 0))
    return -ENOMEM;
  size_t unpacked = size ? input_unpack(converter, data, size) : 0;
  if (!converter->resampler) {
    *frames = converter->stereo;
    *count = unpacked;
    return 0;
  }
  size_t made = 0;
  int error = resample(converter, unpacked, room, &made);
  if (error < 0)
    return error;
  *frames = converter->output;
  *count = made;
  return 0;
}
