/* SPDX-License-Identifier: MIT
 *
 * Opus: packets of the promised length, decodable by libopus, with the sound still in them.
 */
#include "media/opus.h"

#include <errno.h>
#include <opus/opus.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tone.h"

enum { SECOND = ORIEL_OPUS_RATE };

/* Encodes a second of a tone (left and right apart), decodes it; returns the sound, owned, and the bytes it took. */
static float *round_trip(unsigned frame_ms, unsigned kbps, double level, size_t *bytes) {
  struct oriel_opus_encoder *encoder = NULL;
  assert_int_equal(oriel_opus_encoder_create(frame_ms, kbps, &encoder), 0);
  unsigned frames = oriel_opus_encoder_frames(encoder);
  assert_int_equal(frames, 48 * frame_ms);
  int error = 0;
  OpusDecoder *decoder = opus_decoder_create(ORIEL_OPUS_RATE, ORIEL_OPUS_CHANNELS, &error);
  assert_int_equal(error, OPUS_OK);
  float *in = malloc(frames * 2 * sizeof *in), *out = malloc(SECOND * 2 * sizeof *out);
  assert_true(in && out);
  *bytes = 0;
  for (unsigned at = 0; at < SECOND; at += frames) {
    for (unsigned i = 0; i < frames; i++) {
      in[2 * i] = (float)(level * sin(2 * TONE_PI * 1000 * (at + i) / SECOND));
      in[2 * i + 1] = (float)(level * sin(2 * TONE_PI * 600 * (at + i) / SECOND));
    }
    struct oriel_packet *packet = NULL;
    assert_int_equal(oriel_opus_encode(encoder, in, 1000 + at, &packet), 0);
    assert_int_equal(packet->kind, ORIEL_PACKET_AUDIO);
    assert_int_equal(packet->captured_ns, 1000 + at); /* lesson 9 */
    assert_in_range(packet->size, 1, 1500);
    assert_int_equal(opus_packet_get_nb_channels(packet->data), 2);
    assert_int_equal(opus_decode_float(decoder, packet->data, (opus_int32)packet->size, out + 2 * at, (int)frames, 0),
                     frames);
    *bytes += packet->size;
    oriel_packet_unref(packet);
  }
  opus_decoder_destroy(decoder);
  oriel_opus_encoder_destroy(encoder);
  free(in);
  return out;
}

static void opus_tones(void **unused) {
  (void)unused;
  static const unsigned lengths[] = {5, 10, 20};
  for (size_t i = 0; i < 3; i++) {
    size_t bytes = 0;
    float *out = round_trip(lengths[i], 128, 0.5, &bytes);
    const float *middle = out + 2 * 9600;
    assert_true(fabs(tone_level(middle, 36000, 1000) - 0.5) < 0.03);
    assert_true(fabs(tone_level(middle + 1, 36000, 600) - 0.5) < 0.03);
    assert_true(tone_level(middle, 36000, 600) < 0.02);
    assert_true(tone_level(middle + 1, 36000, 1000) < 0.02);
    assert_true(bytes * 8 < 128000 * 5 / 4);
    free(out);
  }
}

/* Silence still sends packets, so that a listener can tell it from a stalled source (lesson 23), but tiny ones. */
static void opus_silence(void **unused) {
  (void)unused;
  size_t bytes = 0;
  float *out = round_trip(20, 128, 0, &bytes);
  assert_in_range(bytes, 50, 50 * 20);
  for (int i = 0; i < SECOND * 2; i++)
    assert_true(fabsf(out[i]) < 0.001f);
  free(out);
}

static void opus_bitrate(void **unused) {
  (void)unused;
  size_t low = 0, high = 0;
  free(round_trip(20, 24, 0.5, &low));
  free(round_trip(20, 256, 0.5, &high));
  assert_true(low * 2 < high);
  assert_true(low * 8 < 24000 * 3 / 2);
  free(round_trip(20, 510, 0.5, &high));
  free(round_trip(5, 510, 0.5, &high));
}

static void opus_not_finite(void **unused) {
  (void)unused;
  struct oriel_opus_encoder *encoder = NULL;
  assert_int_equal(oriel_opus_encoder_create(20, 96, &encoder), 0);
  float frames[960 * 2];
  for (int i = 0; i < 960 * 2; i++)
    frames[i] = i % 3 ? NAN : INFINITY;
  struct oriel_packet *packet = NULL;
  int rc = oriel_opus_encode(encoder, frames, 1, &packet);
  assert_true(rc == 0 || rc == -EIO);
  if (rc == 0)
    oriel_packet_unref(packet);
  oriel_opus_encoder_destroy(encoder);
}

static void opus_bad_config(void **unused) {
  (void)unused;
  struct oriel_opus_encoder *encoder = NULL;
  static const unsigned bad[][2] = {{0, 96}, {15, 96}, {40, 96}, {20, 15}, {20, 511}};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    assert_int_equal(oriel_opus_encoder_create(bad[i][0], bad[i][1], &encoder), -EINVAL);
  assert_null(encoder);
  oriel_opus_encoder_destroy(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(opus_tones),      cmocka_unit_test(opus_silence),    cmocka_unit_test(opus_bitrate),
    cmocka_unit_test(opus_not_finite), cmocka_unit_test(opus_bad_config),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
