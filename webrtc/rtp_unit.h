/* SPDX-License-Identifier: MIT
 *
 * A unit: one access unit, frame or sound packet, cut into RTP payloads once and shared by all who are sent it. Private
 * to webrtc/.
 *
 * Thread-safety: none, references included: units belong to the network thread.
 */
#ifndef ORIEL_WEBRTC_RTP_UNIT_H
#define ORIEL_WEBRTC_RTP_UNIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  ORIEL_RTP_UNIT_MAX = 8 * 1024 * 1024, /* bytes of one unit: far above any picture that a link could take */
};

struct oriel_rtp_unit {
  unsigned refs;
  bool key;             /* decodable without what came before */
  uint32_t timestamp;   /* of its media clock; each who is sent it adds its own start */
  uint64_t captured_ns;
  uint64_t added_ns;    /* when its history took it; 0 = none has */
  uint32_t first;       /* number of the first packet in that history; wraps */
  uint32_t count;       /* packets, at least 1 in a finished unit */
  uint32_t room;        /* packets that there is room for */
  size_t size, capacity; /* bytes of payload written, and that there is room for */
  uint8_t *data;
  uint32_t ends[];      /* where each packet's payload ends in data; it begins where the one before ends */
};

/** An empty unit for `packets` packets of `bytes` bytes together, with one reference. NULL when memory is short or more
 *  is asked for than a unit may hold. */
struct oriel_rtp_unit *oriel_rtp_unit_create(size_t packets, size_t bytes);
/** Takes one more reference; returns `unit`. */
struct oriel_rtp_unit *oriel_rtp_unit_ref(struct oriel_rtp_unit *unit);
/** Gives one back; the last frees. NULL is fine. */
void oriel_rtp_unit_unref(struct oriel_rtp_unit *unit);

/** Appends to the payload that is being written. What the unit was not created for is a programmer's error. */
void oriel_rtp_unit_append(struct oriel_rtp_unit *unit, const void *data, size_t size);
/** Ends that payload. */
void oriel_rtp_unit_end_packet(struct oriel_rtp_unit *unit);

/** Payload of packet `index` < count, borrowed until the reference is given back. */
const uint8_t *oriel_rtp_unit_payload(const struct oriel_rtp_unit *unit, uint32_t index, size_t *size);

#endif
