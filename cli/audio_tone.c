/* SPDX-License-Identifier: MIT
 *
 * A sine, steady or in bursts. Main thread.
 */
#include "cli/audio_tone.h"

#include <math.h>
#include <string.h>

#include "core/packet.h"
#include "media/opus.h"

enum { RATE = 48000, PCM_FRAMES_MAX = 187, FADE_FRAMES = RATE / 500, BITRATE_KBPS = 128 };

int oriel_tone_init(struct oriel_tone *tone, double hz, bool is_burst, bool is_pcm, uint32_t frame_us) {
  if (frame_us == 0)
    frame_us = is_pcm ? 2500 : 20000;
  memset(tone, 0, sizeof *tone);
  tone->hz = hz;
  tone->is_burst = is_burst;
  tone->is_pcm = is_pcm;
  tone->frames = frame_us * (RATE / 100) / 10000;
  return is_pcm ? 0 : oriel_opus_encoder_create(frame_us / 1000, BITRATE_KBPS, &tone->encoder);
}

void oriel_tone_finish(struct oriel_tone *tone) {
  oriel_opus_encoder_destroy(tone->encoder);
  tone->encoder = NULL;
}

uint64_t oriel_tone_due_ns(struct oriel_tone *tone, uint64_t now_ns) {
  if (tone->start_ns == 0)
    tone->start_ns = now_ns;
  return tone->start_ns + (tone->position + tone->frames) * 1000000000ull / RATE;
}

/** Bursts start after some silence, with edges of 2 ms that do not click. */
static float loudness(const struct oriel_tone *tone, uint64_t frame) {
  enum { PERIOD = RATE / 1000 * ORIEL_TONE_PERIOD_MS, BURST = RATE / 1000 * ORIEL_TONE_BURST_MS, LEAD = RATE / 4 };
  if (!tone->is_burst)
    return ORIEL_TONE_LEVEL;
  if (frame < LEAD || (frame - LEAD) % PERIOD >= BURST)
    return 0;
  const uint64_t at = (frame - LEAD) % PERIOD, edge = at < BURST - at ? at : BURST - at;
  return edge < FADE_FRAMES ? ORIEL_TONE_LEVEL * (float)edge / FADE_FRAMES : ORIEL_TONE_LEVEL;
}

static int send_pcm(const struct oriel_tone *tone, oriel_tone_packet_fn *packet, void *owner) {
  for (unsigned at = 0; at < tone->frames; at += PCM_FRAMES_MAX) {
    const unsigned count = tone->frames - at < PCM_FRAMES_MAX ? tone->frames - at : PCM_FRAMES_MAX;
    packet(owner, (const uint8_t *)&tone->samples[(size_t)at * 2], (size_t)count * 2 * sizeof(float));
  }
  return 0;
}

int oriel_tone_next(struct oriel_tone *tone, oriel_tone_packet_fn *packet, void *owner) {
  for (unsigned i = 0; i < tone->frames; i++) {
    const uint64_t frame = tone->position + i;
    const double phase = fmod((double)frame * tone->hz / RATE, 1.0) * 6.283185307179586;
    tone->samples[2 * i] = tone->samples[2 * i + 1] = loudness(tone, frame) * (float)sin(phase);
  }
  tone->position += tone->frames;
  if (tone->is_pcm)
    return send_pcm(tone, packet, owner);
  struct oriel_packet *made = NULL;
  const int result = oriel_opus_encode(tone->encoder, tone->samples, tone->start_ns, &made);
  if (result < 0)
    return result;
  packet(owner, made->data, made->size);
  oriel_packet_unref(made);
  return 0;
}
