/* SPDX-License-Identifier: MIT
 *
 * Sound between a guest and a host over a byte stream: `u16` big-endian length 1..1500, then that many bytes of one
 * packet; no handshake. A packet is one Opus packet (48 kHz stereo, at most 20 ms), as peers of the vsock 5000/5001
 * protocol expect, or, where both ends were told so by `format=pcm` in their addresses, whole frames of 48 kHz stereo,
 * float32 little-endian, interleaved: at most 187 of them, so that a period above 3.9 ms is several packets. A length
 * of 0 or above 1500 ends the connection. Over UDP a datagram is one packet without the length; one of PCM may have a
 * number behind its frames, so that what is lost is known. Documented in docs/protocols/audio.md. Parsers and writers
 * only: no thread, no allocation.
 */
#ifndef ORIEL_WIRE_AUDIO_H
#define ORIEL_WIRE_AUDIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  ORIEL_AUDIO_PACKET_MAX = 1500,
  ORIEL_AUDIO_LENGTH_SIZE = 2,
  ORIEL_AUDIO_NUMBER_SIZE = 4,
  ORIEL_AUDIO_CREDIT = 0x06, /* what a receiver of the microphone sends back for each packet it has read */
  ORIEL_AUDIO_RATE = 48000, /* Hz, of either format */
  ORIEL_AUDIO_CHANNELS = 2,
  ORIEL_AUDIO_PCM_FRAMES_MAX = ORIEL_AUDIO_PACKET_MAX / (ORIEL_AUDIO_CHANNELS * 4), /* in a packet */

  ORIEL_AUDIO_OUTPUT_PORT = 5000,     /* vsock: guest to host */
  ORIEL_AUDIO_MICROPHONE_PORT = 5001, /* vsock: host to guest */
};

/* What a sample of a peer is cut to, +24 dB: a larger one is no sound but would stay in filters behind for ever. */
#define ORIEL_AUDIO_PCM_PEAK 16.0f

enum oriel_audio_format {
  ORIEL_AUDIO_OPUS,
  ORIEL_AUDIO_PCM, /* float32 little-endian, interleaved */
};

/** Writes the length in front of a packet of `packet_size` bytes. 0, -EMSGSIZE (0 or above the maximum). */
int oriel_audio_write_length(uint8_t length[ORIEL_AUDIO_LENGTH_SIZE], size_t packet_size);

/** Cuts a byte stream into packets. Zero-initialised; finish is not needed. */
struct oriel_audio_framer {
  uint8_t bytes[ORIEL_AUDIO_LENGTH_SIZE + ORIEL_AUDIO_PACKET_MAX];
  size_t have;
  uint64_t due_ns; /* when the packet that has begun must have ended; 0 = none has, or is_lost was not asked since */
};

/** Takes from *data, *size (both advanced) up to the end of one packet. 1: *packet (lent until the next call) is
 *  *packet_size bytes; 0: all was taken, more is needed; -EBADMSG: a length out of range, the stream must be closed. A
 *  packet that lies whole in *data is lent from there, without a copy. */
int oriel_audio_framer_next(struct oriel_audio_framer *framer, const uint8_t **data, size_t *size,
                            const uint8_t **packet, size_t *packet_size);
/** True while a packet has begun and not ended. */
bool oriel_audio_framer_is_inside(const struct oriel_audio_framer *framer);
/** To be asked once what came was cut, and at due_ns: whether a packet has been inside for a second. Senders write
 *  packets whole, so the place in the stream is lost (a serial port whose peer was replaced), and its owner closes it.
 *  A packet that ends gives the next one a second of its own. */
bool oriel_audio_framer_is_lost(struct oriel_audio_framer *framer, uint64_t now_ns);

/** Samples of a PCM packet into `samples` (room for ORIEL_AUDIO_PCM_FRAMES_MAX x ORIEL_AUDIO_CHANNELS), made harmless:
 *  what is not finite becomes 0, the rest is cut to +-ORIEL_AUDIO_PCM_PEAK. 0, or -EBADMSG: no whole number of frames;
 *  the stream must be closed. */
int oriel_audio_read_pcm(const uint8_t *packet, size_t packet_size, float *samples, size_t *frames);
/** A PCM packet of the first of `frames` frames, at most ORIEL_AUDIO_PCM_FRAMES_MAX. Returns its bytes; 0 for no
 *  frames. */
size_t oriel_audio_write_pcm(const float *samples, size_t frames, uint8_t packet[ORIEL_AUDIO_PACKET_MAX]);

/** Writes the number of a datagram of PCM, which goes behind its frames: the first may be any, each further one is
 *  higher by one and wraps. */
void oriel_audio_write_number(uint8_t bytes[ORIEL_AUDIO_NUMBER_SIZE], uint32_t number);
/** Takes the number off a datagram of PCM: *size is less by it then. False where there is none. */
bool oriel_audio_cut_number(const uint8_t *datagram, size_t *size, uint32_t *number);

#endif
