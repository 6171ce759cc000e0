/* SPDX-License-Identifier: MIT
 *
 * The dialer over UNIX sockets, TCP and UDP, with a clock that only the test moves.
 */
#include <errno.h>
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
#include "wire/audio.h"

static void assert_why(const struct oriel_dialer *dialer, uint64_t failures, const char *part) {
  const char *why = NULL;
  assert_int_equal(oriel_dialer_failures(dialer, &why), failures);
  if (!strstr(why, part))
    fail_msg("'%s' does not mention '%s'", why, part);
}

static void dialer_backoff(void **state) {
  struct rig *rig = *state;
  static const unsigned waits_ms[] = {1000, 2000, 4000, 8000, 10000, 10000};
  const struct oriel_transport_address address = rig_address("unix://%s/none", rig->folder);
  struct oriel_dialer *dialer = rig_dialer(&address);
  assert_int_equal(oriel_dialer_timeout_ms(dialer, rig->now_ns), 0); /* the first attempt is at once */
  assert_int_equal(oriel_dialer_fd(dialer), -1);
  for (unsigned i = 0; i < 6; i++) {
    assert_int_equal(oriel_dialer_step(dialer, 0, rig->now_ns), ORIEL_STREAM_WAITING);
    assert_why(dialer, i + 1, "no such socket");
    assert_int_equal(oriel_dialer_timeout_ms(dialer, rig->now_ns), (int)waits_ms[i]);
    assert_int_equal(oriel_dialer_events(dialer, true), 0);
    rig->now_ns += waits_ms[i] * ORIEL_NS_PER_MS - 1;
    assert_int_equal(oriel_dialer_timeout_ms(dialer, rig->now_ns), 1); /* rounded up, or the owner would spin */
    oriel_dialer_step(dialer, 0, rig->now_ns);
    assert_why(dialer, i + 1, "no such socket");
    rig->now_ns++;
  }
  oriel_dialer_destroy(dialer);
}

/* One connection whose data are `apart_ms` from each other; then its peer closes. Returns the wait that follows. */
static int life(struct rig *rig, struct oriel_dialer *dialer, struct oriel_listener *listener, unsigned apart_ms) {
  char byte;
  rig->now_ns += 10 * ORIEL_NS_PER_SECOND;
  rig_until(rig, dialer, ORIEL_STREAM_CONNECTED);
  const int fd = rig_accept(listener);
  assert_int_equal(oriel_dialer_send(dialer, "a", 1, rig->now_ns), 1);
  rig->now_ns += apart_ms * ORIEL_NS_PER_MS;
  assert_int_equal(oriel_dialer_send(dialer, "b", 1, rig->now_ns), 1);
  rig_read(fd, &byte, 1);
  rig_read(fd, &byte, 1);
  close(fd);
  rig_wait(oriel_dialer_fd(dialer), POLLIN);
  assert_int_equal(oriel_dialer_receive(dialer, &byte, 1, rig->now_ns), -ECONNRESET);
  assert_int_equal(oriel_dialer_state(dialer), ORIEL_STREAM_WAITING);
  assert_int_equal(oriel_dialer_receive(dialer, &byte, 1, rig->now_ns), -ENOTCONN);
  assert_int_equal(oriel_dialer_send(dialer, "c", 1, rig->now_ns), -ENOTCONN);
  return oriel_dialer_timeout_ms(dialer, rig->now_ns);
}

static void dialer_backoff_starts_over(void **state) {
  struct rig *rig = *state;
  const struct oriel_transport_address address = rig_address("unix://%s/s", rig->folder);
  struct oriel_listener *listener = rig_listener(&address);
  struct oriel_dialer *dialer = rig_dialer(&address);
  assert_int_equal(life(rig, dialer, listener, 999), 1000);
  assert_int_equal(life(rig, dialer, listener, 999), 2000); /* a peer that hangs up again and again */
  assert_int_equal(life(rig, dialer, listener, 0), 4000);
  assert_int_equal(life(rig, dialer, listener, 1000), 1000); /* a second of data was a good connection */
  assert_int_equal(life(rig, dialer, listener, 5000), 1000);
  assert_int_equal(life(rig, dialer, listener, 10), 2000);
  /* Ending it from this side is one more end of the same kind. */
  rig->now_ns += 10 * ORIEL_NS_PER_SECOND;
  rig_until(rig, dialer, ORIEL_STREAM_CONNECTED);
  oriel_dialer_reset(dialer, rig->now_ns);
  assert_int_equal(oriel_dialer_timeout_ms(dialer, rig->now_ns), 4000);
  assert_why(dialer, 7, "this side");
  oriel_dialer_reset(dialer, rig->now_ns + ORIEL_NS_PER_SECOND); /* nothing is left to end */
  assert_int_equal(oriel_dialer_timeout_ms(dialer, rig->now_ns), 4000);
  oriel_dialer_destroy(dialer);
  oriel_listener_destroy(listener);
}

