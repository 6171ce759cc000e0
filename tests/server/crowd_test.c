/* SPDX-License-Identifier: MIT
 *
 * Many clients at once: who gives way to whom, descriptors that run out, and clients that ask faster than they are
 * answered while others watch.
 */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "rig.h"
#include "server/state.h"
#include "wire/viewer.h"

static struct answer answer;
static struct frame frame;

static int setup(void **state) {
  struct rig *rig = calloc(1, sizeof *rig);
  rig->address = "pattern:?size=320x240&scene=motion&fps=30";
  rig_start(rig);
  *state = rig;
  return 0;
}

static bool nobody(const struct oriel_server_stats *stats) {
  return stats->connections_now == 0 && stats->viewers_now == 0;
}

static int ask_idle(const struct rig *rig, uint32_t host, const char *headers) {
  int fd = dial_from(rig, host, 0);
  send_text(fd, "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n%s\r\n", rig->port, headers);
  read_answer(fd, &answer);
  return fd;
}

static bool is_closed(int fd) {
  char byte;
  return recv(fd, &byte, 1, 0) == 0;
}

/* One address may hold 64 connections; others, and those that show a credential, still get through. */
static void connections_per_address(void **state) {
  struct rig *rig = *state;
  int fds[64];
  assert_true(rig_until(rig, nobody, 10000));
  for (int i = 0; i < 64; i++) { /* each has shown its credential, so that none gives way */
    fds[i] = dial(rig);
    send_text(fds[i], "GET /api/v1/desktop HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n" RIG_BEARER "\r\n", rig->port);
    read_answer(fds[i], &answer);
    assert_int_equal(answer.status, 200);
  }
  assert_int_equal(ask(rig, &answer, "GET /healthz", "", NULL), 0);
  close(ask_idle(rig, INADDR_LOOPBACK + 1, ""));
  assert_int_equal(answer.status, 200);
  for (int i = 0; i < 64; i++)
    close(fds[i]);
  assert_true(rig_until(rig, nobody, 10000));
  assert_int_equal(ask(rig, &answer, "GET /healthz", "", NULL), 200);
}

/* 512 connections that are kept alive by a request now and then, from eight addresses: who has waited longest gives
 * way, for a newcomer from a ninth as for one of its own. */
static void connections_idle_give_way(void **state) {
  struct rig *rig = *state;
  enum { HOSTS = 8, EACH = 64 };
  static int fds[HOSTS][EACH];
  struct rlimit limit;
  struct oriel_server_stats before, after;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
  assert_true(rig_until(rig, nobody, 10000));
  rig_server_stats(rig, &before);
  for (unsigned host = 0; host < HOSTS; host++) {
    for (unsigned i = 0; i < EACH; i++) {
      fds[host][i] = ask_idle(rig, INADDR_LOOPBACK + 1 + host, "");
      assert_int_equal(answer.status, 200);
    }
  }
  rig_server_stats(rig, &after);
  assert_int_equal(after.connections_now, HOSTS * EACH);
  assert_int_equal(after.connections_evicted, before.connections_evicted);
  int newcomer = ask_idle(rig, INADDR_LOOPBACK, "");
  assert_int_equal(answer.status, 200);
  assert_true(is_closed(fds[0][0]));
  int another = ask_idle(rig, INADDR_LOOPBACK + 3, ""); /* the address of row 2 */
  assert_int_equal(answer.status, 200);
  assert_true(is_closed(fds[2][0]));
  rig_server_stats(rig, &after);
  assert_int_equal(after.connections_evicted, before.connections_evicted + 2);
  assert_int_equal(after.connections_refused, before.connections_refused);
  close(newcomer);
  close(another);
  for (unsigned host = 0; host < HOSTS; host++)
    for (unsigned i = 0; i < EACH; i++)
      close(fds[host][i]);
  assert_true(rig_until(rig, nobody, 10000));
}

/* Out of descriptors while nobody is connected: as soon as there are some again, whoever waits is served. */
static void descriptors_gone_for_a_moment(void **state) {
  struct rig *rig = *state;
  enum { CLIENTS = 40 };
  struct rlimit all, few;
  int fds[CLIENTS], spare = dup(0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(rig->port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  assert_true(rig_until(rig, nobody, 10000));
  for (int i = 0; i < CLIENTS; i++)
    fds[i] = socket(AF_INET, SOCK_STREAM, 0);
  close(spare); /* the lowest that is free: no number is below the limit */
  getrlimit(RLIMIT_NOFILE, &all);
  few = all;
  few.rlim_cur = (rlim_t)spare;
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
  for (int i = 0; i < CLIENTS; i++) {
    const struct timeval patience = {.tv_sec = 10};
    setsockopt(fds[i], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(fds[i], (struct sockaddr *)&address, sizeof address), 0);
    send_text(fds[i], "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nConnection: close\r\n\r\n", rig->port);
  }
  struct oriel_server_stats stats;
  for (int i = 0; i < 3; i++) /* it turns on meanwhile */
    rig_server_stats(rig, &stats);
  assert_int_equal(stats.connections_now, 0);
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &all), 0);
  const uint64_t free_ms = rig_ms();
  for (int i = 0; i < CLIENTS; i++) {
    read_answer(fds[i], &answer);
    assert_int_equal(answer.status, 200);
    close(fds[i]);
  }
  assert_in_range(rig_ms() - free_ms, 0, 1000);
  assert_true(rig_until(rig, nobody, 10000));
}

