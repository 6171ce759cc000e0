/* SPDX-License-Identifier: MIT
 *
 * What an Opus packet says about itself (RFC 6716, section 3), without decoding it. Thread-safety: no state.
 */
#ifndef ORIEL_MEDIA_OPUS_PACKET_H
#define ORIEL_MEDIA_OPUS_PACKET_H

#include <stddef.h>

/** Frames at 48 kHz of a packet that is well formed: 120..5760. -EBADMSG: no decoder would take it. */
int oriel_opus_packet_frames(const void *packet, size_t size);

#endif
