/* SPDX-License-Identifier: MIT
 *
 * DTLS 1.2 for a WebRTC server (RFC 6347, RFC 5764): the passive side, whose peer proves the certificate that its offer
 * named. OpenSSL does the protocol; what is here are datagrams and times. Thread-safety: none; one owner.
 */
#ifndef ORIEL_WEBRTC_DTLS_H
#define ORIEL_WEBRTC_DTLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "webrtc/dtls_fingerprint.h"
#include "webrtc/dtls_identity.h"
#include "webrtc/srtp_keys.h"

enum { ORIEL_DTLS_MTU = 1200 }; /* bytes of the largest datagram that is sent */

#define ORIEL_DTLS_RETRANSMIT_NS 150000000ull /* the first time; then doubling. OpenSSL's own is a second */
#define ORIEL_DTLS_HANDSHAKE_NS 10000000000ull

enum oriel_dtls_state {
  ORIEL_DTLS_HANDSHAKE, /* from the beginning */
  ORIEL_DTLS_CONNECTED, /* the peer proved its certificate; keys are there */
  ORIEL_DTLS_CLOSED,    /* the peer ended the session properly */
  ORIEL_DTLS_FAILED,    /* see oriel_dtls_reason */
};

struct oriel_dtls;

/** What the peer sent to be read: one record's content (SCTP of data channels), borrowed for the call, in which the
 *  session must not be destroyed. */
typedef void (*oriel_dtls_received)(void *user, const uint8_t *data, size_t size);

/** A session for a peer whose certificate has this fingerprint. OpenSSL's part of it (75 KB) is made with the first
 *  datagram that looks like a ClientHello. `received` may be NULL. NULL when memory is short. */
struct oriel_dtls *oriel_dtls_create(struct oriel_dtls_identity *identity,
                                     const struct oriel_dtls_fingerprint *fingerprint, oriel_dtls_received received,
                                     void *user, uint64_t now_ns);
/** Wipes the keys; sends nothing. NULL does nothing. */
void oriel_dtls_destroy(struct oriel_dtls *dtls);

/** A datagram from one of the peer's validated addresses; afterwards ask oriel_dtls_send. 0: taken; -EBADMSG: not
 *  what a DTLS client sends, or more than a handshake needs (dropped, nothing changed); -EBUSY:
 *  ORIEL_DTLS_HANDSHAKES_MAX handshakes are going on, or this one has sent too many datagrams within a second (dropped;
 *  the peer sends again); -ENOMEM: likewise; -EPROTO: with this datagram the session failed; -ESHUTDOWN: it had ended
 *  before. */
int oriel_dtls_receive(struct oriel_dtls *dtls, const uint8_t *data, size_t size, uint64_t now_ns);
/** The next datagram to send: writes it to `out` and returns its size; 0 = nothing. Ask until nothing is left. */
size_t oriel_dtls_send(struct oriel_dtls *dtls, uint8_t out[ORIEL_DTLS_MTU]);
/** Sends `size` bytes (1 to ORIEL_DTLS_MTU - 64) as one record; afterwards ask oriel_dtls_send. 0; -ENOTCONN;
 *  -EMSGSIZE; -ENOBUFS: ask it first, too much waits; -EIO. */
int oriel_dtls_write(struct oriel_dtls *dtls, const uint8_t *data, size_t size);
/** Tells the peer that the session ends, if it is connected; afterwards ask oriel_dtls_send. */
void oriel_dtls_close(struct oriel_dtls *dtls);

/** When oriel_dtls_tick is to be called next; 0 = not at all. */
uint64_t oriel_dtls_deadline(const struct oriel_dtls *dtls);
/** Sends the last flight again when it is time to, and fails a handshake that took ORIEL_DTLS_HANDSHAKE_NS; afterwards
 *  ask oriel_dtls_send. */
void oriel_dtls_tick(struct oriel_dtls *dtls, uint64_t now_ns);

enum oriel_dtls_state oriel_dtls_state(const struct oriel_dtls *dtls);
/** Why it failed: a sentence for the operator; "" when it did not. Borrowed for the session's life. */
const char *oriel_dtls_reason(const struct oriel_dtls *dtls);
/** The keys of a session that is connected, or was: 0; -ENOTCONN. The caller wipes them. */
int oriel_dtls_keys(const struct oriel_dtls *dtls, struct oriel_srtp_keys *keys);

#endif
