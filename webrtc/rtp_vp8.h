/* SPDX-License-Identifier: MIT
 *
 * VP8 in RTP (RFC 7741): a payload descriptor with a picture number of 15 bits before each piece. Private to webrtc/.
 *
 * Thread-safety: stateless.
 */
#ifndef ORIEL_WEBRTC_RTP_VP8_H
#define ORIEL_WEBRTC_RTP_VP8_H

#include <stddef.h>
#include <stdint.h>

struct oriel_rtp_unit;

/** Cuts one frame of `size` bytes into payloads of one size, but for the last, of at most `payload_max` bytes
 *  (16..65535). `picture` counts frames; its lowest 15 bits are sent. The unit is `key` when the frame says so. 0 and a
 *  unit of one reference, owned by the caller; -EBADMSG: shorter than a frame's tag; -E2BIG: more than
 *  ORIEL_RTP_UNIT_MAX; -ENOMEM. */
int oriel_rtp_vp8_packetise(const uint8_t *data, size_t size, uint16_t picture, size_t payload_max,
                            struct oriel_rtp_unit **unit);

#endif
