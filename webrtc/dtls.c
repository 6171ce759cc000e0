/* SPDX-License-Identifier: MIT
 *
 * A DTLS session: datagrams through OpenSSL's memory, on the caller's clock. Caller's thread.
 */
#include "webrtc/dtls.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/rate_limit.h"
#include "webrtc/dtls_flight.h"
#include "webrtc/dtls_front.h"

enum {
  DATAGRAMS_PER_SECOND = 100, /* of one handshake; a client's takes about four */
  DATAGRAMS_AT_ONCE = 64,
};

struct oriel_dtls {
  struct oriel_dtls_identity *identity;
  struct oriel_dtls_fingerprint fingerprint;
  oriel_dtls_received received;
  void *user;
  SSL *ssl; /* NULL until the first ClientHello; while the state is HANDSHAKE, counted in the identity */
  struct dtls_front front;
  struct oriel_rate_limit limit;
  struct dtls_flight flight;
  uint64_t start_ns, retransmit_ns, interval_ns; /* retransmit_ns: 0 = nothing was sent yet */
  enum oriel_dtls_state state;
  struct oriel_srtp_keys keys;
  char reason[160];
};

struct oriel_dtls *oriel_dtls_create(struct oriel_dtls_identity *identity,
                                     const struct oriel_dtls_fingerprint *fingerprint, oriel_dtls_received received,
                                     void *user, uint64_t now_ns) {
  struct oriel_dtls *dtls = calloc(1, sizeof *dtls);
  if (!dtls)
    return NULL;
  dtls->identity = identity;
  dtls->fingerprint = *fingerprint;
  dtls->received = received;
  dtls->user = user;
  dtls->start_ns = now_ns;
  oriel_rate_limit_init(&dtls->limit, DATAGRAMS_PER_SECOND, DATAGRAMS_AT_ONCE);
  return dtls;
}

/** Leaves the handshake, or a connection. */
static void enter(struct oriel_dtls *dtls, enum oriel_dtls_state state) {
  if (dtls->ssl && dtls->state == ORIEL_DTLS_HANDSHAKE)
    oriel_dtls_identity_end(dtls->identity);
  dtls->state = state;
  dtls->retransmit_ns = 0;
}

__attribute__((format(printf, 2, 3))) static void fail(struct oriel_dtls *dtls, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(dtls->reason, sizeof dtls->reason, format, arguments);
  va_end(arguments);
  enter(dtls, ORIEL_DTLS_FAILED);
}

void oriel_dtls_destroy(struct oriel_dtls *dtls) {
  if (!dtls)
    return;
  enter(dtls, ORIEL_DTLS_CLOSED);
  SSL_free(dtls->ssl);
  OPENSSL_cleanse(dtls, sizeof *dtls);
  free(dtls);
}

/* ---- what OpenSSL says ---- */

/** Takes over the records that OpenSSL wrote. False: more than a flight. */
static bool collect(struct oriel_dtls *dtls) {
  BIO *out = SSL_get_wbio(dtls->ssl);
  const size_t size = BIO_ctrl_pending(out);
  if (!size)
    return true;
  uint8_t *room = dtls_flight_add(&dtls->flight, size);
  if (!room) {
    (void)BIO_reset(out);
    return false;
  }
  return BIO_read(out, room, (int)size) == (int)size;
}

/** Why a call of OpenSSL's failed. */
static void fail_by_openssl(struct oriel_dtls *dtls) {
  const char *text = ERR_reason_error_string(ERR_peek_last_error());
  if (SSL_get_verify_result(dtls->ssl) == X509_V_ERR_CERT_REJECTED)
    fail(dtls, "the client's certificate is not the one that its offer names in a=fingerprint");
  else
    fail(dtls, "DTLS failed: %s", text ? text : "the client broke off");
}

