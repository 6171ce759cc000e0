/* SPDX-License-Identifier: MIT
 *
 * Packets to frames. Called by the network thread.
 */
#include "media/receiver_decode.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "media/fade.h"

enum { PACKET_MAX = 1500, FADE_FRAMES = 128 };
#define SAMPLE_LIMIT 4.0f /* 12 dB above full scale: more is no sound */

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "PCM packets are little-endian and copied as they are");

int receiver_decode_init(struct receiver_decode *decode, const struct oriel_receiver_config *config) {
  *decode = (struct receiver_decode){.is_pcm = config->is_pcm, .channels = config->channels};
  size_t samples = config->is_pcm ? PACKET_MAX / sizeof(float) : (size_t)ORIEL_OPUS_FRAMES_MAX * config->channels;
  decode->frames = calloc(samples, sizeof(float));
  int error = decode->frames ? 0 : -ENOMEM;
  if (error == 0)
    error = config->is_pcm ? receiver_conceal_init(&decode->conceal, config->channels, config->rate)
                        : oriel_opus_decoder_create(&decode->opus);
  if (error < 0) {
    free(decode->frames);
    decode->frames = NULL;
  }
  return error;
}

void receiver_decode_finish(struct receiver_decode *decode) {
  oriel_opus_decoder_destroy(decode->opus);
  if (decode->is_pcm)
    receiver_conceal_finish(&decode->conceal);
  free(decode->frames);
}

void receiver_decode_reset(struct receiver_decode *decode) {
  if (decode->opus)
    oriel_opus_decoder_reset(decode->opus);
  decode->concealed = false;
  decode->packet_frames = 0;
}

/* Not a number, infinity and the absurd become silence or the limit. In comparisons that vectorise. */
static void sanitize(float *samples, size_t count) {
  for (size_t i = 0; i < count; i++) {
    float sample = samples[i];
    sample = sample == sample ? sample : 0;
    sample = sample < SAMPLE_LIMIT ? sample : SAMPLE_LIMIT;
    samples[i] = sample > -SAMPLE_LIMIT ? sample : -SAMPLE_LIMIT;
  }
}

static void fade_in(struct receiver_decode *decode, size_t frames) {
  size_t count = frames < FADE_FRAMES ? frames : FADE_FRAMES, channels = decode->channels;
  for (size_t i = 0; i < count; i++) {
    float guess[16], weight = oriel_fade_weight(i, count);
    receiver_conceal_render(&decode->conceal, guess, 1);
    for (size_t channel = 0; channel < channels; channel++) {
      float *sample = &decode->frames[i * channels + channel];
      *sample = guess[channel] + (*sample - guess[channel]) * weight;
    }
  }
}

static int decode_pcm(struct receiver_decode *decode, const void *packet, size_t size) {
  size_t frame_size = decode->channels * sizeof(float);
  if (size % frame_size)
    return -EBADMSG;
  size_t count = size / frame_size;
  memcpy(decode->frames, packet, size);
  sanitize(decode->frames, count * decode->channels);
  if (decode->concealed)
    fade_in(decode, count);
  decode->concealed = false;
  receiver_conceal_heard(&decode->conceal, decode->frames, count);
  return (int)count;
}

int receiver_decode_packet(struct receiver_decode *decode, const void *packet, size_t size) {
  if (size == 0 || size > PACKET_MAX)
    return -EBADMSG;
  int count = decode->is_pcm ? decode_pcm(decode, packet, size)
                             : oriel_opus_decode(decode->opus, packet, size, decode->frames);
  if (count > 0) {
    decode->packet_frames = (size_t)count;
    if (!decode->is_pcm)
      sanitize(decode->frames, decode->packet_frames * decode->channels);
  }
  return count;
}

int receiver_decode_lost(struct receiver_decode *decode, const void *next, size_t size, bool *recovered) {
  *recovered = false;
  size_t count = decode->packet_frames;
  if (count == 0)
    return 0;
  if (!decode->is_pcm) {
    int made = oriel_opus_conceal(decode->opus, next, size <= PACKET_MAX ? size : 0, decode->frames, count, recovered);
    if (made < 0) {
      memset(decode->frames, 0, count * decode->channels * sizeof(float));
      return (int)count;
    }
    sanitize(decode->frames, (size_t)made * decode->channels);
    return made;
  }
  if (!decode->concealed)
    receiver_conceal_begin(&decode->conceal);
  receiver_conceal_render(&decode->conceal, decode->frames, count);
  receiver_conceal_heard(&decode->conceal, decode->frames, count);
  decode->concealed = true;
  return (int)count;
}
