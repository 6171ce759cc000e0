/* SPDX-License-Identifier: MIT
 *
 * Sound between a guest and a host over a byte stream: `u16` big-endian length 1..1500, then that many bytes of one
 * packet; no handshake. A packet is one Opus packet (48 kHz stereo, at most 20 ms), as peers of the vsock 5000/5001 protocol
 * expect, or, where both ends were told so by `format=pcm` in their addresses, interleaved float32 little-endian frames.
 * A length of 0 or above 1500 ends the connection. Over UDP a datagram is one packet without the length. Documented in
 * docs/protocols/audio.md. Parsers and writers only: no thread, no allocation.
 */
#ifndef ORIEL_WIRE_AUDIO_H
#define ORIEL_WIRE_AUDIO_H

#include <stddef.h>
#include <stdint.h>

enum {
  ORIEL_AUDIO_PACKET_MAX = 1500,
  ORIEL_AUDIO_LENGTH_SIZE = 2,
  ORIEL_AUDIO_OUTPUT_PORT = 5000,     /* vsock: guest to host */
  ORIEL_AUDIO_MICROPHONE_PORT = 5001, /* vsock: host to guest */
};

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
};

/** Takes from *data, *size (both advanced) up to the end of one packet. 1: *packet (lent until the next call) is
 *  *packet_size bytes; 0: all was taken, more is needed; -EBADMSG: a length out of range, the stream must be closed. A packet that
 *  lies whole in *data is lent from there, without a copy. */
int oriel_audio_framer_next(struct oriel_audio_framer *framer, const uint8_t **data, size_t *size,
                            const uint8_t **packet, size_t *packet_size);

#endif
