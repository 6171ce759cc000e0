/* SPDX-License-Identifier: MIT
 *
 * Opus at 48 kHz stereo, low delay. Thread-safety: one encoder, one audio thread.
 */
#ifndef ORIEL_MEDIA_OPUS_H
#define ORIEL_MEDIA_OPUS_H

#include <stdint.h>

#include "core/packet.h"

enum { ORIEL_AUDIO_RATE = 48000, ORIEL_AUDIO_CHANNELS = 2 };

struct oriel_opus_encoder;

/** `frame_ms` is 5, 10 or 20; `bitrate_kbps` 16..510. 0, -EINVAL, -ENOMEM. */
int oriel_opus_encoder_create(unsigned frame_ms, unsigned bitrate_kbps, struct oriel_opus_encoder **encoder);
void oriel_opus_encoder_destroy(struct oriel_opus_encoder *encoder);
/** Frames (per channel) that one call takes: 240, 480 or 960. */
unsigned oriel_opus_encoder_frames(const struct oriel_opus_encoder *encoder);
/** Encodes exactly that many interleaved frames into a new ORIEL_PACKET_AUDIO. 0, -ENOMEM, -EIO. */
int oriel_opus_encode(struct oriel_opus_encoder *encoder, const float *frames, uint64_t captured_ns,
                      struct oriel_packet **packet);

#endif
