/* SPDX-License-Identifier: MIT
 *
 * Mixing to stereo, then Opus or nothing. Transport thread.
 */
#include "guest/agent/coder.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "media/downmix.h"
#include "media/opus.h"
#include "wire/audio.h"

struct agent_coder {
  bool is_pcm;
  struct oriel_downmix downmix;
  unsigned frame_ms, bitrate_kbps;
  size_t frames, due;
  struct oriel_opus_encoder *opus;
  float *stereo;          /* one packet */
};

/** Cycles of the graph are powers of two. */
static size_t nearest_power(size_t value) {
  size_t power = 1;
  while (power * 3 / 2 < value)
    power *= 2;
  return power;
}

int agent_coder_create(const struct agent_settings *settings, struct agent_coder **coder) {
  struct agent_coder *made = calloc(1, sizeof *made);
  if (made == NULL)
    return -ENOMEM;
  const uint32_t frame_us = agent_end_frame_us(settings, &settings->output);
  const size_t due = (size_t)((uint64_t)ORIEL_AUDIO_RATE * frame_us / 1000000);
  made->is_pcm = settings->output.address.is_pcm;
  enum oriel_speaker layout[ORIEL_SPEAKERS_MAX];
  oriel_layout(settings->output_channels, layout);
  oriel_downmix_init(&made->downmix, layout, settings->output_channels);
  made->frame_ms = frame_us / 1000;
  made->bitrate_kbps = settings->bitrate_kbps;
  made->frames = made->is_pcm ? AGENT_PACKET_MAX / (ORIEL_AUDIO_CHANNELS * sizeof(float)) : due;
  made->due = made->is_pcm ? nearest_power(due) : due;
  made->stereo = calloc(made->frames * ORIEL_AUDIO_CHANNELS, sizeof(float));
  int result = made->stereo == NULL ? -ENOMEM : 0;
  if (result == 0 && !made->is_pcm)
    result = agent_coder_restart(made);
  if (result < 0)
    agent_coder_destroy(made);
  else
    *coder = made;
  return result;
}

void agent_coder_destroy(struct agent_coder *coder) {
  if (coder == NULL)
    return;
  oriel_opus_encoder_destroy(coder->opus);
  free(coder->stereo);
  free(coder);
}

size_t agent_coder_frames(const struct agent_coder *coder) {
  return coder->frames;
}

size_t agent_coder_due(const struct agent_coder *coder) {
  return coder->due;
}

size_t agent_coder_next(const struct agent_coder *coder, size_t ready) {
  if (!coder->is_pcm)
    return ready >= coder->frames ? coder->frames : 0;
  const size_t packets = (ready + coder->frames - 1) / coder->frames;
  return packets > 0 ? (ready + packets - 1) / packets : 0;
}

int agent_coder_restart(struct agent_coder *coder) {
  if (coder->is_pcm)
    return 0;
  struct oriel_opus_encoder *fresh = NULL;
  const int result = oriel_opus_encoder_create(coder->frame_ms, coder->bitrate_kbps, &fresh);
  if (result < 0)
    return result;
  oriel_opus_encoder_destroy(coder->opus);
  coder->opus = fresh;
  return 0;
}

ssize_t agent_coder_code(struct agent_coder *coder, const float *frames, size_t count, uint64_t now_ns,
                         uint8_t packet[AGENT_PACKET_MAX]) {
  if (!coder->downmix.is_plain) {
    oriel_downmix(&coder->downmix, frames, coder->stereo, count);
    frames = coder->stereo;
  }
  if (coder->is_pcm) { /* little-endian, as we are: see meson.build */
    const size_t size = count * ORIEL_AUDIO_CHANNELS * sizeof *frames;
    memcpy(packet, frames, size);
    return (ssize_t)size;
  }
  struct oriel_packet *coded = NULL;
  const int result = oriel_opus_encode(coder->opus, frames, now_ns, &coded);
  if (result < 0)
    return result;
  assert(coded->size <= AGENT_PACKET_MAX); /* the encoder was given no more room */
  memcpy(packet, coded->data, coded->size);
  const ssize_t size = (ssize_t)coded->size;
  oriel_packet_unref(coded);
  return size;
}
