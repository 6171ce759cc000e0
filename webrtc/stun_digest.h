/* SPDX-License-Identifier: MIT
 *
 * The two sums at the end of a STUN message. Pure functions. Thread-safety: any.
 */
#ifndef ORIEL_WEBRTC_STUN_DIGEST_H
#define ORIEL_WEBRTC_STUN_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  STUN_COOKIE = 0x2112a442,
  STUN_HEADER_SIZE = 20,
  STUN_MESSAGE_MAX = 640, /* bytes; a check of a browser has about 120, one with the longest username 600 */
  STUN_INTEGRITY_SIZE = 20,
};

/** HMAC-SHA1 of the message's first `size` bytes (header to STUN_MESSAGE_MAX), whose length field is taken as if
 *  MESSAGE-INTEGRITY came next and were the last (RFC 8489 section 14.5). False when OpenSSL fails. */
bool stun_integrity(const uint8_t *message, size_t size, const void *key, size_t key_size,
                    uint8_t digest[STUN_INTEGRITY_SIZE]);
/** FINGERPRINT of the message's first `size` bytes (RFC 8489 section 14.7). */
uint32_t stun_fingerprint(const uint8_t *message, size_t size);

#endif
