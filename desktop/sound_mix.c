/* SPDX-License-Identifier: MIT
 *
 * Sums of sounds. Audio thread.
 */
#include "desktop/sound_mix.h"

#include <string.h>

#include "core/clock.h"

static const uint64_t return_ns = 60 * ORIEL_NS_PER_MS; /* what returns is read for so long without another look */

int oriel_sound_mix_init(struct oriel_sound_mix *mix, struct oriel_sound_inputs *inputs, size_t packet_frames) {
  int error = 0;
  memset(mix, 0, sizeof *mix);
  mix->inputs = inputs;
  mix->direct = true;
  if (!inputs->guests) /* the device has no company */
    return 0;
  for (unsigned i = 0; i < inputs->guests && !error; i++)
    error = oriel_resampler_init(&mix->resamplers[i], inputs->is_pcm[i], packet_frames);
  if (!error)
    error = oriel_resampler_init(&mix->resamplers[ORIEL_SOUND_DEVICE], true, packet_frames);
  if (!error)
    error = oriel_crossfade_init(&mix->fade);
  if (!error)
    error = receiver_conceal_init(&mix->tail, ORIEL_OPUS_CHANNELS, ORIEL_OPUS_RATE);
  return error;
}

void oriel_sound_mix_finish(struct oriel_sound_mix *mix) {
  for (unsigned i = 0; i < ORIEL_SOUND_INPUTS; i++)
    oriel_resampler_finish(&mix->resamplers[i]);
  oriel_crossfade_finish(&mix->fade);
  if (mix->tail.history)
    receiver_conceal_finish(&mix->tail);
  mix->tail.history = NULL;
}

bool oriel_sound_mix_has_company(const struct oriel_sound_mix *mix) {
  bool any = mix->returning || mix->ends;
  for (int i = 0; i < ORIEL_SOUND_INPUTS; i++)
    any |= i != mix->inputs->active && mix->resamplers[i].due_ns;
  return any;
}

static void note_sounded(struct oriel_sound_inputs *inputs, unsigned which, uint64_t now_ns) {
  if (!which)
    return;
  pthread_mutex_lock(&inputs->lock);
  for (int i = 0; i < ORIEL_SOUND_INPUTS; i++)
    if (which & 1u << i)
      oriel_arrival_sounded(&inputs->arrivals[i], now_ns);
  pthread_mutex_unlock(&inputs->lock);
}

static void add(float *frames, const float *more, size_t count) {
  for (size_t i = 0; i < count * ORIEL_OPUS_CHANNELS; i++)
    frames[i] += more[i];
}

/* Frames of the others, at the pace of the active one. Returns which of them sounded, as bits. */
static unsigned add_others(struct oriel_sound_mix *mix, float *frames, size_t count, uint64_t now_ns) {
  struct oriel_sound_inputs *inputs = mix->inputs;
  float more[ORIEL_OPUS_FRAMES_MAX * ORIEL_OPUS_CHANNELS];
  unsigned heard = 0;
  pthread_mutex_lock(&inputs->lock);
  const uint64_t patience_ns = oriel_sound_inputs_patience_ns_locked(inputs);
  pthread_mutex_unlock(&inputs->lock);
  for (int i = 0; i < ORIEL_SOUND_INPUTS; i++) {
    struct oriel_resampler *resampler = &mix->resamplers[i];
    if (i == inputs->active || !resampler->due_ns)
      continue;
    oriel_resampler_take_some(resampler, more, count, now_ns, patience_ns);
    if (oriel_limiter_peak(more, count) <= ORIEL_SOUND_AUDIBLE)
      continue;
    add(frames, more, count);
    heard |= 1u << i;
  }
  return heard;
}

/* What the active input's resampler still has gives way to its own frames. */
static void add_return(struct oriel_sound_mix *mix, float *frames, size_t count, uint64_t now_ns) {
  struct oriel_resampler *resampler = &mix->resamplers[mix->inputs->active];
  float before[ORIEL_OPUS_FRAMES_MAX * ORIEL_OPUS_CHANNELS];
  if (oriel_crossfade_runs(&mix->fade)) {
    oriel_resampler_take_some(resampler, before, count, now_ns, return_ns);
    oriel_crossfade_mix(&mix->fade, frames, count, before, count);
  }
  if (oriel_crossfade_runs(&mix->fade))
    return;
  mix->returning = false;
  oriel_resampler_idle(resampler);
}

static void add_tail(struct oriel_sound_mix *mix, float *frames, size_t count) {
  float more[ORIEL_OPUS_FRAMES_MAX * ORIEL_OPUS_CHANNELS];
  receiver_conceal_render(&mix->tail, more, count);
  add(frames, more, count);
  mix->ends = !receiver_conceal_is_over(&mix->tail);
}

bool oriel_sound_mix_add(struct oriel_sound_mix *mix, float *frames, size_t count) {
  const uint64_t now = oriel_clock_ns();
  if (!mix->inputs->guests) /* the device has no company */
    return false;
  const unsigned own = oriel_limiter_peak(frames, count) > ORIEL_SOUND_AUDIBLE ? 1u << mix->inputs->active : 0;
  if (mix->direct && !mix->ends)
    receiver_conceal_heard(&mix->tail, frames, count);
  const bool returning = mix->returning, ends = mix->ends;
  if (returning)
    add_return(mix, frames, count, now);
  const unsigned others = add_others(mix, frames, count, now);
  if (ends)
    add_tail(mix, frames, count);
  if (others || ends)
    mix->company_ns = now;
  if (others || ends || mix->limiter.lowered > 0)
    oriel_limiter_run(&mix->limiter, frames, count);
  note_sounded(mix->inputs, own | others, now);
  return others || ends || returning || mix->limiter.lowered > 0;
}
