/* SPDX-License-Identifier: MIT
 *
 * SRTP's key derivation: AES in counter mode over nothing. Once a session; caller's thread.
 */
#include <errno.h>
#include <openssl/crypto.h>
#include <string.h>

#include "webrtc/srtp_cipher.h"

/** The key stream for one label. A salt of 12 bytes (RFC 7714 section 11) is followed by zeros. */
static bool derive(EVP_CIPHER_CTX *aes, const struct oriel_srtp_key *master, size_t salt_size, unsigned label,
                   uint8_t *out, size_t size) {
  uint8_t iv[16] = { 0 };
  int written;
  memcpy(iv, master->salt, salt_size);
  iv[7] ^= (uint8_t)label; /* the label is in front of 48 bits of index, which is 0 */
  memset(out, 0, size);
  return EVP_EncryptInit_ex(aes, EVP_aes_128_ctr(), NULL, master->key, iv) == 1 &&
         EVP_EncryptUpdate(aes, out, &written, out, (int)size) == 1;
}

int oriel_srtp_derive(enum oriel_srtp_profile profile, const struct oriel_srtp_key *master, enum srtp_kind kind,
                      struct srtp_session_keys *keys) {
  const size_t salt_size = profile == ORIEL_SRTP_AEAD_AES_128_GCM ? 12 : 14;
  EVP_CIPHER_CTX *aes = EVP_CIPHER_CTX_new();
  const bool good = aes && derive(aes, master, salt_size, kind, keys->key, sizeof keys->key) &&
                    derive(aes, master, salt_size, kind + 1u, keys->auth, sizeof keys->auth) &&
                    derive(aes, master, salt_size, kind + 2u, keys->salt, sizeof keys->salt);
  EVP_CIPHER_CTX_free(aes);
  if (!good)
    OPENSSL_cleanse(keys, sizeof *keys);
  return good ? 0 : -EIO;
}
