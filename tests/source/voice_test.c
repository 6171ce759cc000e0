/* SPDX-License-Identifier: MIT
 *
 * source/qemu/voice: every format that QEMU may choose, at the right pitch and never beyond the room given; volume
 * without steps; a recorder that slept goes on with the present.
 */
#include "source/qemu/voice.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { RATE = 48000, STEP = 480, TONE_HZ = 1000 };

static struct oriel_qemu_ring ring;

static void feed(size_t count, float amplitude) {
  for (size_t i = 0; i < count; i++, ring.end++) {
    const double phase = 2 * M_PI * TONE_HZ * (double)ring.end / RATE;
    float *frame = ring.frames + 2 * (ring.end % ORIEL_QEMU_RING_FRAMES);
    frame[0] = amplitude * (float)sin(phase);
    frame[1] = amplitude * (float)cos(phase);
  }
}

static int begin(void **state) {
  (void)state;
  memset(&ring, 0, sizeof ring);
  feed(4096, 0.5f);
  return 0;
}

static struct oriel_qemu_voice *create(struct oriel_pcm_format format) {
  struct oriel_qemu_voice *voice = NULL;
  assert_int_equal(oriel_qemu_voice_create(&format, &voice), 0);
  return voice;
}

/* Amplitude of a tone in every second value of `frames`. */
static double level(const float *frames, size_t count, double hz) {
  double re = 0, im = 0;
  for (size_t i = 0; i < count; i++) {
    re += (double)frames[2 * i] * cos(2 * M_PI * hz * (double)i / RATE);
    im += (double)frames[2 * i] * sin(2 * M_PI * hz * (double)i / RATE);
  }
  return 2 * hypot(re, im) / (double)count;
}

/* A second of the tone through one format and back: its level, and how many frames of the voice's rate came. */
static void check_format(struct oriel_pcm_format format) {
  struct oriel_qemu_voice *voice = create(format);
  struct oriel_pcm_converter *back;
  assert_int_equal(oriel_pcm_converter_create(&format, &back), 0);
  const size_t frame_size = oriel_pcm_frame_size(&format), room = 4096 * frame_size;
  uint8_t *bytes = malloc(room + 1);
  static float heard[2 * RATE];
  size_t frames = 0, total = 0;
  bytes[room] = 0xA5;
  for (int i = 0; i < 120; i++) {
    feed(STEP, 0.5f);
    const size_t size = oriel_qemu_voice_read(voice, &ring, bytes, room);
    assert_int_equal(size % frame_size, 0);
    assert_int_equal(bytes[room], 0xA5);
    total += size / frame_size;
    const float *part;
    size_t count;
    assert_int_equal(oriel_pcm_convert(back, bytes, size, &part, &count), 0);
    if (i < 10)
      continue; /* resamplers begin */
    if (count > RATE - frames)
      count = RATE - frames;
    memcpy(heard + 2 * frames, part, count * 2 * sizeof *heard);
    frames += count;
  }
  const double expected = 120.0 * STEP * format.rate / RATE;
  assert_true(fabs((double)total - expected) < expected * 0.02 + 600);
  const double mono = format.channels == 1 ? 0.5 * sqrt(0.5) : 0.5;
  const double tone = level(heard, frames, TONE_HZ);
  /* Of more than two channels the converter mixes the silent ones in. */
  if (format.channels > 2 ? tone < 0.2 : fabs(tone - mono) > 0.02)
    fail_msg("%u bits, %u Hz, %u channels: %f", format.bits, format.rate, format.channels, tone);
  assert_true(level(heard, frames, 1.1 * TONE_HZ) < 0.02);
  free(bytes);
  oriel_pcm_converter_destroy(back);
  oriel_qemu_voice_destroy(voice);
}

static void voice_formats(void **state) {
  (void)state;
  static const uint32_t rates[] = {8000, 16000, 22050, 44100, 48000, 96000, 192000};
  static const uint8_t bits[] = {8, 16, 32};
  for (size_t rate = 0; rate < sizeof rates / sizeof *rates; rate++)
    check_format((struct oriel_pcm_format){.bits = 16, .is_signed = true, .rate = rates[rate], .channels = 2});
  for (size_t i = 0; i < sizeof bits; i++)
    for (unsigned kind = 0; kind < 4; kind++)
      check_format((struct oriel_pcm_format){.bits = bits[i], .is_signed = kind & 1, .big_endian = kind & 2,
                                             .rate = RATE, .channels = (uint8_t)(kind + 1)});
  check_format((struct oriel_pcm_format){.bits = 32, .is_float = true, .rate = 44100, .channels = 1});
  check_format((struct oriel_pcm_format){.bits = 32, .is_float = true, .is_signed = true, .rate = RATE, .channels = 2});
}

static void voice_formats_refused(void **state) {
  (void)state;
  static const struct oriel_pcm_format bad[] = {
    {.bits = 0, .rate = RATE, .channels = 2},   {.bits = 24, .rate = RATE, .channels = 2},
    {.bits = 17, .rate = RATE, .channels = 2},  {.bits = 64, .is_float = true, .rate = RATE, .channels = 2},
    {.bits = 16, .is_float = true, .rate = RATE, .channels = 2},
    {.bits = 16, .rate = 7999, .channels = 2},  {.bits = 16, .rate = 192001, .channels = 2},
    {.bits = 16, .rate = 0, .channels = 2},     {.bits = 16, .rate = UINT32_MAX, .channels = 2},
    {.bits = 16, .rate = RATE, .channels = 0},  {.bits = 16, .rate = RATE, .channels = 9},
    {.bits = 16, .rate = RATE, .channels = 255},
  };
  struct oriel_qemu_voice *voice = NULL;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_int_equal(oriel_qemu_voice_create(&bad[i], &voice), -EINVAL);
  assert_null(voice);
  oriel_qemu_voice_destroy(NULL);
}

