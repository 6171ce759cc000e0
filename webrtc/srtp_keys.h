/* SPDX-License-Identifier: MIT
 *
 * What SRTP is keyed with, between DTLS, which agrees on it, and SRTP, which uses it; and what bounds both directions.
 * Thread-safety: any; values.
 */
#ifndef ORIEL_WEBRTC_SRTP_KEYS_H
#define ORIEL_WEBRTC_SRTP_KEYS_H

#include <stdint.h>

enum oriel_srtp_profile { /* numbers of DTLS's use_srtp (RFC 5764, RFC 7714) */
  ORIEL_SRTP_AES128_CM_SHA1_80 = 0x0001,
  ORIEL_SRTP_AEAD_AES_128_GCM = 0x0007,
};

enum {
  ORIEL_SRTP_KEY_SIZE = 16,
  ORIEL_SRTP_SALT_MAX = 14,     /* bytes; 12 with GCM */
  ORIEL_SRTP_OVERHEAD_MAX = 16, /* bytes that protection adds to an RTP packet */
  ORIEL_SRTCP_OVERHEAD_MAX = 20,
  ORIEL_SRTP_STREAMS_MAX = 16,  /* SSRCs of one direction */
  ORIEL_SRTP_PACKET_MAX = 2048, /* bytes of the largest packet that is taken */
};

/** A master key and salt, as DTLS's exporter gives them. */
struct oriel_srtp_key {
  uint8_t key[ORIEL_SRTP_KEY_SIZE];
  uint8_t salt[ORIEL_SRTP_SALT_MAX];
};

/** Both directions of a DTLS session. */
struct oriel_srtp_keys {
  enum oriel_srtp_profile profile;
  struct oriel_srtp_key client, server; /* client: what the DTLS client sends */
};

#endif
