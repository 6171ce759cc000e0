/* SPDX-License-Identifier: MIT
 *
 * Opus at 48 kHz stereo, low delay. Thread-safety: one encoder or decoder, one audio thread.
 */
#ifndef ORIEL_MEDIA_OPUS_H
#define ORIEL_MEDIA_OPUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/clock.h"
#include "core/packet.h"

enum {
  ORIEL_OPUS_RATE = 48000,
  ORIEL_OPUS_CHANNELS = 2,
  ORIEL_OPUS_FRAME_SIZE = ORIEL_OPUS_CHANNELS * sizeof(float), /* bytes */
  ORIEL_OPUS_PACKET_MAX = 1500, /* bytes; also what peers of the guest's sound stream accept */
};

/** How long so many frames sound, nanoseconds. */
static inline uint64_t oriel_opus_frames_ns(uint64_t frames) {
  return frames * ORIEL_NS_PER_SECOND / ORIEL_OPUS_RATE;
}

struct oriel_opus_encoder;

/** `frame_ms` is 5, 10 or 20; `bitrate_kbps` 16..510. 0, -EINVAL, -ENOMEM. */
int oriel_opus_encoder_create(unsigned frame_ms, unsigned bitrate_kbps, struct oriel_opus_encoder **encoder);
void oriel_opus_encoder_destroy(struct oriel_opus_encoder *encoder);
/** Frames (per channel) that one call takes: 240, 480 or 960. */
unsigned oriel_opus_encoder_frames(const struct oriel_opus_encoder *encoder);
/** Encodes exactly that many interleaved frames into a new ORIEL_PACKET_AUDIO. 0, -ENOMEM, -EIO. */
int oriel_opus_encode(struct oriel_opus_encoder *encoder, const float *frames, uint64_t captured_ns,
                      struct oriel_packet **packet);

/** The same into memory of the caller's. Returns bytes, 1..ORIEL_OPUS_PACKET_MAX; -ENOMEM, -EIO. */
ssize_t oriel_opus_encode_into(struct oriel_opus_encoder *encoder, const float *frames,
                               uint8_t packet[ORIEL_OPUS_PACKET_MAX]);

struct oriel_opus_decoder;

enum { ORIEL_OPUS_FRAMES_MAX = 5760 }; /* of one packet: 120 ms */

/** 0, -ENOMEM. Decoding and concealing allocate nothing. */
int oriel_opus_decoder_create(struct oriel_opus_decoder **decoder);
void oriel_opus_decoder_destroy(struct oriel_opus_decoder *decoder);
/** Another stream begins. */
void oriel_opus_decoder_reset(struct oriel_opus_decoder *decoder);
/** Decodes one packet into interleaved `frames`, which have room for ORIEL_OPUS_FRAMES_MAX. Returns how many frames it
 *  gave, or -EBADMSG. */
int oriel_opus_decode(struct oriel_opus_decoder *decoder, const void *packet, size_t size, float *frames);
/** Makes up for a lost packet of `count` frames (a multiple of 120, at most ORIEL_OPUS_FRAMES_MAX) before the next
 *  one is decoded: from the repetition inside that one where `next` has it (*recovered), else by the codec's own
 *  concealment. Returns `count`, -EINVAL, or -EBADMSG. */
int oriel_opus_conceal(struct oriel_opus_decoder *decoder, const void *next, size_t size, float *frames, size_t count,
                       bool *recovered);

#endif
