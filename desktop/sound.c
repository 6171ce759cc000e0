/* SPDX-License-Identifier: MIT
 *
 * The lanes' packets on their way to the hub, and who is heard. The sink on guest_audio's thread, the rest on the audio
 * thread.
 */
#include "desktop/sound.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "desktop/private.h"
#include "media/opus_packet.h"

enum {
  QUEUE_PACKETS = 128,
  BACKLOG_FRAMES = ORIEL_OPUS_RATE * 200 / 1000, /* more than this waits: trim (lesson 27) */
  /* The listeners' decoders learn the new sound from our packets, before they get the sender's own, which build on it.
   * Without this a tone was 6 dB too loud for 60 ms after the change. */
  SETTLE_FRAMES = ORIEL_OPUS_RATE * (50 + 60) / 1000,
  FADE_MOST = 2 * SETTLE_FRAMES, /* a sender whose packets never line up with ours loses a part of one */
  FRAME_SIZE = ORIEL_OPUS_CHANNELS * sizeof(float),
  PACKET_FRAMES_MAX = ORIEL_OPUS_RATE * 20 / 1000,
};
static const uint64_t forgotten_ns = ORIEL_NS_PER_SECOND; /* silent for so long: nothing fades out */

static uint64_t frames_ns(uint64_t frames) {
  return frames * ORIEL_NS_PER_SECOND / ORIEL_OPUS_RATE;
}

static bool is_retimed(const struct oriel_sound *sound, int input) {
  return input >= 0 && input != ORIEL_SOUND_DEVICE && sound->is_pcm[input];
}

int oriel_sound_init(struct oriel_sound *sound, struct oriel_guest_audio *guest, size_t packet_frames) {
  struct oriel_guest_audio_info info = {0};
  int error = -ENOMEM;
  sound->active = ORIEL_FLOW_NONE;
  if (pthread_mutex_init(&sound->lock, NULL))
    return error;
  if (guest)
    oriel_guest_audio_info(guest, &info);
  for (unsigned i = 0; i < info.lanes; i++) {
    sound->is_pcm[i] = info.lane[i].is_pcm;
    error = oriel_queue_init(&sound->queues[i], QUEUE_PACKETS, ORIEL_QUEUE_DROP_OLDEST);
    if (error)
      goto fail;
    sound->lanes++;
    error = sound->is_pcm[i] ? oriel_retime_init(&sound->retimes[i], packet_frames) : 0;
    if (error)
      goto fail;
  }
  error = sound->lanes ? oriel_crossfade_init(&sound->fade) : 0;
  if (!error)
    return 0;
fail:
  oriel_sound_finish(sound);
  return error;
}

void oriel_sound_finish(struct oriel_sound *sound) {
  for (unsigned i = 0; i < sound->lanes; i++) {
    oriel_queue_finish(&sound->queues[i]);
    oriel_retime_finish(&sound->retimes[i]);
  }
  oriel_crossfade_finish(&sound->fade);
  pthread_mutex_destroy(&sound->lock);
}

void oriel_sound_clear(struct oriel_sound *sound) {
  pthread_mutex_lock(&sound->lock);
  for (unsigned i = 0; i < sound->lanes; i++)
    oriel_queue_clear(&sound->queues[i]);
  pthread_mutex_unlock(&sound->lock);
}

/* ---- guest_audio's thread ---- */

static void sink_packet(void *user, unsigned lane, const void *data, size_t size, unsigned frames, uint32_t number,
                        uint64_t arrived_ns) {
  struct oriel_desktop *desktop = user;
  struct oriel_sound *sound = &desktop->sound;
  struct oriel_packet *packet = NULL;
  if (atomic_load(&desktop->audio.wanted)) /* nobody listens: it is looked at and forgotten */
    packet = oriel_packet_create(ORIEL_PACKET_AUDIO, size);
  if (packet)
    memcpy(packet->data, data, size);
  pthread_mutex_lock(&sound->lock);
  /* The time of those that are known to be lost has passed, too. */
  oriel_flow_missed(&sound->flows[lane], frames_ns((uint64_t)frames * (uint32_t)(number - sound->numbers[lane] - 1)));
  sound->numbers[lane] = number;
  const uint64_t due = oriel_flow_heard(&sound->flows[lane], frames_ns(frames), arrived_ns);
  if (packet) {
    packet->sequence = number;
    packet->captured_ns = due;
    packet->converted_ns = arrived_ns;
    oriel_queue_push(&sound->queues[lane], packet);
  }
  pthread_mutex_unlock(&sound->lock);
  if (!packet)
    return;
  oriel_packet_unref(packet);
  oriel_audio_post(&desktop->audio);
}

