/* SPDX-License-Identifier: MIT
 *
 * What is told about sound. Any thread.
 */
#include "desktop/sound_stats.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "desktop/playback.h"
#include "desktop/sound.h"
#include "desktop/sound_select.h"
#include "desktop/state.h"

static void input_stats_locked(const struct oriel_sound *sound, int input, uint64_t now_ns,
                               struct oriel_sound_input_stats *out) {
  const struct oriel_arrival *arrival = &sound->inputs.arrivals[input];
  out->lives = oriel_arrival_lives(arrival, now_ns);
  out->jitter_us = arrival->jitter_us;
  out->drift_ppm = arrival->drift_ppm;
  out->lost = out->guest.is_numbered ? out->guest.lost : arrival->lost;
  out->late = out->guest.late + arrival->late;
  out->is_resampled = input != ORIEL_SOUND_DEVICE && sound->inputs.is_pcm[input];
}

/* The jitter buffers of PCM, once somebody listened. */
static void read_receivers(struct oriel_sound *sound, struct oriel_sound_stats *out) {
  /* acquire with the release when it was made */
  const struct oriel_sound_thread *thread = atomic_load_explicit(&sound->thread, memory_order_acquire);
  for (unsigned i = 0; thread && i < sound->inputs.guests; i++)
    if (out->input[i].is_resampled)
      oriel_receiver_stats(thread->pace.mix.resamplers[i].receiver, &out->input[i].receiver);
}

static void read_inputs(struct oriel_sound *sound, const struct oriel_guest_audio_info *info,
                        struct oriel_sound_stats *out) {
  struct oriel_sound_inputs *inputs = &sound->inputs;
  const uint64_t now = oriel_clock_ns();
  out->inputs = inputs->guests + 1;
  out->input[inputs->guests].kind = "device";
  pthread_mutex_lock(&inputs->lock);
  for (unsigned i = 0; i < inputs->guests; i++) {
    out->input[i].kind = info->input[i].is_udp ? "udp" : "stream";
    out->input[i].guest = info->input[i];
    input_stats_locked(sound, (int)i, now, &out->input[i]);
  }
  input_stats_locked(sound, ORIEL_SOUND_DEVICE, now, &out->input[inputs->guests]);
  out->active = inputs->active == ORIEL_SOUND_DEVICE ? (int)inputs->guests : inputs->active;
  if (out->active >= 0 && !out->input[out->active].lives)
    out->active = ORIEL_SOUND_NONE;
  out->switches = inputs->switches;
  out->passed = inputs->passed;
  out->mixed = inputs->mixed;
  out->trimmed = inputs->trimmed;
  for (unsigned i = 0; i < inputs->guests; i++)
    out->trimmed += inputs->queues[i].dropped;
  pthread_mutex_unlock(&inputs->lock);
}

static void read_stages(struct oriel_desktop *desktop, struct oriel_sound_stats *out) {
  struct oriel_sound_channel *channel = &desktop->hub.sound;
  struct oriel_histogram *copy = malloc(sizeof channel->stages);
  if (!copy)
    return;
  pthread_mutex_lock(&channel->lock);
  memcpy(copy, channel->stages, sizeof channel->stages);
  pthread_mutex_unlock(&channel->lock);
  for (unsigned i = 0; i < ORIEL_SOUND_STAGES; i++)
    oriel_histogram_read(&copy[i], &out->stages[i]);
  free(copy);
}

void oriel_sound_stats(struct oriel_desktop *desktop, struct oriel_sound_stats *out) {
  struct oriel_guest_audio_info info = {0};
  if (desktop->config.guest_audio)
    oriel_guest_audio_info(desktop->config.guest_audio, &info);
  out->has_microphone_address = info.has_microphone_address;
  out->microphone_connected = info.microphone_connected;
  out->microphone_packets = info.microphone_packets;
  out->microphone_dropped = info.microphone_dropped;
  out->microphone_connections = info.microphone_connections;
  read_inputs(desktop->sound, &info, out);
  read_receivers(desktop->sound, out);
  read_stages(desktop, out);
  pthread_mutex_lock(&desktop->hub.lock);
  out->microphone_refused = desktop->hub.microphone_refused;
  pthread_mutex_unlock(&desktop->hub.lock);
  const struct oriel_playback *playback = atomic_load(&desktop->playback);
  out->has_playback = playback != NULL;
  out->playback_connected = playback && oriel_playback_stats(playback, &out->playback);
}
