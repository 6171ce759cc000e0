/* SPDX-License-Identifier: MIT
 *
 * Opus in RTP (RFC 7587): a packet is a payload; timestamps count frames at 48 kHz. Private to webrtc/.
 *
 * Thread-safety: none; one owner.
 */
#ifndef ORIEL_WEBRTC_RTP_OPUS_H
#define ORIEL_WEBRTC_RTP_OPUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct oriel_rtp_unit;

/** One stream of sound. All zero: nothing came yet. */
struct oriel_rtp_opus {
  bool begun;
  uint32_t due; /* timestamp of the next packet, if it follows at once */
};

/** Makes a unit of one Opus packet that was captured at `captured_ns`. Its timestamp follows the one before by that
 *  one's length, as receivers want it, unless the capture says that more than 40 ms are missing or too many: then it
 *  goes by the clock. 0 and a unit of one reference, owned by the caller; -EBADMSG: empty, longer than 120 ms, or more
 *  than `payload_max` bytes; -ENOMEM. */
int oriel_rtp_opus_packetise(struct oriel_rtp_opus *opus, const uint8_t *data, size_t size, uint64_t captured_ns,
                             size_t payload_max, struct oriel_rtp_unit **unit);

/** Frames at 48 kHz in an Opus packet (RFC 6716, section 3.1): 120..5760. 0: it is none. */
uint32_t oriel_rtp_opus_frames(const uint8_t *data, size_t size);

#endif
