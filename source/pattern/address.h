/* SPDX-License-Identifier: MIT
 *
 * "pattern:[?size=WxH&fps=N&scene=NAME]". Thread-safety: none needed; stateless.
 */
#ifndef ORIEL_SOURCE_PATTERN_ADDRESS_H
#define ORIEL_SOURCE_PATTERN_ADDRESS_H

#include <stddef.h>
#include <stdint.h>

#include "source/pattern/card.h"

struct oriel_pattern_address {
  uint16_t width, height; /* pixels, [64, 7680] x [64, 4320]; default 1280x720 */
  uint32_t fps;           /* 1..240; default 60 */
  enum oriel_scene scene; /* default static */
};

/** 0, or -EINVAL with one sentence in `why`. */
int oriel_pattern_address_parse(const char *address, struct oriel_pattern_address *parsed, char *why,
                                size_t why_size);

#endif
