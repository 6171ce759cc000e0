/* SPDX-License-Identifier: MIT
 *
 * What is told about sound. Any thread.
 */
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "desktop/private.h"
#include "desktop/speaker.h"

static void input_stats(struct oriel_sound *sound, int input, uint64_t now_ns, struct oriel_sound_input_stats *out) {
  const struct oriel_flow *flow = &sound->flows[input];
  out->lives = oriel_flow_lives(flow, now_ns);
  out->jitter_us = flow->jitter_us;
  out->drift_ppm = flow->drift_ppm;
  out->lost = out->lane.is_numbered ? out->lane.lost : flow->lost;
  out->late = out->lane.late + flow->late;
  out->is_retimed = input != ORIEL_SOUND_DEVICE && sound->is_pcm[input];
  if (out->is_retimed)
    oriel_receiver_stats(sound->mix.retimes[input].receiver, &out->receiver);
}

static void stages(struct oriel_desktop *desktop, struct oriel_sound_stats *out) {
  struct oriel_hub *hub = &desktop->hub;
  struct oriel_histogram *copy = malloc(sizeof hub->sound_stages);
  if (!copy)
    return;
  pthread_mutex_lock(&hub->lock);
  memcpy(copy, hub->sound_stages, sizeof hub->sound_stages);
  out->microphone_refused = hub->microphone_refused;
  pthread_mutex_unlock(&hub->lock);
  for (unsigned i = 0; i < ORIEL_SOUND_STAGES; i++)
    oriel_histogram_read(&copy[i], &out->stages[i]);
  free(copy);
}

void oriel_sound_stats(struct oriel_desktop *desktop, struct oriel_sound_stats *out) {
  struct oriel_sound *sound = &desktop->sound;
  const uint64_t now = oriel_clock_ns();
  struct oriel_guest_audio_info info = {0};
  if (desktop->config.guest_audio)
    oriel_guest_audio_info(desktop->config.guest_audio, &info);
  out->has_microphone_address = info.has_microphone_address;
  out->microphone_connected = info.microphone_connected;
  out->microphone_packets = info.microphone_packets;
  out->microphone_dropped = info.microphone_dropped;
  out->microphone_connections = info.microphone_connections;
  out->inputs = sound->lanes + 1;
  out->input[sound->lanes].kind = "device";
  pthread_mutex_lock(&sound->lock);
  for (unsigned i = 0; i < sound->lanes; i++) {
    out->input[i].kind = info.lane[i].is_udp ? "udp" : "stream";
    out->input[i].lane = info.lane[i];
    input_stats(sound, (int)i, now, &out->input[i]);
  }
  input_stats(sound, ORIEL_SOUND_DEVICE, now, &out->input[sound->lanes]);
  out->active = sound->active == ORIEL_SOUND_DEVICE ? (int)sound->lanes : sound->active;
  if (out->active >= 0 && !out->input[out->active].lives)
    out->active = ORIEL_FLOW_NONE;
  out->switches = sound->switches;
  out->passed = sound->passed;
  out->mixed = sound->mixed;
  out->trimmed = sound->trimmed;
  for (unsigned i = 0; i < sound->lanes; i++)
    out->trimmed += sound->queues[i].dropped;
  pthread_mutex_unlock(&sound->lock);
  stages(desktop, out);
  out->has_speaker = desktop->speaker != NULL;
  out->speaker_connected = desktop->speaker && oriel_speaker_stats(desktop->speaker, &out->speaker);
}
