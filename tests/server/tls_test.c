/* SPDX-License-Identifier: MIT
 *
 * The same server behind TLS: handshake, cookie, WebSocket and closing through libmicrohttpd's TLS layer.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "certificate.h"
#include "core/clock.h"
#include "rig.h"
#include "server/peers.h"
#include "server/state.h"
#include "wire/viewer.h"

static char certificate[CERTIFICATE_MAX], private_key[CERTIFICATE_MAX];
static struct rig rig = {.address = "pattern:?size=640x480&fps=30&scene=motion"};

enum { SMALL_BUFFER = 4096 }; /* holds a handshake, but not an answer */

static SSL_CTX *context;

static int setup(void **state) {
  (void)state;
  certificate_make(certificate, private_key);
  rig.config.tls_cert = certificate;
  rig.config.tls_key = private_key;
  rig_start(&rig);
  sigset_t pipe; /* of this thread, whose OpenSSL writes to connections that the server may have ended */
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, NULL);
  context = SSL_CTX_new(TLS_client_method());
  return context ? 0 : -1;
}

static int teardown(void **state) {
  (void)state;
  SSL_CTX_free(context);
  rig_stop(&rig);
  return 0;
}

/** On a connected socket. NULL when the server does not take it. */
static SSL *tls_shake(int fd) {
  SSL *ssl = SSL_new(context);
  SSL_set_fd(ssl, fd);
  if (SSL_connect(ssl) == 1)
    return ssl;
  SSL_free(ssl);
  return NULL;
}

static SSL *tls_dial_from(int *fd, const char *address) {
  struct in_addr host;
  inet_pton(AF_INET, address, &host);
  *fd = dial_from(&rig, ntohl(host.s_addr), 0);
  SSL *ssl = tls_shake(*fd);
  assert_non_null(ssl);
  return ssl;
}

static SSL *tls_dial(int *fd) {
  return tls_dial_from(fd, "127.0.0.1");
}

static void tls_hang_up(SSL *ssl, int fd) {
  SSL_free(ssl);
  close(fd);
}

static bool read_exactly(SSL *ssl, void *data, size_t size) {
  for (size_t at = 0; at < size;) {
    int count = SSL_read(ssl, (uint8_t *)data + at, (int)(size - at));
    if (count <= 0)
      return false;
    at += (size_t)count;
  }
  return true;
}

/** Sends text and reads the head of the answer. */
static void tls_ask(SSL *ssl, const char *text, char *head, size_t size) {
  size_t at = 0;
  assert_int_equal(SSL_write(ssl, text, (int)strlen(text)), strlen(text));
  while (at < size - 1 && read_exactly(ssl, head + at, 1)) {
    head[++at] = '\0';
    if (at >= 4 && memcmp(head + at - 4, "\r\n\r\n", 4) == 0)
      return;
  }
  fail();
}

static void tls_cookie_is_secure(void **state) {
  (void)state;
  int fd;
  char text[512], head[4096];
  SSL *ssl = tls_dial(&fd);
  snprintf(text, sizeof text,
           "POST /session HTTP/1.1\r\nHost: localhost:%u\r\nOrigin: https://localhost:%u\r\nContent-Length: 25\r\n\r\n"
           "{\"token\":\"" RIG_TOKEN "\"}",
           rig.port, rig.port);
  tls_ask(ssl, text, head, sizeof head);
  assert_int_equal(strncmp(head, "HTTP/1.1 200", 12), 0);
  assert_non_null(strstr(head, "; Secure\r\n"));
  tls_hang_up(ssl, fd);
  /* A page loaded without TLS is not our page. */
  ssl = tls_dial(&fd);
  snprintf(text, sizeof text, "GET /healthz HTTP/1.1\r\nHost: localhost:%u\r\nOrigin: http://localhost:%u\r\n\r\n",
           rig.port, rig.port);
  tls_ask(ssl, text, head, sizeof head);
  assert_int_equal(strncmp(head, "HTTP/1.1 403", 12), 0);
  tls_hang_up(ssl, fd);
}

static SSL *tls_join_with(int *fd, int receive_buffer) {
  char text[1024], head[4096];
  uint8_t bytes[32];
  const uint8_t hello[16] = {ORIEL_VIEWER_VIEWER_HELLO, 0, 0, 0, ORIEL_VIEWER_VERSION, 0, 1, 0, 7};
  *fd = dial_from(&rig, INADDR_LOOPBACK, receive_buffer);
  SSL *ssl = tls_shake(*fd);
  assert_non_null(ssl);
  tls_ask(ssl, ws_handshake(&rig, text, sizeof text), head, sizeof head);
  assert_int_equal(strncmp(head, "HTTP/1.1 101", 12), 0);
  size_t size = ws_frame(bytes, true, 2, hello, sizeof hello);
  assert_int_equal(SSL_write(ssl, bytes, (int)size), size);
  return ssl;
}

