/* SPDX-License-Identifier: MIT
 *
 * What is looked at before SCTP's library sees a packet (RFC 9260, RFC 6525, RFC 3758). The library was written for
 * hosts with many addresses and for requests that make it grow; a data channel needs little of that. So a packet passes
 * only if it consists of whole chunks of the kinds that data channels use, each as long as its kind must be, none of
 * which names addresses or has us reserve streams. Pure.
 *
 * Thread-safety: stateless.
 */
#ifndef ORIEL_WEBRTC_SCTP_FRONT_H
#define ORIEL_WEBRTC_SCTP_FRONT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  SCTP_HEADER_SIZE = 12,
  SCTP_DATAGRAM_MAX = 2048, /* bytes of a packet; browsers send 1200 at most */
  SCTP_CHUNKS_MAX = 96,     /* of a packet: as many messages of a byte as fit one of 1200 bytes are 60 */
};

/** Whether the library may see this packet. */
bool sctp_front_passes(const uint8_t *data, size_t size);

#endif
