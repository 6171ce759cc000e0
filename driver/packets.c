/* SPDX-License-Identifier: MIT
 *
 * Frames to packets. The pump's thread.
 */
#include "driver/packets.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "core/packet.h"
#include "media/opus.h"

enum {
  FADE_FRAMES = 240, /* 5 ms: hides the step of a jump */
  FRAME_SIZE = 2 * sizeof(float),
  PCM_FRAMES_MAX = PACKETS_SIZE_MAX / FRAME_SIZE,
  OPUS_DEFAULT_US = 20000,
  PCM_DEFAULT_US = 2500,
};

int packets_init(struct packets *packets, const struct oriel_transport_address *address, uint32_t bitrate_kbps,
                 uint32_t rate, const enum oriel_speaker *layout, unsigned channels) {
  memset(packets, 0, sizeof *packets);
  oriel_downmix_init(&packets->downmix, layout, channels);
  const uint32_t default_us = address->is_pcm ? PCM_DEFAULT_US : OPUS_DEFAULT_US;
  const uint64_t us = address->frame_us ? address->frame_us : default_us;
  packets->frames = (size_t)(us * PACKETS_RATE / 1000000);
  int rc = resampler_init(&packets->resampler, rate, PACKETS_RATE);
  if (rc < 0)
    return rc;
  if (address->is_pcm) {
    if (packets->frames > PCM_FRAMES_MAX)
      packets->frames = PCM_FRAMES_MAX;
    return 0;
  }
  rc = oriel_opus_encoder_create((unsigned)(us / 1000), bitrate_kbps, &packets->encoder);
  if (rc < 0) {
    packets->encoder = NULL;
    packets_finish(packets);
  }
  return rc;
}

void packets_finish(struct packets *packets) {
  oriel_opus_encoder_destroy(packets->encoder);
  packets->encoder = NULL;
  resampler_finish(&packets->resampler);
}

void packets_restart(struct packets *packets) {
  packets->collected = 0;
  packets->has_sound = false;
  packets->fade = FADE_FRAMES;
  resampler_reset(&packets->resampler);
}

bool packets_room(const struct packets *packets) {
  /* 44.1 kHz grows by less than an eighth. */
  return PACKETS_COLLECT_MAX - packets->collected >= PACKETS_INPUT_MAX * 5 / 4;
}

static void fade_in(struct packets *packets, float *stereo, size_t count) {
  for (size_t i = 0; i < count && packets->fade; i++, packets->fade--) {
    const float gain = (float)(FADE_FRAMES - packets->fade) / FADE_FRAMES;
    stereo[2 * i] *= gain;
    stereo[2 * i + 1] *= gain;
  }
}

void packets_put(struct packets *packets, const float *frames, size_t count) {
  assert(count <= PACKETS_INPUT_MAX && packets_room(packets));
  float folded[2 * PACKETS_INPUT_MAX];
  packets->has_sound = true;
  memcpy(packets->last, frames + (count - 1) * packets->downmix.channels, packets->downmix.channels * sizeof *frames);
  oriel_downmix(&packets->downmix, frames, folded, count);
  float *out = packets->stereo + 2 * packets->collected;
  size_t given = PACKETS_COLLECT_MAX - packets->collected;
  resampler_run(&packets->resampler, folded, &count, out, &given);
  fade_in(packets, out, given);
  packets->collected += given;
}

void packets_end(struct packets *packets) {
  enum { AHEAD_FRAMES = 336 }; /* of Opus, 7 ms at most; the resampler keeps less than a third of a ms */
  float frames[PACKETS_INPUT_MAX * ORIEL_SPEAKERS_MAX] = {0};
  const unsigned channels = packets->downmix.channels;
  if (!packets->has_sound)
    return;
  for (size_t i = 0; i < FADE_FRAMES; i++) {
    const float x = (float)(i + 1) / FADE_FRAMES, weight = 1 - x * x * (3 - 2 * x);
    for (unsigned c = 0; c < channels; c++)
      frames[i * channels + c] = packets->last[c] * weight;
  }
  assert(packets->collected < packets->frames);
  packets_put(packets, frames, PACKETS_INPUT_MAX);
  packets->has_sound = false;
  if (!packets->encoder)
    return;
  size_t end = packets->collected + AHEAD_FRAMES + packets->frames - 1;
  end -= end % packets->frames;
  memset(packets->stereo + 2 * packets->collected, 0, (end - packets->collected) * FRAME_SIZE);
  packets->collected = end;
}

static void drop(struct packets *packets, size_t frames) {
  packets->collected -= frames;
  memmove(packets->stereo, packets->stereo + 2 * frames, packets->collected * FRAME_SIZE);
}

int packets_next(struct packets *packets, bool flush, uint8_t bytes[PACKETS_SIZE_MAX]) {
  size_t frames = packets->frames;
  if (packets->collected < frames && !packets->encoder && flush)
    frames = packets->collected;
  if (!frames || packets->collected < frames)
    return 0;
  if (!packets->encoder) {
    memcpy(bytes, packets->stereo, frames * FRAME_SIZE);
    drop(packets, frames);
    return (int)(frames * FRAME_SIZE);
  }
  struct oriel_packet *packet = NULL;
  int rc = oriel_opus_encode(packets->encoder, packets->stereo, 0, &packet);
  drop(packets, frames);
  if (rc < 0)
    return -EIO;
  const size_t size = packet->size;
  if (size <= PACKETS_SIZE_MAX)
    memcpy(bytes, packet->data, size);
  oriel_packet_unref(packet);
  return size <= PACKETS_SIZE_MAX ? (int)size : -EIO;
}

size_t packets_missing(const struct packets *packets) {
  return packets->collected >= packets->frames
           ? 0
           : resampler_input_for(&packets->resampler, packets->frames - packets->collected);
}
