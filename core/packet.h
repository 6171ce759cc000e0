/* SPDX-License-Identifier: MIT
 *
 * A packet: one unit (access unit, tile set, Opus packet, cursor shape, clipboard text) with its times, made once by a media or
 * audio thread and shared by reference with every viewer.
 *
 * Thread-safety: ref and unref from any thread. The maker fills data and fields before it shares the packet; from then
 * on nobody writes to it.
 */
#ifndef ORIEL_CORE_PACKET_H
#define ORIEL_CORE_PACKET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/damage.h"

enum oriel_packet_kind {
  ORIEL_PACKET_VIDEO, /* one picture, as its codec has it */
  ORIEL_PACKET_TILES, /* losslessly coded rectangles; payload as in media/tiles.h */
  ORIEL_PACKET_AUDIO, /* one Opus packet, 48 kHz stereo */
  ORIEL_PACKET_CURSOR, /* cursor shape; payload as in source/source.h */
  ORIEL_PACKET_CLIPBOARD, /* a text, UTF-8: core/clipboard.h; wiped before it is freed */
};

/** How video is coded. */
enum oriel_codec {
  ORIEL_CODEC_H264, /* an access unit in Annex B, parameter sets before every IDR */
  ORIEL_CODEC_VP8,  /* a frame as RFC 6386 has it, without a container */
  ORIEL_CODECS,
};

struct oriel_packet {
  atomic_uint refs;
  enum oriel_packet_kind kind;
  enum oriel_codec codec; /* video */
  uint8_t rendition; /* video, tiles: which of a desktop's made it, as the desktop numbers them */
  bool key;        /* video: builds on nothing before it; a viewer may join here */
  bool sharpening; /* video, tiles: a quality pass over a still picture, nothing moved */
  uint32_t sequence; /* counts pictures (video and tiles together) or audio packets; wraps */
  uint16_t width, height; /* video and tiles: visible size, pixels */
  /* Monotonic ns; 0 only for a stage that does not exist for this kind. */
  uint64_t captured_ns;  /* the oldest damage in it arrived from the source */
  uint64_t taken_ns;     /* its maker looked at the picture */
  uint64_t converted_ns; /* pixels were ready for the encoder */
  uint64_t encoded_ns;   /* the bytes were ready */
  uint32_t damage_pixels; /* area this packet covers */
  bool partly; /* video: whoever has the picture before it draws only `part`, which may be empty, of this one */
  struct oriel_damage part; /* that, in whole macroblocks but at the picture's edges; of refinement, its tiles */
  size_t size;
  uint8_t data[];
};

/** A packet with room for `size` bytes, one reference, all fields 0 but kind and size. NULL when memory is short. */
struct oriel_packet *oriel_packet_create(enum oriel_packet_kind kind, size_t size);
/** Takes one more reference; returns `packet`. */
struct oriel_packet *oriel_packet_ref(struct oriel_packet *packet);
/** Gives one back; the last frees. NULL is fine. */
void oriel_packet_unref(struct oriel_packet *packet);

#endif
