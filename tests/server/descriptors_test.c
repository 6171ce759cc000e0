/* SPDX-License-Identifier: MIT
 *
 * A running server without descriptors: each call of server/ that makes one, or has the loop watch it, fails for a
 * while. Whoever is there notices nothing, whoever comes is told or waits, nothing is asked again without end, and as
 * soon as it works again whoever comes is served. The linker puts this file's calls in place of the libraries', in all
 * that is linked statically.
 */
#include <dirent.h>
#include <errno.h>
#include <ifaddrs.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/ssl.h>

#include "../webrtc/offers.h"
#include "certificate.h"
#include "rig.h"
#include "wire/viewer.h"

#define FRAGMENT RIG_BEARER "Content-Type: application/trickle-ice-sdpfrag\r\nIf-Match: *\r\n"
#define RESTART "a=ice-ufrag:newufrag\r\na=ice-pwd:newpasswordnewpassword00\r\n"

enum { LOCATION_MAX = 256 };
enum call { ACCEPT, PAIR, POLL, ADDRESSES, FOLDER, CALLS };

static atomic_bool failing[CALLS];
static atomic_uint failed[CALLS];

int __real_accept4(int fd, struct sockaddr *address, socklen_t *size, int flags);
int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *size, int flags);
int __real_socketpair(int domain, int type, int protocol, int pair[2]);
int __wrap_socketpair(int domain, int type, int protocol, int pair[2]);
int __real_uv_poll_init(uv_loop_t *loop, uv_poll_t *poll, int fd);
int __wrap_uv_poll_init(uv_loop_t *loop, uv_poll_t *poll, int fd);
int __real_getifaddrs(struct ifaddrs **list);
int __wrap_getifaddrs(struct ifaddrs **list);
DIR *__real_opendir(const char *path);
DIR *__wrap_opendir(const char *path);

static bool fails(enum call call) {
  if (!atomic_load(&failing[call]))
    return false;
  atomic_fetch_add(&failed[call], 1);
  errno = EMFILE;
  return true;
}

int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *size, int flags) {
  return fails(ACCEPT) ? -1 : __real_accept4(fd, address, size, flags);
}

int __wrap_socketpair(int domain, int type, int protocol, int pair[2]) {
  return fails(PAIR) ? -1 : __real_socketpair(domain, type, protocol, pair);
}

int __wrap_uv_poll_init(uv_loop_t *loop, uv_poll_t *poll, int fd) {
  return fails(POLL) ? UV_EMFILE : __real_uv_poll_init(loop, poll, fd);
}

int __wrap_getifaddrs(struct ifaddrs **list) {
  return fails(ADDRESSES) ? -1 : __real_getifaddrs(list);
}

DIR *__wrap_opendir(const char *path) {
  return fails(FOLDER) ? NULL : __real_opendir(path);
}

static struct answer answer;
static struct frame frame;

static int setup(void **state) {
  struct rig *rig = calloc(1, sizeof *rig);
  rig->address = "pattern:?size=64x64&fps=30&scene=motion";
  rig->config.listen = "0.0.0.0:0";
  rig->config.auth_fail_limit = 1000;
  rig->config.webrtc.enabled = true;
  rig_start(rig);
  *state = rig;
  return 0;
}

static void begin_to_fail(enum call call) {
  atomic_store(&failed[call], 0);
  atomic_store(&failing[call], true);
}

static void end_to_fail(enum call call) {
  assert_true(atomic_load(&failed[call]) > 0);
  atomic_store(&failing[call], false);
}

enum { PICTURES = 15 }; /* half a second */

/** Whoever is there sees what it shows all the time. */
static void sees_pictures(int fd) {
  for (unsigned count = 0; count < PICTURES;) {
    assert_true(ws_read(fd, &frame) >= 0);
    count += ws_attend(fd, &frame);
  }
}

static bool one_viewer(const struct oriel_server_stats *stats) {
  return stats->connections_now == 0 && stats->viewers_now == 1;
}

