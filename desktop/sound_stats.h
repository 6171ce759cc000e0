/* SPDX-License-Identifier: MIT
 *
 * What is told about sound. Any thread.
 */
#ifndef ORIEL_DESKTOP_SOUND_STATS_H
#define ORIEL_DESKTOP_SOUND_STATS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/histogram.h"
#include "desktop/stage.h"
#include "media/receiver.h"
#include "source/guest_audio.h"

struct oriel_desktop;

/** A place where sound comes from. */
struct oriel_sound_input_stats {
  const char *kind; /* "udp", "stream", "device"; static */
  struct oriel_guest_audio_input guest; /* what arrived; all zero for the device */
  bool lives;         /* sound came just now */
  uint32_t jitter_us; /* mean lateness of packets against the earliest */
  double drift_ppm;   /* the sender's clock against ours, positive = it is faster; 0 = not known yet */
  /* Of this input, by number where its datagrams have one, else worked out from the time that is missing. */
  uint64_t lost, late;
  bool is_resampled;  /* PCM: its jitter buffer here */
  struct oriel_receiver_stats receiver;
};
struct oriel_sound_stats {
  int active; /* index below; -1 = silence */
  unsigned inputs;
  struct oriel_sound_input_stats input[ORIEL_GUEST_AUDIO_INPUTS_MAX + 1];
  uint64_t switches; /* of the input whose pace the sound has */
  uint64_t passed, mixed, trimmed; /* packets: the guest's, untouched; of a sum; too late to hear */
  bool has_microphone_address, microphone_connected;
  uint64_t microphone_packets, microphone_dropped, microphone_connections; /* to the guest's own address */
  uint64_t microphone_refused; /* of all viewers: without the controls, no Opus, or nothing takes it */
  struct oriel_percentiles stages[ORIEL_SOUND_STAGES];
  bool has_playback, playback_connected; /* on this host */
  struct oriel_receiver_stats playback;
};

/** Fills what is told about sound. No lock held. */
void oriel_sound_stats(struct oriel_desktop *desktop, struct oriel_sound_stats *out);

#endif
