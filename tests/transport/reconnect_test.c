/* SPDX-License-Identifier: MIT
 *
 * A peer that goes away and comes back, over each kind of stream: when it is looked for again, and that it hears what
 * is sent then and nothing from before (lesson 27). With a clock that only the test moves. (vsock: tests/e2e/agent.mjs,
 * inside a guest.)
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/clock.h"
#include "rig.h"
#include "transport/inet.h"
#include "transport/mux.h"

/* The far end of an address: something that listens, and the stream once it is there. */
struct far {
  struct rig *rig;
  struct oriel_transport_address address;
  struct oriel_listener *listener; /* unix, tcp */
  int server;                      /* mux: a VMM's socket */
  int fd;
};

static void far_open_port(struct far *far) {
  char name[100];
  far->fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  assert_true(far->fd >= 0);
  assert_int_equal(grantpt(far->fd) | unlockpt(far->fd), 0);
  assert_int_equal(ptsname_r(far->fd, name, sizeof name), 0);
  assert_int_equal(symlink(name, far->address.path), 0);
}

static void far_open(struct far *far) {
  switch (far->address.scheme) {
  case ORIEL_TRANSPORT_SERIAL:
    far_open_port(far);
    break;
  case ORIEL_TRANSPORT_MUX:
    far->server = rig_socket(far->address.path);
    break;
  default:
    far->listener = rig_listener(&far->address);
  }
}

/* As when its process ends. */
static void far_kill(struct far *far) {
  if (far->fd >= 0)
    close(far->fd);
  if (far->server >= 0)
    close(far->server);
  oriel_listener_destroy(far->listener);
  if (far->address.scheme == ORIEL_TRANSPORT_SERIAL || far->address.scheme == ORIEL_TRANSPORT_MUX)
    unlink(far->address.path);
  far->fd = far->server = -1;
  far->listener = NULL;
}

/* Takes the dialer in. */
static void far_accept(struct far *far) {
  if (far->listener)
    far->fd = rig_accept(far->listener);
  if (far->server < 0)
    return;
  struct oriel_mux_line line = {.have = 0};
  rig_wait(far->server, POLLIN);
  far->fd = accept(far->server, NULL, NULL);
  assert_true(far->fd >= 0);
  rig_wait(far->fd, POLLIN);
  assert_int_equal(oriel_mux_line_read(&line, far->fd), 1);
  assert_int_equal(write(far->fd, "OK 1\n", 5), 5);
}

/* One attempt to its end, while nobody is there. */
static void attempt_in_vain(struct far *far, struct oriel_dialer *dialer) {
  while (oriel_dialer_step(dialer, 0, far->rig->now_ns) == ORIEL_STREAM_CONNECTING)
    rig_wait(oriel_dialer_fd(dialer), oriel_dialer_events(dialer, false));
  assert_int_equal(oriel_dialer_state(dialer), ORIEL_STREAM_WAITING);
}

/* What is said while nobody is there is not kept. */
static void say_in_vain(struct far *far, struct oriel_dialer *dialer) {
  assert_int_equal(oriel_dialer_send(dialer, "old", 3, far->rig->now_ns), -ENOTCONN);
}

/* The first attempt that is due finds it, and the first bytes it hears are those sent from then on. */
static void meet(struct far *far, struct oriel_dialer *dialer) {
  char words[3];
  assert_int_equal(oriel_dialer_timeout_ms(dialer, far->rig->now_ns), 0);
  const uint64_t failures = oriel_dialer_failures(dialer, &(const char *){NULL});
  oriel_dialer_step(dialer, 0, far->rig->now_ns);
  far_accept(far);
  rig_until(far->rig, dialer, ORIEL_STREAM_CONNECTED);
  assert_int_equal(oriel_dialer_failures(dialer, &(const char *){NULL}), failures);
  assert_int_equal(oriel_dialer_send(dialer, "new", 3, far->rig->now_ns), 3);
  rig_read(far->fd, words, sizeof words);
  assert_memory_equal(words, "new", 3);
}

static void lose(struct far *far, struct oriel_dialer *dialer) {
  char byte;
  far_kill(far);
  rig_wait(oriel_dialer_fd(dialer), POLLIN | POLLHUP);
  assert_int_equal(oriel_dialer_receive(dialer, &byte, 1, far->rig->now_ns), -ECONNRESET);
  assert_int_equal(oriel_dialer_fd(dialer), -1);
}

static void comes_back(struct rig *rig, struct oriel_transport_address address) {
  struct far far = {.rig = rig, .server = -1, .fd = -1, .address = address};
  static const unsigned waits_ms[] = {1000, 2000, 4000, 8000, 10000, 10000};
  far_open(&far);
  struct oriel_dialer *dialer = rig_dialer(&far.address);
  for (unsigned vain = 0; vain < 6; vain++) { /* attempts that find nobody before one does */
    meet(&far, dialer);
    rig->now_ns += ORIEL_NS_PER_SECOND; /* a good connection: the next wait is a short one */
    assert_int_equal(oriel_dialer_send(dialer, "old", 3, rig->now_ns), 3);
    lose(&far, dialer);
    for (unsigned i = 0; i <= vain; i++) {
      assert_int_equal(oriel_dialer_timeout_ms(dialer, rig->now_ns), (int)waits_ms[i]);
      say_in_vain(&far, dialer);
      rig->now_ns += waits_ms[i] * ORIEL_NS_PER_MS - 1;
      assert_int_equal(oriel_dialer_step(dialer, 0, rig->now_ns), ORIEL_STREAM_WAITING);
      say_in_vain(&far, dialer);
      rig->now_ns++;
      if (i < vain)
        attempt_in_vain(&far, dialer);
    }
    far_open(&far);
  }
  meet(&far, dialer);
  oriel_dialer_destroy(dialer);
  far_kill(&far);
}

static void reconnect_unix(void **state) {
  struct rig *rig = *state;
  comes_back(rig, rig_address("unix://%s/s", rig->folder));
}

/* Its port stays bound meanwhile, so that nobody else on this machine gets it. */
static void reconnect_tcp(void **state) {
  struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  const int holder = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
  assert_int_equal(setsockopt(holder, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
  assert_int_equal(bind(holder, (struct sockaddr *)&name, sizeof name), 0);
  comes_back(*state, rig_address("tcp://127.0.0.1:%u", oriel_inet_port(holder)));
  close(holder);
}

static void reconnect_serial(void **state) {
  struct rig *rig = *state;
  comes_back(rig, rig_address("serial://%s/port", rig->folder));
}

static void reconnect_mux(void **state) {
  struct rig *rig = *state;
  comes_back(rig, rig_address("mux://%s/vm?port=5000", rig->folder));
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)
  const struct CMUnitTest tests[] = {
      CASE(reconnect_unix),
      CASE(reconnect_tcp),
      CASE(reconnect_serial),
      CASE(reconnect_mux),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
