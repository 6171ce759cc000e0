/* SPDX-License-Identifier: MIT
 *
 * The lanes' packets on their way to the hub, and who is heard. The sink on guest_audio's thread, the rest on the audio
 * thread.
 */
#include "desktop/sound.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "desktop/private.h"
#include "media/opus_packet.h"

enum {
  QUEUE_PACKETS = 128,
  BACKLOG_FRAMES = ORIEL_OPUS_RATE * 200 / 1000, /* more than this waits: trim (lesson 27) */
  FADE_FRAMES = ORIEL_OPUS_RATE * 50 / 1000,     /* lesson 28 */
  /* The listeners' decoders learn the new sound from our packets, before they get the sender's own, which build on it.
   * Without this a tone was 6 dB too loud for 60 ms after the change. */
  SETTLE_FRAMES = FADE_FRAMES + ORIEL_OPUS_RATE * 60 / 1000,
  FADE_MOST = 2 * SETTLE_FRAMES, /* a sender whose packets never line up with ours loses a part of one */
  FRAME_SIZE = ORIEL_OPUS_CHANNELS * sizeof(float),
  PACKET_FRAMES_MAX = ORIEL_OPUS_RATE * 20 / 1000,
};
static const uint64_t forgotten_ns = ORIEL_NS_PER_SECOND; /* silent for so long: nothing fades out */
static const float half_pi = 1.5707963f;
static const float peak = 16.0f; /* +24 dB: a larger sample of a peer is no sound */

static uint64_t frames_ns(uint64_t frames) {
  return frames * ORIEL_NS_PER_SECOND / ORIEL_OPUS_RATE;
}

int oriel_sound_init(struct oriel_sound *sound, struct oriel_guest_audio *guest) {
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
  }
  if (!sound->lanes)
    return 0;
  error = oriel_opus_decoder_create(&sound->incoming);
  if (!error)
    error = oriel_opus_decoder_create(&sound->outgoing);
  if (!error)
    return 0;
fail:
  oriel_sound_finish(sound);
  return error;
}

void oriel_sound_finish(struct oriel_sound *sound) {
  for (unsigned i = 0; i < sound->lanes; i++)
    oriel_queue_finish(&sound->queues[i]);
  oriel_opus_decoder_destroy(sound->incoming);
  oriel_opus_decoder_destroy(sound->outgoing);
  pthread_mutex_destroy(&sound->lock);
}

void oriel_sound_clear(struct oriel_sound *sound) {
  pthread_mutex_lock(&sound->lock);
  for (unsigned i = 0; i < sound->lanes; i++)
    oriel_queue_clear(&sound->queues[i]);
  pthread_mutex_unlock(&sound->lock);
}

/* ---- guest_audio's thread ---- */

