/* SPDX-License-Identifier: MIT
 *
 * What is heard at once: the active input at its own pace, and whatever else sounds. Audio thread.
 */
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "desktop/private.h"

enum {
  RECENT_PACKETS = 4, /* that a decoder hears before its frames are used: 80 ms; cold, a tone was 6 dB off for 60 */
  /* The listeners' decoders learn a sound from our packets, before they get the sender's own, which build on it.
   * Without this a tone was 6 dB too loud for 60 ms after the change. */
  SETTLE_FRAMES = ORIEL_OPUS_RATE * (50 + 60) / 1000,
  FRAME_SIZE = ORIEL_OPUS_CHANNELS * sizeof(float),
  PACKET_FRAMES_MAX = ORIEL_OPUS_RATE * 20 / 1000,
};
static const uint64_t alone_ns = ORIEL_NS_PER_SECOND; /* without company: back to its own packets */
static const uint64_t silent_ns = 400 * ORIEL_NS_PER_MS;  /* a pause: nobody hears it go back */
static const uint64_t late_ns = 35 * ORIEL_NS_PER_MS, late_most_ns = 60 * ORIEL_NS_PER_MS;

static bool is_opus(const struct oriel_sound *sound, int input) {
  return input >= 0 && input < (int)sound->lanes && !sound->is_pcm[input];
}

static bool has_own(const struct oriel_sound *sound, int input) {
  return input == ORIEL_SOUND_DEVICE || is_opus(sound, input);
}

int oriel_mix_init(struct oriel_sound *sound, size_t packet_frames) {
  const struct oriel_receiver_config opus = {.channels = ORIEL_OPUS_CHANNELS, .rate = ORIEL_OPUS_RATE};
  struct oriel_mix *mix = &sound->mix;
  bool any_opus = false;
  int error = 0;
  mix->direct = mix->codes = true;
  if (!sound->lanes)
    return 0;
  for (unsigned i = 0; i < sound->lanes && !error; i++) {
    error = oriel_retime_init(&mix->retimes[i], sound->is_pcm[i], packet_frames);
    any_opus |= !sound->is_pcm[i];
  }
  if (!error)
    error = oriel_retime_init(&mix->retimes[ORIEL_SOUND_DEVICE], true, packet_frames);
  if (!error)
    error = oriel_crossfade_init(&mix->fade);
  if (!error)
    error = receiver_conceal_init(&mix->tail, ORIEL_OPUS_CHANNELS, ORIEL_OPUS_RATE);
  if (!error)
    error = oriel_queue_init(&mix->recent, RECENT_PACKETS, ORIEL_QUEUE_DROP_OLDEST);
  if (!error && any_opus)
    error = receiver_decode_init(&mix->decode, &opus);
  return error;
}

void oriel_mix_finish(struct oriel_mix *mix) {
  for (unsigned i = 0; i < ORIEL_SOUND_INPUTS; i++)
    oriel_retime_finish(&mix->retimes[i]);
  oriel_crossfade_finish(&mix->fade);
  if (mix->tail.history)
    receiver_conceal_finish(&mix->tail);
  mix->tail.history = NULL;
  if (mix->recent.slots)
    oriel_queue_finish(&mix->recent);
  mix->recent.slots = NULL;
  if (mix->decode.frames)
    receiver_decode_finish(&mix->decode);
  mix->decode.frames = NULL;
}

/* ---- frames ---- */

uint64_t oriel_mix_patience_ns_locked(const struct oriel_sound *sound) {
  if (sound->active < 0)
    return 0;
  const struct oriel_flow *flow = &sound->flows[sound->active];
  const uint64_t wait_ns = late_ns + 4 * flow->jitter_us * ORIEL_NS_PER_US;
  return flow->ended ? 0 : wait_ns < late_most_ns ? wait_ns : late_most_ns;
}

