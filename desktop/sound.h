/* SPDX-License-Identifier: MIT
 *
 * Which sound the viewers hear: all that sounds. One input is the active one and sets the pace, directly or re-timed
 * (desktop/retime.h) to this host's clock; the others are re-timed to it and mixed in. While it alone sounds, the
 * packets of a guest's own Opus stream are handed on untouched; a sum is coded here, once.
 */
#ifndef ORIEL_DESKTOP_SOUND_H
#define ORIEL_DESKTOP_SOUND_H

#include <pthread.h>
#include <stdbool.h>

#include "core/queue.h"
#include "desktop/crossfade.h"
#include "desktop/flow.h"
#include "desktop/retime.h"
#include "media/limiter.h"
#include "media/receiver_decode.h"
#include "source/guest_audio.h"

struct oriel_desktop;
struct oriel_sound_stats;

/* Inputs by preference: the lanes of guest_audio, then the source's own sound. */
enum {
  ORIEL_SOUND_DEVICE = ORIEL_GUEST_AUDIO_LANES_MAX,
  ORIEL_SOUND_INPUTS,
};

/** What is heard at once. Audio thread only. */
struct oriel_mix {
  struct oriel_retime retimes[ORIEL_SOUND_INPUTS]; /* all zero where there is no such input, or no other than it */
  bool direct;     /* the active input's own packets or frames are taken, not what its retime makes of them */
  bool returning;  /* to them a moment ago: what its retime still has fades out */
  bool ends;       /* a direct input stopped in the middle of its sound, which fades out */
  bool codes;      /* the last packet was ours, not the guest's own */
  struct oriel_crossfade fade;     /* of one that returns */
  struct receiver_conceal tail;    /* of one that ends */
  struct receiver_decode decode;   /* the active input's own Opus, while it has company; all zero: no lane has Opus */
  bool warm;                       /* `decode` knows what was before */
  struct oriel_queue recent;       /* its newest packets, from which a decoder learns that */
  float last[ORIEL_OPUS_FRAMES_MAX * ORIEL_OPUS_CHANNELS]; /* its newest frames, to begin coding with */
  size_t last_count;
  struct oriel_limiter limiter;
  size_t settle;          /* frames to be coded here after something was mixed in */
  uint64_t company_ns;    /* when something last was */
  struct oriel_frames out; /* what waits to be a whole packet */
  uint64_t out_ns;         /* capture time of the first frame in `out` */
  uint32_t device_number;  /* of packets to the device's retime */
};

struct oriel_sound {
  unsigned lanes;                           /* constant */
  bool is_pcm[ORIEL_GUEST_AUDIO_LANES_MAX]; /* constant */
  pthread_mutex_t lock; /* guards the next lines; held for pointer work */
  struct oriel_queue queues[ORIEL_GUEST_AUDIO_LANES_MAX];
  struct oriel_flow flows[ORIEL_SOUND_INPUTS];
  bool ended[ORIEL_GUEST_AUDIO_LANES_MAX];       /* its stream did; the audio thread has not looked yet */
  int active; /* ORIEL_FLOW_NONE; written by the audio thread */
  uint64_t switches, passed, mixed, trimmed;
  /* Audio thread only. */
  struct oriel_mix mix;
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

/** Takes and hands on what the lanes brought; `device_frames` more came from the device. */
void oriel_sound_turn(struct oriel_desktop *desktop, uint64_t device_frames);
/** When a packet of re-timed sound is due; 0 = none will be. */
uint64_t oriel_sound_due(const struct oriel_sound *sound);
/** Makes those that are due by now; makes none while nobody listens. */
void oriel_sound_tick(struct oriel_desktop *desktop);
/** The device's own frames are heard; else it is for `take_device` to take them from its ring. */
bool oriel_sound_device_is_direct(const struct oriel_sound *sound);
void oriel_sound_take_device(struct oriel_desktop *desktop);
/** A whole packet of frames of the active input: mixed with what else sounds, coded, and handed on. */
void oriel_sound_code(struct oriel_desktop *desktop, float *frames, uint64_t captured_ns);
/** No more sound comes for now: sends what waits to be a whole packet. */
void oriel_sound_rest(struct oriel_desktop *desktop);

/* ---- sound_mix.c: audio thread ---- */

/** 0, -ENOMEM. */
int oriel_mix_init(struct oriel_sound *sound, size_t packet_frames);
/** Also for one that is all zero. */
void oriel_mix_finish(struct oriel_mix *mix);
/** `chosen` is to be the active input from now on. */
void oriel_mix_change(struct oriel_sound *sound, int chosen, uint64_t now_ns);
/** A packet of the active input's own Opus, for decoders that will have to know it. */
void oriel_mix_remember(struct oriel_mix *mix, struct oriel_packet *packet);
/** The same, direct: handed on as it is, or mixed and coded. */
void oriel_mix_packet(struct oriel_desktop *desktop, struct oriel_packet *packet);
/** The active input, re-timed, goes back to its own packets or frames where it can. */
void oriel_mix_settle(struct oriel_sound *sound, uint64_t now_ns);
/** How long the active input may be late before another sets the pace. The caller holds `lock`. */
uint64_t oriel_mix_patience_ns_locked(const struct oriel_sound *sound);

/** Any thread. */
void oriel_sound_stats(struct oriel_desktop *desktop, struct oriel_sound_stats *stats);

#endif
