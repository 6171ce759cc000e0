/* SPDX-License-Identifier: MIT
 *
 * What the kernel says of a connection: real TCP on the loopback device.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"
#include "server/path.h"

struct pair {
  int host, viewer;
};

static void begin(struct pair *pair) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  int listening = socket(AF_INET, SOCK_STREAM, 0);
  assert_int_equal(bind(listening, (struct sockaddr *)&address, sizeof address), 0);
  assert_int_equal(listen(listening, 1), 0);
  assert_int_equal(getsockname(listening, (struct sockaddr *)&address, &size), 0);
  pair->viewer = socket(AF_INET, SOCK_STREAM, 0);
  const int small = 16 * 1024;
  assert_int_equal(setsockopt(pair->viewer, SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
  assert_int_equal(connect(pair->viewer, (struct sockaddr *)&address, sizeof address), 0);
  pair->host = accept(listening, NULL, NULL);
  assert_true(pair->host >= 0);
  assert_int_equal(fcntl(pair->host, F_SETFL, O_NONBLOCK), 0);
  close(listening);
}

static void end(struct pair *pair) {
  close(pair->host);
  close(pair->viewer);
}

static void exchange(struct pair *pair, int times) {
  char data[1024] = {0};
  for (int i = 0; i < times; i++) {
    assert_int_equal(send(pair->host, data, sizeof data, 0), sizeof data);
    assert_int_equal(recv(pair->viewer, data, sizeof data, MSG_WAITALL), sizeof data);
    assert_int_equal(send(pair->viewer, data, 1, 0), 1);
    while (recv(pair->host, data, 1, 0) < 0)
      assert_int_equal(errno, EAGAIN);
  }
}

static void quick_reader_has_nothing_to_claim(void **state) {
  (void)state;
  struct pair pair;
  struct oriel_path path = {0};
  begin(&pair);
  exchange(&pair, 50);
  assert_in_range(oriel_path_excess_us(&path, pair.host), 0, 29999);
  assert_true(path.least_us > 0);
  end(&pair);
}

static void sleeping_reader_is_seen(void **state) {
  (void)state;
  struct pair pair;
  struct oriel_path path = {0};
  static const char data[64 * 1024];
  begin(&pair);
  exchange(&pair, 5);
  while (send(pair.host, data, sizeof data, 0) > 0)
    ;
  assert_int_equal(errno, EAGAIN);
  /* What can't leave is more than what the reader took in one round trip. */
  assert_true(oriel_path_excess_us(&path, pair.host) > path.least_us);
  end(&pair);
}

static void others_tell_nothing(void **state) {
  (void)state;
  struct oriel_path path = {0};
  int pair[2];
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  assert_true(oriel_path_excess_us(&path, pair[0]) == INT64_MAX);
  assert_true(oriel_path_excess_us(&path, -1) == INT64_MAX);
  close(pair[0]);
  close(pair[1]);
}

static void view_ends_at_tunnels_and_proxies(void **state) {
  (void)state;
  static const char *const trusted[] = {"192.0.2.7", NULL};
  static const struct {
    const char *address;
    bool reaches;
  } cases[] = {{"192.0.2.6", true}, {"192.0.2.7", false}, {"127.0.0.1", false}, {"127.8.8.8", false}};
  struct oriel_proxies proxies;
  assert_int_equal(oriel_proxies_init(&proxies, trusted), 0);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    assert_int_equal(inet_pton(AF_INET, cases[i].address, &address.sin_addr), 1);
    assert_int_equal(oriel_path_reaches((const struct sockaddr *)&address, &proxies), cases[i].reaches);
  }
  struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
  assert_false(oriel_path_reaches((const struct sockaddr *)&address, &proxies));
  oriel_proxies_finish(&proxies);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(quick_reader_has_nothing_to_claim),
    cmocka_unit_test(sleeping_reader_is_seen),
    cmocka_unit_test(others_tell_nothing),
    cmocka_unit_test(view_ends_at_tunnels_and_proxies),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