static void sink_packet(void *user, unsigned lane, const void *data, size_t size, unsigned frames,
                        uint64_t arrived_ns) {
  struct oriel_desktop *desktop = user;
  struct oriel_sound *sound = &desktop->sound;
  struct oriel_packet *packet = NULL;
  if (atomic_load(&desktop->audio.wanted)) /* nobody listens: it is looked at and forgotten */
    packet = oriel_packet_create(ORIEL_PACKET_AUDIO, size);
  if (packet)
    memcpy(packet->data, data, size);
  pthread_mutex_lock(&sound->lock);
  const uint64_t due = oriel_flow_heard(&sound->flows[lane], frames_ns(frames), arrived_ns);
  if (packet) {
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
  pthread_mutex_unlock(&sound->lock);
}

struct oriel_guest_audio_sink oriel_sound_sink(struct oriel_desktop *desktop) {
  return (struct oriel_guest_audio_sink){.user = desktop, .packet = sink_packet, .ended = sink_ended};
}

/* ---- frames: audio thread ---- */

static void fifo_put(struct oriel_sound_fifo *fifo, const float *frames, size_t count) {
  if (fifo->count + count > ORIEL_SOUND_FIFO) { /* the oldest go */
    const size_t drop = fifo->count < count ? fifo->count : count;
    fifo->count -= drop;
    memmove(fifo->frames, fifo->frames + drop * ORIEL_OPUS_CHANNELS, fifo->count * FRAME_SIZE);
  }
  memcpy(fifo->frames + fifo->count * ORIEL_OPUS_CHANNELS, frames, count * FRAME_SIZE);
  fifo->count += count;
}

/* Fills up with silence (lesson 25). */
static void fifo_take(struct oriel_sound_fifo *fifo, float *frames, size_t count) {
  const size_t got = fifo->count < count ? fifo->count : count;
  memcpy(frames, fifo->frames, got * FRAME_SIZE);
  memset(frames + got * ORIEL_OPUS_CHANNELS, 0, (count - got) * FRAME_SIZE);
  fifo->count -= got;
  memmove(fifo->frames, fifo->frames + got * ORIEL_OPUS_CHANNELS, fifo->count * FRAME_SIZE);
}

/* Returns how many frames; `frames` has room for ORIEL_OPUS_FRAMES_MAX. */
static size_t unpack(const struct oriel_sound *sound, int lane, struct oriel_opus_decoder *decoder,
                     const struct oriel_packet *packet, float *frames) {
  if (!sound->is_pcm[lane]) {
    const int count = oriel_opus_decode(decoder, packet->data, packet->size, frames);
    return count > 0 ? (size_t)count : 0;
  }
  const size_t count = packet->size / FRAME_SIZE;
  memcpy(frames, packet->data, count * FRAME_SIZE);
  for (size_t i = 0; i < count * ORIEL_OPUS_CHANNELS; i++)
    frames[i] = isfinite(frames[i]) ? fmaxf(-peak, fminf(peak, frames[i])) : 0;
  return count;
}

void oriel_sound_fade(struct oriel_desktop *desktop, float *frames, size_t count) {
  struct oriel_sound *sound = &desktop->sound;
  float before[ORIEL_OPUS_FRAMES_MAX * ORIEL_OPUS_CHANNELS];
  if (!sound->fading)
    return;
  if (sound->from == ORIEL_SOUND_DEVICE) {
    const size_t got = oriel_audio_take(&desktop->audio, before, count);
    memset(before + got * ORIEL_OPUS_CHANNELS, 0, (count - got) * FRAME_SIZE);
  } else {
    fifo_take(&sound->old, before, count);
  }
  for (size_t i = 0; i < count && sound->position < FADE_FRAMES; i++, sound->position++) {
    const float angle = half_pi * (float)sound->position / FADE_FRAMES;
    const float in = sinf(angle), out = cosf(angle); /* equal power */
    for (unsigned channel = 0; channel < ORIEL_OPUS_CHANNELS; channel++) {
      float *sample = &frames[i * ORIEL_OPUS_CHANNELS + channel];
      *sample = *sample * in + before[i * ORIEL_OPUS_CHANNELS + channel] * out;
    }
  }
  if (sound->position >= FADE_FRAMES && sound->active == ORIEL_SOUND_DEVICE)
    sound->fading = false;
}

bool oriel_sound_device_fades(const struct oriel_sound *sound) {
  return sound->fading && sound->from == ORIEL_SOUND_DEVICE && sound->position < FADE_FRAMES;
}

static void encode_out(struct oriel_desktop *desktop) {
  struct oriel_sound *sound = &desktop->sound;
  const size_t whole = desktop->audio.packet_frames;
  float frames[PACKET_FRAMES_MAX * ORIEL_OPUS_CHANNELS];
  fifo_take(&sound->out, frames, whole);
  oriel_audio_encode(desktop, frames, sound->out_ns);
  sound->out_ns += frames_ns(whole);
}

/* ---- packets ---- */

/* Decoded, mixed while a fade lasts, and coded anew. */
static void mix_packet(struct oriel_desktop *desktop, const struct oriel_packet *packet) {
  struct oriel_sound *sound = &desktop->sound;
  float frames[ORIEL_OPUS_FRAMES_MAX * ORIEL_OPUS_CHANNELS];
  const size_t count = unpack(sound, sound->active, sound->incoming, packet, frames);
  if (!count)
    return;
  if (sound->fading && sound->position < FADE_FRAMES)
    oriel_sound_fade(desktop, frames, count);
  else if (sound->fading)
    sound->position += count;
  if (!sound->out.count)
    sound->out_ns = packet->captured_ns;
  fifo_put(&sound->out, frames, count);
  while (sound->out.count >= desktop->audio.packet_frames)
    encode_out(desktop);
  if (sound->fading && sound->position >= SETTLE_FRAMES && (!sound->out.count || sound->position >= FADE_MOST)) {
    sound->fading = false;
    if (!sound->is_pcm[sound->active])
      sound->out.count = 0;
  }
}

static void take_active(struct oriel_desktop *desktop, struct oriel_packet *packet) {
  struct oriel_sound *sound = &desktop->sound;
  if (sound->fading || sound->is_pcm[sound->active]) {
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
  float frames[ORIEL_OPUS_FRAMES_MAX * ORIEL_OPUS_CHANNELS];
  if (sound->position >= FADE_FRAMES)
    return;
  const size_t count = unpack(sound, sound->from, sound->outgoing, packet, frames);
  fifo_put(&sound->old, frames, count);
}

/* Takes the packets of `lane`, of which more than BACKLOG_FRAMES are too late to hear. */
static void take_lane(struct oriel_desktop *desktop, int lane) {
  struct oriel_sound *sound = &desktop->sound;
  struct oriel_packet *packets[QUEUE_PACKETS];
  unsigned count = 0, first = 0, frames = 0;
  pthread_mutex_lock(&sound->lock);
  while (sound->queues[lane].count)
    packets[count++] = oriel_queue_pop(&sound->queues[lane]);
  for (unsigned i = count; i > 0 && !first; i--) {
    const struct oriel_packet *packet = packets[i - 1];
    frames += sound->is_pcm[lane] ? (unsigned)(packet->size / FRAME_SIZE)
                                  : (unsigned)oriel_opus_packet_frames(packet->data, packet->size);
    if (frames > BACKLOG_FRAMES)
      first = i;
  }
  sound->trimmed += first;
  pthread_mutex_unlock(&sound->lock);
  for (unsigned i = 0; i < count; i++) {
    if (i >= first && lane == sound->active)
      take_active(desktop, packets[i]);
    else if (i >= first && sound->fading && lane == sound->from)
      take_outgoing(sound, packets[i]);
    oriel_packet_unref(packets[i]);
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
  sound->old.count = sound->out.count = 0;
  if (sound->incoming) {
    oriel_opus_decoder_reset(sound->incoming);
    oriel_opus_decoder_reset(sound->outgoing);
  }
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

/* True when a change may begin: what fades out has a packet there. Without it the first part of the fade would be a hole,
 * since it comes as often as not just after the new one's packet. */
static bool is_ready_locked(const struct oriel_desktop *desktop, uint64_t now_ns) {
  const struct oriel_sound *sound = &desktop->sound;
  if (sound->active < 0 || !oriel_flow_lives(&sound->flows[sound->active], now_ns))
    return true;
  if (sound->active == ORIEL_SOUND_DEVICE)
    return oriel_ring_level(desktop->audio.ring) >= desktop->audio.packet_frames;
  return sound->queues[sound->active].count > 0;
}

int oriel_sound_turn(struct oriel_desktop *desktop, uint64_t device_frames) {
  struct oriel_sound *sound = &desktop->sound;
  const uint64_t now = oriel_clock_ns();
  pthread_mutex_lock(&sound->lock);
  if (device_frames)
    oriel_flow_heard(&sound->flows[ORIEL_SOUND_DEVICE], frames_ns(device_frames), now);
  const int before = sound->active, better = oriel_flow_choose(sound->flows, ORIEL_SOUND_INPUTS, before, now);
  const int chosen = better == before || is_ready_locked(desktop, now) ? better : before;
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