/** The keys of RFC 5764 section 4.2: both keys, then both salts. */
static bool export_keys(struct oriel_dtls *dtls) {
  static const char label[] = "EXTRACTOR-dtls_srtp";
  uint8_t bytes[2 * (ORIEL_SRTP_KEY_SIZE + ORIEL_SRTP_SALT_MAX)];
  const SRTP_PROTECTION_PROFILE *profile = SSL_get_selected_srtp_profile(dtls->ssl);
  if (!profile)
    return false;
  struct oriel_srtp_keys *keys = &dtls->keys;
  const size_t salt = profile->id == SRTP_AEAD_AES_128_GCM ? 12 : 14;
  const size_t size = 2 * (ORIEL_SRTP_KEY_SIZE + salt);
  keys->profile = (enum oriel_srtp_profile)profile->id;
  const bool good = SSL_export_keying_material(dtls->ssl, bytes, size, label, sizeof label - 1, NULL, 0, 0) == 1;
  if (good) {
    memcpy(keys->client.key, bytes, ORIEL_SRTP_KEY_SIZE);
    memcpy(keys->server.key, bytes + ORIEL_SRTP_KEY_SIZE, ORIEL_SRTP_KEY_SIZE);
    memcpy(keys->client.salt, bytes + 2 * ORIEL_SRTP_KEY_SIZE, salt);
    memcpy(keys->server.salt, bytes + 2 * ORIEL_SRTP_KEY_SIZE + salt, salt);
  }
  OPENSSL_cleanse(bytes, sizeof bytes);
  return good;
}

static void finish_handshake(struct oriel_dtls *dtls) {
  if (!export_keys(dtls)) {
    fail(dtls, "the client's DTLS offers no SRTP profile that is known here (AEAD_AES_128_GCM, AES128_CM_SHA1_80)");
    SSL_shutdown(dtls->ssl);
    return;
  }
  dtls->front.connected = true;
  enter(dtls, ORIEL_DTLS_CONNECTED);
}

static void shake_hands(struct oriel_dtls *dtls, uint64_t now_ns) {
  const int result = SSL_do_handshake(dtls->ssl);
  if (result == 1) {
    finish_handshake(dtls);
  } else if (SSL_get_error(dtls->ssl, result) != SSL_ERROR_WANT_READ) {
    fail_by_openssl(dtls);
  } else if (BIO_ctrl_pending(SSL_get_wbio(dtls->ssl))) {
    dtls->interval_ns = ORIEL_DTLS_RETRANSMIT_NS;
    dtls->retransmit_ns = now_ns + dtls->interval_ns;
  }
}

/** Hands on what can be read, and answers a client that did not get our last flight. */
static void read_all(struct oriel_dtls *dtls) {
  uint8_t content[DTLS_DATAGRAM_MAX];
  int size;
  while ((size = SSL_read(dtls->ssl, content, sizeof content)) > 0) {
    if (dtls->received)
      dtls->received(dtls->user, content, (size_t)size);
    if (dtls->state != ORIEL_DTLS_CONNECTED)
      return; /* the reader closed it */
  }
  switch (SSL_get_error(dtls->ssl, size)) {
    case SSL_ERROR_WANT_READ:
      break;
    case SSL_ERROR_ZERO_RETURN:
      enter(dtls, ORIEL_DTLS_CLOSED);
      break;
    default:
      fail_by_openssl(dtls);
  }
}

/* ---- datagrams in ---- */

/** OpenSSL's part, with the first ClientHello. */
static int ensure_session(struct oriel_dtls *dtls) {
  if (dtls->ssl)
    return 0;
  if (!oriel_dtls_identity_begin(dtls->identity))
    return -EBUSY;
  dtls->ssl = oriel_dtls_identity_session(dtls->identity, &dtls->fingerprint, ORIEL_DTLS_MTU);
  if (!dtls->ssl)
    oriel_dtls_identity_end(dtls->identity);
  return dtls->ssl ? 0 : -ENOMEM;
}

/** Whether this datagram is one too many. A connection's are counted by nobody: they cost what SRTP costs. */
static bool is_flood(struct oriel_dtls *dtls, uint64_t now_ns) {
  if (dtls->state != ORIEL_DTLS_HANDSHAKE)
    return false;
  if (oriel_rate_limit_next(&dtls->limit, now_ns) > now_ns)
    return true;
  oriel_rate_limit_take(&dtls->limit, now_ns);
  return false;
}

