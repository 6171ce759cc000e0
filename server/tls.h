/* SPDX-License-Identifier: MIT
 *
 * OpenSSL set up for a server: certificate, versions, ALPN, and sockets that raise no signal. Thread-safety: the loop
 * thread only.
 */
#ifndef ORIEL_SERVER_TLS_H
#define ORIEL_SERVER_TLS_H

#include <openssl/ssl.h>
#include <stddef.h>

/** A context for the PEM texts of a certificate chain and its key. 0 with the context in *context (SSL_CTX_free), or
 *  -EINVAL with a sentence in `why`, or -ENOMEM. */
int oriel_tls_context(const char *certificate, const char *key, SSL_CTX **context, char *why, size_t why_size);
/** A server session on a non-blocking socket, which stays the caller's. NULL when memory is short. */
SSL *oriel_tls_session(SSL_CTX *context, int fd);

#endif
