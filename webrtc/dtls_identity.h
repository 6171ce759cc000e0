/* SPDX-License-Identifier: MIT
 *
 * Who a process is in DTLS: a certificate, and OpenSSL set up for it. Thread-safety: none; an identity and all its
 * sessions have one owner.
 */
#ifndef ORIEL_WEBRTC_DTLS_IDENTITY_H
#define ORIEL_WEBRTC_DTLS_IDENTITY_H

#include <stdbool.h>

#include "webrtc/dtls_fingerprint.h"

enum { ORIEL_DTLS_HANDSHAKES_MAX = 256 }; /* of one identity at a time; about 100 KB each */

struct oriel_dtls_identity;

/** A fresh certificate (P-256) for the life of the process. 0 with the identity in *identity; -ENOMEM; -EIO when
 *  OpenSSL could not make one. */
int oriel_dtls_identity_create(struct oriel_dtls_identity **identity);
/** No session of it may be left. NULL does nothing. */
void oriel_dtls_identity_destroy(struct oriel_dtls_identity *identity);
/** "sha-256 4A:AD:…", as an answer names it. Borrowed for the identity's life. */
const char *oriel_dtls_identity_fingerprint(const struct oriel_dtls_identity *identity);

/* ---- for dtls.c ---- */

struct ssl_st; /* OpenSSL's SSL */

/** A server's session of OpenSSL that reads and writes memory, one datagram of `mtu` bytes at a time. NULL when memory
 *  is short. `fingerprint` is what the peer's certificate must have, borrowed for the session's life. */
struct ssl_st *oriel_dtls_identity_session(struct oriel_dtls_identity *identity,
                                           const struct oriel_dtls_fingerprint *fingerprint, unsigned mtu);
/** Begins a handshake. False: there are ORIEL_DTLS_HANDSHAKES_MAX of them. */
bool oriel_dtls_identity_begin(struct oriel_dtls_identity *identity);
/** Ends one that was begun. */
void oriel_dtls_identity_end(struct oriel_dtls_identity *identity);

#endif
