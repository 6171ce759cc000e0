/* SPDX-License-Identifier: MIT
 *
 * Turns, changes and ticks. Audio thread.
 */
#include "desktop/sound_pace.h"

#include "core/clock.h"
#include "core/log.h"
#include "desktop/sound_select.h"
#include "media/opus_packet.h"

enum {
  BACKLOG_FRAMES = ORIEL_OPUS_RATE * 200 / 1000, /* more than this waits: trim (lesson 27) */
};
static const uint64_t alone_ns = ORIEL_NS_PER_SECOND;    /* without company: back to its own packets */
static const uint64_t silent_ns = 400 * ORIEL_NS_PER_MS; /* a pause: nobody hears it go back */

int oriel_sound_pace_init(struct oriel_sound_pace *pace, struct oriel_sound_inputs *inputs,
                          struct oriel_sound_output *output) {
  *pace = (struct oriel_sound_pace){.inputs = inputs};
  int error = oriel_sound_mix_init(&pace->mix, inputs, output->packet_frames);
  if (!error)
    error = oriel_sound_relay_init(&pace->relay, &pace->mix, output);
  if (error)
    oriel_sound_pace_finish(pace);
  return error;
}

void oriel_sound_pace_finish(struct oriel_sound_pace *pace) {
  oriel_sound_relay_finish(&pace->relay);
  oriel_sound_mix_finish(&pace->mix);
}

/* ---- a guest's packets ---- */

/* Takes the packets of `input`, of which more than BACKLOG_FRAMES are too late to hear. A receiver sees to that itself. */
static void take_input(struct oriel_sound_pace *pace, int input) {
  struct oriel_sound_inputs *inputs = pace->inputs;
  struct oriel_packet *packets[ORIEL_SOUND_WAITING_MAX];
  unsigned count = 0, first = 0, frames = 0;
  struct oriel_resampler *resampler = &pace->mix.resamplers[input];
  const bool direct = input == inputs->active && pace->mix.direct;
  pthread_mutex_lock(&inputs->lock);
  const bool ended = inputs->ended[input];
  inputs->ended[input] = false;
  while (inputs->queues[input].count)
    packets[count++] = oriel_queue_pop(&inputs->queues[input]);
  for (unsigned i = count; i > 0 && !first && direct; i--) {
    frames += (unsigned)oriel_opus_packet_frames(packets[i - 1]->data, packets[i - 1]->size);
    if (frames > BACKLOG_FRAMES)
      first = i;
  }
  inputs->trimmed += first;
  pthread_mutex_unlock(&inputs->lock);
  if (ended)
    oriel_resampler_reset(resampler);
  for (unsigned i = 0; i < count; i++) {
    if (!direct && input == inputs->active && !inputs->is_pcm[input])
      oriel_sound_relay_remember(&pace->relay, packets[i]);
    if (!direct)
      oriel_resampler_push(resampler, packets[i]->data, packets[i]->size, packets[i]->sequence,
                           packets[i]->converted_ns);
    else if (i >= first)
      oriel_sound_relay_packet(&pace->relay, packets[i]);
    oriel_packet_unref(packets[i]);
  }
}

bool oriel_sound_pace_device_is_direct(const struct oriel_sound_pace *pace) {
  return pace->inputs->active == ORIEL_SOUND_DEVICE && pace->mix.direct;
}

void oriel_sound_pace_push_device(struct oriel_sound_pace *pace, const float *frames, size_t count, uint64_t now_ns) {
  struct oriel_resampler *resampler = &pace->mix.resamplers[ORIEL_SOUND_DEVICE];
  if (resampler->receiver)
    oriel_resampler_push(resampler, frames, count * ORIEL_OPUS_FRAME_SIZE, ++pace->device_number, now_ns);
}

/* ---- who is active ---- */

static bool has_own(const struct oriel_sound_inputs *inputs, int input) {
  return input == ORIEL_SOUND_DEVICE || oriel_sound_input_is_opus(inputs, input);
}

/* What is heard of the former one fades out, and the new one begins as it can. */
static void change_mix(struct oriel_sound_pace *pace, int chosen, uint64_t now_ns) {
  struct oriel_sound_inputs *inputs = pace->inputs;
  struct oriel_sound_mix *mix = &pace->mix;
  struct oriel_resampler *resampler = &mix->resamplers[chosen];
  const int before = inputs->active;
  pthread_mutex_lock(&inputs->lock);
  const bool sounded = before >= 0 && oriel_arrival_sounds(&inputs->arrivals[before], now_ns);
  const bool sounds = oriel_arrival_sounds(&inputs->arrivals[chosen], now_ns);
  pthread_mutex_unlock(&inputs->lock);
  const bool learns = mix->direct && oriel_sound_input_is_opus(inputs, before);
  oriel_sound_relay_change(&pace->relay, learns ? &mix->resamplers[before] : NULL);
  mix->ends = sounded && mix->direct; /* its last frames are known, since it was mixed */
  if (mix->ends)
    receiver_conceal_begin(&mix->tail);
  mix->direct = has_own(inputs, chosen) && !(resampler->due_ns && sounds);
  if (mix->direct)
    oriel_resampler_idle(resampler);
  else if (resampler->due_ns > now_ns)
    resampler->due_ns = now_ns; /* it was kept waiting for the pace of another */
  mix->returning = false;
  mix->company_ns = now_ns;
}

