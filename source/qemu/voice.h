/* SPDX-License-Identifier: MIT
 *
 * One recorder's view of the microphone: reads 48 kHz float stereo out of a ring that is indexed by sample time, and
 * gives PCM of another rate, count of channels and format, with the volume that the guest set. Thread-safety: one
 * thread at a time.
 */
#ifndef ORIEL_SOURCE_QEMU_VOICE_H
#define ORIEL_SOURCE_QEMU_VOICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/pcm.h"

enum {
  ORIEL_QEMU_RING_FRAMES = 8192, /* a power of two: 170 ms */
  ORIEL_QEMU_READ_MAX = 64 * 1024, /* bytes of one answer; QEMU asks for a few KiB */
};

/** Frame n is at frames[2 * (n % ORIEL_QEMU_RING_FRAMES)]; those before `end` are there, as far as the ring reaches. */
struct oriel_qemu_ring {
  uint64_t end;
  float frames[2 * ORIEL_QEMU_RING_FRAMES];
};

struct oriel_qemu_voice;

/** 8, 16 or 32 bits, 8000..192000 Hz, 1..8 channels. 0, -EINVAL, -ENOMEM. */
int oriel_qemu_voice_create(const struct oriel_pcm_format *format, struct oriel_qemu_voice **voice);
void oriel_qemu_voice_destroy(struct oriel_qemu_voice *voice);
/** 0..1 per side; changes take 30 ms. */
void oriel_qemu_voice_gain(struct oriel_qemu_voice *voice, float left, float right);
/** Frames given since the gain is 0 on both sides. */
uint64_t oriel_qemu_voice_quiet(const struct oriel_qemu_voice *voice);
/** Writes whole frames, at most `size` bytes of them, as many as the ring has gained since the last call; returns the
 *  bytes. A voice that did not read for long goes on near the end: it never gets a backlog. */
size_t oriel_qemu_voice_read(struct oriel_qemu_voice *voice, const struct oriel_qemu_ring *ring, uint8_t *bytes,
                             size_t size);

#endif