static SSL *tls_join(int *fd) {
  return tls_join_with(fd, 0);
}

static uint8_t payload[1 << 20];

/** Next frame's opcode, its payload in `payload`; -1 at the end. */
static int tls_read(SSL *ssl, size_t *size) {
  uint8_t head[10];
  if (!read_exactly(ssl, head, 2))
    return -1;
  size_t digits = head[1] == 126 ? 2 : head[1] == 127 ? 8 : 0;
  *size = digits ? 0 : head[1];
  if (!read_exactly(ssl, head + 2, digits))
    return -1;
  for (size_t i = 0; i < digits; i++)
    *size = *size << 8 | head[2 + i];
  assert_true(*size <= sizeof payload);
  return read_exactly(ssl, payload, *size) ? head[0] & 15 : -1;
}

static void tls_viewer_sees_and_says_goodbye(void **state) {
  (void)state;
  int fd, opcode;
  size_t size, pictures = 0;
  SSL *ssl = tls_join(&fd);
  while (pictures < 2) {
    assert_int_equal(tls_read(ssl, &size), 2);
    pictures += payload[0] == ORIEL_VIEWER_VIDEO || payload[0] == ORIEL_VIEWER_TILES;
    if (payload[0] == ORIEL_VIEWER_VIDEO || payload[0] == ORIEL_VIEWER_TILES) {
      uint8_t ack[40] = {ORIEL_VIEWER_ACK}, bytes[64];
      for (int i = 0; i < 3; i++)
        memcpy(ack + 4 + 4 * i, payload + 4, 4);
      int count = (int)ws_frame(bytes, true, 2, ack, sizeof ack);
      assert_int_equal(SSL_write(ssl, bytes, count), count);
    }
  }
  uint8_t bytes[16];
  int count = (int)ws_frame(bytes, true, 1, "text", 4);
  assert_int_equal(SSL_write(ssl, bytes, count), count);
  bool told = false;
  while ((opcode = tls_read(ssl, &size)) == 2)
    told = told || (payload[0] == ORIEL_VIEWER_BYE && payload[4] == ORIEL_VIEWER_REASON_PROTOCOL);
  assert_int_equal(opcode, 8);
  assert_true(told);
  /* After our close frame the server ends the connection at once, not at the limit. */
  uint64_t start = rig_ms();
  count = (int)ws_frame(bytes, true, 8, "\x0f\xb0", 2);
  assert_int_equal(SSL_write(ssl, bytes, count), count);
  assert_int_equal(tls_read(ssl, &size), -1);
  assert_true(rig_ms() - start < 5000);
  tls_hang_up(ssl, fd);
}

static bool nobody(const struct oriel_server_stats *stats) {
  return stats->viewers_now == 0 && stats->connections_now == 0;
}

static void count_relays(struct rig *called, void *argument) {
  *(unsigned *)argument = called->server->relays.count;
}

static bool no_relays(const struct oriel_server_stats *stats) {
  unsigned count;
  rig_call(&rig, count_relays, &count);
  return nobody(stats) && count == 0;
}

static void tls_cut(void **state) {
  (void)state;
  for (int i = 0; i < 20; i++) {
    int fd;
    size_t size;
    SSL *ssl = tls_join(&fd);
    if (i % 2)
      assert_int_equal(tls_read(ssl, &size), 2);
    SSL_free(ssl);
    if (i % 3)
      cut(fd);
    else
      close(fd);
  }
  for (int i = 0; i < 20; i++) { /* in the middle of TLS itself */
    int fd = dial(&rig);
    send_text(fd, "%.*s", i, "\x16\x03\x01\x02\x05\x01\x01\x01\x01\x03\x03zzzzzzzzz");
    cut(fd);
  }
  assert_true(rig_until(&rig, no_relays, 20000)); /* each relay too: descriptors and a session of OpenSSL */
}

/* 200 clients that begin a handshake and stop: one address holds 64 of them, others are served meanwhile, and when
 * their 5 s are over descriptors and memory are back. */