static void sink_ended(void *user, unsigned lane) {
  struct oriel_desktop *desktop = user;
  struct oriel_sound *sound = &desktop->sound;
  pthread_mutex_lock(&sound->lock);
  oriel_flow_end(&sound->flows[lane]);
  sound->ended[lane] = true;
  pthread_mutex_unlock(&sound->lock);
}

struct oriel_guest_audio_sink oriel_sound_sink(struct oriel_desktop *desktop) {
  return (struct oriel_guest_audio_sink){.user = desktop, .packet = sink_packet, .ended = sink_ended};
}

/* ---- frames: audio thread ---- */

/* Frames of what fades out; returns how many. */
static size_t take_before(struct oriel_desktop *desktop, float *before, size_t count) {
  struct oriel_sound *sound = &desktop->sound;
  if (sound->from == ORIEL_SOUND_DEVICE)
    return oriel_audio_take(&desktop->audio, before, count);
  if (!is_retimed(sound, sound->from))
    return oriel_frames_take(&sound->fade.before, before, count);
  oriel_retime_take_some(&sound->retimes[sound->from], before, count, oriel_clock_ns());
  return count;
}

void oriel_sound_fade(struct oriel_desktop *desktop, float *frames, size_t count) {
  struct oriel_sound *sound = &desktop->sound;
  float before[ORIEL_OPUS_FRAMES_MAX * ORIEL_OPUS_CHANNELS];
  if (!sound->fading)
    return;
  sound->position += count;
  if (oriel_crossfade_runs(&sound->fade))
    oriel_crossfade_mix(&sound->fade, frames, count, before, take_before(desktop, before, count));
  const bool is_ours = sound->active == ORIEL_SOUND_DEVICE || sound->is_pcm[sound->active];
  if (is_ours && !oriel_crossfade_runs(&sound->fade))
    sound->fading = false; /* the listeners' decoders know our packets */
}

bool oriel_sound_device_fades(const struct oriel_sound *sound) {
  return sound->fading && sound->from == ORIEL_SOUND_DEVICE && oriel_crossfade_runs(&sound->fade);
}

static void encode_out(struct oriel_desktop *desktop) {
  struct oriel_sound *sound = &desktop->sound;
  const size_t whole = desktop->audio.packet_frames;
  float frames[PACKET_FRAMES_MAX * ORIEL_OPUS_CHANNELS];
  const size_t got = oriel_frames_take(&sound->out, frames, whole);
  memset(frames + got * ORIEL_OPUS_CHANNELS, 0, (whole - got) * FRAME_SIZE); /* lesson 25 */
  oriel_audio_encode(desktop, frames, sound->out_ns);
  sound->out_ns += frames_ns(whole);
}

/* ---- packets ---- */

/* Opus while a change lasts: decoded, mixed, and coded anew. */
static void mix_packet(struct oriel_desktop *desktop, const struct oriel_packet *packet) {
  struct oriel_sound *sound = &desktop->sound;
  const int count = receiver_decode_packet(&sound->fade.incoming, packet->data, packet->size);
  if (count <= 0)
    return;
  float *frames = sound->fade.incoming.frames;
  oriel_sound_fade(desktop, frames, (size_t)count);
  if (!sound->out.count)
    sound->out_ns = packet->captured_ns;
  oriel_frames_put(&sound->out, frames, (size_t)count);
  while (sound->out.count >= desktop->audio.packet_frames)
    encode_out(desktop);
  if (sound->position >= SETTLE_FRAMES && (!sound->out.count || sound->position >= FADE_MOST)) {
    sound->fading = false;
    sound->out.count = 0;
  }
}

