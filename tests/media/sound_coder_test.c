/* SPDX-License-Identifier: MIT
 *
 * Frames to the packets of a stream: how many go into one, what stays behind at the end of a sound, and what a peer
 * hears of it.
 */
#include "media/sound_coder.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "media/fade.h"
#include "media/opus.h"

enum { PACKET_MAX = ORIEL_SOUND_CODER_PACKET_MAX };

static struct oriel_sound_coder open(bool is_pcm, uint32_t frame_us) {
  struct oriel_sound_coder coder = {0};
  assert_int_equal(oriel_sound_coder_init(&coder, is_pcm, frame_us, 128), 0);
  return coder;
}

static void coder_lengths_that_are_none(void **state) {
  (void)state;
  static const uint32_t wrong_us[] = {0, 1, 20, 2500, 5500, 15000, 40000, UINT32_MAX};
  struct oriel_sound_coder coder = {.frames = 77};
  for (size_t i = 0; i < sizeof wrong_us / sizeof *wrong_us; i++)
    assert_int_equal(oriel_sound_coder_init(&coder, false, wrong_us[i], 128), -EINVAL);
  assert_int_equal(oriel_sound_coder_init(&coder, false, 20000, 9), -EINVAL);
  assert_int_equal(oriel_sound_coder_init(&coder, true, 20, 128), -EINVAL); /* no whole frame */
  assert_int_equal(coder.frames, 77);
  coder = open(true, 21);
  assert_int_equal(coder.frames, 1);
  coder = open(true, UINT32_MAX); /* as much as a packet holds */
  assert_int_equal(coder.frames, 187);
  oriel_sound_coder_finish(&coder);
}

/* All leaves, in as few packets as may be, which differ by a frame at most. */
static void coder_pcm_in_equal_packets(void **state) {
  (void)state;
  static const size_t most[] = {1, 7, 120, 187};
  struct oriel_sound_coder coder = open(true, UINT32_MAX);
  for (size_t i = 0; i < sizeof most / sizeof *most; i++) {
    coder.frames = most[i];
    for (size_t ready = 0; ready < 2000; ready++) {
      size_t left = ready, packets = 0, least = SIZE_MAX, longest = 0;
      for (size_t count; (count = oriel_sound_coder_next(&coder, left)) > 0; left -= count, packets++) {
        least = count < least ? count : least;
        longest = count > longest ? count : longest;
      }
      assert_int_equal(left, 0);
      assert_int_equal(packets, (ready + most[i] - 1) / most[i]);
      assert_true(!ready || (longest <= most[i] && longest - least <= 1));
    }
  }
}

static void coder_pcm_to_the_bit(void **state) {
  (void)state;
  static const uint32_t bits[] = {0, 0x80000000, 0x3f800000, 0x7fc00001, 0x7f800000, 0x12345678};
  struct oriel_sound_coder coder = open(true, 2500);
  float stereo[6];
  uint8_t packet[PACKET_MAX];
  memcpy(stereo, bits, sizeof bits);
  assert_int_equal(oriel_sound_coder_encode(&coder, stereo, 3, packet), 24);
  assert_memory_equal(packet, bits, sizeof bits);
  assert_int_equal(oriel_sound_coder_tail(&coder, 5), 0);
  assert_int_equal(oriel_sound_coder_restart(&coder), 0);
  oriel_sound_coder_finish(&coder);
}

static void coder_opus_in_whole_packets(void **state) {
  (void)state;
  static const uint32_t lengths_us[] = {5000, 10000, 20000};
  for (size_t i = 0; i < 3; i++) {
    struct oriel_sound_coder coder = open(false, lengths_us[i]);
    const size_t frames = lengths_us[i] * 48 / 1000;
    assert_int_equal(coder.frames, frames);
    assert_int_equal(oriel_sound_coder_next(&coder, 0), 0);
    assert_int_equal(oriel_sound_coder_next(&coder, frames - 1), 0);
    assert_int_equal(oriel_sound_coder_next(&coder, frames), frames);
    assert_int_equal(oriel_sound_coder_next(&coder, 5 * frames), frames);
    for (size_t ready = 0; ready < 2 * frames; ready++) {
      const size_t tail = oriel_sound_coder_tail(&coder, ready);
      assert_int_equal((ready + tail) % frames, 0);
      assert_true(tail >= 336 && tail < 336 + frames);
    }
    oriel_sound_coder_finish(&coder);
  }
}

