/* SPDX-License-Identifier: MIT
 *
 * PCM of every kind: levels, frequencies, channels, and bytes that arrive in odd pieces.
 */
#include "media/pcm.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tone.h"

static const struct oriel_pcm_format formats[] = {
  {.bits = 8, .is_signed = true},
  {.bits = 8},
  {.bits = 16, .is_signed = true},
  {.bits = 16, .is_signed = true, .big_endian = true},
  {.bits = 16},
  {.bits = 16, .big_endian = true},
  {.bits = 24, .is_signed = true},
  {.bits = 24, .big_endian = true},
  {.bits = 24},
  {.bits = 32, .is_signed = true},
  {.bits = 32, .is_signed = true, .big_endian = true},
  {.bits = 32},
  {.bits = 32, .is_float = true, .is_signed = true},
  {.bits = 32, .is_float = true, .big_endian = true},
  {.bits = 64, .is_float = true},
  {.bits = 64, .is_float = true, .is_signed = true, .big_endian = true},
};
enum { FORMATS = sizeof formats / sizeof formats[0] };

static void put(uint8_t *to, const struct oriel_pcm_format *format, double value) {
  unsigned bytes = format->bits / 8u;
  uint64_t word = 0;
  if (format->is_float && bytes == 4) {
    float narrow = (float)value;
    uint32_t raw;
    memcpy(&raw, &narrow, 4);
    word = raw;
  } else if (format->is_float) {
    memcpy(&word, &value, 8);
  } else {
    double top = ldexp(1, format->bits - 1);
    double scaled = fmin(fmax(round(value * top), -top), top - 1);
    word = (uint64_t)(int64_t)scaled + (format->is_signed ? 0 : (uint64_t)1 << (format->bits - 1));
  }
  for (unsigned i = 0; i < bytes; i++)
    to[format->big_endian ? bytes - 1 - i : i] = (uint8_t)(word >> 8 * i);
}

/* A second of a tone on all channels, as this format's bytes. */
static uint8_t *tone_bytes(const struct oriel_pcm_format *format, double hz, double level, size_t *size) {
  size_t frame = oriel_pcm_frame_size(format);
  *size = frame * format->rate;
  uint8_t *bytes = malloc(*size);
  assert_non_null(bytes);
  for (size_t i = 0; i < format->rate; i++)
    for (unsigned channel = 0; channel < format->channels; channel++)
      put(bytes + i * frame + channel * (format->bits / 8u), format,
          level * sin(2 * TONE_PI * hz * (double)i / format->rate));
  return bytes;
}

/* Converts in pieces of `piece` bytes; returns the stereo frames, owned. */
static float *convert(const struct oriel_pcm_format *format, const uint8_t *bytes, size_t size, size_t piece,
                      size_t *count) {
  struct oriel_pcm_converter *converter = NULL;
  assert_int_equal(oriel_pcm_converter_create(format, &converter), 0);
  float *all = malloc(2 * 60000 * sizeof *all);
  assert_non_null(all);
  *count = 0;
  for (size_t at = 0; at < size; at += piece) {
    const float *frames = NULL;
    size_t got = 0, step = size - at < piece ? size - at : piece;
    uint8_t *exact = malloc(step);
    assert_non_null(exact);
    memcpy(exact, bytes + at, step);
    assert_int_equal(oriel_pcm_convert(converter, exact, step, &frames, &got), 0);
    free(exact);
    assert_true(*count + got <= 60000);
    memcpy(all + 2 * *count, frames, 2 * got * sizeof *all);
    *count += got;
  }
  oriel_pcm_converter_destroy(converter);
  return all;
}

static void check_tone(struct oriel_pcm_format format, uint32_t rate, uint8_t channels, size_t piece) {
  format.rate = rate;
  format.channels = channels;
  size_t size = 0, count = 0;
  uint8_t *bytes = tone_bytes(&format, 440, 0.5, &size);
  float *frames = convert(&format, bytes, size, piece, &count);
  /* Resampling holds back a few milliseconds. */
  assert_in_range(count, rate == 48000 ? 48000 : 47000, 48000 + 64);
  const float *middle = frames + 2 * 4800;
  double tolerance = format.bits == 8 ? 0.01 : 0.003;
  for (int side = 0; side < 2; side++) {
    assert_true(fabs(tone_level(middle + side, 36000, 440) - 0.5) < tolerance);
    assert_true(tone_level(middle + side, 36000, 480) < 0.005);
    assert_true(tone_level(middle + side, 36000, 880) < 0.005);
  }
  free(frames);
  free(bytes);
}

static void pcm_all_formats(void **unused) {
  (void)unused;
  for (size_t i = 0; i < FORMATS; i++)
    check_tone(formats[i], 48000, 2, 3840);
}

static void pcm_all_rates(void **unused) {
  (void)unused;
  static const uint32_t rates[] = {8000, 11025, 16000, 22050, 32000, 44100, 47999, 88200, 96000, 192000};
  for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++)
    check_tone(formats[2], rates[i], 2, 4096);
}

static void pcm_odd_pieces(void **unused) {
  (void)unused;
  check_tone(formats[6], 48000, 2, 7);
  check_tone(formats[6], 44100, 3, 1000);
  check_tone(formats[15], 48000, 16, 129);
  struct oriel_pcm_format format = formats[2];
  format.rate = 48000;
  format.channels = 2;
  size_t size = 0, whole = 0, pieces = 0;
  uint8_t *bytes = tone_bytes(&format, 440, 0.9, &size);
  float *a = convert(&format, bytes, size, size, &whole), *b = convert(&format, bytes, size, 1, &pieces);
  assert_int_equal(whole, pieces);
  assert_memory_equal(a, b, whole * 2 * sizeof *a);
  free(a);
  free(b);
  free(bytes);
}

