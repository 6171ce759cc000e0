/* SPDX-License-Identifier: MIT
 *
 * What is looked at before OpenSSL sees a datagram. OpenSSL reserves what a fragment claims (up to 100 KB a message,
 * ten messages ahead), and keeps a buffer of 17 KB for each of a hundred records that it cannot read yet: a few
 * datagrams of a stranger would cost megabytes. So every record and every fragment in the clear is measured here. Pure.
 * Thread-safety: none; one owner.
 */
#ifndef ORIEL_WEBRTC_DTLS_FRONT_H
#define ORIEL_WEBRTC_DTLS_FRONT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  DTLS_RECORD_HEADER_SIZE = 13,
  DTLS_DATAGRAM_MAX = 4096,     /* bytes; browsers send 1408 at most */
  DTLS_RECORDS_MAX = 32,        /* in a datagram */
  DTLS_MESSAGES_MAX = 8,        /* of a handshake; a client sends five */
  DTLS_REASSEMBLY_MAX = 16384,  /* bytes of all messages of a handshake */
  DTLS_EARLY_RECORDS_MAX = 4,   /* encrypted ones while the handshake goes on: the client's last, which it repeats */
};

struct dtls_front {
  uint16_t lengths[DTLS_MESSAGES_MAX]; /* what the messages claim */
  uint8_t seen;                        /* bit n: lengths[n] is known */
  uint8_t early;
  bool begun, connected; /* connected: set by the owner */
};

/** How many bytes of the datagram OpenSSL may see, which are whole records; 0: none. Changes nothing then. */
size_t dtls_front_take(struct dtls_front *front, const uint8_t *data, size_t size);

#endif
