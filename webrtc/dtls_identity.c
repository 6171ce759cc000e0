/* SPDX-License-Identifier: MIT
 *
 * A certificate for the life of the process, and OpenSSL set up for WebRTC. Caller's thread.
 */
#include "webrtc/dtls_identity.h"

#include <errno.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>

#include "webrtc/dtls_front.h"

struct oriel_dtls_identity {
  SSL_CTX *context;
  char fingerprint[ORIEL_DTLS_FINGERPRINT_MAX];
  unsigned handshakes; /* in progress */
};

/* ---- the certificate ---- */

static bool name_certificate(X509 *certificate) {
  static const unsigned char name[] = "oriel";
  X509_NAME *subject = X509_get_subject_name(certificate);
  return X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, name, -1, -1, 0) == 1 &&
         X509_set_issuer_name(certificate, subject) == 1;
}

/** Peers compare its hash and nothing else; the dates are for their parsers. */
static bool date_certificate(X509 *certificate) {
  const long day = 24 * 3600L;
  return X509_gmtime_adj(X509_getm_notBefore(certificate), -day) &&
         X509_gmtime_adj(X509_getm_notAfter(certificate), 3650 * day);
}

static bool number_certificate(X509 *certificate) {
  BIGNUM *number = BN_new();
  const bool good = number && BN_rand(number, 64, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
                    BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
  BN_free(number);
  return good;
}

static X509 *make_certificate(EVP_PKEY *key) {
  X509 *certificate = X509_new();
  if (certificate && X509_set_version(certificate, X509_VERSION_3) == 1 && number_certificate(certificate) &&
      date_certificate(certificate) && name_certificate(certificate) && X509_set_pubkey(certificate, key) == 1 &&
      X509_sign(certificate, key, EVP_sha256()))
    return certificate;
  X509_free(certificate);
  return NULL;
}

static bool write_fingerprint(const X509 *certificate, char text[ORIEL_DTLS_FINGERPRINT_MAX]) {
  uint8_t hash[EVP_MAX_MD_SIZE];
  unsigned size;
  if (X509_digest(certificate, EVP_sha256(), hash, &size) != 1)
    return false;
  int at = snprintf(text, ORIEL_DTLS_FINGERPRINT_MAX, "sha-256 ");
  for (unsigned i = 0; i < size; i++)
    at += snprintf(text + at, (size_t)(ORIEL_DTLS_FINGERPRINT_MAX - at), i ? ":%02X" : "%02X", hash[i]);
  return true;
}

/* ---- the peer's certificate ---- */

static const EVP_MD *hash_of_size(size_t size) {
  return size == 32 ? EVP_sha256() : size == 48 ? EVP_sha384() : EVP_sha512();
}

/** Instead of a chain of trust: the certificate is the one that the offer named (RFC 8122 section 5). */
static int verify_peer(X509_STORE_CTX *store, void *user) {
  uint8_t hash[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
  const struct oriel_dtls_fingerprint *expected = SSL_get_app_data(ssl);
  const X509 *certificate = X509_STORE_CTX_get0_cert(store);
  (void)user;
  if (certificate && X509_digest(certificate, hash_of_size(expected->size), hash, &size) == 1 &&
      size == expected->size && !CRYPTO_memcmp(hash, expected->hash, size))
    return 1;
  X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
  return 0;
}

/* ---- OpenSSL ---- */

static SSL_CTX *make_context(X509 *certificate, EVP_PKEY *key) {
  SSL_CTX *context = SSL_CTX_new(DTLS_server_method());
  if (!context)
    return NULL;
  SSL_CTX_set_options(context, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
                                 SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_max_cert_list(context, DTLS_REASSEMBLY_MAX);
  SSL_CTX_set_read_ahead(context, 1); /* DTLS over memory needs the whole datagram at once */
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
  SSL_CTX_set_cert_verify_callback(context, verify_peer, NULL);
  if (SSL_CTX_set_min_proto_version(context, DTLS1_2_VERSION) == 1 &&
      SSL_CTX_use_certificate(context, certificate) == 1 && SSL_CTX_use_PrivateKey(context, key) == 1 &&
      SSL_CTX_set_cipher_list(context, "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:"
                                       "ECDHE-ECDSA-AES256-GCM-SHA384") == 1 &&
      SSL_CTX_set_tlsext_use_srtp(context, "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80") == 0)
    return context;
  SSL_CTX_free(context);
  return NULL;
}

int oriel_dtls_identity_create(struct oriel_dtls_identity **out) {
  struct oriel_dtls_identity *identity = calloc(1, sizeof *identity);
  if (!identity)
    return -ENOMEM;
  EVP_PKEY *key = EVP_EC_gen("P-256");
  X509 *certificate = key ? make_certificate(key) : NULL;
  if (certificate && write_fingerprint(certificate, identity->fingerprint))
    identity->context = make_context(certificate, key);
  X509_free(certificate);
  EVP_PKEY_free(key);
  ERR_clear_error();
  if (!identity->context) {
    free(identity);
    return -EIO;
  }
  *out = identity;
  return 0;
}

void oriel_dtls_identity_destroy(struct oriel_dtls_identity *identity) {
  if (!identity)
    return;
  SSL_CTX_free(identity->context);
  free(identity);
}

const char *oriel_dtls_identity_fingerprint(const struct oriel_dtls_identity *identity) {
  return identity->fingerprint;
}

/** Never, as far as a handshake is concerned: times are the caller's. */
static unsigned no_timer(SSL *ssl, unsigned us) {
  (void)ssl;
  (void)us;
  return 3600u * 1000 * 1000;
}

SSL *oriel_dtls_identity_session(struct oriel_dtls_identity *identity, const struct oriel_dtls_fingerprint *fingerprint,
                                 unsigned mtu) {
  BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
  SSL *ssl = in && out ? SSL_new(identity->context) : NULL;
  if (!ssl) {
    BIO_free(in);
    BIO_free(out);
    return NULL;
  }
  BIO_set_mem_eof_return(in, -1); /* "come again", not the end */
  BIO_set_mem_eof_return(out, -1);
  SSL_set_bio(ssl, in, out);
  SSL_set_app_data(ssl, (void *)(uintptr_t)fingerprint);
  SSL_set_mtu(ssl, mtu);
  DTLS_set_timer_cb(ssl, no_timer);
  SSL_set_accept_state(ssl);
  return ssl;
}

bool oriel_dtls_identity_begin(struct oriel_dtls_identity *identity) {
  if (identity->handshakes == ORIEL_DTLS_HANDSHAKES_MAX)
    return false;
  identity->handshakes++;
  return true;
}

void oriel_dtls_identity_end(struct oriel_dtls_identity *identity) {
  identity->handshakes--;
}