static void take_active(struct oriel_desktop *desktop, struct oriel_packet *packet) {
  struct oriel_sound *sound = &desktop->sound;
  if (sound->fading) {
    mix_packet(desktop, packet);
    return;
  }
  /* The guest's own bytes. */
  packet->encoded_ns = oriel_clock_ns();
  oriel_hub_publish_audio(desktop, oriel_packet_ref(packet));
  pthread_mutex_lock(&sound->lock);
  sound->passed++;
  pthread_mutex_unlock(&sound->lock);
}

static void take_outgoing(struct oriel_sound *sound, const struct oriel_packet *packet) {
  const int count = oriel_crossfade_runs(&sound->fade)
                      ? receiver_decode_packet(&sound->fade.outgoing, packet->data, packet->size) : 0;
  if (count > 0)
    oriel_frames_put(&sound->fade.before, sound->fade.outgoing.frames, (size_t)count);
}

/* Whoever is heard: a receiver that keeps its pace has sound at once when its turn comes. */
static void take_pcm(struct oriel_sound *sound, int lane, const struct oriel_packet *packet) {
  oriel_retime_push(&sound->retimes[lane], packet->data, packet->size, packet->sequence, packet->converted_ns);
}

/* Takes the packets of `lane`, of which more than BACKLOG_FRAMES are too late to hear. A receiver sees
 * to that itself. */
static void take_lane(struct oriel_desktop *desktop, int lane) {
  struct oriel_sound *sound = &desktop->sound;
  struct oriel_packet *packets[QUEUE_PACKETS];
  unsigned count = 0, first = 0, frames = 0;
  pthread_mutex_lock(&sound->lock);
  const bool ended = sound->ended[lane];
  sound->ended[lane] = false;
  while (sound->queues[lane].count)
    packets[count++] = oriel_queue_pop(&sound->queues[lane]);
  for (unsigned i = count; i > 0 && !first && !sound->is_pcm[lane]; i--) {
    frames += (unsigned)oriel_opus_packet_frames(packets[i - 1]->data, packets[i - 1]->size);
    if (frames > BACKLOG_FRAMES)
      first = i;
  }
  sound->trimmed += first;
  pthread_mutex_unlock(&sound->lock);
  if (ended && sound->is_pcm[lane])
    oriel_retime_reset(&sound->retimes[lane]);
  for (unsigned i = 0; i < count; i++) {
    if (sound->is_pcm[lane])
      take_pcm(sound, lane, packets[i]);
    else if (i >= first && lane == sound->active)
      take_active(desktop, packets[i]);
    else if (i >= first && sound->fading && lane == sound->from)
      take_outgoing(sound, packets[i]);
    oriel_packet_unref(packets[i]);
  }
}

/* ---- re-timed sound ---- */

uint64_t oriel_sound_due(const struct oriel_sound *sound) {
  uint64_t due_ns = 0;
  for (unsigned i = 0; i < sound->lanes; i++)
    if (sound->retimes[i].due_ns && (!due_ns || sound->retimes[i].due_ns < due_ns))
      due_ns = sound->retimes[i].due_ns;
  return due_ns;
}

static void tick_lane(struct oriel_desktop *desktop, int lane, uint64_t now_ns) {
  struct oriel_sound *sound = &desktop->sound;
  float frames[PACKET_FRAMES_MAX * ORIEL_OPUS_CHANNELS];
  uint64_t captured_ns;
  const bool is_heard = oriel_retime_take(&sound->retimes[lane], frames, now_ns, &captured_ns);
  if (lane != sound->active || !is_heard)
    return;
  oriel_sound_fade(desktop, frames, desktop->audio.packet_frames);
  oriel_audio_encode(desktop, frames, captured_ns);
}

