/* SPDX-License-Identifier: MIT
 *
 * Sound on its way to our own encoder or into a mix: packets go in as they arrive, a whole Opus packet's worth of
 * frames comes out at the pace of this host's clock or of another sound. The receiver (media/receiver.h) in between
 * takes up jitter and the drift of the sender's clock, and makes up for what was lost, so that viewers get whole sound
 * in good time.
 *
 * Thread-safety: one thread (audio), which also tells the time.
 */
#ifndef ORIEL_DESKTOP_RESAMPLER_H
#define ORIEL_DESKTOP_RESAMPLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/receiver.h"

/** What is louder is heard: -80 dB, above the noise of 16 bits. */
#define ORIEL_SOUND_AUDIBLE 1e-4f

struct oriel_resampler {
  struct oriel_receiver *receiver; /* owned */
  size_t frames;     /* that a take gives; constant */
  uint64_t due_ns;   /* when the next is due; 0 = idle */
  uint64_t sequence; /* of the newest packet, as the receiver knows it */
  size_t empty;      /* frames in a row without sound */
  bool sounds;       /* it has begun, and not ended */
  uint64_t heard_ns; /* when something that is not silence last came; 0 = never */
};

/** Of float32 frames or of Opus. 0, -ENOMEM. */
int oriel_resampler_init(struct oriel_resampler *resampler, bool is_pcm, size_t frames);
/** Also for one that is all zero. */
void oriel_resampler_finish(struct oriel_resampler *resampler);
/** Whole frames, or one Opus packet; `number` as guest_audio's sink has it. The first one starts the clock. */
void oriel_resampler_push(struct oriel_resampler *resampler, const void *packet, size_t size, uint32_t number,
                          uint64_t arrived_ns);
/** Another stream begins, or nobody listens: what is here fades out, or is forgotten. */
void oriel_resampler_reset(struct oriel_resampler *resampler);
void oriel_resampler_idle(struct oriel_resampler *resampler);
/** Call it when `due_ns` has come: fills `frames` (stereo). True when they are to be heard; *captured_ns is when the
 *  first of them came in. After a second without a packet it is idle. */
bool oriel_resampler_take(struct oriel_resampler *resampler, float *frames, uint64_t now_ns, uint64_t *captured_ns);
/** Takes any number of frames instead, at another's pace, which is expected to go on within `patience_ns`: takes by the
 *  clock begin again then. Also idle after a second without a packet. */
void oriel_resampler_take_some(struct oriel_resampler *resampler, float *frames, size_t count, uint64_t now_ns,
                               uint64_t patience_ns);

#endif