static void dialer_finds_restarted_peer(void **state) {
  struct rig *rig = *state;
  const struct oriel_transport_address address = rig_address("unix://%s/s", rig->folder);
  struct oriel_listener *listener = rig_listener(&address);
  struct oriel_dialer *dialer = rig_dialer(&address);
  life(rig, dialer, listener, 2000);
  oriel_listener_destroy(listener);
  rig->now_ns += ORIEL_NS_PER_SECOND;
  assert_int_equal(oriel_dialer_step(dialer, 0, rig->now_ns), ORIEL_STREAM_WAITING);
  listener = rig_listener(&address);
  assert_int_equal(life(rig, dialer, listener, 2000), 1000);
  oriel_dialer_destroy(dialer);
  oriel_listener_destroy(listener);
}

/* Lesson 29: writing to a peer that is gone is an error and no signal; rig_teardown counts those. */
static void dialer_writes_to_dead_peer(void **state) {
  struct rig *rig = *state;
  struct oriel_transport_address addresses[2];
  rig_addresses(rig, addresses);
  for (unsigned i = 0; i < 2; i++) {
    struct rig_pair pair = rig_pair(rig, addresses[i]);
    assert_int_equal(oriel_dialer_send(pair.dialer, "x", 1, rig->now_ns), 1);
    rig_wait(pair.fd, POLLIN);
    close(pair.fd); /* with a byte unread: TCP answers with a reset */
    pair.fd = -1;
    rig_wait(oriel_dialer_fd(pair.dialer), POLLIN);
    ssize_t sent = 1;
    for (unsigned tries = 0; sent > 0 && tries < 100; tries++)
      sent = oriel_dialer_send(pair.dialer, "x", 1, rig->now_ns);
    assert_int_equal(sent, -ECONNRESET);
    assert_int_equal(oriel_dialer_state(pair.dialer), ORIEL_STREAM_WAITING);
    assert_why(pair.dialer, 1, "the peer closed");
    rig_unpair(&pair);

    /* The same from the accepted side. */
    char byte;
    pair = rig_pair(rig, addresses[i]);
    oriel_dialer_destroy(pair.dialer);
    pair.dialer = NULL;
    rig_wait(pair.fd, POLLIN);
    assert_int_equal(oriel_stream_receive(pair.fd, &byte, 1), -ECONNRESET);
    for (sent = 1; sent > 0;) {
      sent = oriel_stream_send(pair.fd, "x", 1);
      if (sent > 0)
        rig_wait(pair.fd, POLLERR | POLLHUP);
    }
    assert_int_equal(sent, -ECONNRESET);
    rig_unpair(&pair);
  }
}

/* An owner that only sends and steps on what poll says still learns that the peer is gone. */
static void dialer_steps_on_hangup(void **state) {
  struct rig *rig = *state;
  struct rig_pair pair = rig_pair(rig, rig_address("unix://%s/s", rig->folder));
  char words[8];
  assert_int_equal(oriel_dialer_step(pair.dialer, POLLHUP, rig->now_ns), ORIEL_STREAM_CONNECTED); /* stale revents */
  assert_int_equal(oriel_stream_send(pair.fd, "bye", 3), 3);
  close(pair.fd);
  pair.fd = -1;
  rig_wait(oriel_dialer_fd(pair.dialer), POLLHUP);
  assert_int_equal(oriel_dialer_step(pair.dialer, POLLIN | POLLHUP, rig->now_ns),
                   ORIEL_STREAM_CONNECTED); /* last words */
  assert_int_equal(oriel_dialer_receive(pair.dialer, words, sizeof words, rig->now_ns), 3);
  assert_int_equal(oriel_dialer_step(pair.dialer, POLLIN | POLLHUP, rig->now_ns), ORIEL_STREAM_WAITING);
  assert_why(pair.dialer, 1, "the peer closed");
  rig_unpair(&pair);
}

