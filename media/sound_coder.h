/* SPDX-License-Identifier: MIT
 *
 * Frames at 48 kHz in stereo to the packets of a stream: Opus, or float32 as it is. One implementation for agent and
 * driver; the bytes round a packet on its way are wire/audio_sender's.
 *
 * Thread-safety: one object, one thread.
 */
#ifndef ORIEL_MEDIA_SOUND_CODER_H
#define ORIEL_MEDIA_SOUND_CODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
  ORIEL_SOUND_CODER_PACKET_MAX = 1500, /* bytes; what the wire's packets may hold */
  ORIEL_SOUND_CODER_PCM_FRAMES_MAX = ORIEL_SOUND_CODER_PACKET_MAX / (2 * sizeof(float)),
};

struct oriel_opus_encoder;

struct oriel_sound_coder {
  struct oriel_opus_encoder *opus; /* NULL: PCM; owned */
  unsigned frame_ms, bitrate_kbps; /* of Opus */
  size_t frames;                   /* of a packet, at most; of Opus also at least */
};

/** Packets of `frame_us`: 5000, 10000 or 20000 of Opus at `bitrate_kbps` (16..510); of PCM any, cut to what a packet
 *  holds. 0, -EINVAL, -ENOMEM. */
int oriel_sound_coder_init(struct oriel_sound_coder *coder, bool is_pcm, uint32_t frame_us, unsigned bitrate_kbps);
/** Also of one that is all zero. */
void oriel_sound_coder_finish(struct oriel_sound_coder *coder);
/** A new peer listens, whose decoder starts afresh. 0, -ENOMEM: the old state goes on. */
int oriel_sound_coder_restart(struct oriel_sound_coder *coder);
/** Frames of the next packet when `ready` of them wait: 0 when it is not due yet. PCM leaves whole, in equal
 *  packets. */
size_t oriel_sound_coder_next(const struct oriel_sound_coder *coder, size_t ready);
/** Where sound ends with `ready` frames waiting: frames of silence behind them, after which the last of the sound has
 *  left the coder. Opus keeps up to 7 ms until more comes; PCM keeps nothing: 0. */
size_t oriel_sound_coder_tail(const struct oriel_sound_coder *coder, size_t ready);
/** Codes `count` (as oriel_sound_coder_next says) interleaved frames. Returns bytes, 1..1500; -ENOMEM, -EIO. */
ssize_t oriel_sound_coder_encode(struct oriel_sound_coder *coder, const float *stereo, size_t count,
                                 uint8_t packet[ORIEL_SOUND_CODER_PACKET_MAX]);

#endif
