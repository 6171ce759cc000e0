/* SPDX-License-Identifier: MIT
 *
 * Packets to frames: Opus or PCM, lost ones made up for.
 *
 * Thread-safety: one object, the network thread.
 */
#ifndef ORIEL_MEDIA_RECEIVER_DECODE_H
#define ORIEL_MEDIA_RECEIVER_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/opus.h"
#include "media/receiver_conceal.h"
#include "media/receiver_config.h"

struct receiver_decode {
  bool is_pcm;
  unsigned channels;
  struct oriel_opus_decoder *opus; /* NULL for PCM; owned */
  struct receiver_conceal conceal; /* PCM only */
  bool concealed;                  /* PCM: the last frames were made up, the next packet fades in */
  size_t packet_frames;            /* of the last good packet; 0 = none yet */
  float *frames;                   /* the result, lent to the caller; owned */
};

/** `config` is valid. 0, -ENOMEM. */
int receiver_decode_init(struct receiver_decode *decode, const struct oriel_receiver_config *config);
void receiver_decode_finish(struct receiver_decode *decode);
void receiver_decode_reset(struct receiver_decode *decode);
/** Frames of the packet in decode->frames, or -EBADMSG. */
int receiver_decode_packet(struct receiver_decode *decode, const void *packet, size_t size);
/** Frames in decode->frames in place of one lost packet; 0 where its length is not known. `next` may be NULL. */
int receiver_decode_lost(struct receiver_decode *decode, const void *next, size_t size, bool *recovered);

#endif
