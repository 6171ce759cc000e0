/* SPDX-License-Identifier: MIT
 *
 * What a video encoder is made for, and what it is asked with each picture. Values: no thread.
 */
#ifndef ORIEL_MEDIA_ENCODER_CONFIG_H
#define ORIEL_MEDIA_ENCODER_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "core/damage.h"
#include "core/packet.h"

struct oriel_encoder_config {
  enum oriel_codec codec;
  uint16_t width, height; /* visible, pixels, [64, 7680] x [64, 4320]; odd is fine */
  uint32_t fps;           /* 1..240; the most the caller will send; sets rate control's step */
  uint32_t bitrate_kbps;  /* 100..400000; an upper bound, not a goal: a quiet screen costs less. Over a second it holds;
                             any 250 ms may carry twice their share (a key, a scene that was misjudged). Time is the
                             requests' converted_ns. */
  bool single_thread;     /* on the caller's thread alone, whose processor time is then all that it costs */
};

enum oriel_encode_quality {
  ORIEL_QUALITY_NORMAL,  /* rate control decides */
  ORIEL_QUALITY_SHARPEN, /* near-lossless for what changed since it was last sharp; for a still screen, with empty
                            damage. The bitrate may ask for several passes: as long as the screen is still and
                            oriel_encoder_needs_sharpening() says so, encode another, some 100 ms later. */
};

struct oriel_encode_request {
  const struct oriel_damage *damage; /* changed since the last encode; NULL = all. Macroblocks outside are skipped. */
  bool force_key;
  enum oriel_encode_quality quality;
  uint64_t captured_ns, converted_ns; /* copied into the packet */
};

#endif
