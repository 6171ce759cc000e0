/* SPDX-License-Identifier: MIT
 *
 * Concealment. One object for lost PCM packets (network thread), one for late sound (data thread).
 */
#include "media/receiver_conceal.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "media/fade.h"

enum { COARSE_RATE = 12000, STEP_FRAMES = 64 };
/* In 1/10000 s. */
enum { PERIOD_LEAST = 25, PERIOD_MOST = 125, COMPARED = 60, SOLID = 100, OVER = 300, SPARE = 100 };

static size_t frames_of(const struct receiver_conceal *conceal, unsigned tenths_of_ms) {
  return (size_t)conceal->rate * tenths_of_ms / 10000;
}

int receiver_conceal_init(struct receiver_conceal *conceal, unsigned channels, uint32_t rate) {
  *conceal = (struct receiver_conceal){.channels = channels, .rate = rate};
  conceal->keep = frames_of(conceal, PERIOD_MOST + COMPARED + 65) + 8;
  conceal->retain = conceal->keep + frames_of(conceal, SPARE);
  conceal->history = calloc(conceal->retain * 2 * channels, sizeof(float));
  conceal->mono = calloc(conceal->keep, sizeof(float));
  conceal->loop = calloc(conceal->keep * channels, sizeof(float));
  conceal->filled = conceal->retain;
  conceal->done = frames_of(conceal, OVER);
  conceal->period = 1;
  if (!conceal->history || !conceal->mono || !conceal->loop) {
    receiver_conceal_finish(conceal);
    return -ENOMEM;
  }
  return 0;
}

void receiver_conceal_finish(struct receiver_conceal *conceal) {
  free(conceal->history);
  free(conceal->mono);
  free(conceal->loop);
  conceal->history = conceal->mono = conceal->loop = NULL;
}

void receiver_conceal_heard(struct receiver_conceal *conceal, const float *frames, size_t count) {
  size_t channels = conceal->channels;
  if (count >= conceal->retain) {
    memcpy(conceal->history, frames + (count - conceal->retain) * channels, conceal->retain * channels * sizeof(float));
    conceal->filled = conceal->retain;
    return;
  }
  if (conceal->filled + count > 2 * conceal->retain) {
    size_t kept = conceal->retain - count;
    memmove(conceal->history, conceal->history + (conceal->filled - kept) * channels, kept * channels * sizeof(float));
    conceal->filled = kept;
  }
  memcpy(conceal->history + conceal->filled * channels, frames, count * channels * sizeof(float));
  conceal->filled += count;
}

void receiver_conceal_forget(struct receiver_conceal *conceal, size_t count) {
  conceal->filled -= count;
}

/* How alike the last `compared` frames and those one `lag` before are, in steps of `stride`: the normalised
 * correlation, squared, with its sign. */
static float likeness(const float *end, size_t lag, size_t compared, size_t stride) {
  float cross = 0, energy = 1e-9f;
  for (size_t i = stride; i <= compared; i += stride) {
    float now = *(end - i), before = *(end - i - lag);
    cross += now * before;
    energy += before * before;
  }
  return cross * fabsf(cross) / energy;
}

static size_t find_period(const struct receiver_conceal *conceal) {
  const float *end = conceal->mono + conceal->keep;
  size_t least = frames_of(conceal, PERIOD_LEAST), most = frames_of(conceal, PERIOD_MOST);
  size_t compared = frames_of(conceal, COMPARED);
  size_t stride = conceal->rate > COARSE_RATE ? conceal->rate / COARSE_RATE : 1;
  size_t best = least;
  float best_likeness = -INFINITY;
  for (size_t lag = least; lag <= most; lag += stride) {
    float found = likeness(end, lag, compared, stride);
    if (found > best_likeness) {
      best_likeness = found;
      best = lag;
    }
  }
  size_t from = best > least + stride ? best - stride : least, to = best + stride < most ? best + stride : most;
  best_likeness = -INFINITY;
  for (size_t lag = from; lag <= to; lag++) {
    float found = likeness(end, lag, compared, 1);
    if (found > best_likeness) {
      best_likeness = found;
      best = lag;
    }
  }
  return best;
}

void receiver_conceal_begin(struct receiver_conceal *conceal) {
  size_t channels = conceal->channels;
  const float *end = conceal->history + conceal->filled * channels;
  const float *start = end - conceal->keep * channels;
  for (size_t i = 0; i < conceal->keep; i++)
    conceal->mono[i] = start[i * channels] + start[i * channels + (channels > 1)];
  size_t period = find_period(conceal), blend = period / 4;
  memcpy(conceal->loop, end - period * channels, period * channels * sizeof(float));
  /* The end of the period runs into what came before its start, so that its repetition has no seam. */
  for (size_t i = 0; i < blend; i++) {
    float weight = oriel_fade_weight(i + 1, blend);
    for (size_t channel = 0; channel < channels; channel++) {
      float *sample = conceal->loop + (period - blend + i) * channels + channel;
      float before = *(end - (period + blend - i) * channels + channel);
      *sample += (before - *sample) * weight;
    }
  }
  for (size_t channel = 0; channel < channels; channel++) {
    float last = *(end - channels + channel), slope = last - *(end - 2 * channels + channel);
    conceal->step[channel] = last + slope - conceal->loop[channel];
  }
  conceal->period = period;
  conceal->at = conceal->done = 0;
}

bool receiver_conceal_is_over(const struct receiver_conceal *conceal) {
  return conceal->done >= frames_of(conceal, OVER);
}

void receiver_conceal_render(struct receiver_conceal *conceal, float *frames, size_t count) {
  size_t channels = conceal->channels, solid = frames_of(conceal, SOLID), over = frames_of(conceal, OVER);
  for (size_t i = 0; i < count; i++, conceal->done++) {
    if (conceal->done >= over) {
      memset(frames + i * channels, 0, (count - i) * channels * sizeof(float));
      return;
    }
    float gain = conceal->done < solid ? 1 : 1 - oriel_fade_weight(conceal->done - solid, over - solid);
    float step_gain = 1 - oriel_fade_weight(conceal->done, STEP_FRAMES);
    for (size_t channel = 0; channel < channels; channel++)
      frames[i * channels + channel] =
        (conceal->loop[conceal->at * channels + channel] + conceal->step[channel] * step_gain) * gain;
    if (++conceal->at >= conceal->period)
      conceal->at = 0;
  }
}
