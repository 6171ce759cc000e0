/* SPDX-License-Identifier: MIT
 *
 * The pattern's cursor: an arrow. Thread-safety: none needed; stateless.
 */
#ifndef ORIEL_SOURCE_PATTERN_CURSOR_H
#define ORIEL_SOURCE_PATTERN_CURSOR_H

#include "core/packet.h"

/** A new ORIEL_PACKET_CURSOR, one reference; NULL when memory is short. */
struct oriel_packet *oriel_pattern_cursor(void);

#endif
