/* SPDX-License-Identifier: MIT
 *
 * Where guest_audio hands sound on. Thread-safety: called on guest_audio's one thread.
 */
#ifndef ORIEL_SOURCE_GUEST_AUDIO_SINK_H
#define ORIEL_SOURCE_GUEST_AUDIO_SINK_H

#include <stddef.h>
#include <stdint.h>

struct oriel_guest_audio_sink {
  void *user;
  /** A well-formed packet of 1..1500 bytes, borrowed: one Opus packet of `frames` frames at 48 kHz, or whole float32
   *  frames (the input says which). `number` is higher by one than the last one's, by more where packets are known to
   *  be lost; it wraps. `missing` frames are between the two by the sender's own clock: lost, or left out. Must not
   *  block. */
  void (*packet)(void *user, unsigned input, const void *packet, size_t size, unsigned frames, uint32_t number,
                 uint64_t missing, uint64_t arrived_ns);
  /** The input's stream ended, or another one takes its place. */
  void (*ended)(void *user, unsigned input);
};

#endif