static void note_sounded(struct oriel_sound *sound, unsigned inputs, uint64_t now_ns) {
  if (!inputs)
    return;
  pthread_mutex_lock(&sound->lock);
  for (int i = 0; i < ORIEL_SOUND_INPUTS; i++)
    if (inputs & 1u << i)
      oriel_flow_sounded(&sound->flows[i], now_ns);
  pthread_mutex_unlock(&sound->lock);
}

static void add(float *frames, const float *more, size_t count) {
  for (size_t i = 0; i < count * ORIEL_OPUS_CHANNELS; i++)
    frames[i] += more[i];
}

/* Frames of the others, at the pace of the active one. Returns which of them sounded, as bits. */
static unsigned add_others(struct oriel_sound *sound, float *frames, size_t count, uint64_t now_ns) {
  struct oriel_mix *mix = &sound->mix;
  float more[ORIEL_OPUS_FRAMES_MAX * ORIEL_OPUS_CHANNELS];
  unsigned heard = 0;
  pthread_mutex_lock(&sound->lock);
  const uint64_t patience_ns = oriel_mix_patience_ns_locked(sound);
  pthread_mutex_unlock(&sound->lock);
  for (int i = 0; i < ORIEL_SOUND_INPUTS; i++) {
    struct oriel_retime *retime = &mix->retimes[i];
    if (i == sound->active || !retime->due_ns)
      continue;
    oriel_retime_take_some(retime, more, count, now_ns, patience_ns);
    if (oriel_limiter_peak(more, count) <= ORIEL_SOUND_AUDIBLE)
      continue;
    add(frames, more, count);
    heard |= 1u << i;
  }
  return heard;
}

/* What the active input's retime still has gives way to its own frames. */
static void add_return(struct oriel_sound *sound, float *frames, size_t count, uint64_t now_ns) {
  struct oriel_mix *mix = &sound->mix;
  struct oriel_retime *retime = &mix->retimes[sound->active];
  float before[ORIEL_OPUS_FRAMES_MAX * ORIEL_OPUS_CHANNELS];
  if (oriel_crossfade_runs(&mix->fade)) {
    oriel_retime_take_some(retime, before, count, now_ns, late_most_ns);
    oriel_crossfade_mix(&mix->fade, frames, count, before, count);
  }
  if (oriel_crossfade_runs(&mix->fade))
    return;
  mix->returning = false;
  oriel_retime_rest(retime);
}

static void add_tail(struct oriel_mix *mix, float *frames, size_t count) {
  float more[ORIEL_OPUS_FRAMES_MAX * ORIEL_OPUS_CHANNELS];
  receiver_conceal_render(&mix->tail, more, count);
  add(frames, more, count);
  mix->ends = !receiver_conceal_is_over(&mix->tail);
}

/* Adds to `count` frames of the active input what else is to be heard. True where that is anything. */
static bool mix_in(struct oriel_sound *sound, float *frames, size_t count) {
  struct oriel_mix *mix = &sound->mix;
  const uint64_t now = oriel_clock_ns();
  const unsigned own = oriel_limiter_peak(frames, count) > ORIEL_SOUND_AUDIBLE ? 1u << sound->active : 0;
  if (!sound->lanes) /* the device has no company */
    return false;
  if (mix->direct && !mix->ends)
    receiver_conceal_heard(&mix->tail, frames, count);
  const bool returning = mix->returning, ends = mix->ends;
  if (returning)
    add_return(sound, frames, count, now);
  const unsigned others = add_others(sound, frames, count, now);
  if (ends)
    add_tail(mix, frames, count);
  if (others || ends)
    mix->company_ns = now;
  if (others || ends || mix->limiter.lowered > 0)
    oriel_limiter_run(&mix->limiter, frames, count);
  note_sounded(sound, own | others, now);
  return others || ends || returning || mix->limiter.lowered > 0;
}

/* ---- coding ---- */

/* Our encoder's state is from long ago, and the listeners' is that of a guest's packets: it begins anew, with the last
 * of what they heard, so that its own delay is no hole. */
