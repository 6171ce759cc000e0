/* SPDX-License-Identifier: MIT
 *
 * Hashes of certificates, by which WebRTC's peers know each other. Thread-safety: any; values.
 */
#ifndef ORIEL_WEBRTC_DTLS_FINGERPRINT_H
#define ORIEL_WEBRTC_DTLS_FINGERPRINT_H

#include <stddef.h>
#include <stdint.h>

enum {
  ORIEL_DTLS_HASH_MAX = 64,         /* bytes */
  ORIEL_DTLS_FINGERPRINT_MAX = 104, /* "sha-256 " and 32 bytes in hexadecimal with colons, and the zero */
};

/** A certificate's hash, as an offer names it. */
struct oriel_dtls_fingerprint {
  uint8_t hash[ORIEL_DTLS_HASH_MAX];
  size_t size; /* 32, 48 or 64: SHA-256, SHA-384, SHA-512 */
};

/** Reads "sha-256 4A:AD:…" (RFC 8122; letters of any case). 0; -EINVAL for what is not of this form; -ENOTSUP for
 *  another hash, and for SHA-1 and MD5, which prove nothing any more. */
int oriel_dtls_fingerprint_parse(const char *text, size_t size, struct oriel_dtls_fingerprint *fingerprint);

#endif
