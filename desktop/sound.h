/* SPDX-License-Identifier: MIT
 *
 * Which sound the viewers hear: that of the guest's own streams, untouched, or of the VMM's device. A change between two
 * is a crossfade, made at the pace of the new one: both are decoded, mixed and coded once, and nothing is delayed.
 */
#ifndef ORIEL_DESKTOP_SOUND_H
#define ORIEL_DESKTOP_SOUND_H

#include <pthread.h>
#include <stdbool.h>

#include "core/queue.h"
#include "desktop/flow.h"
#include "source/guest_audio.h"

struct oriel_desktop;
struct oriel_sound_stats;

/* Inputs by preference: the lanes of guest_audio, then the source's own sound. */
enum {
  ORIEL_SOUND_DEVICE = ORIEL_GUEST_AUDIO_LANES_MAX,
  ORIEL_SOUND_INPUTS,
  ORIEL_SOUND_FIFO = 2 * 5760, /* frames: two of the longest packets */
};

struct oriel_sound_fifo {
  size_t count;
  float frames[ORIEL_SOUND_FIFO * 2];
};

struct oriel_sound {
  unsigned lanes;                           /* constant */
  bool is_pcm[ORIEL_GUEST_AUDIO_LANES_MAX]; /* constant */
  pthread_mutex_t lock; /* guards the next lines; held for pointer work */
  struct oriel_queue queues[ORIEL_GUEST_AUDIO_LANES_MAX];
  struct oriel_flow flows[ORIEL_SOUND_INPUTS];
  int active; /* ORIEL_FLOW_NONE; written by the audio thread */
  uint64_t switches, passed, trimmed;
  /* Audio thread only. */
  bool fading;
  int from;       /* what fades out */
  size_t position; /* frames of the fade so far */
  struct oriel_opus_decoder *incoming, *outgoing;
  struct oriel_sound_fifo old, out; /* what fades out, decoded; what waits to be a whole packet */
  uint64_t out_ns;      /* capture time of the first frame in `out` */
  uint64_t device_seen; /* frames of the device's ring that its flow knows of */
};

/** 0, -ENOMEM. */
int oriel_sound_init(struct oriel_sound *sound, struct oriel_guest_audio *guest);
void oriel_sound_finish(struct oriel_sound *sound);
/** The sink for guest_audio; its thread. */
struct oriel_guest_audio_sink oriel_sound_sink(struct oriel_desktop *desktop);
/** Listeners come: what waits is from before. Any thread. */
void oriel_sound_clear(struct oriel_sound *sound);

/* ---- audio thread ---- */

/** Takes and hands on what the lanes brought; `device_frames` more came from the device. Returns the input whose turn it
 *  is. */
int oriel_sound_turn(struct oriel_desktop *desktop, uint64_t device_frames);
/** Frames for the device's next packet: lets what was heard before fade out over them. */
void oriel_sound_fade(struct oriel_desktop *desktop, float *frames, size_t count);
/** The device fades out: its frames are taken by the mix. */
bool oriel_sound_device_fades(const struct oriel_sound *sound);
/** No more sound comes for now: sends what waits to be a whole packet. */
void oriel_sound_rest(struct oriel_desktop *desktop);

/** Any thread. */
void oriel_sound_stats(struct oriel_desktop *desktop, struct oriel_sound_stats *stats);

#endif
