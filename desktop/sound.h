/* SPDX-License-Identifier: MIT
 *
 * Which sound the viewers hear: that of the guest's own streams, untouched, or of the VMM's device. PCM of a guest is
 * re-timed to this host's clock and coded here. A change between two is a crossfade, made at the pace of the new one:
 * both are decoded, mixed and coded once, and nothing is delayed.
 */
#ifndef ORIEL_DESKTOP_SOUND_H
#define ORIEL_DESKTOP_SOUND_H

#include <pthread.h>
#include <stdbool.h>

#include "core/queue.h"
#include "desktop/crossfade.h"
#include "desktop/flow.h"
#include "desktop/retime.h"
#include "source/guest_audio.h"

struct oriel_desktop;
struct oriel_sound_stats;

/* Inputs by preference: the lanes of guest_audio, then the source's own sound. */
enum {
  ORIEL_SOUND_DEVICE = ORIEL_GUEST_AUDIO_LANES_MAX,
  ORIEL_SOUND_INPUTS,
};

struct oriel_sound {
  unsigned lanes;                           /* constant */
  bool is_pcm[ORIEL_GUEST_AUDIO_LANES_MAX]; /* constant */
  pthread_mutex_t lock; /* guards the next lines; held for pointer work */
  struct oriel_queue queues[ORIEL_GUEST_AUDIO_LANES_MAX];
  struct oriel_flow flows[ORIEL_SOUND_INPUTS];
  uint32_t numbers[ORIEL_GUEST_AUDIO_LANES_MAX]; /* of each lane's newest packet */
  bool ended[ORIEL_GUEST_AUDIO_LANES_MAX];       /* its stream did; the audio thread has not looked yet */
  int active; /* ORIEL_FLOW_NONE; written by the audio thread */
  uint64_t switches, passed, trimmed;
  /* Audio thread only. */
  struct oriel_retime retimes[ORIEL_GUEST_AUDIO_LANES_MAX]; /* of PCM; the others are all zero */
  bool fading;
  int from;        /* what fades out */
  size_t position; /* frames since the change */
  struct oriel_crossfade fade;
  struct oriel_frames out; /* what waits to be a whole packet */
  uint64_t out_ns;      /* capture time of the first frame in `out` */
  uint64_t device_seen; /* frames of the device's ring that its flow knows of */
};

/** `packet_frames`: of our own packets. 0, -ENOMEM. */
int oriel_sound_init(struct oriel_sound *sound, struct oriel_guest_audio *guest, size_t packet_frames);
void oriel_sound_finish(struct oriel_sound *sound);
/** The sink for guest_audio; its thread. */
struct oriel_guest_audio_sink oriel_sound_sink(struct oriel_desktop *desktop);
/** Listeners come: what waits is from before. Any thread. */
void oriel_sound_clear(struct oriel_sound *sound);

/* ---- audio thread ---- */

/** Takes and hands on what the lanes brought; `device_frames` more came from the device. Returns the input whose turn
 *  it is. */
int oriel_sound_turn(struct oriel_desktop *desktop, uint64_t device_frames);
/** When a packet of re-timed sound is due; 0 = none will be. */
uint64_t oriel_sound_due(const struct oriel_sound *sound);
/** Makes those that are due by now; makes none while nobody listens. */
void oriel_sound_tick(struct oriel_desktop *desktop);
/** Frames for the device's next packet: lets what was heard before fade out over them. */
void oriel_sound_fade(struct oriel_desktop *desktop, float *frames, size_t count);
/** The device fades out: its frames are taken by the mix. */
bool oriel_sound_device_fades(const struct oriel_sound *sound);
/** No more sound comes for now: sends what waits to be a whole packet. */
void oriel_sound_rest(struct oriel_desktop *desktop);

/** Any thread. */
void oriel_sound_stats(struct oriel_desktop *desktop, struct oriel_sound_stats *stats);

#endif
