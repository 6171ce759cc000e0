/* SPDX-License-Identifier: MIT
 *
 * Frames to packets. The pump's thread.
 */
#include "driver/packets.h"

#include <assert.h>
#include <string.h>

#include "media/fade.h"

enum {
  FADE_FRAMES = 240, /* 5 ms: hides the step of a jump */
  FRAME_SIZE = 2 * sizeof(float),
};

int packets_init(struct packets *packets, const struct oriel_transport_address *address, uint32_t bitrate_kbps,
                 uint32_t rate, const enum oriel_speaker *layout, unsigned channels) {
  memset(packets, 0, sizeof *packets);
  oriel_downmix_init(&packets->downmix, layout, channels);
  int error = resampler_init(&packets->resampler, rate, PACKETS_RATE);
  if (error < 0)
    return error;
  error = oriel_sound_coder_init(&packets->coder, address->is_pcm, oriel_transport_address_frame_us(address),
                                 bitrate_kbps);
  if (error < 0)
    packets_finish(packets);
  return error;
}

void packets_finish(struct packets *packets) {
  oriel_sound_coder_finish(&packets->coder);
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
  float mixed[2 * PACKETS_INPUT_MAX];
  packets->has_sound = true;
  memcpy(packets->last, frames + (count - 1) * packets->downmix.channels, packets->downmix.channels * sizeof *frames);
  oriel_downmix(&packets->downmix, frames, mixed, count);
  float *out = packets->stereo + 2 * packets->collected;
  size_t given = PACKETS_COLLECT_MAX - packets->collected;
  resampler_run(&packets->resampler, mixed, &count, out, &given);
  fade_in(packets, out, given);
  packets->collected += given;
}

void packets_end(struct packets *packets) {
  float frames[PACKETS_INPUT_MAX * ORIEL_SPEAKERS_MAX] = {0};
  if (!packets->has_sound)
    return;
  oriel_fade_out(packets->last, packets->downmix.channels, frames, FADE_FRAMES);
  assert(packets->collected < packets->coder.frames);
  packets_put(packets, frames, PACKETS_INPUT_MAX); /* the silence behind pushes out what the resampler keeps */
  packets->has_sound = false;
  const size_t tail = oriel_sound_coder_tail(&packets->coder, packets->collected);
  memset(packets->stereo + 2 * packets->collected, 0, tail * FRAME_SIZE);
  packets->collected += tail;
}

static void drop(struct packets *packets, size_t frames) {
  packets->collected -= frames;
  memmove(packets->stereo, packets->stereo + 2 * frames, packets->collected * FRAME_SIZE);
}

int packets_next(struct packets *packets, uint8_t bytes[ORIEL_SOUND_CODER_PACKET_MAX]) {
  const size_t frames = oriel_sound_coder_next(&packets->coder, packets->collected);
  if (!frames)
    return 0;
  const ssize_t size = oriel_sound_coder_encode(&packets->coder, packets->stereo, frames, bytes);
  drop(packets, frames);
  return (int)size;
}

size_t packets_missing(const struct packets *packets) {
  return packets->collected >= packets->coder.frames
           ? 0
           : resampler_input_for(&packets->resampler, packets->coder.frames - packets->collected);
}