/** A new viewer gets a picture. */
static void joins(const struct rig *rig) {
  const int fd = ws_join(rig, false);
  do
    assert_true(ws_read(fd, &frame) >= 0);
  while (!ws_attend(fd, &frame));
  close(fd);
}

/* It waits before the door, and is not asked for in each turn. */
static void who_cannot_be_accepted_waits(void **state) {
  struct rig *rig = *state;
  enum { CLIENTS = 8 };
  int fds[CLIENTS];
  const int viewer = ws_join(rig, false);
  sees_pictures(viewer);
  const uint64_t from_ms = rig_ms();
  begin_to_fail(ACCEPT);
  for (int i = 0; i < CLIENTS; i++) {
    fds[i] = dial(rig);
    send_text(fds[i], "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nConnection: close\r\n\r\n", rig->port);
  }
  sees_pictures(viewer);
  assert_in_range(atomic_load(&failed[ACCEPT]), 1, 10 + (rig_ms() - from_ms) / 10);
  end_to_fail(ACCEPT);
  const uint64_t well_ms = rig_ms();
  for (int i = 0; i < CLIENTS; i++) {
    read_answer(fds[i], &answer);
    assert_int_equal(answer.status, 200);
    close(fds[i]);
  }
  assert_true(rig_ms() - well_ms < 6000); /* 1 s promised; the machine may be busy */
  sees_pictures(viewer);
  close(viewer);
}

/* One that is through HTTP and cannot be watched as a viewer ends, and leaves nothing. */
static void viewer_that_cannot_be_watched_ends(void **state) {
  struct rig *rig = *state;
  enum { CLIENTS = 8 };
  const int viewer = ws_join(rig, false);
  sees_pictures(viewer);
  assert_true(rig_until(rig, one_viewer, 10000));
  const unsigned before = rig_descriptors();
  begin_to_fail(POLL);
  for (int i = 0; i < CLIENTS; i++) {
    char text[1024];
    const int fd = dial(rig);
    send_text(fd, "%s", ws_handshake(rig, text, sizeof text));
    while (recv(fd, text, sizeof text, 0) > 0) {
    }
    close(fd);
  }
  sees_pictures(viewer);
  assert_int_equal(atomic_load(&failed[POLL]), CLIENTS);
  end_to_fail(POLL);
  assert_true(rig_until(rig, one_viewer, 10000));
  assert_int_equal(rig_descriptors(), before);
  joins(rig);
  sees_pictures(viewer);
  close(viewer);
}

/* Without them nobody could reach us: an answer that names this host's loopback alone would only seem to work. */
static void offer_without_addresses_is_put_off(void **state) {
  struct rig *rig = *state;
  char value[LOCATION_MAX];
  begin_to_fail(ADDRESSES);
  for (int i = 0; i < 8; i++) {
    assert_int_equal(ask(rig, &answer, "POST /whep/view", RIG_BEARER "Content-Type: application/sdp\r\n", OFFER), 503);
    assert_string_equal(header_of(&answer, "Retry-After", value, sizeof value), "5");
  }
  end_to_fail(ADDRESSES);
  assert_int_equal(ask(rig, &answer, "POST /whep/view", RIG_BEARER "Content-Type: application/sdp\r\n", OFFER), 201);
  header_of(&answer, "Location", value, sizeof value);
  begin_to_fail(ADDRESSES);
  char request[LOCATION_MAX + 16];
  snprintf(request, sizeof request, "PATCH %s", value);
  assert_int_equal(ask(rig, &answer, request, FRAGMENT, RESTART), 503);
  end_to_fail(ADDRESSES);
  snprintf(request, sizeof request, "DELETE %s", value);
  assert_int_equal(ask(rig, &answer, request, RIG_BEARER, NULL), 200); /* it went on as it was */
}

static void metrics_leave_out_what_cannot_be_read(void **state) {
  struct rig *rig = *state;
  atomic_store(&failing[FOLDER], true);
  assert_int_equal(ask(rig, &answer, "GET /metrics", RIG_BEARER, NULL), 200);
  assert_non_null(strstr(answer.body, "process_cpu_seconds_total "));
  atomic_store(&failing[FOLDER], false);
  assert_int_equal(ask(rig, &answer, "GET /metrics", RIG_BEARER, NULL), 200);
  assert_non_null(strstr(answer.body, "process_open_fds "));
}