static void tls_handshakes_that_stop(void **state) {
  (void)state;
  enum { STORM = 200 };
  /* A record's header that promises 512 bytes, and the first of them. */
  static const char hello[] = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
  int fds[STORM], fd;
  assert_true(rig_until(&rig, no_relays, 20000));
  for (int round = 0; round < 2; round++) {
    unsigned before = rig_descriptors();
    size_t heap = rig_allocated();
    for (int i = 0; i < STORM; i++) {
      fds[i] = dial(&rig);
      (void)send(fds[i], hello, sizeof hello - 1, MSG_NOSIGNAL);
    }
    SSL *ssl = tls_dial_from(&fd, "127.0.0.2");
    char text[128], head[4096];
    snprintf(text, sizeof text, "GET /healthz HTTP/1.1\r\nHost: localhost:%u\r\n\r\n", rig.port);
    tls_ask(ssl, text, head, sizeof head);
    assert_int_equal(strncmp(head, "HTTP/1.1 200", 12), 0);
    tls_hang_up(ssl, fd);
    assert_true(rig_descriptors() <= before + STORM + 64 + 8);
    if (round == 0) /* the second round goes by itself, the first by its clients */
      for (int i = 0; i < STORM; i++)
        cut(fds[i]);
    assert_true(rig_until(&rig, no_relays, 20000));
    if (round == 1)
      for (int i = 0; i < STORM; i++)
        close(fds[i]);
    assert_in_range(rig_descriptors(), 0, before);
    if (round == 1) /* what OpenSSL makes once is made */
      assert_in_range(rig_allocated(), 0, heap + 4 * 1024 * 1024); /* a desktop behind it still works */
  }
}

static void pass_limits(struct rig *called, void *argument) {
  const uint64_t then_ns = oriel_clock_ns() + *(unsigned *)argument * ORIEL_NS_PER_SECOND;
  oriel_relays_tick(&called->server->relays, then_ns);
  oriel_peers_tick(&called->server->mounts, then_ns);
}

static unsigned relays(void) {
  unsigned count;
  rig_call(&rig, count_relays, &count);
  return count;
}

static bool sixty_four_closed(const struct oriel_server_stats *stats) {
  return stats->connections_now == 0 && relays() == 64;
}

/* Clients that take nothing of what they ask for. The connections inside have answered and are closed, but the relays
 * still hold the answers: they count, and they have seconds. */
static void tls_clients_that_do_not_read(void **state) {
  (void)state;
  enum { CLIENTS = 80 };
  unsigned seconds = 6;
  int fds[CLIENTS], fd;
  SSL *clients[CLIENTS], *other;
  char text[512], head[4096];
  struct oriel_server_stats stats;
  assert_true(rig_until(&rig, no_relays, 20000));
  unsigned before = rig_descriptors();
  snprintf(text, sizeof text, "GET /js/medium.js HTTP/1.1\r\nHost: localhost:%u\r\nConnection: close\r\n\r\n",
           rig.port);
  for (int i = 0; i < CLIENTS; i++) {
    fds[i] = dial_from(&rig, INADDR_LOOPBACK, SMALL_BUFFER);
    clients[i] = tls_shake(fds[i]);
    if (clients[i]) /* on a slow machine one may have made room for another */
      (void)SSL_write(clients[i], text, (int)strlen(text));
    ERR_clear_error();
    assert_true(relays() <= 64);
  }
  assert_true(rig_until(&rig, sixty_four_closed, 20000));
  other = tls_dial_from(&fd, "127.0.0.2"); /* who is no part of it is served */
  snprintf(text, sizeof text, "GET /healthz HTTP/1.1\r\nHost: localhost:%u\r\n\r\n", rig.port);
  tls_ask(other, text, head, sizeof head);
  tls_hang_up(other, fd);
  rig_call(&rig, pass_limits, &seconds);
  assert_true(rig_until(&rig, no_relays, 20000));
  rig_server_stats(&rig, &stats);
  assert_true(stats.deadlines >= 64);
  for (int i = 0; i < CLIENTS; i++) {
    SSL_free(clients[i]);
    close(fds[i]);
  }
  assert_in_range(rig_descriptors(), 0, before);
}

