/* SPDX-License-Identifier: MIT
 *
 * Kinds of channels, and the form of what the rendition of each makes.
 *
 * Thread-safety: constant.
 */
#ifndef ORIEL_DESKTOP_FORM_H
#define ORIEL_DESKTOP_FORM_H

#include <stdbool.h>
#include <stdint.h>

#include "core/packet.h"

/** What a viewer takes, by which it belongs to a rendition; each kind costs the others nothing. In the order in which
 *  they speak for all viewers. */
enum oriel_channel_kind {
  ORIEL_CHANNEL_TILES,    /* H.264, and tiles for small changes */
  ORIEL_CHANNEL_VIDEO,    /* H.264 alone */
  ORIEL_CHANNEL_VP8,      /* VP8, with tiles or alone */
  ORIEL_CHANNEL_LOW,      /* H.264 for who carries less than the others: smaller, and fewer pictures (level.h) */
  ORIEL_CHANNEL_LOSSLESS, /* tiles alone: no rendition, but each viewer's own blocks (lossless.h) */
  ORIEL_CHANNELS,
};
enum { ORIEL_RENDITIONS = ORIEL_CHANNEL_LOSSLESS };

/** What the rendition of a channel makes. Another one is another row, and a kind of channel before LOSSLESS. */
struct oriel_form {
  enum oriel_codec codec;
  bool tiles;      /* small changes as tiles, while all who look take them */
  bool beside;     /* coded on a thread of its own, which yields: neither the others nor the guest wait for it */
  uint32_t fps;    /* at most; 0 = the desktop's */
  unsigned shrink; /* sides are divided by it, to begin with: 1, 2 or 4 */
};
extern const struct oriel_form oriel_forms[ORIEL_RENDITIONS];

#endif