/* A peer that talks to an owner that only sends: its words are dropped, its end is noticed, and poll does not spin. */
static void dialer_only_sends(void **state) {
  struct rig *rig = *state;
  struct rig_pair pair = rig_pair(rig, rig_address("tcp://127.0.0.1:0"));
  char words[8];
  /* Whoever receives loses nothing, in whatever pieces it comes. */
  for (unsigned i = 0; i < 3; i++) {
    assert_int_equal(oriel_stream_send(pair.fd, "word", 4), 4);
    rig_wait(oriel_dialer_fd(pair.dialer), POLLIN);
    assert_int_equal(oriel_dialer_step(pair.dialer, POLLIN, rig->now_ns), ORIEL_STREAM_CONNECTED);
    assert_int_equal(oriel_dialer_receive(pair.dialer, words, sizeof words, rig->now_ns), 4);
  }
  assert_int_equal(oriel_stream_send(pair.fd, "word", 4), 4);
  rig_wait(oriel_dialer_fd(pair.dialer), POLLIN);
  oriel_dialer_step(pair.dialer, POLLIN, rig->now_ns);
  assert_int_equal(oriel_dialer_step(pair.dialer, POLLIN, rig->now_ns), ORIEL_STREAM_CONNECTED);
  struct pollfd poller = {.fd = oriel_dialer_fd(pair.dialer), .events = POLLIN};
  assert_int_equal(poll(&poller, 1, 0), 0);
  assert_int_equal(shutdown(pair.fd, SHUT_WR), 0); /* half open: TCP's poll says POLLIN and no POLLHUP */
  rig_wait(oriel_dialer_fd(pair.dialer), POLLIN);
  oriel_dialer_step(pair.dialer, POLLIN, rig->now_ns);
  assert_int_equal(oriel_dialer_step(pair.dialer, POLLIN, rig->now_ns), ORIEL_STREAM_WAITING);
  assert_why(pair.dialer, 1, "the peer closed");
  rig_unpair(&pair);
}

/* A peer whose queue is full neither refuses nor answers: the attempt ends by the clock, and the next
 * one goes through. */
static void dialer_silent_peer(void **state) {
  struct rig *rig = *state;
  struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  const int server = socket(AF_INET, SOCK_STREAM, 0);
  assert_int_equal(bind(server, (struct sockaddr *)&name, sizeof name), 0);
  assert_int_equal(listen(server, 0), 0);
  const struct oriel_transport_address address = rig_address("tcp://127.0.0.1:%u", oriel_inet_port(server));
  struct oriel_dialer *fill[4];
  for (unsigned i = 0; i < 4; i++) {
    fill[i] = rig_dialer(&address);
    oriel_dialer_step(fill[i], 0, rig->now_ns);
  }
  struct oriel_dialer *dialer = rig_dialer(&address);
  assert_int_equal(oriel_dialer_step(dialer, 0, rig->now_ns), ORIEL_STREAM_CONNECTING);
  assert_int_equal(oriel_dialer_events(dialer, true), POLLOUT);
  assert_int_equal(oriel_dialer_timeout_ms(dialer, rig->now_ns), ORIEL_CONNECT_TIMEOUT_MS);
  rig->now_ns += ORIEL_CONNECT_TIMEOUT_MS * ORIEL_NS_PER_MS - 1;
  /* An event that poll never reported is not believed. */
  assert_int_equal(oriel_dialer_step(dialer, POLLOUT, rig->now_ns), ORIEL_STREAM_CONNECTING);
  assert_int_equal(oriel_dialer_step(dialer, 0, rig->now_ns + 1), ORIEL_STREAM_WAITING);
  assert_why(dialer, 1, "no answer in time");
  oriel_dialer_destroy(dialer);
  for (unsigned i = 0; i < 4; i++)
    oriel_dialer_destroy(fill[i]);
  close(server);
}

/* A port that is bound and not listened at: nobody else can come to listen there meanwhile. */
static void dialer_refused(void **state) {
  struct rig *rig = *state;
  struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  const int holder = socket(AF_INET, SOCK_STREAM, 0);
  assert_int_equal(bind(holder, (struct sockaddr *)&name, sizeof name), 0);
  const struct oriel_transport_address address = rig_address("tcp://127.0.0.1:%u", oriel_inet_port(holder));
  struct oriel_dialer *dialer = rig_dialer(&address);
  while (oriel_dialer_step(dialer, 0, rig->now_ns) == ORIEL_STREAM_CONNECTING)
    rig_wait(oriel_dialer_fd(dialer), POLLOUT);
  assert_why(dialer, 1, "nobody listens");
  oriel_dialer_destroy(dialer);
  close(holder);
}

