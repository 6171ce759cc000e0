/* SPDX-License-Identifier: MIT
 *
 * TLS by OpenSSL. Loop thread.
 *
 * A record that the socket did not take whole is OpenSSL's until it has: SSL_write has to be called again with the same
 * bytes. So they stay where they are, and the caller is told that they have begun.
 */
#include "server/link_tls.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "server/tls.h"

enum { RECORD_SIZE = SSL3_RT_MAX_PLAIN_LENGTH };

struct tls_link {
  struct oriel_link link;
  SSL *ssl;
  int sending, reading; /* the events that SSL_write and SSL_read waited for when they last gave nothing */
  size_t owed;            /* bytes that SSL_write began with */
  uint8_t *returned;      /* to be read first */
  size_t returned_start, returned_size;
};

static struct tls_link *tls_of(const struct oriel_link *link) {
  return (struct tls_link *)link;
}

/** The event that SSL waits for after a call that gave nothing; 0 when the session is over. It looks at the thread's
 *  queue of errors, which each call therefore finds empty, whatever else of OpenSSL failed on this thread. */
static int ssl_event(SSL *ssl, int result) {
  switch (SSL_get_error(ssl, result)) {
  case SSL_ERROR_WANT_READ:
    return UV_READABLE;
  case SSL_ERROR_WANT_WRITE:
    return UV_WRITABLE;
  default:
    ERR_clear_error();
    return 0;
  }
}

int oriel_link_tls_shake(struct oriel_link *link, int *events) {
  struct tls_link *tls = tls_of(link);
  ERR_clear_error();
  const int result = SSL_do_handshake(tls->ssl);
  if (result == 1)
    return 0;
  *events = ssl_event(tls->ssl, result);
  return *events ? -EAGAIN : -EPROTO;
}

/* ---- reading ---- */

static void drop_returned(struct tls_link *tls) {
  if (tls->returned)
    explicit_bzero(tls->returned, tls->returned_start + tls->returned_size); /* a log-in maybe */
  free(tls->returned);
  tls->returned = NULL;
  tls->returned_start = tls->returned_size = 0;
}

int oriel_link_tls_return(struct oriel_link *link, const void *data, size_t size) {
  struct tls_link *tls = tls_of(link);
  if (size == 0)
    return 0;
  uint8_t *all = malloc(tls->returned_size + size);
  if (!all)
    return -ENOMEM;
  const size_t before = tls->returned_size;
  if (before)
    memcpy(all, tls->returned + tls->returned_start, before);
  memcpy(all + before, data, size);
  drop_returned(tls);
  tls->returned = all;
  tls->returned_size = before + size;
  return 0;
}

static size_t take_returned(struct tls_link *tls, void *data, size_t size) {
  if (size > tls->returned_size)
    size = tls->returned_size;
  memcpy(data, tls->returned + tls->returned_start, size);
  tls->returned_start += size;
  tls->returned_size -= size;
  if (tls->returned_size == 0)
    drop_returned(tls);
  return size;
}

static ssize_t tls_recv(struct oriel_link *link, void *data, size_t size) {
  struct tls_link *tls = tls_of(link);
  if (tls->returned_size)
    return (ssize_t)take_returned(tls, data, size);
  ERR_clear_error();
  const int count = SSL_read(tls->ssl, data, size > INT_MAX ? INT_MAX : (int)size);
  const int event = count > 0 ? UV_READABLE : ssl_event(tls->ssl, count);
  tls->reading = event;
  if (count > 0)
    return count;
  return event ? -EAGAIN : 0; /* an end without a close_notify is one, too */
}

/** What is left of the record that was read last. */
static size_t tls_pending(const struct oriel_link *link) {
  const struct tls_link *tls = tls_of(link);
  return tls->returned_size ? tls->returned_size : (size_t)SSL_pending(tls->ssl);
}

/* ---- sending ---- */

static ssize_t send_record(struct tls_link *tls, const void *data, size_t size) {
  ERR_clear_error();
  const int count = SSL_write(tls->ssl, data, (int)size);
  tls->owed = 0;
  if (count > 0) {
    tls->sending = UV_WRITABLE;
    return count;
  }
  const int event = ssl_event(tls->ssl, count);
  if (!event)
    return -ECONNRESET;
  tls->sending = event;
  tls->owed = size;
  return -EAGAIN;
}

/** A head of a few bytes and what follows it make one record. */
static ssize_t tls_sendv(struct oriel_link *link, const struct iovec *pieces, size_t count) {
  struct tls_link *tls = tls_of(link);
  const size_t most = tls->owed ? tls->owed : RECORD_SIZE;
  if (count == 1 || pieces[0].iov_len >= most)
    return send_record(tls, pieces[0].iov_base, pieces[0].iov_len < most ? pieces[0].iov_len : most);
  uint8_t record[RECORD_SIZE];
  const size_t room = most - pieces[0].iov_len;
  const size_t size = pieces[0].iov_len + (pieces[1].iov_len < room ? pieces[1].iov_len : room);
  memcpy(record, pieces[0].iov_base, pieces[0].iov_len);
  memcpy(record + pieces[0].iov_len, pieces[1].iov_base, size - pieces[0].iov_len);
  const ssize_t taken = send_record(tls, record, size);
  explicit_bzero(record, pieces[0].iov_len); /* a session's secret maybe; pictures are none */
  return taken;
}

static bool tls_begun(const struct oriel_link *link) {
  return tls_of(link)->owed > 0;
}

static int tls_wants(const struct oriel_link *link, bool sending) {
  return sending ? tls_of(link)->sending : tls_of(link)->reading;
}

/* ---- the end ---- */

static void tls_end(struct oriel_link *link) {
  (void)SSL_shutdown(tls_of(link)->ssl);
  ERR_clear_error();
  (void)shutdown(link->fd, SHUT_WR);
}

static void tls_close(struct oriel_link *link) {
  struct tls_link *tls = tls_of(link);
  drop_returned(tls);
  SSL_free(tls->ssl);
  close(link->fd);
  free(tls);
}

int oriel_link_tls_create(SSL_CTX *context, int fd, struct oriel_link **out) {
  static const struct oriel_link_impl impl = {
    .recv = tls_recv, .sendv = tls_sendv, .wants = tls_wants, .begun = tls_begun, .pending = tls_pending,
    .end = tls_end, .close = tls_close,
  };
  struct tls_link *tls = calloc(1, sizeof *tls);
  if (!tls)
    return -ENOMEM;
  tls->link = (struct oriel_link){.impl = &impl, .fd = fd};
  tls->reading = UV_READABLE;
  tls->sending = UV_WRITABLE;
  tls->ssl = oriel_tls_session(context, fd);
  if (!tls->ssl) {
    free(tls);
    return -ENOMEM;
  }
  *out = &tls->link;
  return 0;
}