static void pcm_channels(void **unused) {
  (void)unused;
  for (uint8_t channels = 1; channels <= 16; channels++)
    check_tone(formats[2], 48000, channels, 4096);
  /* Left stays left; a rear channel reaches both sides evenly and never makes full scale overflow. */
  struct oriel_pcm_format format = {.bits = 16, .is_signed = true, .rate = 48000, .channels = 6};
  uint8_t bytes[24];
  for (unsigned i = 0; i < 6; i++) {
    put(bytes + 2 * i, &format, i == 0 ? 0.6 : 0);
    put(bytes + 12 + 2 * i, &format, i == 4 ? 0.8 : 0);
  }
  size_t count = 0;
  float *frames = convert(&format, bytes, sizeof bytes, sizeof bytes, &count);
  assert_int_equal(count, 2);
  assert_true(frames[0] > 0.35f && frames[1] == 0);
  assert_true(frames[2] > 0.05f && frames[2] == frames[3]);
  free(frames);
}

static void pcm_extremes(void **unused) {
  (void)unused;
  for (size_t i = 0; i < FORMATS; i++) {
    struct oriel_pcm_format format = formats[i];
    format.rate = 48000;
    format.channels = 1;
    uint8_t bytes[3 * 8];
    size_t each = format.bits / 8u, count = 0;
    put(bytes, &format, -1);
    put(bytes + each, &format, 0);
    put(bytes + 2 * each, &format, 1);
    float *frames = convert(&format, bytes, 3 * each, 3 * each, &count);
    assert_int_equal(count, 3);
    assert_true(frames[0] == -1.0f && frames[1] == -1.0f);
    assert_true(frames[2] == 0.0f);
    assert_true(frames[4] > 0.99f && frames[4] <= 1.0f);
    free(frames);
  }
}

/* A guest's floats may be anything at all. */
static void pcm_not_finite(void **unused) {
  (void)unused;
  static const double odd[] = {NAN, INFINITY, -INFINITY, 1e30, -1e30, 2, -2, 1e-310};
  enum { COUNT = sizeof odd / sizeof odd[0] };
  for (size_t i = 0; i < FORMATS; i++) {
    if (!formats[i].is_float)
      continue;
    for (uint32_t rate = 44100; rate <= 48000; rate += 3900) {
      struct oriel_pcm_format format = formats[i];
      format.rate = rate;
      format.channels = 1;
      uint8_t *bytes = calloc(8, 4000);
      assert_non_null(bytes);
      for (size_t j = 0; j < 4000; j++)
        put(bytes + j * (format.bits / 8u), &format, odd[j % COUNT]);
      size_t count = 0;
      float *frames = convert(&format, bytes, 4000 * (format.bits / 8u), 1024, &count);
      assert_true(count > 3000);
      for (size_t j = 0; j < 2 * count; j++)
        assert_true(fabsf(frames[j]) <= 2); /* false for NaN */
      free(frames);
      free(bytes);
    }
  }
}

/* Lesson 38: a low rate must not turn a message into gigabytes. */
static void pcm_bounded(void **unused) {
  (void)unused;
  const struct oriel_pcm_format slow = {.bits = 8, .rate = 1000, .channels = 1};
  struct oriel_pcm_converter *converter = NULL;
  assert_int_equal(oriel_pcm_converter_create(&slow, &converter), 0);
  uint8_t *bytes = calloc(1, 2 * 1024 * 1024);
  assert_non_null(bytes);
  const float *frames = NULL;
  size_t count = 0;
  assert_int_equal(oriel_pcm_convert(converter, bytes, 1024 * 1024, &frames, &count), -EINVAL);
  assert_int_equal(oriel_pcm_convert(converter, bytes, 1024 * 1024 + 1, &frames, &count), -EINVAL);
  assert_null(frames);
  assert_int_equal(oriel_pcm_convert(converter, bytes, 1000, &frames, &count), 0);
  assert_int_equal(oriel_pcm_convert(converter, NULL, 0, &frames, &count), 0);
  free(bytes);
  oriel_pcm_converter_destroy(converter);
}

static void pcm_bad_format(void **unused) {
  (void)unused;
  static const struct oriel_pcm_format bad[] = {
    {.bits = 12, .rate = 48000, .channels = 2},
    {.bits = 0, .rate = 48000, .channels = 2},
    {.bits = 64, .rate = 48000, .channels = 2},
    {.bits = 16, .is_float = true, .rate = 48000, .channels = 2},
    {.bits = 16, .rate = 999, .channels = 2},
    {.bits = 16, .rate = 768001, .channels = 2},
    {.bits = 16, .rate = 48000, .channels = 0},
    {.bits = 16, .rate = 48000, .channels = 17},
  };
  struct oriel_pcm_converter *converter = NULL;
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    assert_int_equal(oriel_pcm_converter_create(&bad[i], &converter), -EINVAL);
  assert_null(converter);
  oriel_pcm_converter_destroy(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(pcm_all_formats), cmocka_unit_test(pcm_all_rates),  cmocka_unit_test(pcm_odd_pieces),
    cmocka_unit_test(pcm_channels),    cmocka_unit_test(pcm_extremes),   cmocka_unit_test(pcm_not_finite),
    cmocka_unit_test(pcm_bounded),     cmocka_unit_test(pcm_bad_format),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
