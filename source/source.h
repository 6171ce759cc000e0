/* SPDX-License-Identifier: MIT
 *
 * A source: where a desktop's picture and sound come from and where its input goes. One implementation per kind, behind
 * one table; the desktop owns its source, viewers come and go (lesson 13).
 *
 * Thread-safety: create, start and destroy from the desktop's owner (main thread). watch, input, resize and command
 * from any thread, microphone from one; none of them blocks or waits for the guest. Sink callbacks arrive on the
 * source's own threads, may come from several at once (picture and sound), and must not block or call destroy.
 */
#ifndef ORIEL_SOURCE_SOURCE_H
#define ORIEL_SOURCE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/packet.h"
#include "media/surface.h"
#include "source/facts.h"
#include "source/input.h"

struct oriel_source;

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
};

enum { ORIEL_WATCH_NOTHING = 0, ORIEL_WATCH_PICTURES = 1, ORIEL_WATCH_SOUND = 2, ORIEL_WATCH_ALL = 3 };

/** Implementation table; every slot is needed but those marked optional. */
struct oriel_source_impl {
  const char *kind;
  int (*start)(struct oriel_source *source, const struct oriel_source_sink *sink);
  void (*destroy)(struct oriel_source *source);
  struct oriel_surface *(*surface)(struct oriel_source *source);
  void (*watch)(struct oriel_source *source, unsigned what);
  void (*input)(struct oriel_source *source, const struct oriel_input *input);
  int (*resize)(struct oriel_source *source, uint16_t width, uint16_t height); /* optional */
  int (*command)(struct oriel_source *source, enum oriel_source_command command); /* optional */
  int (*microphone)(struct oriel_source *source, const struct oriel_microphone *packet); /* optional */
  void (*info)(struct oriel_source *source, struct oriel_source_info *info);
};

struct oriel_source {
  const struct oriel_source_impl *impl;
};

/** Creates a source from its address: "qemu:QMP-SOCKET[?console=N]" or "pattern:[?size=WxH&fps=N&scene=NAME]"; of
 *  ?console=all (source/heads.h) it is the first. Nothing runs yet. 0, -EINVAL, -ENOMEM; on failure `why` (at least 160
 *  bytes) says what is wrong with the address. */
int oriel_source_create(const char *address, struct oriel_source **source, char *why, size_t why_size);
/** Starts its threads and connects; the sink must live until destroy. It never fails because the VM is absent: that is
 *  state CONNECTING. 0, -ENOMEM, -EAGAIN (no thread). */
int oriel_source_start(struct oriel_source *source, const struct oriel_source_sink *sink);
/** Stops, detaches (the VM goes on unharmed, keys released) and frees. NULL is fine. */
void oriel_source_destroy(struct oriel_source *source);
/** The surface; valid until destroy. */
struct oriel_surface *oriel_source_surface(struct oriel_source *source);
/** Who looks and who listens: ORIEL_WATCH_*. What nobody wants costs nothing: no listener, no copies, no timer. Once
 *  pictures are wanted, the whole picture arrives as damage. A guest that records is answered in any case. */
void oriel_source_watch(struct oriel_source *source, unsigned what);
/** Sends input on. Keys and buttons keep their order; pointer positions coalesce to the newest. */
void oriel_source_input(struct oriel_source *source, const struct oriel_input *input);
/** Asks the guest for another size, pixels. 0; -ENOTSUP; -EINVAL outside [64, 7680] x [64, 4320]. */
int oriel_source_resize(struct oriel_source *source, uint16_t width, uint16_t height);
/** 0 = passed on; -ENOTSUP; -ENOTCONN (no VM); -EAGAIN (more commands wait than it takes: try again later). */
int oriel_source_command(struct oriel_source *source, enum oriel_source_command command);
/** Gives a recorder in the guest a packet of the microphone. One thread, between start and destroy; never blocks. 0;
 *  -ENOTSUP; -ENOTCONN: nothing in the guest records, it was dropped; -EBADMSG: no Opus; -EINVAL: over 1500 bytes. */
int oriel_source_microphone(struct oriel_source *source, const struct oriel_microphone *packet);
void oriel_source_info(struct oriel_source *source, struct oriel_source_info *info);

/* Implementations. */
int oriel_source_qemu_create(const char *address, struct oriel_source **source, char *why, size_t why_size);
int oriel_source_pattern_create(const char *address, struct oriel_source **source, char *why, size_t why_size);

#endif
