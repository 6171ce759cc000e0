/* SPDX-License-Identifier: MIT
 *
 * Crossfades. Audio thread.
 */
#include "desktop/crossfade.h"

#include <math.h>
#include <string.h>

enum {
  FADE_FRAMES = ORIEL_OPUS_RATE * 50 / 1000, /* lesson 28 */
};
static const float half_pi = 1.5707963f;

void oriel_frames_put(struct oriel_frames *fifo, const float *frames, size_t count) {
  if (fifo->count + count > ORIEL_FRAMES_FIFO) {
    const size_t drop = fifo->count < count ? fifo->count : count;
    fifo->count -= drop;
    memmove(fifo->frames, fifo->frames + drop * ORIEL_OPUS_CHANNELS, fifo->count * ORIEL_OPUS_FRAME_SIZE);
  }
  memcpy(fifo->frames + fifo->count * ORIEL_OPUS_CHANNELS, frames, count * ORIEL_OPUS_FRAME_SIZE);
  fifo->count += count;
}

size_t oriel_frames_take(struct oriel_frames *fifo, float *frames, size_t count) {
  const size_t got = fifo->count < count ? fifo->count : count;
  memcpy(frames, fifo->frames, got * ORIEL_OPUS_FRAME_SIZE);
  fifo->count -= got;
  memmove(fifo->frames, fifo->frames + got * ORIEL_OPUS_CHANNELS, fifo->count * ORIEL_OPUS_FRAME_SIZE);
  return got;
}

int oriel_crossfade_init(struct oriel_crossfade *fade) {
  fade->position = FADE_FRAMES;
  return receiver_conceal_init(&fade->conceal, ORIEL_OPUS_CHANNELS, ORIEL_OPUS_RATE);
}

void oriel_crossfade_finish(struct oriel_crossfade *fade) {
  if (!fade->conceal.history)
    return; /* never made */
  receiver_conceal_finish(&fade->conceal);
  fade->conceal.history = NULL;
}

void oriel_crossfade_begin(struct oriel_crossfade *fade) {
  const float nothing[ORIEL_OPUS_CHANNELS] = {0};
  fade->position = 0;
  fade->ran_dry = false;
  /* What an earlier fade heard is over. */
  for (size_t i = 0; i < fade->conceal.retain; i++)
    receiver_conceal_heard(&fade->conceal, nothing, 1);
}

bool oriel_crossfade_runs(const struct oriel_crossfade *fade) {
  return fade->position < FADE_FRAMES;
}

void oriel_crossfade_mix(struct oriel_crossfade *fade, float *frames, size_t count, float *before, size_t got) {
  const size_t left = FADE_FRAMES - fade->position;
  count = count < left ? count : left;
  got = fade->ran_dry ? 0 : got < count ? got : count;
  receiver_conceal_heard(&fade->conceal, before, got);
  if (got < count) {
    if (!fade->ran_dry)
      receiver_conceal_begin(&fade->conceal);
    fade->ran_dry = true; /* also when more of it comes: another seam would be no better */
    receiver_conceal_render(&fade->conceal, before + got * ORIEL_OPUS_CHANNELS, count - got);
  }
  for (size_t i = 0; i < count; i++, fade->position++) {
    const float angle = half_pi * (float)fade->position / FADE_FRAMES;
    const float in = sinf(angle), out = cosf(angle); /* equal power */
    for (unsigned channel = 0; channel < ORIEL_OPUS_CHANNELS; channel++) {
      float *sample = &frames[i * ORIEL_OPUS_CHANNELS + channel];
      *sample = *sample * in + before[i * ORIEL_OPUS_CHANNELS + channel] * out;
    }
  }
}
