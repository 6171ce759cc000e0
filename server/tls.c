/* SPDX-License-Identifier: MIT
 *
 * OpenSSL set up. Loop thread.
 */
#include "server/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "server/tls_rehearsal.h"

/** An encrypted key must fail, not ask on the terminal. */
static int no_password(char *text, int size, int writing, void *user) {
  (void)text;
  (void)size;
  (void)writing;
  (void)user;
  return -1;
}

static bool use_chain(SSL_CTX *context, const char *pem) {
  BIO *memory = BIO_new_mem_buf(pem, -1);
  X509 *leaf = memory ? PEM_read_bio_X509(memory, NULL, no_password, NULL) : NULL;
  bool good = leaf && SSL_CTX_use_certificate(context, leaf) == 1;
  X509_free(leaf);
  for (X509 *issuer; good && (issuer = PEM_read_bio_X509(memory, NULL, no_password, NULL));) {
    if (SSL_CTX_add0_chain_cert(context, issuer) != 1) {
      X509_free(issuer);
      good = false;
    }
  }
  BIO_free(memory);
  ERR_clear_error();
  return good;
}

static bool use_key(SSL_CTX *context, const char *pem) {
  BIO *memory = BIO_new_mem_buf(pem, -1);
  EVP_PKEY *key = memory ? PEM_read_bio_PrivateKey(memory, NULL, no_password, NULL) : NULL;
  bool good = key && SSL_CTX_use_PrivateKey(context, key) == 1;
  EVP_PKEY_free(key);
  BIO_free(memory);
  ERR_clear_error();
  return good;
}

/** HTTP/1.1 is all there is; a client that offers only others gets no protocol chosen. */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_size, const unsigned char *in,
                           unsigned in_size, void *user) {
  static const unsigned char http[] = "\x08http/1.1";
  unsigned char *chosen;
  (void)ssl;
  (void)user;
  if (SSL_select_next_proto(&chosen, out_size, http, sizeof http - 1, in, in_size) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_NOACK;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

/** NULL, or what is wrong with them. */
static const char *use_identity(SSL_CTX *context, const char *certificate, const char *key) {
  const char *wrong = NULL;
  if (!use_chain(context, certificate))
    wrong = "the certificate is not valid PEM; check --tls-cert";
  else if (!use_key(context, key))
    wrong = "the key is not valid PEM, is encrypted, or is not the certificate's; check --tls-key";
  else if (SSL_CTX_check_private_key(context) != 1)
    wrong = "the key is not the certificate's; check --tls-cert and --tls-key";
  ERR_clear_error();
  return wrong;
}

static void configure(SSL_CTX *context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                              SSL_MODE_RELEASE_BUFFERS);
  /* A record that brings no data ends a read: whoever sends only key updates gets a turn for each, not all of them. */
  SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
}

/** 0, -ENOMEM, or -EINVAL with a sentence. */
static int rehearse(SSL_CTX *context, char *why, size_t why_size) {
  char reason[128] = "";
  const int status = oriel_tls_rehearse(context, reason, sizeof reason);
  if (status != -EPROTO)
    return status;
  snprintf(why, why_size, "cannot use TLS: no client can connect with this certificate and key (\"%s\"); check "
           "--tls-cert and --tls-key, and how much memory there is", reason);
  return -EINVAL;
}

int oriel_tls_context(const char *certificate, const char *key, SSL_CTX **out, char *why, size_t why_size) {
  SSL_CTX *context = SSL_CTX_new(TLS_server_method());
  if (!context)
    return -ENOMEM;
  const char *wrong = use_identity(context, certificate, key);
  int status = wrong ? -EINVAL : 0;
  if (wrong)
    snprintf(why, why_size, "cannot use TLS: %s", wrong);
  configure(context);
  if (status == 0)
    status = rehearse(context, why, why_size);
  if (status < 0) {
    SSL_CTX_free(context);
    return status;
  }
  *out = context;
  return 0;
}

/* ---- a socket BIO that raises no SIGPIPE: OpenSSL's own uses write(2) (lesson 29) ---- */

static int socket_of(BIO *bio) {
  return (int)(intptr_t)BIO_get_data(bio);
}

static int socket_write(BIO *bio, const char *data, int size) {
  BIO_clear_retry_flags(bio);
  ssize_t count = send(socket_of(bio), data, (size_t)size, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR))
    BIO_set_retry_write(bio);
  return (int)count;
}

static int socket_read(BIO *bio, char *data, int size) {
  BIO_clear_retry_flags(bio);
  ssize_t count = recv(socket_of(bio), data, (size_t)size, MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR))
    BIO_set_retry_read(bio);
  return (int)count;
}

static long socket_control(BIO *bio, int command, long number, void *pointer) {
  (void)bio;
  (void)number;
  (void)pointer;
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

/** Made once, for the life of the process. */
static const BIO_METHOD *socket_method(void) {
  static BIO_METHOD *method;
  if (method)
    return method;
  BIO_METHOD *made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket without signals");
  if (!made)
    return NULL;
  BIO_meth_set_write(made, socket_write);
  BIO_meth_set_read(made, socket_read);
  BIO_meth_set_ctrl(made, socket_control);
  method = made;
  return method;
}

SSL *oriel_tls_session(SSL_CTX *context, int fd) {
  const BIO_METHOD *method = socket_method();
  BIO *bio = method ? BIO_new(method) : NULL;
  SSL *ssl = bio ? SSL_new(context) : NULL;
  if (!ssl) {
    BIO_free(bio);
    return NULL;
  }
  BIO_set_data(bio, (void *)(intptr_t)fd);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl, bio, bio);
  SSL_set_accept_state(ssl);
  return ssl;
}
