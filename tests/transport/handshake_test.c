/* SPDX-License-Identifier: MIT
 *
 * The dialer where there is more to do than to connect: mux:// against a VMM played by the test, serial:// against
 * pseudo-terminals, and host names against a resolver played by the test.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/clock.h"
#include "rig.h"
#include "transport/mux.h"

static void assert_why(const struct oriel_dialer *dialer, const char *part) {
  const char *why = NULL;
  assert_true(oriel_dialer_failures(dialer, &why) > 0);
  if (!strstr(why, part))
    fail_msg("'%s' does not mention '%s'", why, part);
}

/* The VMM's end of a connection whose CONNECT has arrived. */
static int vmm_accept(struct rig *rig, struct oriel_dialer *dialer, int server) {
  struct oriel_mux_line line = {.have = 0};
  uint32_t port = 0;
  assert_int_equal(oriel_dialer_step(dialer, 0, rig->now_ns), ORIEL_STREAM_CONNECTING);
  assert_int_equal(oriel_dialer_events(dialer, true), POLLIN);
  assert_int_equal(oriel_dialer_timeout_ms(dialer, rig->now_ns), ORIEL_MUX_TIMEOUT_MS);
  assert_int_equal(oriel_dialer_send(dialer, "x", 1, rig->now_ns), -ENOTCONN); /* not before OK */
  const int fd = accept(server, NULL, NULL);
  assert_true(fd >= 0);
  assert_int_equal(oriel_mux_line_read(&line, fd), 1);
  assert_int_equal(oriel_mux_parse_connect(line.text, &port), 0);
  assert_int_equal(port, 5000);
  return fd;
}

static void mux_handshake(void **state) {
  struct rig *rig = *state;
  char path[100], words[16];
  snprintf(path, sizeof path, "%s/v", rig->folder);
  const int server = rig_socket(path);
  const struct oriel_transport_address address = rig_address("mux://%s?port=5000", path);
  struct oriel_dialer *dialer = rig_dialer(&address);
  const int vmm = vmm_accept(rig, dialer, server);
  static const char answer[] = "OK 1073741824\nsound";
  /* Byte by byte, the dialer stepping behind each. */
  for (size_t i = 0; i < sizeof answer - 1; i++) {
    assert_int_equal(write(vmm, answer + i, 1), 1);
    const bool is_whole = i >= strcspn(answer, "\n");
    assert_int_equal(
        oriel_dialer_step(dialer, oriel_dialer_state(dialer) == ORIEL_STREAM_CONNECTING ? POLLIN : 0, rig->now_ns),
        is_whole ? ORIEL_STREAM_CONNECTED : ORIEL_STREAM_CONNECTING);
  }
  assert_int_equal(oriel_dialer_receive(dialer, words, sizeof words, rig->now_ns), 5);
  assert_memory_equal(words, "sound", 5);
  assert_int_equal(oriel_dialer_send(dialer, "back", 4, rig->now_ns), 4);
  assert_int_equal(read(vmm, words, sizeof words), 4);
  close(vmm);
  close(server);
  oriel_dialer_destroy(dialer);
  unlink(path);
}

/* A VMM that closes behind each byte of its answer; behind the last it is a connection that ended. */
static void mux_answer_cut(void **state) {
  struct rig *rig = *state;
  char path[100], byte;
  snprintf(path, sizeof path, "%s/v", rig->folder);
  const int server = rig_socket(path);
  const struct oriel_transport_address address = rig_address("mux://%s?port=5000", path);
  static const char answer[] = "OK 42\n";
  for (size_t cut = 0; cut < sizeof answer; cut++) {
    struct oriel_dialer *dialer = rig_dialer(&address);
    const int vmm = vmm_accept(rig, dialer, server);
    if (cut)
      assert_int_equal(write(vmm, answer, cut), (ssize_t)cut);
    close(vmm);
    if (cut < sizeof answer - 1) {
      assert_int_equal(oriel_dialer_step(dialer, POLLIN, rig->now_ns), ORIEL_STREAM_WAITING);
      assert_why(dialer, "refused the port");
    } else {
      assert_int_equal(oriel_dialer_step(dialer, POLLIN, rig->now_ns), ORIEL_STREAM_CONNECTED);
      assert_int_equal(oriel_dialer_receive(dialer, &byte, 1, rig->now_ns), -ECONNRESET);
    }
    assert_int_equal(oriel_dialer_timeout_ms(dialer, rig->now_ns), ORIEL_BACKOFF_FIRST_MS);
    oriel_dialer_destroy(dialer);
  }
  close(server);
  unlink(path);
}

