/* SPDX-License-Identifier: MIT
 *
 * RTP packets (RFC 3550, section 5.1) and the header extensions in use (RFC 8285, one- and two-byte): mid, the sequence
 * number of transport-wide feedback, the playout delay and the absolute send time. Private to webrtc/.
 *
 * Thread-safety: stateless; any thread. No allocation.
 */
#ifndef ORIEL_WEBRTC_RTP_H
#define ORIEL_WEBRTC_RTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  ORIEL_RTP_PACKET_MAX = 1200, /* on the wire without IP and UDP, encrypted: passes every path and tunnel in use */
  ORIEL_RTP_PAYLOAD_MAX = 1130, /* leaves 70: header 12, extensions 40 with a mid of 16, RTX 2, authentication 16 */
  ORIEL_RTP_MID_MAX = 16,      /* the SDP parser refuses longer ones */
  ORIEL_RTP_VIDEO_CLOCK = 90000, ORIEL_RTP_OPUS_CLOCK = 48000, /* timestamps a second */
};

/** The numbers that the session's SDP gave to the extensions, 1..255 but 15; 0: not in use. */
struct oriel_rtp_extension_ids {
  uint8_t mid, transport, playout, send_time;
};

/** Values of a packet's extensions. Written where the value is there and the extension is in use. */
struct oriel_rtp_extensions {
  const char *mid; /* lent, not terminated; NULL: none */
  size_t mid_size; /* 1..ORIEL_RTP_MID_MAX */
  bool has_transport, has_playout, has_send_time;
  uint16_t transport;                /* counts packets of all streams together */
  uint16_t playout_min, playout_max; /* units of 10 ms, 0..4095 */
  uint32_t send_time;                /* seconds with 6 bits before and 18 after the point */
};

struct oriel_rtp_header {
  bool marker;
  uint8_t type; /* 0..127 */
  uint16_t sequence;
  uint32_t timestamp, ssrc;
  struct oriel_rtp_extensions extensions;
  const uint8_t *payload; /* lent from the packet */
  size_t size;            /* of the payload without padding; 0 for a packet of padding only */
};

/** Reads a decrypted packet of `size` bytes. Extensions whose number is not in `ids`, or whose length is not theirs,
 *  are ignored. 0; -EBADMSG: not version 2, or contributors, extensions or padding reach beyond its end. */
int oriel_rtp_read(const uint8_t *data, size_t size, const struct oriel_rtp_extension_ids *ids,
                   struct oriel_rtp_header *packet);

/** Writes the header with its extensions, not the payload. The bytes written; 0 when `size` is too little. */
size_t oriel_rtp_write(const struct oriel_rtp_header *packet, const struct oriel_rtp_extension_ids *ids, uint8_t *data,
                       size_t size);

/** True for a packet of RTCP, which shares the port (RFC 5761, section 4). Also of encrypted ones. */
bool oriel_rtp_is_rtcp(const uint8_t *data, size_t size);

/** `ns` in ticks of a clock of `rate` a second, modulo 2^32. */
uint32_t oriel_rtp_ticks(uint64_t ns, uint32_t rate);
/** A point in time as the 32.32 seconds of a sender report, counted from the clock's own start: RFC 3550 (section 4)
 *  lets whoever has no wall clock do so, and all streams share it. */
uint64_t oriel_rtp_ntp(uint64_t ns);
/** The same as the absolute send time: 6.18 seconds. */
uint32_t oriel_rtp_send_time(uint64_t ns);

#endif
