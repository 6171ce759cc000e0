/* SPDX-License-Identifier: MIT
 *
 * Layouts, downmix and upmix. Transport threads; oriel_upmix also in IO callbacks.
 */
#include "media/downmix.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define DOWN 0.70710678f           /* 3 dB */
#define COMES_BACK (1 / 24000.0f)  /* of the whole gain, a frame: half a second at 48 kHz */

void oriel_layout(unsigned channels, enum oriel_speaker layout[ORIEL_SPEAKERS_MAX]) {
  static const enum oriel_speaker beside[] = {
    ORIEL_SPEAKER_LEFT, ORIEL_SPEAKER_RIGHT, ORIEL_SPEAKER_SURROUND_LEFT, ORIEL_SPEAKER_SURROUND_RIGHT};
  static const enum oriel_speaker without_lfe[] = {
    ORIEL_SPEAKER_LEFT, ORIEL_SPEAKER_RIGHT, ORIEL_SPEAKER_CENTRE, ORIEL_SPEAKER_SURROUND_LEFT,
    ORIEL_SPEAKER_SURROUND_RIGHT};
  static const enum oriel_speaker most[ORIEL_SPEAKERS_MAX] = {
    ORIEL_SPEAKER_LEFT, ORIEL_SPEAKER_RIGHT, ORIEL_SPEAKER_CENTRE, ORIEL_SPEAKER_LFE,
    ORIEL_SPEAKER_SURROUND_LEFT, ORIEL_SPEAKER_SURROUND_RIGHT, ORIEL_SPEAKER_SECOND_LEFT, ORIEL_SPEAKER_SECOND_RIGHT,
    ORIEL_SPEAKER_WIDE_LEFT, ORIEL_SPEAKER_WIDE_RIGHT, ORIEL_SPEAKER_TOP_FRONT_LEFT, ORIEL_SPEAKER_TOP_FRONT_RIGHT,
    ORIEL_SPEAKER_TOP_SIDE_LEFT, ORIEL_SPEAKER_TOP_SIDE_RIGHT, ORIEL_SPEAKER_TOP_BACK_LEFT,
    ORIEL_SPEAKER_TOP_BACK_RIGHT};
  assert(channels >= 1 && channels <= ORIEL_SPEAKERS_MAX);
  const enum oriel_speaker *of = channels == 4 ? beside : channels == 5 ? without_lfe : most;
  const unsigned named = channels > 8 && channels < ORIEL_SPEAKERS_MAX ? 8 : channels;
  for (unsigned c = 0; c < channels; c++)
    layout[c] = c < named ? of[c] : ORIEL_SPEAKER_NUMBERED;
  if (channels == 1)
    layout[0] = ORIEL_SPEAKER_MONO;
  if (channels == 7)
    layout[6] = ORIEL_SPEAKER_BACK;
}

static void weigh(enum oriel_speaker speaker, unsigned channel, float weights[2]) {
  static const float of[ORIEL_SPEAKER_KINDS][2] = {
    [ORIEL_SPEAKER_MONO] = {1, 1},
    [ORIEL_SPEAKER_LEFT] = {1, 0}, [ORIEL_SPEAKER_RIGHT] = {0, 1},
    [ORIEL_SPEAKER_CENTRE] = {DOWN, DOWN},
    [ORIEL_SPEAKER_LFE] = {0, 0},
    [ORIEL_SPEAKER_SURROUND_LEFT] = {DOWN, 0}, [ORIEL_SPEAKER_SURROUND_RIGHT] = {0, DOWN},
    [ORIEL_SPEAKER_SECOND_LEFT] = {DOWN, 0}, [ORIEL_SPEAKER_SECOND_RIGHT] = {0, DOWN},
    [ORIEL_SPEAKER_BACK] = {0.5f, 0.5f}, /* 3 dB down into each surround, and these 3 dB down */
    [ORIEL_SPEAKER_WIDE_LEFT] = {DOWN, 0}, [ORIEL_SPEAKER_WIDE_RIGHT] = {0, DOWN},
    [ORIEL_SPEAKER_TOP_FRONT_LEFT] = {DOWN, 0}, [ORIEL_SPEAKER_TOP_FRONT_RIGHT] = {0, DOWN},
    [ORIEL_SPEAKER_TOP_SIDE_LEFT] = {DOWN, 0}, [ORIEL_SPEAKER_TOP_SIDE_RIGHT] = {0, DOWN},
    [ORIEL_SPEAKER_TOP_BACK_LEFT] = {DOWN, 0}, [ORIEL_SPEAKER_TOP_BACK_RIGHT] = {0, DOWN},
  };
  memcpy(weights, of[speaker], 2 * sizeof(float));
  if (speaker == ORIEL_SPEAKER_NUMBERED)
    weights[channel % 2] = DOWN;
}

void oriel_downmix_init(struct oriel_downmix *downmix, const enum oriel_speaker *layout, unsigned channels) {
  assert(channels >= 1 && channels <= ORIEL_SPEAKERS_MAX);
  *downmix = (struct oriel_downmix){.channels = channels, .gain = 1};
  for (unsigned c = 0; c < channels; c++)
    weigh(layout[c], c, downmix->weights[c]);
  downmix->is_plain = channels == 2 && layout[0] == ORIEL_SPEAKER_LEFT && layout[1] == ORIEL_SPEAKER_RIGHT;
}

void oriel_downmix(struct oriel_downmix *downmix, const float *frames, float *stereo, size_t count) {
  if (downmix->is_plain) {
    memcpy(stereo, frames, count * 2 * sizeof *frames);
    return;
  }
  for (size_t i = 0; i < count; i++, frames += downmix->channels) {
    float left = 0, right = 0;
    for (unsigned c = 0; c < downmix->channels; c++) {
      left += frames[c] * downmix->weights[c][0];
      right += frames[c] * downmix->weights[c][1];
    }
    const float peak = fmaxf(fabsf(left), fabsf(right));
    downmix->gain = fminf(downmix->gain + COMES_BACK, 1);
    if (peak * downmix->gain > 1)
      downmix->gain = isfinite(peak) ? 1 / peak : 0;
    stereo[2 * i] = left * downmix->gain;
    stereo[2 * i + 1] = right * downmix->gain;
  }
}

void oriel_upmix(const float *stereo, float *frames, unsigned channels, size_t count) {
  if (channels == 1) {
    for (size_t i = 0; i < count; i++)
      frames[i] = (stereo[2 * i] + stereo[2 * i + 1]) / 2;
    return;
  }
  if (channels == 2) {
    memmove(frames, stereo, count * 2 * sizeof *frames);
    return;
  }
  memset(frames, 0, count * channels * sizeof *frames);
  for (size_t i = 0; i < count; i++)
    memcpy(frames + i * channels, stereo + 2 * i, 2 * sizeof *frames);
}
