/* SPDX-License-Identifier: MIT
 *
 * See rig.h.
 */
#include "rig.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/clock.h"

enum { WAIT_MS = 5000 };

static volatile sig_atomic_t sigpipes;

static void on_sigpipe(int number) {
  (void)number;
  sigpipes = sigpipes + 1;
}

int rig_setup(void **state) {
  struct rig *rig = calloc(1, sizeof *rig);
  if (!rig)
    return -1;
  strcpy(rig->folder, "/tmp/oriel-transport-XXXXXX");
  rig->now_ns = 1000 * ORIEL_NS_PER_SECOND;
  sigpipes = 0;
  signal(SIGPIPE, on_sigpipe);
  *state = rig;
  return mkdtemp(rig->folder) ? 0 : -1;
}

/* Lesson 29, for every test: no call raised SIGPIPE. And none left a file. */
int rig_teardown(void **state) {
  struct rig *rig = *state;
  const int removed = rmdir(rig->folder);
  if (removed < 0)
    print_error("%s: %s\n", rig->folder, strerror(errno));
  if (sigpipes)
    print_error("SIGPIPE was raised\n");
  free(rig);
  return removed < 0 || sigpipes ? -1 : 0;
}

struct oriel_transport_address rig_address(const char *format, ...) {
  char text[400], why[160] = "";
  struct oriel_transport_address address;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (oriel_transport_address_parse(text, &address, why, sizeof why) < 0)
    fail_msg("%s: %s", text, why);
  return address;
}

struct oriel_dialer *rig_dialer(const struct oriel_transport_address *address) {
  struct oriel_dialer *dialer = NULL;
  assert_int_equal(oriel_dialer_create(address, &dialer), 0);
  assert_non_null(dialer);
  return dialer;
}

struct oriel_listener *rig_listener(const struct oriel_transport_address *address) {
  struct oriel_listener *listener = NULL;
  char why[400] = "";
  if (oriel_listener_create(address, &listener, why, sizeof why) < 0)
    fail_msg("%s", why);
  return listener;
}

int rig_socket(const char *path) {
  struct sockaddr_un name = {.sun_family = AF_UNIX};
  snprintf(name.sun_path, sizeof name.sun_path, "%s", path);
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_true(fd >= 0);
  assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
  assert_int_equal(listen(fd, 8), 0);
  return fd;
}

void rig_wait(int fd, short events) {
  struct pollfd poller = {.fd = fd, .events = events};
  const int count = poll(&poller, 1, WAIT_MS);
  if (count != 1)
    fail_msg("nothing happened on fd %d within %d ms", fd, WAIT_MS);
}

void rig_until(struct rig *rig, struct oriel_dialer *dialer, enum oriel_stream_state state) {
  const uint64_t until_ns = oriel_clock_ns() + WAIT_MS * ORIEL_NS_PER_MS;
  short revents = 0;
  while (oriel_dialer_step(dialer, revents, rig->now_ns) != state) {
    const char *why;
    oriel_dialer_failures(dialer, &why);
    if (oriel_dialer_state(dialer) == ORIEL_STREAM_WAITING)
      fail_msg("the dialer waits: %s", why);
    struct pollfd poller = {.fd = oriel_dialer_fd(dialer), .events = oriel_dialer_events(dialer, false)};
    if (poll(&poller, 1, WAIT_MS) < 1 || oriel_clock_ns() > until_ns)
      fail_msg("the dialer stays in state %d", (int)oriel_dialer_state(dialer));
    revents = poller.revents;
  }
}

int rig_accept(struct oriel_listener *listener) {
  rig_wait(oriel_listener_fd(listener), POLLIN);
  const int fd = oriel_listener_accept(listener);
  assert_true(fd >= 0);
  return fd;
}

void rig_read(int fd, void *data, size_t size) {
  for (size_t have = 0; have < size;) {
    rig_wait(fd, POLLIN);
    const ssize_t got = oriel_stream_receive(fd, (char *)data + have, size - have);
    if (got == -EAGAIN)
      continue;
    assert_true(got > 0);
    have += (size_t)got;
  }
}

struct rig_pair rig_pair(struct rig *rig, struct oriel_transport_address address) {
  struct rig_pair pair = {.listener = rig_listener(&address)};
  if (address.scheme == ORIEL_TRANSPORT_TCP)
    address.port = oriel_listener_port(pair.listener);
  pair.dialer = rig_dialer(&address);
  rig_until(rig, pair.dialer, ORIEL_STREAM_CONNECTED);
  pair.fd = rig_accept(pair.listener);
  return pair;
}

void rig_unpair(struct rig_pair *pair) {
  if (pair->fd >= 0)
    close(pair->fd);
  oriel_dialer_destroy(pair->dialer);
  oriel_listener_destroy(pair->listener);
}

void rig_addresses(struct rig *rig, struct oriel_transport_address addresses[2]) {
  addresses[0] = rig_address("unix://%s/s", rig->folder);
  addresses[1] = rig_address("tcp://127.0.0.1:0");
}
