/* SPDX-License-Identifier: MIT
 *
 * Where a source tells what happens: the callbacks of whoever owns it.
 *
 * Thread-safety: they arrive on the source's own threads, may come from several at once (picture and sound), and must
 * not block or call destroy.
 */
#ifndef ORIEL_SOURCE_SINK_H
#define ORIEL_SOURCE_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/packet.h"
#include "source/facts.h"
#include "source/input.h"

/** Payload of an ORIEL_PACKET_CURSOR: this header, little-endian on the wire, then width * height * 4 bytes R,G,B,A,
 *  not premultiplied. width and height 0 (no pixels) hide the cursor. Sizes at most 256 x 256. */
struct oriel_cursor_header {
  uint16_t width, height, hot_x, hot_y; /* pixels */
};

struct oriel_source_sink {
  void *user;
  /** The surface has new damage or a new size. */
  void (*damaged)(void *user);
  /** New cursor shape; the packet is borrowed (take a reference to keep it). */
  void (*cursor)(void *user, struct oriel_packet *packet);
  /** The guest placed or hid its cursor. Pixels of the surface. */
  void (*cursor_moved)(void *user, int32_t x, int32_t y, bool visible);
  /** State changed, or its explanation did. `detail` is one sentence for viewers, without paths or other
   *  words that only the operator of this host needs (those are logged); borrowed. */
  void (*state)(void *user, enum oriel_source_state state, const char *detail);
  /** What can be done has changed; nothing of it before the first call. Optional. */
  void (*abilities)(void *user, const struct oriel_source_abilities *abilities);
  /** Pointer mode: true when absolute positions reach the guest, false when it only understands motion. */
  void (*pointer_mode)(void *user, bool absolute);
  /** Sound: interleaved float stereo at 48 kHz, borrowed; any count from 1 to 48000 frames. */
  void (*sound)(void *user, const float *frames, size_t count, uint64_t captured_ns);
  /** The guest's own volume for its output: 0..1 per side, and mute. Optional. */
  void (*volume)(void *user, float left, float right, bool muted);
  /** The guest was given all of a text up to this mark, but for this many presses and releases, which were dropped.
   *  Must not call the source. Optional. */
  void (*typed)(void *user, uint64_t mark, unsigned dropped);
  /** What becomes of a microphone has changed; NOWHERE before the first call. Optional. */
  void (*microphone)(void *user, enum oriel_microphone_use use);
  /** The guest's clipboard has this text now (core/clipboard.h); the packet is borrowed. NULL: it has something else
   *  than before, or than it was given, of which there is no text to be had. Optional. */
  void (*clipboard)(void *user, struct oriel_packet *text);
};

#endif
