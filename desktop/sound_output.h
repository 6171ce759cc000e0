/* SPDX-License-Identifier: MIT
 *
 * Packets of sound to whoever listens: coded here, once, or as the guest made them. Each listener is offered the same
 * packet, by reference, in the order in which they were added.
 *
 * Thread-safety: init, add and finish by the owner, add also while the audio thread runs; the rest on the audio thread.
 */
#ifndef ORIEL_DESKTOP_SOUND_OUTPUT_H
#define ORIEL_DESKTOP_SOUND_OUTPUT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/packet.h"
#include "media/opus.h"

/** Somebody who takes sound. The packet is borrowed: whoever keeps it takes a reference. The first listener may number
 *  it, as nobody else has it yet; the others read. Must not block. */
struct oriel_sound_listener {
  void (*offer)(void *user, struct oriel_packet *packet);
  void *user;
};
enum {
  ORIEL_SOUND_LISTENERS_MAX = 4,
  ORIEL_SOUND_PACKET_FRAMES_MAX = ORIEL_OPUS_RATE * 20 / 1000, /* of our own packets */
};

struct oriel_sound_output {
  unsigned frame_ms, kbps; /* of our own packets; constant */
  size_t packet_frames;    /* constant */
  struct oriel_sound_listener listeners[ORIEL_SOUND_LISTENERS_MAX];
  atomic_uint count; /* of listeners */
  /* Audio thread only. */
  struct oriel_opus_encoder *encoder; /* NULL before the first sound, and where memory is short */
  bool warned; /* of that */
};

void oriel_sound_output_init(struct oriel_sound_output *output, unsigned frame_ms, unsigned kbps);
void oriel_sound_output_finish(struct oriel_sound_output *output);
/** Adds one for good; its user must outlive the audio thread. At most ORIEL_SOUND_LISTENERS_MAX. */
void oriel_sound_output_add(struct oriel_sound_output *output, const struct oriel_sound_listener *listener);

/** Makes the encoder where there is none. False without memory, of which a line in the log tells once. */
bool oriel_sound_output_prepare(struct oriel_sound_output *output);
/** The next packet begins a new stream, which decoders understand without those before; `last`, where not NULL, is the
 *  packet's worth of frames before it. */
void oriel_sound_output_renew(struct oriel_sound_output *output, const float *last);
/** Codes packet_frames frames and offers them. */
void oriel_sound_output_code(struct oriel_sound_output *output, const float *frames, uint64_t captured_ns);
/** Offers a packet that is nobody else's yet. */
void oriel_sound_output_offer(struct oriel_sound_output *output, struct oriel_packet *packet);

#endif