/* "localhost" is both loopbacks: whichever the peer listens at is found within one attempt. */
static void dialer_tries_both_loopbacks(void **state) {
  struct rig *rig = *state;
  struct oriel_transport_address address = rig_address("tcp://[::1]:0");
  struct oriel_listener *listener = NULL;
  char why[200];
  if (oriel_listener_create(&address, &listener, why, sizeof why) < 0)
    skip(); /* no IPv6 on this machine */
  const struct oriel_transport_address by_name = rig_address("tcp://localhost:%u", oriel_listener_port(listener));
  struct oriel_dialer *dialer = rig_dialer(&by_name);
  rig_until(rig, dialer, ORIEL_STREAM_CONNECTED);
  close(rig_accept(listener));
  oriel_dialer_destroy(dialer);
  oriel_listener_destroy(listener);
}

/* A free port of this machine can be met by a connection that picked it as its own. */
static void dialer_own_echo(void **state) {
  (void)state;
  struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof name;
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  assert_int_equal(bind(fd, (struct sockaddr *)&name, size), 0);
  assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &size), 0);
  assert_int_equal(connect(fd, (struct sockaddr *)&name, size), 0);
  assert_true(oriel_inet_is_own_echo(fd));
  assert_int_equal(oriel_transport_tcp.check(fd), -ECONNREFUSED);
  close(fd);
}

/* A peer that does not read costs no more than a socket's buffer, and loses nothing once it reads. */
static void dialer_peer_stops_reading(void **state) {
  struct rig *rig = *state;
  struct oriel_transport_address addresses[2];
  rig_addresses(rig, addresses);
  for (unsigned i = 0; i < 2; i++) {
    struct rig_pair pair = rig_pair(rig, addresses[i]);
    /* More than any buffer takes, so that writes are short. */
    static uint8_t all[16 * 1024 * 1024], block[4099];
    size_t sent = 0, read = 0;
    ssize_t result;
    for (size_t j = 0; j < sizeof all; j++)
      all[j] = (uint8_t)(j % 251);
    while ((result = oriel_dialer_send(pair.dialer, all + sent, sizeof all - sent, rig->now_ns)) > 0) {
      sent += (size_t)result;
      assert_true(sent < sizeof all);
    }
    assert_true(sent > 0);
    assert_int_equal(result, -EAGAIN);
    assert_int_equal(oriel_dialer_state(pair.dialer), ORIEL_STREAM_CONNECTED);
    assert_int_equal(oriel_dialer_events(pair.dialer, true), POLLIN | POLLOUT);
    assert_int_equal(oriel_dialer_events(pair.dialer, false), POLLIN);
    assert_true(i > 0 || sent < 4 * ORIEL_TRANSPORT_SEND_BUFFER);
    while (read < sent) {
      rig_wait(pair.fd, POLLIN);
      const ssize_t got = oriel_stream_receive(pair.fd, block, sizeof block);
      assert_true(got > 0);
      for (ssize_t j = 0; j < got; j++)
        assert_int_equal(block[j], (uint8_t)((read + (size_t)j) % 251));
      read += (size_t)got;
    }
    rig_wait(oriel_dialer_fd(pair.dialer), POLLOUT);
    assert_int_equal(oriel_dialer_send(pair.dialer, block, 1, rig->now_ns), 1);
    rig_unpair(&pair);
  }
}

