/* SPDX-License-Identifier: MIT
 *
 * The lanes' packets on their way to the hub, and who sets the pace. The sink on guest_audio's thread, the rest on the
 * audio thread.
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
  DEVICE_FRAMES = 120, /* of the device's sound, in what counts as one of its packets */
  FRAME_SIZE = ORIEL_OPUS_CHANNELS * sizeof(float),
  PACKET_FRAMES_MAX = ORIEL_OPUS_RATE * 20 / 1000,
};

static uint64_t frames_ns(uint64_t frames) {
  return frames * ORIEL_NS_PER_SECOND / ORIEL_OPUS_RATE;
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
  }
  error = oriel_mix_init(sound, packet_frames);
  if (!error)
    return 0;
fail:
  oriel_sound_finish(sound);
  return error;
}

void oriel_sound_finish(struct oriel_sound *sound) {
  for (unsigned i = 0; i < sound->lanes; i++)
    oriel_queue_finish(&sound->queues[i]);
  oriel_mix_finish(&sound->mix);
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
                        uint64_t missing, uint64_t arrived_ns) {
  struct oriel_desktop *desktop = user;
  struct oriel_sound *sound = &desktop->sound;
  struct oriel_packet *packet = NULL;
  if (atomic_load(&desktop->audio.wanted)) /* nobody listens: it is looked at and forgotten */
    packet = oriel_packet_create(ORIEL_PACKET_AUDIO, size);
  if (packet)
    memcpy(packet->data, data, size);
  pthread_mutex_lock(&sound->lock);
  /* The time of what was lost or left out has passed, too. */
  oriel_flow_missed(&sound->flows[lane], frames_ns(missing));
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

/* ---- packets: audio thread ---- */

/* Takes the packets of `lane`, of which more than BACKLOG_FRAMES are too late to hear. A receiver sees
 * to that itself. */
static void take_lane(struct oriel_desktop *desktop, int lane) {
  struct oriel_sound *sound = &desktop->sound;
  struct oriel_packet *packets[QUEUE_PACKETS];
  unsigned count = 0, first = 0, frames = 0;
  struct oriel_mix *mix = &sound->mix;
  const bool direct = lane == sound->active && mix->direct;
  pthread_mutex_lock(&sound->lock);
  const bool ended = sound->ended[lane];
  sound->ended[lane] = false;
  while (sound->queues[lane].count)
    packets[count++] = oriel_queue_pop(&sound->queues[lane]);
  for (unsigned i = count; i > 0 && !first && direct; i--) {
    frames += (unsigned)oriel_opus_packet_frames(packets[i - 1]->data, packets[i - 1]->size);
    if (frames > BACKLOG_FRAMES)
      first = i;
  }
  sound->trimmed += first;
  pthread_mutex_unlock(&sound->lock);
  if (ended)
    oriel_retime_reset(&mix->retimes[lane]);
  for (unsigned i = 0; i < count; i++) {
    if (!direct && lane == sound->active && !sound->is_pcm[lane])
      oriel_mix_remember(mix, packets[i]);
    if (!direct)
      oriel_retime_push(&mix->retimes[lane], packets[i]->data, packets[i]->size, packets[i]->sequence,
                        packets[i]->converted_ns);
    else if (i >= first)
      oriel_mix_packet(desktop, packets[i]);
    oriel_packet_unref(packets[i]);
  }
}

bool oriel_sound_device_is_direct(const struct oriel_sound *sound) {
  return sound->active == ORIEL_SOUND_DEVICE && sound->mix.direct;
}

void oriel_sound_take_device(struct oriel_desktop *desktop) {
  struct oriel_mix *mix = &desktop->sound.mix;
  struct oriel_retime *retime = &mix->retimes[ORIEL_SOUND_DEVICE];
  float frames[DEVICE_FRAMES * ORIEL_OPUS_CHANNELS];
  const uint64_t now = oriel_clock_ns();
  size_t got;
  while ((got = oriel_audio_take(&desktop->audio, frames, DEVICE_FRAMES)) > 0)
    if (retime->receiver)
      oriel_retime_push(retime, frames, got * FRAME_SIZE, ++mix->device_number, now);
}

/* ---- who is heard ---- */

static void change(struct oriel_desktop *desktop, int chosen, uint64_t now_ns) {
  struct oriel_sound *sound = &desktop->sound;
  oriel_mix_change(sound, chosen, now_ns);
  pthread_mutex_lock(&sound->lock);
  sound->active = chosen;
  sound->switches++;
  pthread_mutex_unlock(&sound->lock);
  if (sound->lanes)
    oriel_debug("desktop", "the pace of the sound is that of %s now",
                chosen == ORIEL_SOUND_DEVICE ? "the VM's own device" : "a stream from inside the guest");
}

void oriel_sound_turn(struct oriel_desktop *desktop, uint64_t device_frames) {
  struct oriel_sound *sound = &desktop->sound;
  const uint64_t now = oriel_clock_ns();
  pthread_mutex_lock(&sound->lock);
  if (device_frames)
    oriel_flow_heard(&sound->flows[ORIEL_SOUND_DEVICE], frames_ns(device_frames), now);
  const int before = sound->active, chosen = oriel_flow_choose(sound->flows, ORIEL_SOUND_INPUTS, before, now);
  pthread_mutex_unlock(&sound->lock);
  if (chosen != before)
    change(desktop, chosen, now);
  oriel_mix_settle(sound, now);
  for (int lane = 0; lane < (int)sound->lanes; lane++)
    take_lane(desktop, lane);
}

/* ---- re-timed sound ---- */

uint64_t oriel_sound_due(const struct oriel_sound *sound) {
  uint64_t due_ns = 0;
  for (unsigned i = 0; i < ORIEL_SOUND_INPUTS; i++) {
    const struct oriel_retime *retime = &sound->mix.retimes[i];
    if (retime->due_ns && (!due_ns || retime->due_ns < due_ns))
      due_ns = retime->due_ns;
  }
  return due_ns;
}

static void tick_active(struct oriel_desktop *desktop, struct oriel_retime *retime, uint64_t now_ns) {
  float frames[PACKET_FRAMES_MAX * ORIEL_OPUS_CHANNELS];
  uint64_t captured_ns;
  if (oriel_retime_take(retime, frames, now_ns, &captured_ns))
    oriel_sound_code(desktop, frames, captured_ns);
}

/* Another input's time has come, which waits for the active one's pace: where that has stopped, and this one sounds, it
 * is the active one from now on. */
static void tick_other(struct oriel_desktop *desktop, int input, uint64_t now_ns) {
  struct oriel_sound *sound = &desktop->sound;
  struct oriel_retime *retime = &sound->mix.retimes[input];
  float frames[PACKET_FRAMES_MAX * ORIEL_OPUS_CHANNELS];
  uint64_t captured_ns, awaited_ns = 0;
  pthread_mutex_lock(&sound->lock);
  if (sound->active >= 0)
    awaited_ns = sound->flows[sound->active].last_ns + oriel_mix_patience_ns_locked(sound);
  pthread_mutex_unlock(&sound->lock);
  if (now_ns < awaited_ns) {
    retime->due_ns = awaited_ns;
    return;
  }
  (void)oriel_retime_take(retime, frames, now_ns, &captured_ns);
  if (oriel_limiter_peak(frames, desktop->audio.packet_frames) <= ORIEL_SOUND_AUDIBLE)
    return;
  pthread_mutex_lock(&sound->lock);
  oriel_flow_sounded(&sound->flows[input], now_ns);
  pthread_mutex_unlock(&sound->lock);
  change(desktop, input, now_ns);
  oriel_sound_code(desktop, frames, captured_ns);
}

static void rest_all(struct oriel_sound *sound) {
  for (int i = 0; i < ORIEL_SOUND_INPUTS; i++)
    if (sound->mix.retimes[i].receiver)
      oriel_retime_rest(&sound->mix.retimes[i]);
  oriel_mix_settle(sound, UINT64_MAX / 2);
}

void oriel_sound_tick(struct oriel_desktop *desktop) {
  struct oriel_sound *sound = &desktop->sound;
  const uint64_t now = oriel_clock_ns();
  if (!atomic_load(&desktop->audio.wanted) || !desktop->audio.encoder) {
    rest_all(sound);
    return;
  }
  if (sound->active >= 0 && !sound->mix.direct) {
    struct oriel_retime *retime = &sound->mix.retimes[sound->active];
    while (retime->due_ns && retime->due_ns <= now)
      tick_active(desktop, retime, now);
  }
  for (int i = 0; i < ORIEL_SOUND_INPUTS; i++) {
    struct oriel_retime *retime = &sound->mix.retimes[i];
    while (i != sound->active && retime->due_ns && retime->due_ns <= now)
      tick_other(desktop, i, now);
  }
}
