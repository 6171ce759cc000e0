/* SPDX-License-Identifier: MIT
 *
 * A DTLS client as a browser is one, on OpenSSL and memory, for tests. Its clock is dtls_client_now_us: gettimeofday is
 * ours in a program that is linked with this, which proves, too, that the server's times are its caller's alone. One
 * thread.
 */
#ifndef ORIEL_TESTS_WEBRTC_DTLS_CLIENT_H
#define ORIEL_TESTS_WEBRTC_DTLS_CLIENT_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "webrtc/dtls.h"

struct dtls_client {
  SSL_CTX *context;
  SSL *ssl;
  struct oriel_dtls_fingerprint fingerprint; /* of its certificate */
};

extern uint64_t dtls_client_now_us;

/** `profiles`: of use_srtp, or NULL for none; `certified`: whether it has a certificate. Freed by dtls_client_free. */
struct dtls_client dtls_client_make(const char *profiles, bool certified, unsigned mtu);
/** Makes the ClientHello longer by `size` bytes (hundreds, to 8,000): names of protocols fill it. */
void dtls_client_fatten(SSL *ssl, unsigned size);
void dtls_client_free(struct dtls_client *client);
/** Takes a datagram (size 0: none) and goes on as far as it can. True once it is connected. */
bool dtls_client_step(struct dtls_client *client, const uint8_t *data, size_t size);
/** The next record that it sends, as one datagram. Its size; 0 = none. */
size_t dtls_client_send(struct dtls_client *client, uint8_t out[2048]);

#endif
