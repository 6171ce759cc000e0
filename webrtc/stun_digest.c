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

/* CRC-32, four bits at a time. */
uint32_t stun_fingerprint(const uint8_t *message, size_t size) {
  static const uint32_t of_nibble[16] = {
    0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
    0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
  };
  uint32_t crc = UINT32_MAX;
  for (size_t i = 0; i < size; i++) {
    crc ^= message[i];
    crc = crc >> 4 ^ of_nibble[crc & 15];
    crc = crc >> 4 ^ of_nibble[crc & 15];
  }
  return ~crc ^ UINT32_C(0x5354554e);
}