static void mux_answer_wrong(void **state) {
  struct rig *rig = *state;
  static const char *const wrong[] = {
      "NO 5\n", "OK\n", "\n", "OK 4294967296\n", "OK 5 \n", "OK \t5\n", "OK 00000000000000000000000000000000000000"};
  char path[100];
  snprintf(path, sizeof path, "%s/v", rig->folder);
  const int server = rig_socket(path);
  const struct oriel_transport_address address = rig_address("mux://%s?port=5000", path);
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    struct oriel_dialer *dialer = rig_dialer(&address);
    const int vmm = vmm_accept(rig, dialer, server);
    assert_int_equal(write(vmm, wrong[i], strlen(wrong[i])), (ssize_t)strlen(wrong[i]));
    assert_int_equal(oriel_dialer_step(dialer, POLLIN, rig->now_ns), ORIEL_STREAM_WAITING);
    assert_why(dialer, "something else than OK");
    oriel_dialer_destroy(dialer);
    close(vmm);
  }
  close(server);
  unlink(path);
}

static void mux_answer_late(void **state) {
  struct rig *rig = *state;
  char path[100];
  snprintf(path, sizeof path, "%s/v", rig->folder);
  const int server = rig_socket(path);
  const struct oriel_transport_address address = rig_address("mux://%s?port=5000", path);
  struct oriel_dialer *dialer = rig_dialer(&address);
  const int vmm = vmm_accept(rig, dialer, server);
  assert_int_equal(write(vmm, "OK 5", 4), 4);
  rig->now_ns += ORIEL_MUX_TIMEOUT_MS * ORIEL_NS_PER_MS - 1;
  assert_int_equal(oriel_dialer_step(dialer, POLLIN, rig->now_ns), ORIEL_STREAM_CONNECTING);
  assert_int_equal(oriel_dialer_step(dialer, 0, rig->now_ns + 1), ORIEL_STREAM_WAITING);
  assert_why(dialer, "no answer in time");
  close(vmm);
  close(server);
  oriel_dialer_destroy(dialer);
  unlink(path);
}

/* A pseudo-terminal: its slave is the port, its master the far end. */
static int make_port(char *path, size_t size) {
  const int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  assert_true(master >= 0);
  assert_int_equal(grantpt(master), 0);
  assert_int_equal(unlockpt(master), 0);
  assert_int_equal(ptsname_r(master, path, size), 0);
  return master;
}

static void serial_every_byte(void **state) {
  struct rig *rig = *state;
  char path[100];
  uint8_t all[256], back[256];
  const int master = make_port(path, sizeof path);
  const struct oriel_transport_address address = rig_address("serial://%s", path);
  struct oriel_dialer *dialer = rig_dialer(&address);
  assert_int_equal(oriel_dialer_step(dialer, 0, rig->now_ns), ORIEL_STREAM_CONNECTED);
  assert_int_equal(oriel_dialer_receive(dialer, back, 1, rig->now_ns), -EAGAIN);
  for (unsigned i = 0; i < 256; i++)
    all[i] = (uint8_t)i; /* among them interrupt, end of file, XOFF and newline, which a terminal would eat or change */
  assert_int_equal(oriel_dialer_send(dialer, all, 256, rig->now_ns), 256);
  rig_read(master, back, 256);
  assert_memory_equal(back, all, 256);
  assert_int_equal(write(master, all, 256), 256);
  rig_read(oriel_dialer_fd(dialer), back, 256);
  assert_memory_equal(back, all, 256);

  close(master); /* hung up */
  rig_wait(oriel_dialer_fd(dialer), POLLHUP);
  assert_int_equal(oriel_dialer_step(dialer, POLLHUP, rig->now_ns), ORIEL_STREAM_WAITING);
  assert_why(dialer, "the peer closed");
  rig->now_ns += ORIEL_BACKOFF_FIRST_MS * ORIEL_NS_PER_MS;
  assert_int_equal(oriel_dialer_step(dialer, 0, rig->now_ns), ORIEL_STREAM_WAITING);
  assert_int_equal(oriel_dialer_timeout_ms(dialer, rig->now_ns), 2000);
  oriel_dialer_destroy(dialer);
}

