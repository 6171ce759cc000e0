/* SPDX-License-Identifier: MIT
 *
 * A link under TLS, against OpenSSL's client over a socket pair: what a full socket, a half-read record and bytes that
 * came too early do to messages.
 */
#include "server/link_tls.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include <cmocka.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "certificate.h"
#include "core/packet.h"
#include "server/outbox.h"
#include "server/tls.h"

struct pair {
  SSL_CTX *server, *client;
  struct oriel_link *link;
  SSL *ssl; /* of the client */
  int fd;
};

/** Both ends non-blocking, after the handshake. The server's socket takes little. */
static void begin(struct pair *pair) {
  static char certificate[CERTIFICATE_MAX], key[CERTIFICATE_MAX];
  char why[256];
  int fds[2], events, small = 4096, status, result;
  if (!certificate[0])
    certificate_make(certificate, key);
  assert_int_equal(oriel_tls_context(certificate, key, &pair->server, why, sizeof why), 0);
  pair->client = SSL_CTX_new(TLS_client_method());
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
  assert_int_equal(setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
  assert_int_equal(oriel_link_tls_create(pair->server, fds[0], &pair->link), 0);
  pair->fd = fds[1];
  pair->ssl = SSL_new(pair->client);
  SSL_set_fd(pair->ssl, fds[1]);
  do {
    result = SSL_connect(pair->ssl);
    status = oriel_link_tls_shake(pair->link, &events);
    assert_true(status == 0 || status == -EAGAIN);
  } while (status != 0 || result != 1);
}

static void end(struct pair *pair) {
  if (pair->link)
    oriel_link_close(pair->link);
  SSL_free(pair->ssl);
  SSL_CTX_free(pair->client);
  SSL_CTX_free(pair->server);
  close(pair->fd);
}

/** What the client has by now, added to data; the size then. */
static size_t take(struct pair *pair, uint8_t *data, size_t at, size_t most) {
  for (int count; at < most && (count = SSL_read(pair->ssl, data + at, (int)(most - at))) > 0; at += (size_t)count) {
  }
  return at;
}

/* Messages of one record each, into a socket that takes less: the one of which nothing was taken has begun all the
 * same, must not be dropped for another, and comes whole. */
static void begun_message_is_torn(void **state) {
  (void)state;
  enum { SIZE = 3000 };
  static uint8_t got[1 << 20];
  struct pair pair;
  struct oriel_outbox outbox = {0};
  uint64_t sent = 0;
  size_t size = 0, count = 0;
  int status;
  begin(&pair);
  for (;; count++) {
    struct oriel_packet *packet = oriel_packet_create(ORIEL_PACKET_VIDEO, SIZE);
    memset(packet->data, (int)count, SIZE);
    memcpy(oriel_outbox_head(&outbox), "head", 4);
    oriel_outbox_start(&outbox, ORIEL_OPCODE_BINARY, 4, packet);
    assert_false(oriel_outbox_torn(&outbox));
    status = oriel_outbox_send(&outbox, pair.link, &sent);
    if (status < 0)
      break;
    oriel_outbox_clear(&outbox);
  }
  assert_int_equal(status, -EAGAIN);
  assert_int_equal(outbox.written, 0);
  assert_true(oriel_link_begun(pair.link) && oriel_outbox_torn(&outbox));
  assert_int_equal(oriel_link_wants(pair.link, true), UV_WRITABLE);
  assert_int_equal(sent, count * (4 + 4 + SIZE));
  do
    size = take(&pair, got, size, sizeof got);
  while ((status = oriel_outbox_send(&outbox, pair.link, &sent)) == -EAGAIN);
  assert_int_equal(status, 0);
  assert_false(oriel_link_begun(pair.link) || oriel_outbox_torn(&outbox));
  oriel_outbox_clear(&outbox);
  size = take(&pair, got, size, sizeof got);
  assert_int_equal(size, sent);
  assert_int_equal(size, (count + 1) * (4 + 4 + SIZE));
  for (size_t i = 0; i <= count; i++) {
    const uint8_t *message = got + i * (4 + 4 + SIZE);
    assert_memory_equal(message, "\x82\x7e\x0b\xbchead", 8);
    assert_true(message[8] == (uint8_t)i && message[7 + SIZE] == (uint8_t)i);
  }
  end(&pair);
}

/* A message of many records, and the reader takes what it likes. */
static void message_goes_on_where_it_stopped(void **state) {
  (void)state;
  static uint8_t got[300000];
  struct pair pair;
  struct oriel_packet *packet = oriel_packet_create(ORIEL_PACKET_VIDEO, 200000);
  struct oriel_outbox outbox = {0};
  uint64_t sent = 0;
  size_t size = 0;
  unsigned stops = 0;
  begin(&pair);
  for (size_t i = 0; i < packet->size; i++)
    packet->data[i] = (uint8_t)(i * 13);
  memcpy(oriel_outbox_head(&outbox), "head", 4);
  oriel_outbox_start(&outbox, ORIEL_OPCODE_BINARY, 4, oriel_packet_ref(packet));
  while (oriel_outbox_send(&outbox, pair.link, &sent) == -EAGAIN) {
    stops++;
    assert_true(oriel_outbox_torn(&outbox));
    size = take(&pair, got, size, size + 3001);
  }
  oriel_outbox_clear(&outbox);
  assert_true(stops > 10);
  size = take(&pair, got, size, sizeof got);
  assert_int_equal(size, 10 + 4 + 200000);
  assert_memory_equal(got + 10, "head", 4);
  assert_memory_equal(got + 14, packet->data, packet->size);
  oriel_packet_unref(packet);
  end(&pair);
}

/* What was read too early comes first, in the order in which it was returned, and all that waits inside is told. */
static void returned_bytes_come_first(void **state) {
  (void)state;
  static uint8_t record[16000], data[20000];
  struct pair pair;
  begin(&pair);
  memset(record, 'r', sizeof record);
  assert_int_equal(SSL_write(pair.ssl, record, sizeof record), sizeof record);
  assert_int_equal(oriel_link_pending(pair.link), 0);
  assert_int_equal(oriel_link_tls_return(pair.link, "first", 5), 0);
  assert_int_equal(oriel_link_tls_return(pair.link, "second", 6), 0);
  assert_int_equal(oriel_link_tls_return(pair.link, "", 0), 0);
  assert_int_equal(oriel_link_pending(pair.link), 11);
  assert_int_equal(oriel_link_recv(pair.link, data, 2), 2);
  assert_int_equal(oriel_link_tls_return(pair.link, "third", 5), 0);
  assert_int_equal(oriel_link_recv(pair.link, data + 2, sizeof data - 2), 14);
  assert_memory_equal(data, "firstsecondthird", 16);
  assert_int_equal(oriel_link_recv(pair.link, data, 1000), 1000);
  assert_int_equal(oriel_link_pending(pair.link), sizeof record - 1000);
  assert_int_equal(oriel_link_recv(pair.link, data, sizeof data), sizeof record - 1000);
  assert_int_equal(oriel_link_pending(pair.link), 0);
  assert_int_equal(oriel_link_recv(pair.link, data, sizeof data), -EAGAIN);
  assert_int_equal(oriel_link_wants(pair.link, false), UV_READABLE);
  end(&pair);
}

/* A client that changes its keys without end gives nothing to read: each change ends a read, so that the loop goes on. */
static void key_updates_end_a_read_each(void **state) {
  (void)state;
  enum { UPDATES = 20 };
  struct pair pair;
  uint8_t data[16];
  unsigned reads = 0;
  ssize_t count;
  begin(&pair);
  for (unsigned i = 0; i < UPDATES; i++) {
    assert_int_equal(SSL_key_update(pair.ssl, SSL_KEY_UPDATE_NOT_REQUESTED), 1);
    assert_int_equal(SSL_do_handshake(pair.ssl), 1);
  }
  assert_int_equal(SSL_write(pair.ssl, "data", 4), 4);
  while ((count = oriel_link_recv(pair.link, data, sizeof data)) == -EAGAIN) {
    assert_int_equal(oriel_link_wants(pair.link, false), UV_READABLE);
    assert_true(++reads <= UPDATES);
  }
  assert_int_equal(count, 4);
  assert_int_equal(reads, UPDATES);
  end(&pair);
}

/* What failed elsewhere on this thread is nothing of this session's. */
static void errors_of_others_are_not_its_own(void **state) {
  (void)state;
  struct pair pair;
  uint8_t data[16];
  begin(&pair);
  ERR_raise(ERR_LIB_USER, 1);
  assert_int_equal(oriel_link_recv(pair.link, data, sizeof data), -EAGAIN);
  assert_int_equal(SSL_write(pair.ssl, "more", 4), 4);
  assert_int_equal(oriel_link_recv(pair.link, data, sizeof data), 4);
  end(&pair);
}

static void ends_are_told(void **state) {
  (void)state;
  struct pair pair;
  uint8_t data[16];
  begin(&pair);
  oriel_link_end(pair.link);
  assert_int_equal(SSL_read(pair.ssl, data, sizeof data), 0);
  assert_int_equal(SSL_get_error(pair.ssl, 0), SSL_ERROR_ZERO_RETURN); /* by a close_notify, not by a cut */
  assert_int_equal(SSL_write(pair.ssl, "more", 4), 4);                 /* reading goes on */
  assert_int_equal(oriel_link_recv(pair.link, data, sizeof data), 4);
  shutdown(pair.fd, SHUT_RDWR);
  assert_int_equal(oriel_link_recv(pair.link, data, sizeof data), 0);
  end(&pair);
  begin(&pair);
  shutdown(pair.fd, SHUT_RDWR); /* and no signal: lesson 29 */
  const struct iovec piece = {.iov_base = data, .iov_len = sizeof data};
  assert_true(oriel_link_sendv(pair.link, &piece, 1) < 0);
  end(&pair);
  begin(&pair);
  assert_int_equal(send(pair.fd, "this is no record of TLS", 24, MSG_NOSIGNAL), 24);
  assert_int_equal(oriel_link_recv(pair.link, data, sizeof data), 0);
  end(&pair);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(begun_message_is_torn),
    cmocka_unit_test(message_goes_on_where_it_stopped),
    cmocka_unit_test(returned_bytes_come_first),
    cmocka_unit_test(key_updates_end_a_read_each),
    cmocka_unit_test(errors_of_others_are_not_its_own),
    cmocka_unit_test(ends_are_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
