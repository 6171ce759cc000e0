/* SPDX-License-Identifier: MIT
 *
 * See dtls_client.h.
 */
#include "dtls_client.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

uint64_t dtls_client_now_us = UINT64_C(1700000000000000);

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
  (void)zone;
  time->tv_sec = (time_t)(dtls_client_now_us / 1000000);
  time->tv_usec = (suseconds_t)(dtls_client_now_us % 1000000);
  return 0;
}

static X509 *make_certificate(EVP_PKEY *key) {
  X509 *certificate = X509_new();
  if (!certificate || !X509_gmtime_adj(X509_getm_notBefore(certificate), 0) ||
      !X509_gmtime_adj(X509_getm_notAfter(certificate), 3600) || X509_set_pubkey(certificate, key) != 1 ||
      !X509_sign(certificate, key, EVP_sha256()))
    abort();
  return certificate;
}

void dtls_client_fatten(SSL *ssl, unsigned size) {
  uint8_t names[8000];
  memset(names, 'x', sizeof names);
  for (size_t i = 0; i < sizeof names; i += 100)
    names[i] = 99;
  if (SSL_set_alpn_protos(ssl, names, size))
    abort();
}

struct dtls_client dtls_client_make(const char *profiles, bool certified, unsigned mtu) {
  struct dtls_client client = { .context = SSL_CTX_new(DTLS_client_method()) };
  unsigned size;
  if (!client.context)
    abort();
  if (certified) {
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = make_certificate(key);
    SSL_CTX_use_certificate(client.context, certificate);
    SSL_CTX_use_PrivateKey(client.context, key);
    X509_digest(certificate, EVP_sha256(), client.fingerprint.hash, &size);
    client.fingerprint.size = size;
    X509_free(certificate);
    EVP_PKEY_free(key);
  } else {
    client.fingerprint.size = 32;
  }
  SSL_CTX_set_options(client.context, SSL_OP_NO_QUERY_MTU);
  if (profiles && SSL_CTX_set_tlsext_use_srtp(client.context, profiles))
    abort();
  BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
  client.ssl = SSL_new(client.context);
  if (!in || !out || !client.ssl)
    abort();
  BIO_set_mem_eof_return(in, -1);
  BIO_set_mem_eof_return(out, -1);
  SSL_set_bio(client.ssl, in, out);
  SSL_set_mtu(client.ssl, mtu);
  dtls_client_fatten(client.ssl, 1200); /* a browser's has 1.4 KB */
  SSL_set_connect_state(client.ssl);
  return client;
}

void dtls_client_free(struct dtls_client *client) {
  SSL_free(client->ssl);
  SSL_CTX_free(client->context);
}

bool dtls_client_step(struct dtls_client *client, const uint8_t *data, size_t size) {
  if (size)
    BIO_write(SSL_get_rbio(client->ssl), data, (int)size);
  const bool connected = SSL_do_handshake(client->ssl) == 1;
  if (size && SSL_is_init_finished(client->ssl) == 0)
    (void)BIO_reset(SSL_get_rbio(client->ssl));
  return connected;
}

size_t dtls_client_send(struct dtls_client *client, uint8_t out[2048]) {
  BIO *bio = SSL_get_wbio(client->ssl);
  if (BIO_read(bio, out, 13) != 13)
    return 0;
  const int size = out[11] << 8 | out[12];
  if (size > 2048 - 13 || BIO_read(bio, out + 13, size) != size)
    abort();
  return 13 + (size_t)size;
}