/* Lesson 33: a peer that goes away behind each byte of two packets: whole ones are heard, the rest is not. */
static void dialer_peer_closes_at_every_byte(void **state) {
  struct rig *rig = *state;
  const uint8_t stream[] = {0, 3, 'a', 'b', 'c', 0, 2, 'd', 'e'};
  const struct oriel_transport_address address = rig_address("unix://%s/s", rig->folder);
  struct oriel_listener *listener = rig_listener(&address);
  struct oriel_dialer *dialer = rig_dialer(&address);
  for (size_t cut = 0; cut <= sizeof stream; cut++) {
    struct oriel_audio_framer framer = {.have = 0};
    uint8_t bytes[4];
    unsigned packets = 0;
    ssize_t got;
    rig->now_ns += ORIEL_BACKOFF_MOST_MS * ORIEL_NS_PER_MS;
    rig_until(rig, dialer, ORIEL_STREAM_CONNECTED);
    const int fd = rig_accept(listener);
    if (cut)
      assert_int_equal(oriel_stream_send(fd, stream, cut), (ssize_t)cut);
    close(fd);
    while ((got = oriel_dialer_receive(dialer, bytes, sizeof bytes, rig->now_ns)) != -ECONNRESET) {
      const uint8_t *data = bytes, *packet;
      size_t left = got > 0 ? (size_t)got : 0, size;
      assert_true(got > 0);
      while (oriel_audio_framer_next(&framer, &data, &left, &packet, &size) == 1)
        assert_int_equal(size, packets++ ? 2 : 3);
    }
    assert_int_equal(packets, (cut >= 5) + (cut >= 9));
    assert_int_equal(oriel_audio_framer_is_inside(&framer), cut != 0 && cut != 5 && cut != 9);
    assert_int_equal(oriel_dialer_state(dialer), ORIEL_STREAM_WAITING);
  }
  oriel_dialer_destroy(dialer);
  oriel_listener_destroy(listener);
}

/* Over UDP nobody needs to be there; who comes later hears the next datagram. */
static void dialer_udp(void **state) {
  struct rig *rig = *state;
  static uint8_t huge[70000];
  struct oriel_transport_address address = rig_address("udp://127.0.0.1:0");
  struct oriel_listener *listener = rig_listener(&address);
  address.port = oriel_listener_port(listener);
  oriel_listener_destroy(listener);
  struct oriel_dialer *dialer = rig_dialer(&address);
  assert_int_equal(oriel_dialer_step(dialer, 0, rig->now_ns), ORIEL_STREAM_CONNECTED);
  for (unsigned i = 0; i < 20; i++) {
    const ssize_t sent = oriel_dialer_send(dialer, "nobody", 6, rig->now_ns);
    assert_true(sent == 6 || sent == -EAGAIN);
    assert_int_equal(oriel_dialer_step(dialer, POLLERR, rig->now_ns), ORIEL_STREAM_CONNECTED);
  }
  assert_int_equal(oriel_dialer_send(dialer, huge, sizeof huge, rig->now_ns), -EMSGSIZE);
  assert_int_equal(oriel_dialer_state(dialer), ORIEL_STREAM_CONNECTED);
  listener = rig_listener(&address);
  ssize_t sent = oriel_dialer_send(dialer, "hello", 5, rig->now_ns);
  if (sent == -EAGAIN) /* the last refusal was still on its way */
    sent = oriel_dialer_send(dialer, "hello", 5, rig->now_ns);
  assert_int_equal(sent, 5);
  const int fd = rig_accept(listener);
  char words[16];
  assert_int_equal(oriel_stream_receive(fd, words, sizeof words), 5);
  assert_memory_equal(words, "hello", 5);
  close(fd);
  oriel_dialer_destroy(dialer);
  oriel_listener_destroy(listener);
}

static void dialer_impossible(void **state) {
  (void)state;
  struct oriel_transport_address address = rig_address("shm://x");
  struct oriel_dialer *dialer = NULL;
  assert_int_equal(oriel_dialer_create(&address, &dialer), -EINVAL);
  address = rig_address("tcp://127.0.0.1:0");
  assert_int_equal(oriel_dialer_create(&address, &dialer), -EINVAL);
  address = rig_address("vsock://any:5000");
  assert_int_equal(oriel_dialer_create(&address, &dialer), -EINVAL);
  address = rig_address("unix:///x");
  memset(address.path, 'a', 200);
  assert_int_equal(oriel_dialer_create(&address, &dialer), -ENAMETOOLONG);
  assert_null(dialer);
  oriel_dialer_destroy(NULL);
  oriel_listener_destroy(NULL);
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)
  const struct CMUnitTest tests[] = {
      CASE(dialer_backoff),
      CASE(dialer_backoff_starts_over),
      CASE(dialer_finds_restarted_peer),
      CASE(dialer_writes_to_dead_peer),
      CASE(dialer_steps_on_hangup),
      CASE(dialer_only_sends),
      CASE(dialer_silent_peer),
      CASE(dialer_refused),
      CASE(dialer_tries_both_loopbacks),
      CASE(dialer_own_echo),
      CASE(dialer_peer_stops_reading),
      CASE(dialer_peer_closes_at_every_byte),
      CASE(dialer_udp),
      CASE(dialer_impossible),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
