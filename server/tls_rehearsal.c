/* SPDX-License-Identifier: MIT
 *
 * The rehearsal. Any thread.
 */
#include "server/tls_rehearsal.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <stdbool.h>
#include <stdio.h>

enum { TURNS_MAX = 16 }; /* TLS 1.2 takes three of each side */

struct rehearsal {
  SSL_CTX *trusting;
  SSL *server, *client;
};

static void release(struct rehearsal *rehearsal) {
  SSL_free(rehearsal->client);
  SSL_free(rehearsal->server);
  SSL_CTX_free(rehearsal->trusting);
}

/** Both ends of one pair of buffers. */
static bool prepare(struct rehearsal *rehearsal, SSL_CTX *context) {
  BIO *near, *far;
  rehearsal->trusting = SSL_CTX_new(TLS_client_method());
  if (!rehearsal->trusting)
    return false;
  SSL_CTX_set_security_level(rehearsal->trusting, 0); /* how strong a certificate must be is its owner's affair */
  rehearsal->server = SSL_new(context);
  rehearsal->client = SSL_new(rehearsal->trusting);
  if (!rehearsal->server || !rehearsal->client || BIO_new_bio_pair(&near, 0, &far, 0) != 1)
    return false;
  SSL_set_bio(rehearsal->server, near, near);
  SSL_set_bio(rehearsal->client, far, far);
  SSL_set_accept_state(rehearsal->server);
  SSL_set_connect_state(rehearsal->client);
  return true;
}

/** False: it failed for good. */
static bool advance(SSL *ssl) {
  const int result = SSL_do_handshake(ssl);
  const int error = result == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl, result);
  return error == SSL_ERROR_NONE || error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

static bool shake(const struct rehearsal *rehearsal) {
  for (unsigned i = 0; i < TURNS_MAX; i++) {
    if (!advance(rehearsal->client) || !advance(rehearsal->server))
      return false;
    if (SSL_is_init_finished(rehearsal->client) && SSL_is_init_finished(rehearsal->server))
      return true;
  }
  return false;
}

int oriel_tls_rehearse(SSL_CTX *context, char *why, size_t why_size) {
  struct rehearsal rehearsal = {0};
  int status = -ENOMEM;
  ERR_clear_error();
  if (prepare(&rehearsal, context))
    status = shake(&rehearsal) ? 0 : -EPROTO;
  if (status == -EPROTO) {
    const char *reason = ERR_reason_error_string(ERR_peek_error());
    snprintf(why, why_size, "%s", reason ? reason : "it does not end");
  }
  release(&rehearsal);
  ERR_clear_error();
  return status;
}