/* A viewer that fell asleep, and one in the middle of a long answer. */
static void tls_sleepers_end(void **state) {
  (void)state;
  int viewer, reader;
  char text[512];
  unsigned seconds = 16;
  assert_true(rig_until(&rig, no_relays, 20000));
  unsigned before = rig_descriptors();
  SSL *asleep = tls_join_with(&viewer, SMALL_BUFFER), *stuck;
  reader = dial_from(&rig, INADDR_LOOPBACK, SMALL_BUFFER);
  stuck = tls_shake(reader);
  assert_non_null(stuck);
  snprintf(text, sizeof text, "GET /js/large.js HTTP/1.1\r\nHost: localhost:%u\r\n\r\n", rig.port);
  assert_int_equal(SSL_write(stuck, text, (int)strlen(text)), strlen(text));
  struct oriel_server_stats stats = {.viewers_now = 1};
  for (uint64_t start = rig_ms(); (relays() || stats.viewers_now) && rig_ms() - start < 40000; usleep(100 * 1000)) {
    rig_call(&rig, pass_limits, &seconds); /* they are stuck by and by, when the kernel takes no more; 60 s end all */
    rig_server_stats(&rig, &stats);
  }
  assert_true(rig_until(&rig, no_relays, 5000));
  tls_hang_up(asleep, viewer);
  tls_hang_up(stuck, reader);
  assert_in_range(rig_descriptors(), 0, before);
}

static bool one_viewer(const struct oriel_server_stats *stats) {
  return stats->viewers_now == 1 && stats->connections_now == 0;
}

/* The pair is for HTTP: a viewer has its own socket and nothing else. */
static void tls_viewer_leaves_its_relay(void **state) {
  (void)state;
  int fd;
  size_t size;
  assert_true(rig_until(&rig, no_relays, 20000));
  const unsigned before = rig_descriptors();
  SSL *ssl = tls_join(&fd);
  assert_int_equal(tls_read(ssl, &size), 2);
  assert_true(rig_until(&rig, one_viewer, 5000));
  assert_int_equal(relays(), 0);
  assert_int_equal(rig_descriptors(), before + 2); /* the client's and the server's */
  tls_hang_up(ssl, fd);
  assert_true(rig_until(&rig, no_relays, 5000));
}

static uint8_t eager[256 * 1024];

/** The handshake, a hello, messages that mean nothing until there are `most` bytes, and a ping. Returns the size. */
static size_t write_eager(size_t most) {
  char text[1024];
  const uint8_t hello[16] = {ORIEL_VIEWER_VIEWER_HELLO, 0, 0, 0, ORIEL_VIEWER_VERSION, 0, 1, 0, 7};
  size_t size = (size_t)snprintf((char *)eager, sizeof eager, "%s", ws_handshake(&rig, text, sizeof text));
  size += ws_frame(eager + size, true, 2, hello, sizeof hello);
  static const uint8_t nothing[125];
  while (size + sizeof nothing + 16 < most)
    size += ws_frame(eager + size, true, 10, nothing, sizeof nothing); /* pongs that nobody asked for mean nothing */
  return size + ws_frame(eager + size, true, 9, "last", 4);
}

/* Clients that do not wait for the answer: what comes behind the request is read in order, wherever it was when the
 * viewer left the relay. */
static void tls_eager_clients_are_heard(void **state) {
  (void)state;
  static const size_t sizes[] = {1000, 20 * 1000, 100 * 1000};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    char head[4096] = "";
    int fd, opcode;
    size_t size, at = 0, count = write_eager(sizes[i]);
    SSL *ssl = tls_dial(&fd);
    assert_int_equal(SSL_write(ssl, eager, (int)count), count);
    while (!strstr(head, "\r\n\r\n") && at < sizeof head - 1)
      assert_true(read_exactly(ssl, head + at++, 1));
    assert_int_equal(strncmp(head, "HTTP/1.1 101", 12), 0);
    while ((opcode = tls_read(ssl, &size)) == 2) {
    }
    assert_int_equal(opcode, 10);
    assert_memory_equal(payload, "last", 4);
    tls_hang_up(ssl, fd);
  }
  assert_true(rig_until(&rig, no_relays, 20000));
}

/** Runs while the loop reads nothing: five records, of which its turn ends in the last one. */
static void write_much(struct rig *called, void *argument) {
  enum { RECORD = 14000 };
  size_t size = 0;
  static const uint8_t nothing[125];
  (void)called;
  while (size + sizeof nothing + 16 < 5 * RECORD)
    size += ws_frame(eager + size, true, 10, nothing, sizeof nothing);
  size += ws_frame(eager + size, true, 9, "last", 4);
  for (size_t at = 0; at < size; at += RECORD) {
    const int count = (int)(size - at < RECORD ? size - at : RECORD);
    assert_int_equal(SSL_write(argument, eager + at, count), count);
  }
}