/* Sending to and receiving from a port whose far end went away: an error that ends it, no signal, no endless EAGAIN. */
static void serial_far_end_gone(void **state) {
  struct rig *rig = *state;
  for (unsigned sends = 0; sends < 2; sends++) {
    char path[100], byte;
    const int master = make_port(path, sizeof path);
    const struct oriel_transport_address address = rig_address("serial://%s", path);
    struct oriel_dialer *dialer = rig_dialer(&address);
    assert_int_equal(oriel_dialer_step(dialer, 0, rig->now_ns), ORIEL_STREAM_CONNECTED);
    close(master);
    rig_wait(oriel_dialer_fd(dialer), POLLHUP);
    assert_int_equal(
        sends ? oriel_dialer_send(dialer, "x", 1, rig->now_ns) : oriel_dialer_receive(dialer, &byte, 1, rig->now_ns),
        -ECONNRESET);
    assert_int_equal(oriel_dialer_state(dialer), ORIEL_STREAM_WAITING);
    oriel_dialer_destroy(dialer);
  }
}

static void serial_no_device(void **state) {
  struct rig *rig = *state;
  struct oriel_transport_address address = rig_address("serial://%s/none", rig->folder);
  struct oriel_dialer *dialer = rig_dialer(&address);
  assert_int_equal(oriel_dialer_step(dialer, 0, rig->now_ns), ORIEL_STREAM_WAITING);
  assert_why(dialer, "no such");
  oriel_dialer_destroy(dialer);
  /* A FIFO would raise SIGPIPE and a file would swallow everything. */
  address = rig_address("serial://%s/fifo", rig->folder);
  assert_int_equal(mkfifo(address.path, 0600), 0);
  dialer = rig_dialer(&address);
  assert_int_equal(oriel_dialer_step(dialer, 0, rig->now_ns), ORIEL_STREAM_WAITING);
  assert_why(dialer, "not a character device");
  oriel_dialer_destroy(dialer);
  unlink(address.path);
}

/* ---- a virtio-serial port: this one takes the place of libc's and, when told so, says what such a port says while
 * nobody holds the host's end ---- */

static atomic_bool hangs_up;

int poll(struct pollfd *fds, nfds_t count, int timeout_ms) {
  const struct timespec timeout = {.tv_sec = timeout_ms / 1000, .tv_nsec = timeout_ms % 1000 * 1000000L};
  if (!atomic_load(&hangs_up))
    return ppoll(fds, count, timeout_ms < 0 ? NULL : &timeout, NULL);
  for (nfds_t i = 0; i < count; i++)
    fds[i].revents = POLLHUP | (fds[i].events & POLLIN);
  return (int)count;
}

/* It opens, but that is no connection: sound would go nowhere, and write would say EAGAIN for ever. */
static void serial_half_open(void **state) {
  struct rig *rig = *state;
  char path[100];
  const int master = make_port(path, sizeof path);
  const struct oriel_transport_address address = rig_address("serial://%s", path);
  struct oriel_dialer *dialer = rig_dialer(&address);
  atomic_store(&hangs_up, true);
  assert_int_equal(oriel_dialer_step(dialer, 0, rig->now_ns), ORIEL_STREAM_WAITING);
  assert_why(dialer, "nobody has opened the other end");
  assert_int_equal(oriel_dialer_timeout_ms(dialer, rig->now_ns), ORIEL_BACKOFF_FIRST_MS);
  assert_int_equal(oriel_dialer_fd(dialer), -1); /* polling it would return at once, for ever */
  rig->now_ns += ORIEL_BACKOFF_FIRST_MS * ORIEL_NS_PER_MS;
  atomic_store(&hangs_up, false);
  assert_int_equal(oriel_dialer_step(dialer, 0, rig->now_ns), ORIEL_STREAM_CONNECTED);
  /* The host goes away: full buffers first, then the hang-up that poll always reports. */
  uint8_t block[4096] = {0};
  ssize_t sent;
  do
    sent = oriel_dialer_send(dialer, block, sizeof block, rig->now_ns);
  while (sent > 0);
  assert_int_equal(sent, -EAGAIN);
  assert_int_equal(oriel_dialer_state(dialer), ORIEL_STREAM_CONNECTED);
  atomic_store(&hangs_up, true);
  assert_int_equal(oriel_dialer_step(dialer, POLLIN | POLLHUP, rig->now_ns), ORIEL_STREAM_WAITING);
  atomic_store(&hangs_up, false);
  oriel_dialer_destroy(dialer);
  close(master);
}