/* Codes `count` packets of a tone, or of silence; returns the greatest magnitude that is heard of the last. */
static float hear(struct oriel_sound_coder *coder, struct oriel_opus_decoder *decoder, int count, bool is_tone) {
  static float stereo[2 * 960], heard[2 * ORIEL_OPUS_FRAMES_MAX];
  uint8_t packet[PACKET_MAX];
  float peak = 0;
  for (int at = 0; at < count; at++) {
    for (int i = 0; i < 960; i++)
      stereo[2 * i] = stereo[2 * i + 1] = is_tone ? 0.5f * sinf((float)(at * 960 + i) * 0.06f) : 0;
    const ssize_t size = oriel_sound_coder_encode(coder, stereo, coder->frames, packet);
    assert_in_range(size, 1, PACKET_MAX);
    peak = 0;
    assert_int_equal(oriel_opus_decode(decoder, packet, (size_t)size, heard), 960);
    for (int i = 0; i < 2 * 960; i++)
      peak = fmaxf(peak, fabsf(heard[i]));
  }
  return peak;
}

/* What the last peer heard does not ring in what the next one hears. */
static void coder_restarts_for_another_peer(void **state) {
  (void)state;
  struct oriel_sound_coder coder = open(false, 20000);
  struct oriel_opus_decoder *decoder = NULL;
  assert_int_equal(oriel_opus_decoder_create(&decoder), 0);
  assert_true(hear(&coder, decoder, 10, true) > 0.3f);
  assert_true(hear(&coder, decoder, 1, false) > 0.01f); /* the tone's end */
  assert_true(hear(&coder, decoder, 5, true) > 0.3f);
  assert_int_equal(oriel_sound_coder_restart(&coder), 0);
  oriel_opus_decoder_reset(decoder);
  assert_true(hear(&coder, decoder, 1, false) < 0.001f);
  oriel_opus_decoder_destroy(decoder);
  oriel_sound_coder_finish(&coder);
  oriel_sound_coder_finish(&coder); /* twice is fine */
}

static void fade_ends_at_nothing(void **state) {
  (void)state;
  enum { COUNT = 240, CHANNELS = 3 };
  const float last[CHANNELS] = {1, -0.5f, 0};
  float frames[COUNT * CHANNELS], before[CHANNELS];
  memcpy(before, last, sizeof last);
  oriel_fade_out(last, CHANNELS, frames, COUNT);
  for (int i = 0; i < COUNT; i++)
    for (int channel = 0; channel < CHANNELS; channel++) {
      const float now = frames[i * CHANNELS + channel];
      assert_true(fabsf(now) <= fabsf(before[channel]) && fabsf(now - before[channel]) < 0.0063f);
      before[channel] = now;
    }
  for (int channel = 0; channel < CHANNELS; channel++)
    assert_true(frames[(COUNT - 1) * CHANNELS + channel] == 0);
  assert_true(oriel_fade_weight(0, 10) == 0 && oriel_fade_weight(10, 10) == 1 && oriel_fade_weight(0, 0) == 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(coder_lengths_that_are_none),
    cmocka_unit_test(coder_pcm_in_equal_packets),
    cmocka_unit_test(coder_pcm_to_the_bit),
    cmocka_unit_test(coder_opus_in_whole_packets),
    cmocka_unit_test(coder_restarts_for_another_peer),
    cmocka_unit_test(fade_ends_at_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
