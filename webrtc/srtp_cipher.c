/* SPDX-License-Identifier: MIT
 *
 * Sealing and opening packets with AES-GCM, or with AES in counter mode and HMAC-SHA1. Caller's thread.
 */
#include "webrtc/srtp_cipher.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <string.h>

enum { GCM_TAG_SIZE = 16, SHA1_TAG_SIZE = 10, SHA1_SIZE = 20 };

static bool is_gcm(const struct srtp_cipher *cipher) {
  return cipher->profile == ORIEL_SRTP_AEAD_AES_128_GCM;
}

static EVP_MAC_CTX *make_mac(const uint8_t *key) {
  EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
  EVP_MAC_CTX *mac = hmac ? EVP_MAC_CTX_new(hmac) : NULL;
  const OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char[]){ "SHA1" }, 0),
                                OSSL_PARAM_construct_end() };
  EVP_MAC_free(hmac);
  if (mac && EVP_MAC_init(mac, key, SRTP_AUTH_KEY_SIZE, params) != 1) {
    EVP_MAC_CTX_free(mac);
    return NULL;
  }
  return mac;
}

int oriel_srtp_cipher_init(struct srtp_cipher *cipher, enum oriel_srtp_profile profile,
                           const struct srtp_session_keys *keys) {
  const bool gcm = profile == ORIEL_SRTP_AEAD_AES_128_GCM;
  struct srtp_cipher made = { .profile = profile, .tag_size = gcm ? GCM_TAG_SIZE : SHA1_TAG_SIZE };
  memcpy(made.salt, keys->salt, sizeof made.salt);
  made.aes = EVP_CIPHER_CTX_new();
  made.mac = gcm ? NULL : make_mac(keys->auth);
  if (!made.aes || (!gcm && !made.mac) ||
      EVP_EncryptInit_ex(made.aes, gcm ? EVP_aes_128_gcm() : EVP_aes_128_ctr(), NULL, keys->key, NULL) != 1) {
    oriel_srtp_cipher_finish(&made);
    return -ENOMEM;
  }
  *cipher = made;
  return 0;
}

void oriel_srtp_cipher_finish(struct srtp_cipher *cipher) {
  EVP_CIPHER_CTX_free(cipher->aes);
  EVP_MAC_CTX_free(cipher->mac);
  OPENSSL_cleanse(cipher, sizeof *cipher);
}

/** The salt with the SSRC and 48 bits of index on it (RFC 3711 section 4.1.1; RFC 7714 sections 8.1 and 9.1): with
 *  AES-GCM twelve bytes, else two bytes more in front of a counter. */
static void make_iv(const struct srtp_cipher *cipher, const struct srtp_unit *unit, uint8_t iv[16]) {
  const size_t at = is_gcm(cipher) ? 2 : 4;
  memset(iv, 0, 16);
  memcpy(iv, cipher->salt, at + 10);
  for (size_t i = 0; i < 4; i++)
    iv[at + i] ^= (uint8_t)(unit->ssrc >> (24 - 8 * i));
  for (size_t i = 0; i < 6; i++)
    iv[at + 4 + i] ^= (uint8_t)(unit->index >> (40 - 8 * i));
}

static bool add_readable(EVP_CIPHER_CTX *aes, const struct srtp_unit *unit) {
  int size;
  return EVP_CipherUpdate(aes, NULL, &size, unit->header, (int)unit->header_size) == 1 &&
         (!unit->trailer_in_gcm || EVP_CipherUpdate(aes, NULL, &size, unit->trailer, sizeof unit->trailer) == 1);
}

static bool run_cipher(EVP_CIPHER_CTX *aes, const struct srtp_unit *unit) {
  int size;
  return !unit->size || EVP_CipherUpdate(aes, unit->out, &size, unit->in, (int)unit->size) == 1;
}

static bool make_sum(EVP_MAC_CTX *mac, const struct srtp_unit *unit, const uint8_t *payload, uint8_t sum[SHA1_SIZE]) {
  size_t size;
  return EVP_MAC_init(mac, NULL, 0, NULL) == 1 && EVP_MAC_update(mac, unit->header, unit->header_size) == 1 &&
         EVP_MAC_update(mac, payload, unit->size) == 1 &&
         EVP_MAC_update(mac, unit->trailer, sizeof unit->trailer) == 1 &&
         EVP_MAC_final(mac, sum, &size, SHA1_SIZE) == 1;
}

int oriel_srtp_cipher_seal(struct srtp_cipher *cipher, const struct srtp_unit *unit, uint8_t tag[SRTP_TAG_MAX]) {
  uint8_t iv[16], sum[SHA1_SIZE], unused[16];
  int size;
  make_iv(cipher, unit, iv);
  if (EVP_EncryptInit_ex(cipher->aes, NULL, NULL, NULL, iv) != 1)
    return -EIO;
  if (is_gcm(cipher))
    return add_readable(cipher->aes, unit) && run_cipher(cipher->aes, unit) &&
               EVP_EncryptFinal_ex(cipher->aes, unused, &size) == 1 &&
               EVP_CIPHER_CTX_ctrl(cipher->aes, EVP_CTRL_AEAD_GET_TAG, GCM_TAG_SIZE, tag) == 1
             ? 0
             : -EIO;
  if (!run_cipher(cipher->aes, unit) || !make_sum(cipher->mac, unit, unit->out, sum))
    return -EIO;
  memcpy(tag, sum, SHA1_TAG_SIZE);
  return 0;
}

static int open_gcm(struct srtp_cipher *cipher, const struct srtp_unit *unit, const uint8_t *tag) {
  uint8_t copy[GCM_TAG_SIZE], unused[16];
  int size;
  memcpy(copy, tag, sizeof copy);
  if (EVP_CIPHER_CTX_ctrl(cipher->aes, EVP_CTRL_AEAD_SET_TAG, sizeof copy, copy) != 1 ||
      !add_readable(cipher->aes, unit) || !run_cipher(cipher->aes, unit))
    return -EIO;
  return EVP_DecryptFinal_ex(cipher->aes, unused, &size) == 1 ? 0 : -EACCES;
}

int oriel_srtp_cipher_open(struct srtp_cipher *cipher, const struct srtp_unit *unit, const uint8_t *tag) {
  uint8_t iv[16], sum[SHA1_SIZE];
  make_iv(cipher, unit, iv);
  if (!is_gcm(cipher)) {
    if (!make_sum(cipher->mac, unit, unit->in, sum))
      return -EIO;
    if (CRYPTO_memcmp(sum, tag, SHA1_TAG_SIZE))
      return -EACCES;
  }
  if (EVP_DecryptInit_ex(cipher->aes, NULL, NULL, NULL, iv) != 1)
    return -EIO;
  if (is_gcm(cipher))
    return open_gcm(cipher, unit, tag);
  return run_cipher(cipher->aes, unit) ? 0 : -EIO;
}