/* What is left of a record when a turn ends is in no socket, and is read all the same. */
static void tls_turn_leaves_no_message_behind(void **state) {
  (void)state;
  int fd, opcode, much = 1 << 20;
  size_t size;
  SSL *ssl = tls_join(&fd);
  assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &much, sizeof much), 0); /* takes all of it without a reader */
  assert_int_equal(tls_read(ssl, &size), 2);
  for (int i = 0; i < 5; i++) {
    rig_call(&rig, write_much, ssl);
    while ((opcode = tls_read(ssl, &size)) == 2) {
    }
    assert_int_equal(opcode, 10);
  }
  tls_hang_up(ssl, fd);
  assert_true(rig_until(&rig, no_relays, 20000));
}

static uint64_t requests_expected;

static bool one_relay_without_its_connection(const struct oriel_server_stats *stats) {
  return stats->requests == requests_expected && stats->connections_now == 0 && relays() == 1;
}

/* A request to become a viewer behind an answer of which the client took nothing: the connection ends, in its time. */
static void tls_upgrade_behind_an_unread_answer_ends(void **state) {
  (void)state;
  char text[2048], handshake[1024];
  unsigned seconds = 16;
  struct oriel_server_stats before, after;
  assert_true(rig_until(&rig, no_relays, 20000));
  rig_server_stats(&rig, &before);
  const unsigned descriptors = rig_descriptors();
  int fd = dial_from(&rig, INADDR_LOOPBACK, SMALL_BUFFER);
  SSL *ssl = tls_shake(fd);
  assert_non_null(ssl);
  snprintf(text, sizeof text, "GET /js/medium.js HTTP/1.1\r\nHost: localhost:%u\r\n\r\n%s", rig.port,
           ws_handshake(&rig, handshake, sizeof handshake));
  assert_int_equal(SSL_write(ssl, text, (int)strlen(text)), strlen(text));
  requests_expected = before.requests + 2;
  assert_true(rig_until(&rig, one_relay_without_its_connection, 20000));
  rig_call(&rig, pass_limits, &seconds);
  assert_true(rig_until(&rig, no_relays, 5000));
  rig_server_stats(&rig, &after);
  assert_int_equal(after.viewers_opened, before.viewers_opened);
  tls_hang_up(ssl, fd);
  assert_in_range(rig_descriptors(), 0, descriptors);
}

/* Somebody who forgot the s: told where to go, by an answer that is not cut off. */
static void tls_plain_client(void **state) {
  (void)state;
  static struct answer answer;
  char value[128], expected[128], headers[64];
  snprintf(expected, sizeof expected, "https://127.0.0.1:%u/js/main.js?a=b", rig.port);
  assert_int_equal(ask(&rig, &answer, "GET /js/main.js?a=b", "", NULL), 307);
  assert_string_equal(header_of(&answer, "Location", value, sizeof value), expected);
  snprintf(expected, sizeof expected, "<a href=\"https://127.0.0.1:%u/\">", rig.port);
  assert_non_null(strstr(answer.body, expected));
  /* A name that is not ours, and a path that would lead elsewhere. */
  assert_int_equal(ask(&rig, &answer, "POST /session", "Host: evil.example\r\n", "{\"token\":\"x\"}"), 400);
  assert_string_equal(header_of(&answer, "Location", value, sizeof value), "");
  assert_non_null(strstr(answer.body, expected));
  assert_null(strstr(answer.body, "evil"));
  snprintf(headers, sizeof headers, "Host: localhost:%u\r\n", rig.port);
  assert_int_equal(ask(&rig, &answer, "GET //evil.example/", headers, NULL), 307);
  snprintf(expected, sizeof expected, "https://localhost:%u/", rig.port);
  assert_string_equal(header_of(&answer, "Location", value, sizeof value), expected);
  assert_true(rig_until(&rig, no_relays, 20000));
}

int main(int argc, char **argv) {
  if (argc > 1)
    cmocka_set_test_filter(argv[1]);
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(tls_cookie_is_secure),
    cmocka_unit_test(tls_viewer_sees_and_says_goodbye),
    cmocka_unit_test(tls_cut),
    cmocka_unit_test(tls_handshakes_that_stop),
    cmocka_unit_test(tls_clients_that_do_not_read),
    cmocka_unit_test(tls_sleepers_end),
    cmocka_unit_test(tls_viewer_leaves_its_relay),
    cmocka_unit_test(tls_eager_clients_are_heard),
    cmocka_unit_test(tls_turn_leaves_no_message_behind),
    cmocka_unit_test(tls_upgrade_behind_an_unread_answer_ends),
    cmocka_unit_test(tls_plain_client),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