static void serial_listener_gives_once(void **state) {
  (void)state;
  char path[100], byte;
  const int master = make_port(path, sizeof path);
  const struct oriel_transport_address address = rig_address("serial://%s", path);
  struct oriel_listener *listener = rig_listener(&address);
  const int fd = oriel_listener_accept(listener);
  assert_true(fd >= 0);
  assert_int_equal(oriel_listener_accept(listener), -EAGAIN);
  assert_int_equal(oriel_listener_fd(listener), -1); /* or its owner's poll would spin on the stream's own data */
  assert_int_equal(oriel_stream_send(fd, "x", 1), 1);
  rig_read(master, &byte, 1);
  close(fd);
  oriel_listener_destroy(listener);
  close(master);
}

/* ---- names: these two take the place of libc's ---- */

static sem_t may_answer;
static atomic_uint asked, answered;
static atomic_uint answer_port; /* 0: the name is unknown */

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **list) {
  struct {
    struct addrinfo info[2];
    struct sockaddr_in name[2];
  } * answer;
  (void)host;
  (void)service;
  atomic_fetch_add(&asked, 1);
  while (sem_wait(&may_answer) < 0 && errno == EINTR)
    ;
  const unsigned port = atomic_load(&answer_port);
  answer = port ? calloc(1, sizeof *answer) : NULL;
  if (!answer) {
    atomic_fetch_add(&answered, 1);
    return EAI_NONAME;
  }
  for (unsigned i = 0; i < 2; i++) {
    answer->name[i] = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    answer->name[i].sin_addr.s_addr = htonl(i ? INADDR_LOOPBACK : INADDR_LOOPBACK + 1); /* nobody at 127.0.0.2 */
    answer->info[i] = (struct addrinfo){.ai_family = AF_INET,
                                        .ai_socktype = hints->ai_socktype,
                                        .ai_addr = (struct sockaddr *)&answer->name[i],
                                        .ai_addrlen = sizeof answer->name[i],
                                        .ai_next = i ? NULL : &answer->info[1]};
  }
  *list = &answer->info[0];
  return 0;
}

void freeaddrinfo(struct addrinfo *list) {
  free(list);
  atomic_fetch_add(&answered, 1);
}

/* Threads that nobody waits for must be through before the program ends, or they would look like a leak. */
static void wait_answered(void) {
  const uint64_t until_ns = oriel_clock_ns() + 5 * ORIEL_NS_PER_SECOND;
  while (atomic_load(&answered) < atomic_load(&asked))
    if (oriel_clock_ns() > until_ns)
      fail_msg("a resolver thread does not end");
}

static void name_resolved_elsewhere(void **state) {
  struct rig *rig = *state;
  const struct oriel_transport_address any = rig_address("tcp://127.0.0.1:0");
  struct oriel_listener *listener = rig_listener(&any);
  const struct oriel_transport_address address = rig_address("tcp://studio.lan:%u", oriel_listener_port(listener));
  struct oriel_dialer *dialer = rig_dialer(&address);
  atomic_store(&answer_port, address.port);
  /* The resolver hangs; we do not. */
  assert_int_equal(oriel_dialer_step(dialer, 0, rig->now_ns), ORIEL_STREAM_CONNECTING);
  assert_int_equal(oriel_dialer_events(dialer, true), POLLIN);
  assert_true(oriel_dialer_fd(dialer) >= 0);
  assert_int_equal(oriel_dialer_step(dialer, POLLIN, rig->now_ns), ORIEL_STREAM_CONNECTING);
  sem_post(&may_answer);
  rig_until(rig, dialer, ORIEL_STREAM_CONNECTED); /* by the second of the two addresses */
  close(rig_accept(listener));
  oriel_dialer_destroy(dialer);
  oriel_listener_destroy(listener);
  wait_answered();
}