void oriel_sound_tick(struct oriel_desktop *desktop) {
  struct oriel_sound *sound = &desktop->sound;
  const uint64_t now = oriel_clock_ns();
  const bool wanted = atomic_load(&desktop->audio.wanted) && desktop->audio.encoder;
  for (int lane = 0; lane < (int)sound->lanes; lane++) {
    struct oriel_retime *retime = &sound->retimes[lane];
    if (!retime->receiver)
      continue;
    if (!wanted)
      oriel_retime_rest(retime);
    while (retime->due_ns && retime->due_ns <= now)
      tick_lane(desktop, lane, now);
  }
}

/* ---- who is heard ---- */

static void change(struct oriel_desktop *desktop, int chosen, bool fades) {
  struct oriel_sound *sound = &desktop->sound;
  const int before = sound->active;
  const bool passed = before >= 0 && before != ORIEL_SOUND_DEVICE && !sound->fading && !sound->is_pcm[before];
  sound->fading = fades;
  sound->from = before;
  sound->position = 0;
  sound->out.count = 0;
  if (sound->lanes)
    oriel_crossfade_begin(&sound->fade);
  const uint64_t now = oriel_clock_ns();
  if (is_retimed(sound, before))
    oriel_retime_hold(&sound->retimes[before], now); /* the mix takes it */
  if (is_retimed(sound, chosen) && sound->retimes[chosen].due_ns > now)
    sound->retimes[chosen].due_ns = now; /* it was held a moment ago, to fade out */
  if (passed)
    oriel_audio_renew(desktop); /* its state is from long ago, and the listeners' is another */
  pthread_mutex_lock(&sound->lock);
  sound->active = chosen;
  sound->switches++;
  pthread_mutex_unlock(&sound->lock);
  if (sound->lanes)
    oriel_info("desktop", "sound comes from %s now",
               chosen == ORIEL_SOUND_DEVICE ? "the VM's own device" : "inside the guest");
}

/* True when a change to `better` may begin: what fades out has a packet there, for without it the first part of the fade
 * would be a hole. Re-timed sound has some at any time, once it sounds: then the new one's packet is waited for. Two that
 * come in packets need not come together, and may never do. */
static bool is_ready_locked(const struct oriel_desktop *desktop, int better, uint64_t now_ns) {
  const struct oriel_sound *sound = &desktop->sound;
  if (better < 0 || sound->active < 0 || !oriel_flow_lives(&sound->flows[sound->active], now_ns))
    return true;
  if (is_retimed(sound, better) && !sound->retimes[better].sounds)
    return false;
  if (sound->active == ORIEL_SOUND_DEVICE)
    return oriel_ring_level(desktop->audio.ring) >= desktop->audio.packet_frames;
  if (is_retimed(sound, sound->active))
    return better == ORIEL_SOUND_DEVICE || is_retimed(sound, better) || sound->queues[better].count > 0;
  return sound->queues[sound->active].count > 0;
}

int oriel_sound_turn(struct oriel_desktop *desktop, uint64_t device_frames) {
  struct oriel_sound *sound = &desktop->sound;
  const uint64_t now = oriel_clock_ns();
  pthread_mutex_lock(&sound->lock);
  if (device_frames)
    oriel_flow_heard(&sound->flows[ORIEL_SOUND_DEVICE], frames_ns(device_frames), now);
  const int before = sound->active, better = oriel_flow_choose(sound->flows, ORIEL_SOUND_INPUTS, before, now);
  const int chosen = better == before || is_ready_locked(desktop, better, now) ? better : before;
  const bool fades = before >= 0 && now < sound->flows[before].last_ns + forgotten_ns;
  pthread_mutex_unlock(&sound->lock);
  if (chosen != before)
    change(desktop, chosen, fades);
  /* What fades out first, so that it is there to be mixed. */
  if (sound->fading && sound->from >= 0 && sound->from != ORIEL_SOUND_DEVICE)
    take_lane(desktop, sound->from);
  for (int lane = 0; lane < (int)sound->lanes; lane++)
    take_lane(desktop, lane);
  return chosen;
}

void oriel_sound_rest(struct oriel_desktop *desktop) {
  struct oriel_sound *sound = &desktop->sound;
  if (sound->out.count)
    encode_out(desktop);
  if (sound->active != ORIEL_SOUND_DEVICE)
    sound->fading = false;
}