/* ---- behind TLS ---- */

static char certificate[CERTIFICATE_MAX], private_key[CERTIFICATE_MAX];
static SSL_CTX *context;

static int setup_tls(void **state) {
  certificate_make(certificate, private_key);
  struct rig *rig = calloc(1, sizeof *rig);
  rig->config.tls_cert = certificate;
  rig->config.tls_key = private_key;
  rig_start(rig);
  sigset_t pipe; /* of this thread, whose OpenSSL writes to connections that the server may have ended */
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, NULL);
  context = SSL_CTX_new(TLS_client_method());
  *state = rig;
  return context ? 0 : -1;
}

static int teardown_tls(void **state) {
  SSL_CTX_free(context);
  return rig_teardown(state);
}

/** A connection with TLS, as far as it comes. */
static SSL *tls_dial(const struct rig *rig, int *fd) {
  SSL *ssl = SSL_new(context);
  *fd = dial(rig);
  SSL_set_fd(ssl, *fd);
  (void)SSL_connect(ssl);
  return ssl;
}

static void tls_hang_up(SSL *ssl, int fd) {
  SSL_free(ssl);
  close(fd);
}

/** Whether a request on it is answered. */
static bool tls_ask(const struct rig *rig, SSL *ssl) {
  char text[2048];
  const int size = snprintf(text, sizeof text, "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n\r\n", rig->port);
  if (!SSL_is_init_finished(ssl) || SSL_write(ssl, text, size) != size)
    return false;
  for (int at = 0; at < (int)sizeof text - 1;) {
    const int count = SSL_read(ssl, text + at, (int)sizeof text - 1 - at);
    if (count <= 0)
      return false;
    text[at += count] = '\0';
    if (strstr(text, "\r\n\r\nok"))
      return strncmp(text, "HTTP/1.1 200 ", 13) == 0;
  }
  return false;
}

static bool nobody(const struct oriel_server_stats *stats) {
  return stats->connections_now == 0;
}

/* The socket pair behind its TLS, and the watch over either: it ends, those who are there go on, and nothing is left. */
static void connection_without_a_pair_ends(void **state) {
  struct rig *rig = *state;
  enum { CLIENTS = 8 };
  static const enum call calls[] = {PAIR, POLL};
  int fd, other;
  SSL *old = tls_dial(rig, &fd);
  assert_true(tls_ask(rig, old));
  const unsigned before = rig_descriptors();
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    begin_to_fail(calls[i]);
    for (int k = 0; k < CLIENTS; k++) {
      SSL *ssl = tls_dial(rig, &other);
      assert_false(tls_ask(rig, ssl));
      tls_hang_up(ssl, other);
      assert_true(tls_ask(rig, old));
    }
    end_to_fail(calls[i]);
    SSL *ssl = tls_dial(rig, &other);
    assert_true(tls_ask(rig, ssl));
    tls_hang_up(ssl, other);
  }
  for (unsigned left = 1000; left && rig_descriptors() != before; left--)
    usleep(10 * 1000);
  assert_int_equal(rig_descriptors(), before);
  tls_hang_up(old, fd);
  assert_true(rig_until(rig, nobody, 20000));
}

int main(void) {
  const struct CMUnitTest plain[] = {
    cmocka_unit_test(who_cannot_be_accepted_waits),
    cmocka_unit_test(viewer_that_cannot_be_watched_ends),
    cmocka_unit_test(offer_without_addresses_is_put_off),
    cmocka_unit_test(metrics_leave_out_what_cannot_be_read),
  };
  const struct CMUnitTest tls[] = {
    cmocka_unit_test(connection_without_a_pair_ends),
  };
  const int failed_plain = cmocka_run_group_tests(plain, setup, rig_teardown);
  return failed_plain + cmocka_run_group_tests(tls, setup_tls, teardown_tls);
}
