/* SPDX-License-Identifier: MIT
 *
 * A handshake with ourselves, in memory, before anybody else has one. What OpenSSL gets no memory for when it first
 * needs it, it lacks to the end of the process: it must not be found out by every visitor.
 */
#ifndef ORIEL_SERVER_TLS_REHEARSAL_H
#define ORIEL_SERVER_TLS_REHEARSAL_H

#include <openssl/ssl.h>
#include <stddef.h>

/** Whether a client of this OpenSSL that trusts everybody can connect to a server with `context`: 0; -EPROTO with
 *  OpenSSL's reason in `why`; -ENOMEM. Takes a millisecond or two. Any thread. */
int oriel_tls_rehearse(SSL_CTX *context, char *why, size_t why_size);

#endif