/* ---- a flood ---- */

enum { FLOODERS = 48, DEPTH = 64 };

/** Most requests that were answered in one turn of the loop, and turns. */
struct turns {
  uv_prepare_t prepare;
  struct rig *rig;
  uint64_t requests, most, count;
};

static struct {
  struct rig *rig;
  atomic_bool over;
} flood;

/** Keeps one connection's queue of requests full, and reads what comes. */
static void flooder(void *user) {
  static const char request[] = "GET /healthz HTTP/1.1\r\nHost: localhost:%u\r\n\r\n";
  char text[DEPTH * 64], waste[1 << 16];
  size_t size = 0;
  int fd = dial(flood.rig);
  (void)user;
  for (int i = 0; i < DEPTH; i++)
    size += (size_t)snprintf(text + size, sizeof text - size, request, flood.rig->port);
  while (!atomic_load(&flood.over)) {
    if (send(fd, text, size, MSG_NOSIGNAL | MSG_DONTWAIT) == 0 || recv(fd, waste, sizeof waste, 0) <= 0)
      break;
  }
  close(fd);
}

static void begin_flood(struct rig *rig, uv_thread_t *threads) {
  flood.rig = rig;
  atomic_store(&flood.over, false);
  for (int i = 0; i < FLOODERS; i++)
    assert_int_equal(uv_thread_create(&threads[i], flooder, NULL), 0);
}

static void end_flood(uv_thread_t *threads) {
  atomic_store(&flood.over, true);
  for (int i = 0; i < FLOODERS; i++)
    uv_thread_join(&threads[i]);
}

static void on_prepare(uv_prepare_t *prepare) {
  struct turns *turns = prepare->data;
  struct oriel_server_stats stats;
  oriel_server_stats(turns->rig->server, &stats);
  if (turns->count++ && stats.requests - turns->requests > turns->most)
    turns->most = stats.requests - turns->requests;
  turns->requests = stats.requests;
}

static void begin_turns(struct rig *rig, void *argument) {
  struct turns *turns = argument;
  turns->rig = rig;
  turns->prepare.data = turns;
  uv_prepare_init(&rig->loop, &turns->prepare);
  uv_prepare_start(&turns->prepare, on_prepare);
}

static void end_turns(struct rig *rig, void *argument) {
  struct turns *turns = argument;
  (void)rig;
  uv_close((uv_handle_t *)&turns->prepare, NULL);
}

/* 48 connections keep 64 requests each in the queue. Between any two turns of the loop only some are answered, so that
 * pictures, timers and signals are not held up; and none of the flooders is forgotten over the others. */
static void flood_leaves_the_loop_its_turns(void **state) {
  struct rig *rig = *state;
  enum { PICTURES = 20 };
  static struct turns turns;
  struct oriel_server_stats before, after;
  uv_thread_t threads[FLOODERS];
  assert_true(rig_until(rig, nobody, 10000));
  int viewer = ws_join(rig, true);
  begin_flood(rig, threads);
  rig_call(rig, begin_turns, &turns);
  rig_server_stats(rig, &before);
  for (int pictures = 0; pictures < PICTURES;) {
    assert_true(ws_read(viewer, &frame) >= 0);
    pictures += ws_attend(viewer, &frame);
  }
  rig_server_stats(rig, &after);
  rig_call(rig, end_turns, &turns);
  print_message("%llu turns, %llu requests, at most %llu in one, %llu deferred\n", (unsigned long long)turns.count,
                (unsigned long long)(after.requests - before.requests), (unsigned long long)turns.most,
                (unsigned long long)(after.requests_deferred - before.requests_deferred));
  assert_true(after.requests - before.requests > PICTURES * FLOODERS); /* it was one */
  assert_in_range(turns.most, 1, 32 + 16); /* REQUESTS_PER_TURN and RESUMES_PER_TURN of http.c */
  end_flood(threads);
  close(viewer);
}

/* The timers that end the server run, too. */
static void flood_does_not_hold_the_end(void **state) {
  struct rig own = {.address = NULL};
  struct oriel_server_stats stats;
  uv_thread_t threads[FLOODERS];
  (void)state;
  rig_start(&own);
  begin_flood(&own, threads);
  do
    rig_server_stats(&own, &stats);
  while (stats.requests < 10 * FLOODERS);
  rig_stop(&own);
  end_flood(threads);
}

int main(int argc, char **argv) {
  if (argc > 1)
    cmocka_set_test_filter(argv[1]);
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(connections_per_address),
    cmocka_unit_test(connections_idle_give_way),
    cmocka_unit_test(descriptors_gone_for_a_moment),
    cmocka_unit_test(flood_leaves_the_loop_its_turns),
    cmocka_unit_test(flood_does_not_hold_the_end),
  };
  return cmocka_run_group_tests(tests, setup, rig_teardown);
}