static void name_unknown(void **state) {
  struct rig *rig = *state;
  const struct oriel_transport_address address = rig_address("tcp://studio.lan:5");
  struct oriel_dialer *dialer = rig_dialer(&address);
  atomic_store(&answer_port, 0);
  sem_post(&may_answer);
  assert_int_equal(oriel_dialer_step(dialer, 0, rig->now_ns) == ORIEL_STREAM_CONNECTED, 0);
  if (oriel_dialer_state(dialer) == ORIEL_STREAM_CONNECTING) {
    rig_wait(oriel_dialer_fd(dialer), POLLIN | POLLHUP);
    assert_int_equal(oriel_dialer_step(dialer, POLLIN, rig->now_ns), ORIEL_STREAM_WAITING);
  }
  assert_why(dialer, "unknown");
  oriel_dialer_destroy(dialer);
  wait_answered();
}

/* A resolver that is stuck for minutes: one thread, however many attempts give up on it; and its owner may go. */
static void name_resolver_stuck(void **state) {
  struct rig *rig = *state;
  const struct oriel_transport_address address = rig_address("tcp://studio.lan:5");
  const unsigned before = atomic_load(&asked);
  struct oriel_dialer *dialer = rig_dialer(&address);
  atomic_store(&answer_port, 5);
  for (unsigned i = 0; i < 5; i++) {
    assert_int_equal(oriel_dialer_step(dialer, 0, rig->now_ns), ORIEL_STREAM_CONNECTING);
    rig->now_ns += ORIEL_CONNECT_TIMEOUT_MS * ORIEL_NS_PER_MS;
    assert_int_equal(oriel_dialer_step(dialer, 0, rig->now_ns), ORIEL_STREAM_WAITING);
    assert_why(dialer, "no answer in time");
    rig->now_ns += ORIEL_BACKOFF_MOST_MS * ORIEL_NS_PER_MS;
  }
  oriel_dialer_destroy(dialer);
  sem_post(&may_answer);
  const uint64_t until_ns = oriel_clock_ns() + 5 * ORIEL_NS_PER_SECOND;
  while (atomic_load(&asked) == before && oriel_clock_ns() < until_ns)
    ;
  wait_answered();
  assert_int_equal(atomic_load(&asked), before + 1);
}

/* A listener is made once and may wait, but not for long. */
static void name_listener_bounded(void **state) {
  (void)state;
  const struct oriel_transport_address address = rig_address("tcp://studio.lan:0");
  struct oriel_listener *listener = NULL;
  char why[200] = "";
  const uint64_t begin_ns = oriel_clock_ns();
  assert_int_equal(oriel_listener_create(&address, &listener, why, sizeof why), -ETIMEDOUT);
  assert_true(oriel_clock_ns() - begin_ns < 4 * ORIEL_NS_PER_SECOND);
  assert_non_null(strstr(why, "resolved in 2 s"));
  assert_non_null(strstr(why, "studio.lan"));
  sem_post(&may_answer);
  wait_answered();
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)
  const struct CMUnitTest tests[] = {
      CASE(mux_handshake),           CASE(mux_answer_cut),    CASE(mux_answer_wrong),
      CASE(mux_answer_late),         CASE(serial_every_byte), CASE(serial_far_end_gone),
      CASE(serial_no_device),        CASE(serial_half_open),  CASE(serial_listener_gives_once),
      CASE(name_resolved_elsewhere), CASE(name_unknown),      CASE(name_resolver_stuck),
      CASE(name_listener_bounded),
  };
  sem_init(&may_answer, 0, 0);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