static void begin_coding(struct oriel_desktop *desktop) {
  struct oriel_mix *mix = &desktop->sound.mix;
  struct oriel_packet *unheard = NULL;
  oriel_audio_renew(desktop);
  mix->codes = true;
  if (mix->last_count == desktop->audio.packet_frames && desktop->audio.encoder &&
      !oriel_opus_encode(desktop->audio.encoder, mix->last, 1, &unheard))
    oriel_packet_unref(unheard);
}

static void code(struct oriel_desktop *desktop, const float *frames, uint64_t captured_ns) {
  if (!desktop->sound.mix.codes)
    begin_coding(desktop);
  oriel_audio_encode(desktop, frames, captured_ns);
}

static void count_mixed(struct oriel_sound *sound) {
  pthread_mutex_lock(&sound->lock);
  sound->mixed++;
  pthread_mutex_unlock(&sound->lock);
}

void oriel_sound_code(struct oriel_desktop *desktop, float *frames, uint64_t captured_ns) {
  if (mix_in(&desktop->sound, frames, desktop->audio.packet_frames))
    count_mixed(&desktop->sound);
  code(desktop, frames, captured_ns);
}

static void encode_out(struct oriel_desktop *desktop) {
  struct oriel_mix *mix = &desktop->sound.mix;
  const size_t whole = desktop->audio.packet_frames;
  float frames[PACKET_FRAMES_MAX * ORIEL_OPUS_CHANNELS];
  const size_t got = oriel_frames_take(&mix->out, frames, whole);
  memset(frames + got * ORIEL_OPUS_CHANNELS, 0, (whole - got) * FRAME_SIZE); /* lesson 25 */
  code(desktop, frames, mix->out_ns);
  mix->out_ns += whole * ORIEL_NS_PER_SECOND / ORIEL_OPUS_RATE;
}

void oriel_sound_rest(struct oriel_desktop *desktop) {
  if (desktop->sound.mix.out.count)
    encode_out(desktop);
}

/* ---- a guest's own packets ---- */

static void pass(struct oriel_desktop *desktop, struct oriel_packet *packet) {
  struct oriel_sound *sound = &desktop->sound;
  packet->encoded_ns = oriel_clock_ns();
  oriel_channel_publish_sound(desktop, oriel_packet_ref(packet));
  sound->mix.codes = false;
  sound->mix.out.count = 0;
  pthread_mutex_lock(&sound->lock);
  sound->passed++;
  pthread_mutex_unlock(&sound->lock);
}

void oriel_mix_remember(struct oriel_mix *mix, struct oriel_packet *packet) {
  oriel_queue_push(&mix->recent, packet);
}

static void keep_last(struct oriel_mix *mix, const float *frames, size_t count) {
  memcpy(mix->last, frames, count * FRAME_SIZE);
  mix->last_count = count;
}

static void warm_up(struct oriel_mix *mix) {
  receiver_decode_reset(&mix->decode);
  for (size_t i = mix->recent.count; i > 0; i--) {
    struct oriel_packet *packet = oriel_queue_pop(&mix->recent);
    const int count = receiver_decode_packet(&mix->decode, packet->data, packet->size);
    if (count > 0)
      keep_last(mix, mix->decode.frames, (size_t)count);
    oriel_packet_unref(packet);
  }
  mix->warm = true;
}

/* Its retime heard nothing of what it sent while it was direct. */
static void teach(struct oriel_mix *mix, struct oriel_retime *retime) {
  for (size_t i = mix->recent.count; i > 0; i--) {
    struct oriel_packet *packet = oriel_queue_pop(&mix->recent);
    oriel_receiver_learn(retime->receiver, packet->data, packet->size);
    oriel_packet_unref(packet);
  }
}

static bool has_company(const struct oriel_sound *sound) {
  const struct oriel_mix *mix = &sound->mix;
  bool any = mix->returning || mix->ends || mix->settle;
  for (int i = 0; i < ORIEL_SOUND_INPUTS; i++)
    any |= i != sound->active && mix->retimes[i].due_ns;
  return any;
}

