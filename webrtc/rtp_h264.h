/* SPDX-License-Identifier: MIT
 *
 * H.264 in RTP (RFC 6184, packetization-mode 1): single NAL units, STAP-A for small ones beside each other (parameter
 * sets before an IDR), FU-A for large ones. Private to webrtc/.
 *
 * Thread-safety: stateless.
 */
#ifndef ORIEL_WEBRTC_RTP_H264_H
#define ORIEL_WEBRTC_RTP_H264_H

#include <stddef.h>
#include <stdint.h>

struct oriel_rtp_unit;

/** Cuts one access unit of `size` bytes, in Annex B, into payloads of at most `payload_max` bytes (16..65535). The
 *  pieces of one NAL unit are of one size but for the last, which is not larger: what segmentation offload can send at
 *  once. Delimiters and filler are left out; the unit is `key` when it holds an IDR. 0 and a unit of one reference,
 *  owned by the caller; -EBADMSG: no start code, nothing to send, or a NAL unit whose kind belongs to RTP; -E2BIG: more
 *  than ORIEL_RTP_UNIT_MAX; -ENOMEM. */
int oriel_rtp_h264_packetise(const uint8_t *data, size_t size, size_t payload_max, struct oriel_rtp_unit **unit);

#endif