static void process(struct oriel_dtls *dtls, const uint8_t *data, size_t size, uint64_t now_ns) {
  BIO *in = SSL_get_rbio(dtls->ssl);
  ERR_clear_error();
  if (BIO_write(in, data, (int)size) != (int)size)
    return;
  if (dtls->state == ORIEL_DTLS_HANDSHAKE)
    shake_hands(dtls, now_ns);
  if (dtls->state == ORIEL_DTLS_CONNECTED)
    read_all(dtls);
  if (!collect(dtls))
    fail(dtls, "DTLS had more to send than a handshake needs");
  (void)BIO_reset(in); /* the next datagram is another */
  ERR_clear_error();
}

int oriel_dtls_receive(struct oriel_dtls *dtls, const uint8_t *data, size_t size, uint64_t now_ns) {
  if (dtls->state == ORIEL_DTLS_CLOSED || dtls->state == ORIEL_DTLS_FAILED)
    return -ESHUTDOWN;
  if (is_flood(dtls, now_ns))
    return -EBUSY;
  const size_t passed = dtls_front_take(&dtls->front, data, size);
  if (!passed)
    return -EBADMSG;
  const int error = ensure_session(dtls);
  if (error)
    return error;
  process(dtls, data, passed, now_ns);
  return dtls->state == ORIEL_DTLS_FAILED ? -EPROTO : 0;
}

/* ---- datagrams out ---- */

size_t oriel_dtls_send(struct oriel_dtls *dtls, uint8_t out[ORIEL_DTLS_MTU]) {
  return dtls_flight_take(&dtls->flight, out, ORIEL_DTLS_MTU);
}

int oriel_dtls_write(struct oriel_dtls *dtls, const uint8_t *data, size_t size) {
  if (dtls->state != ORIEL_DTLS_CONNECTED)
    return -ENOTCONN;
  if (!size || size > ORIEL_DTLS_MTU - 64)
    return -EMSGSIZE;
  ERR_clear_error();
  const bool good = SSL_write(dtls->ssl, data, (int)size) == (int)size;
  ERR_clear_error();
  return !good ? -EIO : collect(dtls) ? 0 : -ENOBUFS;
}

void oriel_dtls_close(struct oriel_dtls *dtls) {
  if (dtls->state != ORIEL_DTLS_CONNECTED)
    return;
  ERR_clear_error();
  SSL_shutdown(dtls->ssl);
  (void)collect(dtls);
  ERR_clear_error();
  enter(dtls, ORIEL_DTLS_CLOSED);
}

/* ---- time ---- */

uint64_t oriel_dtls_deadline(const struct oriel_dtls *dtls) {
  uint64_t at_ns = 0;
  if (dtls->state != ORIEL_DTLS_HANDSHAKE)
    return 0;
  oriel_clock_bring_forward(&at_ns, dtls->start_ns + ORIEL_DTLS_HANDSHAKE_NS);
  oriel_clock_bring_forward(&at_ns, dtls->retransmit_ns);
  return at_ns;
}

void oriel_dtls_tick(struct oriel_dtls *dtls, uint64_t now_ns) {
  if (dtls->state != ORIEL_DTLS_HANDSHAKE)
    return;
  if (now_ns - dtls->start_ns >= ORIEL_DTLS_HANDSHAKE_NS) {
    fail(dtls, "the DTLS handshake was not over within %llu s; is UDP let through?",
         ORIEL_DTLS_HANDSHAKE_NS / ORIEL_NS_PER_SECOND);
  } else if (dtls->retransmit_ns && now_ns >= dtls->retransmit_ns) {
    dtls_flight_again(&dtls->flight);
    dtls->interval_ns *= 2;
    dtls->retransmit_ns = now_ns + dtls->interval_ns;
  }
}

/* ---- the state ---- */

enum oriel_dtls_state oriel_dtls_state(const struct oriel_dtls *dtls) {
  return dtls->state;
}

const char *oriel_dtls_reason(const struct oriel_dtls *dtls) {
  return dtls->reason;
}

int oriel_dtls_keys(const struct oriel_dtls *dtls, struct oriel_srtp_keys *keys) {
  if (!dtls->front.connected)
    return -ENOTCONN;
  *keys = dtls->keys;
  return 0;
}
