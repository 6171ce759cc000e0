/* SPDX-License-Identifier: MIT
 *
 * What goes round a packet of sound on its way (wire/audio.h): its length in front of it on a stream; over UDP nothing,
 * or its number behind it where it is PCM. One implementation for agent and driver.
 *
 * Thread-safety: one object, one thread. No allocation.
 */
#ifndef ORIEL_WIRE_AUDIO_SENDER_H
#define ORIEL_WIRE_AUDIO_SENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/audio.h"

enum { ORIEL_AUDIO_SENT_MAX = ORIEL_AUDIO_LENGTH_SIZE + ORIEL_AUDIO_PACKET_MAX + ORIEL_AUDIO_NUMBER_SIZE };

struct oriel_audio_sender {
  bool is_datagram, is_pcm; /* as the address says; the rest is zero at first */
  uint32_t number;          /* of the next datagram of PCM */
};

/** Completes the packet of `size` bytes that lies at `bytes` + ORIEL_AUDIO_LENGTH_SIZE, in room for
 *  ORIEL_AUDIO_SENT_MAX. What is to be sent are *count bytes from the returned offset on: of a stream all, of a
 *  datagram one datagram. With a `size` of 0 or above 1500 nothing: *count is 0. */
size_t oriel_audio_sender_complete(struct oriel_audio_sender *sender, uint8_t *bytes, size_t size, size_t *count);

#endif