static void change(struct oriel_sound_pace *pace, int chosen, uint64_t now_ns) {
  struct oriel_sound_inputs *inputs = pace->inputs;
  if (inputs->guests)
    change_mix(pace, chosen, now_ns);
  pthread_mutex_lock(&inputs->lock);
  inputs->active = chosen;
  inputs->switches++;
  pthread_mutex_unlock(&inputs->lock);
  if (inputs->guests)
    oriel_debug("desktop", "the pace of the sound is that of %s now",
                chosen == ORIEL_SOUND_DEVICE ? "the VM's own device" : "a stream from inside the guest");
}

/* The active input, resampled, goes back to its own packets or frames where it can. */
static void settle(struct oriel_sound_pace *pace, uint64_t now_ns) {
  struct oriel_sound_mix *mix = &pace->mix;
  if (mix->direct || !has_own(pace->inputs, pace->inputs->active))
    return;
  struct oriel_resampler *resampler = &mix->resamplers[pace->inputs->active];
  const bool silent = now_ns >= resampler->heard_ns + silent_ns;
  if (!silent && now_ns < mix->company_ns + alone_ns)
    return;
  mix->direct = true;
  mix->returning = !silent && resampler->due_ns;
  oriel_sound_relay_return(&pace->relay);
  if (mix->returning)
    oriel_crossfade_begin(&mix->fade);
  else
    oriel_resampler_idle(resampler);
}

void oriel_sound_pace_turn(struct oriel_sound_pace *pace, uint64_t device_frames) {
  struct oriel_sound_inputs *inputs = pace->inputs;
  const uint64_t now = oriel_clock_ns();
  pthread_mutex_lock(&inputs->lock);
  if (device_frames)
    oriel_arrival_heard(&inputs->arrivals[ORIEL_SOUND_DEVICE], oriel_opus_frames_ns(device_frames), now);
  const int before = inputs->active, chosen = oriel_sound_select(inputs->arrivals, ORIEL_SOUND_INPUTS, before, now);
  pthread_mutex_unlock(&inputs->lock);
  if (chosen != before)
    change(pace, chosen, now);
  settle(pace, now);
  for (int input = 0; input < (int)inputs->guests; input++)
    take_input(pace, input);
}

/* ---- resampled sound ---- */

uint64_t oriel_sound_pace_due_ns(const struct oriel_sound_pace *pace) {
  uint64_t due_ns = 0;
  for (unsigned i = 0; i < ORIEL_SOUND_INPUTS; i++) {
    const struct oriel_resampler *resampler = &pace->mix.resamplers[i];
    if (resampler->due_ns && (!due_ns || resampler->due_ns < due_ns))
      due_ns = resampler->due_ns;
  }
  return due_ns;
}

static void tick_active(struct oriel_sound_pace *pace, struct oriel_resampler *resampler, uint64_t now_ns) {
  float frames[ORIEL_SOUND_PACKET_FRAMES_MAX * ORIEL_OPUS_CHANNELS];
  uint64_t captured_ns;
  if (oriel_resampler_take(resampler, frames, now_ns, &captured_ns))
    oriel_sound_relay_frames(&pace->relay, frames, captured_ns);
}

/* Another input's time has come, which waits for the active one's pace: where that has stopped, and this one sounds, it
 * is the active one from now on. */
static void tick_other(struct oriel_sound_pace *pace, int input, uint64_t now_ns) {
  struct oriel_sound_inputs *inputs = pace->inputs;
  struct oriel_resampler *resampler = &pace->mix.resamplers[input];
  float frames[ORIEL_SOUND_PACKET_FRAMES_MAX * ORIEL_OPUS_CHANNELS];
  uint64_t captured_ns, awaited_ns = 0;
  pthread_mutex_lock(&inputs->lock);
  if (inputs->active >= 0)
    awaited_ns = inputs->arrivals[inputs->active].last_ns + oriel_sound_inputs_patience_ns_locked(inputs);
  pthread_mutex_unlock(&inputs->lock);
  if (now_ns < awaited_ns) {
    resampler->due_ns = awaited_ns;
    return;
  }
  (void)oriel_resampler_take(resampler, frames, now_ns, &captured_ns);
  if (oriel_limiter_peak(frames, resampler->frames) <= ORIEL_SOUND_AUDIBLE)
    return;
  pthread_mutex_lock(&inputs->lock);
  oriel_arrival_sounded(&inputs->arrivals[input], now_ns);
  pthread_mutex_unlock(&inputs->lock);
  change(pace, input, now_ns);
  oriel_sound_relay_frames(&pace->relay, frames, captured_ns);
}

void oriel_sound_pace_idle(struct oriel_sound_pace *pace) {
  for (int i = 0; i < ORIEL_SOUND_INPUTS; i++)
    if (pace->mix.resamplers[i].receiver)
      oriel_resampler_idle(&pace->mix.resamplers[i]);
  settle(pace, UINT64_MAX / 2);
}

void oriel_sound_pace_tick(struct oriel_sound_pace *pace) {
  const uint64_t now = oriel_clock_ns();
  if (pace->inputs->active >= 0 && !pace->mix.direct) {
    struct oriel_resampler *resampler = &pace->mix.resamplers[pace->inputs->active];
    while (resampler->due_ns && resampler->due_ns <= now)
      tick_active(pace, resampler, now);
  }
  for (int i = 0; i < ORIEL_SOUND_INPUTS; i++) {
    struct oriel_resampler *resampler = &pace->mix.resamplers[i];
    while (i != pace->inputs->active && resampler->due_ns && resampler->due_ns <= now)
      tick_other(pace, i, now);
  }
}
