/* SPDX-License-Identifier: MIT
 *
 * MESSAGE-INTEGRITY and FINGERPRINT. Any thread.
 */
#include "webrtc/stun_digest.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

bool stun_integrity(const uint8_t *message, size_t size, const void *key, size_t key_size,
                    uint8_t digest[STUN_INTEGRITY_SIZE]) {
  uint8_t copy[STUN_MESSAGE_MAX];
  unsigned digest_size = 0;
  assert(size >= STUN_HEADER_SIZE && size <= sizeof copy);
  const size_t length = size - STUN_HEADER_SIZE + 4 + STUN_INTEGRITY_SIZE;
  memcpy(copy, message, size);
  copy[2] = (uint8_t)(length >> 8);
  copy[3] = (uint8_t)length;
  return key_size <= INT32_MAX && HMAC(EVP_sha1(), key, (int)key_size, copy, size, digest, &digest_size) &&
         digest_size == STUN_INTEGRITY_SIZE;
}

uint32_t stun_fingerprint(const uint8_t *message, size_t size) {
  uint32_t crc = UINT32_MAX;
  for (size_t i = 0; i < size; i++) {
    crc ^= message[i];
    for (unsigned bit = 0; bit < 8; bit++)
      crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xedb88320) : 0);
  }
  return ~crc ^ UINT32_C(0x5354554e);
}