/* Frames that are mixed; true while they are to be coded, not the packet handed on. */
static bool goes_on_coding(struct oriel_mix *mix, bool mixed, size_t count) {
  if (mixed)
    mix->settle = 2 * SETTLE_FRAMES;
  else
    mix->settle -= mix->settle < count ? mix->settle : count;
  /* A sender whose packets never line up with ours loses a part of one. */
  return mix->settle > SETTLE_FRAMES || (mix->settle > 0 && mix->out.count);
}

void oriel_mix_packet(struct oriel_desktop *desktop, struct oriel_packet *packet) {
  struct oriel_sound *sound = &desktop->sound;
  struct oriel_mix *mix = &sound->mix;
  float frames[ORIEL_OPUS_FRAMES_MAX * ORIEL_OPUS_CHANNELS];
  if (!has_company(sound)) {
    mix->warm = false;
    oriel_mix_remember(mix, packet);
    pass(desktop, packet);
    return;
  }
  if (!mix->warm)
    warm_up(mix);
  oriel_mix_remember(mix, packet);
  const int count = receiver_decode_packet(&mix->decode, packet->data, packet->size);
  if (count <= 0)
    return;
  memcpy(frames, mix->decode.frames, (size_t)count * FRAME_SIZE);
  const bool mixed = mix_in(sound, frames, (size_t)count);
  if (goes_on_coding(mix, mixed, (size_t)count)) {
    if (!mix->out.count)
      mix->out_ns = packet->captured_ns;
    oriel_frames_put(&mix->out, frames, (size_t)count);
    while (mix->out.count >= desktop->audio.packet_frames)
      encode_out(desktop);
    count_mixed(sound);
  } else {
    mix->settle = 0;
    pass(desktop, packet);
  }
  keep_last(mix, mix->decode.frames, (size_t)count);
}

/* ---- who is active ---- */

void oriel_mix_change(struct oriel_sound *sound, int chosen, uint64_t now_ns) {
  struct oriel_mix *mix = &sound->mix;
  struct oriel_retime *retime = &mix->retimes[chosen];
  const int before = sound->active;
  if (!sound->lanes)
    return;
  pthread_mutex_lock(&sound->lock);
  const bool sounded = before >= 0 && oriel_flow_sounds(&sound->flows[before], now_ns);
  const bool sounds = oriel_flow_sounds(&sound->flows[chosen], now_ns);
  pthread_mutex_unlock(&sound->lock);
  if (mix->direct && is_opus(sound, before))
    teach(mix, &mix->retimes[before]);
  mix->ends = sounded && mix->direct; /* its last frames are known, since it was mixed */
  if (mix->ends)
    receiver_conceal_begin(&mix->tail);
  mix->direct = has_own(sound, chosen) && !(retime->due_ns && sounds);
  if (mix->direct)
    oriel_retime_rest(retime);
  else if (retime->due_ns > now_ns)
    retime->due_ns = now_ns; /* it was kept waiting for the pace of another */
  mix->returning = mix->warm = false;
  mix->company_ns = now_ns;
  mix->last_count = 0;
  oriel_queue_clear(&mix->recent);
}

void oriel_mix_settle(struct oriel_sound *sound, uint64_t now_ns) {
  struct oriel_mix *mix = &sound->mix;
  if (mix->direct || !has_own(sound, sound->active))
    return;
  struct oriel_retime *retime = &mix->retimes[sound->active];
  const bool silent = now_ns >= retime->heard_ns + silent_ns;
  if (!silent && now_ns < mix->company_ns + alone_ns)
    return;
  mix->direct = true;
  mix->returning = !silent && retime->due_ns;
  mix->warm = false;
  if (mix->returning)
    oriel_crossfade_begin(&mix->fade);
  else
    oriel_retime_rest(retime);
}