static const struct oriel_pcm_format plain = {.bits = 16, .is_signed = true, .rate = RATE, .channels = 2};

static int16_t sample_at(const uint8_t *bytes, size_t frame) {
  int16_t sample;
  memcpy(&sample, bytes + frame * 4, sizeof sample);
  return sample;
}

static void voice_exact_and_in_order(void **state) {
  (void)state;
  struct oriel_qemu_voice *voice = create(plain);
  uint8_t bytes[4 * STEP];
  uint64_t next = ring.end - STEP; /* where a voice begins */
  for (int i = 0; i < 50; i++) { /* in odd parts, over the ring's end */
    const size_t size = 4 * (size_t)(1 + i * 37 % STEP);
    const size_t got = oriel_qemu_voice_read(voice, &ring, bytes, size + 3);
    assert_true(got <= size);
    for (size_t frame = 0; frame < got / 4; frame++, next++) {
      const float fed = 0.5f * (float)sin(2 * M_PI * TONE_HZ * (double)next / RATE);
      assert_int_equal(sample_at(bytes, frame), (int16_t)floor((double)fed * 32768 + 0.5));
    }
    feed(got / 4, 0.5f);
  }
  assert_true(next > ORIEL_QEMU_RING_FRAMES + 1000);
  while (oriel_qemu_voice_read(voice, &ring, bytes, sizeof bytes)) /* all there is; then nothing, not the same again */
    ;
  assert_int_equal(oriel_qemu_voice_read(voice, &ring, bytes, sizeof bytes), 0);
  assert_int_equal(oriel_qemu_voice_read(voice, &ring, bytes, 0), 0);
  oriel_qemu_voice_destroy(voice);
}

/* Lesson 27: a recorder that stood still for half a second does not lag half a second behind for ever. */
static void voice_that_slept_goes_on_with_the_present(void **state) {
  (void)state;
  const uint32_t rates[] = {RATE, 44100};
  for (int i = 0; i < 2; i++) {
    struct oriel_pcm_format format = plain;
    format.rate = rates[i];
    struct oriel_qemu_voice *voice = create(format);
    static uint8_t bytes[4 * RATE];
    oriel_qemu_voice_read(voice, &ring, bytes, sizeof bytes);
    feed(RATE / 2, 0.5f);
    assert_true(oriel_qemu_voice_read(voice, &ring, bytes, sizeof bytes) <= 4 * STEP);
    feed(10 * RATE, 0.5f);
    assert_true(oriel_qemu_voice_read(voice, &ring, bytes, sizeof bytes) <= 4 * STEP);
    oriel_qemu_voice_destroy(voice);
  }
}

/* Lesson 28: volume is ramped over 30 ms. */
static void voice_volume_has_no_steps(void **state) {
  (void)state;
  struct oriel_qemu_voice *voice = create(plain);
  static uint8_t bytes[4 * STEP];
  int16_t last = 0;
  int largest = 0, loudest = 0;
  oriel_qemu_voice_read(voice, &ring, bytes, sizeof bytes);
  last = sample_at(bytes, STEP - 1);
  oriel_qemu_voice_gain(voice, 0.0f, 1.0f);
  for (int i = 0; i < 5; i++) {
    feed(STEP, 0.5f);
    assert_int_equal(oriel_qemu_voice_read(voice, &ring, bytes, sizeof bytes), sizeof bytes);
    loudest = 0;
    for (size_t frame = 0; frame < STEP; frame++) {
      const int16_t sample = sample_at(bytes, frame);
      const int step = abs(sample - last);
      largest = step > largest ? step : largest;
      loudest = abs(sample) > loudest ? abs(sample) : loudest;
      last = sample;
    }
  }
  assert_int_equal(loudest, 0); /* silent by then */
  assert_true(largest <= (int)(0.5 * 32768 * 2 * M_PI * TONE_HZ / RATE) + 16);
  oriel_qemu_voice_destroy(voice);
}

static void voice_clips(void **state) {
  (void)state;
  for (int is_signed = 0; is_signed < 2; is_signed++) {
    struct oriel_pcm_format format = {.bits = 8, .is_signed = is_signed, .rate = RATE, .channels = 2};
    struct oriel_qemu_voice *voice = create(format);
    uint8_t bytes[2 * STEP], low = 255, high = 0;
    feed(STEP, 8.0f);
    assert_int_equal(oriel_qemu_voice_read(voice, &ring, bytes, sizeof bytes), sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++) {
      const uint8_t value = is_signed ? bytes[i] ^ 0x80 : bytes[i];
      low = value < low ? value : low;
      high = value > high ? value : high;
    }
    assert_int_equal(low, 0);
    assert_int_equal(high, 255);
    oriel_qemu_voice_destroy(voice);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup(voice_formats, begin),
    cmocka_unit_test_setup(voice_formats_refused, begin),
    cmocka_unit_test_setup(voice_exact_and_in_order, begin),
    cmocka_unit_test_setup(voice_that_slept_goes_on_with_the_present, begin),
    cmocka_unit_test_setup(voice_volume_has_no_steps, begin),
    cmocka_unit_test_setup(voice_clips, begin),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
