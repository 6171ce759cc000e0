/* SPDX-License-Identifier: MIT
 *
 * What HTTP requests get: malformed and oversized ones, assets, numbers, snapshots, connections. Over real sockets.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/clock.h"
#include "rig.h"
#include "server/state.h"

static struct answer answer;

static int setup(void **state) {
  struct rig *rig = calloc(1, sizeof *rig);
  rig->address = "pattern:?size=320x240&scene=static";
  rig->config.auth_fail_limit = 1000;
  rig_start(rig);
  *state = rig;
  return 0;
}

/** One answer to raw bytes; asserts that no second one hides behind it, and that the connection ends. */
static int ask_raw(const struct rig *rig, const char *bytes, size_t size) {
  int fd = dial(rig);
  assert_int_equal(send(fd, bytes, size, MSG_NOSIGNAL), size);
  read_answer(fd, &answer);
  char more[256];
  assert_int_equal(recv(fd, more, sizeof more, 0), 0);
  close(fd);
  assert_null(strstr(answer.body, "HTTP/1.1 "));
  return answer.status;
}

/* What two readers of the same bytes could cut into different requests: refused, with all our headers, and closed. */
static void body_of_two_lengths_is_refused(void **state) {
  struct rig *rig = *state;
  static const struct {
    const char *version, *headers;
    int status;
  } cases[] = {
    {"1.1", "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", 400},
    {"1.1", "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n", 400},
    {"1.1", "Content-Length: 2\r\nContent-Length: 2\r\n", 400},
    {"1.1", "Content-Length: 2\r\ncontent-length: 7\r\n", 400},
    {"1.1", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400},
    {"1.1", "Transfer-Encoding: chunked\r\n", 501},
    {"1.1", "Transfer-Encoding: gzip, chunked\r\n", 501},
    {"1.1", "Transfer-Encoding: identity\r\n", 501},
    {"1.0", "Transfer-Encoding: chunked\r\n", 501},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char text[512], value[32];
    int size = snprintf(text, sizeof text, "POST /session HTTP/%s\r\nHost: 127.0.0.1:%u\r\n%s\r\n2\r\n{}\r\n0\r\n\r\n",
                        cases[i].version, rig->port, cases[i].headers);
    assert_int_equal(i * 1000 + (size_t)ask_raw(rig, text, (size_t)size), i * 1000 + (size_t)cases[i].status);
    assert_string_equal(header_of(&answer, "Connection", value, sizeof value), "close");
    assert_string_equal(header_of(&answer, "X-Content-Type-Options", value, sizeof value), "nosniff");
  }
}

/* Zero bytes end libmicrohttpd's texts, and it is lenient with lines; here a head is what it looks like or nothing. */
static void head_of_two_readings_is_refused(void **state) {
  struct rig *rig = *state;
#define CASE(line, fields) {line fields, sizeof line fields - 1}
#define HOST "Host: @\r\n"
  static const struct {
    const char *bytes; /* '@' stands for our host */
    size_t size;
  } cases[] = {
    CASE("GET /healthz HTTP/1.1\r\n", "Host: @\0.evil.example\r\n"),
    CASE("GET /healthz HTTP/1.1\r\n", "Host: @\0\r\n"),
    CASE("GET /healthz\0/secret HTTP/1.1\r\n", HOST),
    CASE("GET /healthz\0?x HTTP/1.1\r\n", HOST),
    CASE("GET /healthz?x\0y HTTP/1.1\r\n", HOST),
    CASE("GET\0X /healthz HTTP/1.1\r\n", HOST),
    CASE("GET  /healthz HTTP/1.1\r\n", HOST),
    CASE("GET /healthz x HTTP/1.1\r\n", HOST),
    CASE("GET /healthz HTTP/1.1\r\n", HOST "X: y\0z\r\n"),
    CASE("GET /healthz HTTP/1.1\r\n", HOST "X:\0 y\r\n"),
    CASE("GET /healthz HTTP/1.1\r\n", HOST "\0X: y\r\n"),
    CASE("GET /healthz HTTP/1.1\r\n", HOST "X: y\nZ: a\r\n"),
    CASE("GET /healthz HTTP/1.1\r\n", HOST "X: y\rZ: a\r\n"),
    CASE("GET /healthz HTTP/1.1\r\n", HOST "X: y\r\n z\r\n"),
    CASE("GET /healthz HTTP/1.1\r\n", "Host:\r\n @\r\n"),
    CASE("GET /healthz HTTP/1.1\r\n", HOST "Content-Length : 5\r\n"),
    CASE("GET /healthz HTTP/1.1\r\n", ""),
    CASE("GET / HTTP/1.0\r\n", ""),
    CASE("GET /healthz HTTP/1.1\r\n", HOST HOST),
  };
#undef HOST
#undef CASE
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char text[512], value[32];
    size_t size = 0;
    for (size_t at = 0; at < cases[i].size; at++) {
      if (cases[i].bytes[at] == '@')
        size += (size_t)snprintf(text + size, sizeof text - size, "127.0.0.1:%u", rig->port);
      else
        text[size++] = cases[i].bytes[at];
    }
    memcpy(text + size, "\r\n", 2);
    assert_int_equal(i * 1000 + (size_t)ask_raw(rig, text, size + 2), i * 1000 + 400);
    assert_string_equal(header_of(&answer, "Connection", value, sizeof value), "close");
    assert_string_equal(header_of(&answer, "X-Content-Type-Options", value, sizeof value), "nosniff");
  }
  /* And what is only unusual passes. */
  assert_int_equal(ask(rig, &answer, "GET /healthz?a=b&c&&d=%00+e?", "X:\r\nY: \r\nZ:\t a\tb\r\n", NULL), 200);
}

/* What libmicrohttpd answers before any of our code runs (docs/security.md): at least it closes, and repeats nothing of
 * the request. */
static void refusals_of_the_library_close(void **state) {
  struct rig *rig = *state;
  static const struct {
    const char *line, *headers;
    int status;
  } cases[] = {
    {"GET /healthz HTTP/2.0", "", 505},
    {"GET /healthz", "", 400},
    {"GET /healthz HTTP/1.1", "mirrored\r\n", 400},
    {"POST /session HTTP/1.1", "Content-Length: mirrored\r\n", 400},
    {"POST /session HTTP/1.1", "Content-Length: 99999999999999999999\r\n", 413},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    int fd = dial(rig);
    char value[32];
    send_text(fd, "%s\r\nHost: 127.0.0.1:%u\r\n%s\r\n", cases[i].line, rig->port, cases[i].headers);
    read_answer(fd, &answer);
    close(fd);
    assert_int_equal(i * 1000 + (size_t)answer.status, i * 1000 + (size_t)cases[i].status);
    assert_string_equal(header_of(&answer, "Connection", value, sizeof value), "close");
    assert_null(strstr(answer.text, "mirrored"));
  }
}

/* A person with a browser reads a sentence; programs, and our page's own requests, get JSON. */
static void refusal_is_readable(void **state) {
  struct rig *rig = *state;
  char value[64];
  static const char browser[] = "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n";
  char headers[256];
  snprintf(headers, sizeof headers, "Host: other.example\r\n%s", browser);
  assert_int_equal(ask(rig, &answer, "GET /", headers, NULL), 403);
  assert_string_equal(header_of(&answer, "Content-Type", value, sizeof value), "text/html; charset=utf-8");
  assert_non_null(strstr(answer.body, "<p>No server is called other.example here"));
  assert_string_equal(header_of(&answer, "X-Content-Type-Options", value, sizeof value), "nosniff");
  snprintf(headers, sizeof headers, "Host: <b>\"'&\r\n%s", browser);
  assert_int_equal(ask(rig, &answer, "GET /", headers, NULL), 403);
  assert_non_null(strstr(answer.body, "<p>No server is called ?b???? here")); /* nothing that came is markup */
  assert_int_equal(ask(rig, &answer, "GET /nothing", browser, NULL), 404);
  assert_non_null(strstr(answer.body, "<p>There is nothing at this path.\n"));
  assert_int_equal(ask(rig, &answer, "GET /snapshot.png", browser, NULL), 401);
  assert_string_equal(header_of(&answer, "WWW-Authenticate", value, sizeof value), "Bearer");
  assert_int_equal(ask(rig, &answer, "GET /", "Host: other.example\r\nAccept: */*\r\n", NULL), 403);
  assert_string_equal(header_of(&answer, "Content-Type", value, sizeof value), "application/json");
  assert_int_equal(strncmp(answer.body, "{\"error\":\"", 10), 0);
}

static void asset_revalidates(void **state) {
  struct rig *rig = *state;
  char value[64];
  assert_int_equal(ask(rig, &answer, "GET /", "", NULL), 200);
  assert_string_equal(answer.body, "<!doctype html>");
  assert_string_equal(header_of(&answer, "ETag", value, sizeof value), "\"page\"");
  assert_string_equal(header_of(&answer, "Cache-Control", value, sizeof value), "no-cache");
  assert_int_equal(ask(rig, &answer, "GET /", "If-None-Match: \"old\", W/\"page\"\r\n", NULL), 304);
  assert_int_equal(answer.size, 0);
  assert_int_equal(ask(rig, &answer, "GET /", "If-None-Match: \"old\"\r\n", NULL), 200);
}

/* The library takes "2\\n", "2;\\n" and more for the size of a chunk, where a proxy before it may see another. */
static void body_in_chunks_is_refused(void **state) {
  struct rig *rig = *state;
  static const char *const bodies[] = {"2\r\n{}\r\n0\r\n\r\n", "2\n{}\n0\n\n", "2;\nxx\r\n0\r\n\r\n", "zz\r\n", ""};
  char value[32];
  for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
    int fd = dial(rig);
    send_text(fd, "POST /session HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nTransfer-Encoding: chunked\r\n\r\n%s", rig->port,
              bodies[i]);
    read_answer(fd, &answer);
    assert_int_equal(answer.status, 501);
    assert_string_equal(header_of(&answer, "Connection", value, sizeof value), "close");
    close(fd);
  }
}

static void headers_too_large(void **state) {
  struct rig *rig = *state;
  char headers[12000] = "X-Filler: ";
  memset(headers + 10, 'a', 9000);
  strcpy(headers + 9010, "\r\n");
  assert_int_equal(ask(rig, &answer, "GET /healthz", headers, NULL), 431);
  /* Far beyond: libmicrohttpd refuses by itself, or the connection ends; no answer is a success. */
  int fd = dial(rig);
  send_text(fd, "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n", rig->port);
  for (int i = 0; i < 64; i++)
    send_text(fd, "X-%d: %01000d\r\n", i, 0);
  send_text(fd, "\r\n");
  read_answer(fd, &answer);
  assert_true(answer.status == 0 || answer.status >= 400);
  close(fd);
}

static void stats_and_metrics_are_whole(void **state) {
  struct rig *rig = *state;
  assert_int_equal(ask(rig, &answer, "GET /api/v1/stats", RIG_BEARER, NULL), 200);
  static const char *const members[] = {"\"stages\":[{\"name\":\"capture\",\"count\":", "\"p99_us\":", "\"held_back\":",
                                        "\"viewers_closed\":{\"CUT\":", "\"auth_limited\":", "\"bursts\":",
                                        "\"sound\":{\"active\":\"", "\"switches\":", "\"refused\":",
                                        "\"microphone_excess\":"};
  for (size_t i = 0; i < sizeof members / sizeof *members; i++)
    assert_non_null(strstr(answer.body, members[i]));
  assert_int_equal(ask(rig, &answer, "GET /metrics", RIG_BEARER, NULL), 200);
  char value[128];
  assert_string_equal(header_of(&answer, "Content-Type", value, sizeof value),
                      "text/plain; version=0.0.4; charset=utf-8");
}

static void snapshot_is_a_png(void **state) {
  struct rig *rig = *state;
  int fds[4], pictures = 0, busy = 0;
  for (int i = 0; i < 4; i++) {
    fds[i] = dial(rig);
    send_text(fds[i], "GET /snapshot.png HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n" RIG_BEARER "Connection: close\r\n\r\n",
              rig->port);
  }
  for (int i = 0; i < 4; i++) {
    read_answer(fds[i], &answer);
    if (answer.status == 200) {
      assert_memory_equal(answer.body, "\x89PNG\r\n\x1a\n", 8);
      pictures++;
    } else {
      assert_int_equal(answer.status, 503);
      busy++;
    }
    close(fds[i]);
  }
  assert_true(pictures >= 2); /* two workers */
  assert_int_equal(pictures + busy, 4);
}

static void snapshot_given_up(void **state) {
  struct rig *rig = *state;
  for (int i = 0; i < 8; i++) {
    int fd = dial(rig);
    send_text(fd, "GET /snapshot.png HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n" RIG_BEARER "\r\n", rig->port);
    cut(fd);
  }
  assert_int_equal(ask(rig, &answer, "GET /healthz", "", NULL), 200);
}

static void count_snapshots(struct rig *rig, void *argument) {
  *(unsigned *)argument = rig->server->mounts.snapshots;
}

/* Whoever asked goes away; how long its place was taken. */
static uint64_t give_up_ms(struct rig *rig) {
  const uint64_t start = rig_ms();
  unsigned count = 0;
  int fd = dial(rig);
  send_text(fd, "GET /snapshot.png HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n" RIG_BEARER "\r\n", rig->port);
  while (count == 0)
    rig_call(rig, count_snapshots, &count);
  close(fd);
  while (count > 0)
    rig_call(rig, count_snapshots, &count);
  return rig_ms() - start;
}

/* Of a VM that never comes: the next has its place before the 2 s are over. A machine that is busy proves nothing. */
static void snapshot_given_up_while_it_waits(void **state) {
  (void)state;
  struct rig own = {.address = "qemu:/nowhere/qmp.sock"};
  bool prompt = false;
  rig_start(&own);
  for (int tries = 0; tries < 5 && !prompt; tries++)
    prompt = give_up_ms(&own) < 1900;
  assert_true(prompt);
  assert_int_equal(ask(&own, &answer, "GET /healthz", "", NULL), 200);
  rig_stop(&own);
}

/* Of a VM that never comes: the end answers it at once, and does not wait for the 2 s that it may take. */
static void snapshot_waiting_at_the_end(void **state) {
  (void)state;
  struct rig own = {.address = "qemu:/nowhere/qmp.sock"};
  unsigned count = 0;
  rig_start(&own);
  int fd = dial(&own);
  uint64_t start = rig_ms();
  send_text(fd, "GET /snapshot.png HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n" RIG_BEARER "\r\n", own.port);
  while (count == 0)
    rig_call(&own, count_snapshots, &count);
  rig_stop(&own);
  assert_true(rig_ms() - start < 1900);
  read_answer(fd, &answer);
  assert_int_equal(answer.status, 503);
  assert_non_null(strstr(answer.body, "no desktop is served now"));
  close(fd);
}

static void desktop_absent(void **state) {
  (void)state;
  static const char *const requests[] = {"GET /api/v1/desktop", "GET /api/v1/stats", "GET /snapshot.png",
                                         "POST /api/v1/desktop/reset"};
  struct rig rig = {0};
  rig_start(&rig);
  for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
    assert_int_equal(ask(&rig, &answer, requests[i], RIG_BEARER, NULL), 503);
  assert_int_equal(ask(&rig, &answer, "GET /metrics", RIG_BEARER, NULL), 200);
  rig_stop(&rig);
}

static void listen_port_in_use(void **state) {
  struct rig *rig = *state;
  char listen[32], why[256];
  uv_loop_t loop;
  struct oriel_server *server = NULL;
  snprintf(listen, sizeof listen, "127.0.0.1:%u", rig->port);
  struct oriel_server_config config = {.listen = listen, .token = "x"};
  assert_int_equal(uv_loop_init(&loop), 0);
  assert_int_equal(oriel_server_create(&loop, &config, &server, why, sizeof why), -EADDRINUSE);
  assert_non_null(strstr(why, listen));
  assert_non_null(strstr(why, "another program listens there"));
  assert_non_null(strstr(why, "--listen"));
  config.listen = "nonsense";
  assert_int_equal(oriel_server_create(&loop, &config, &server, why, sizeof why), -EINVAL);
  config.listen = "127.0.0.1:0";
  config.token = "";
  assert_int_equal(oriel_server_create(&loop, &config, &server, why, sizeof why), -EINVAL);
  static const struct {
    const char *view, *admin, *words;
  } tokens[] = {{"", NULL, "cannot use the token for viewing: it has 0 bytes"},
                {NULL, "", "cannot use the admin token: it has 0 bytes"},
                {"x", NULL, "change --view-token"},
                {NULL, "x", "change --admin-token"},
                {"y", "y", "change --admin-token"}};
  config.token = "x";
  for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
    config.view_token = tokens[i].view;
    config.admin_token = tokens[i].admin;
    assert_int_equal(oriel_server_create(&loop, &config, &server, why, sizeof why), -EINVAL);
    assert_non_null(strstr(why, tokens[i].words));
  }
  config.view_token = config.admin_token = NULL;
  config.tls_cert = "not a certificate";
  config.tls_key = "not a key";
  assert_true(oriel_server_create(&loop, &config, &server, why, sizeof why) < 0);
  assert_non_null(strstr(why, "--tls-cert"));
  assert_null(server);
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&loop), 0);
}

static bool nobody(const struct oriel_server_stats *stats) {
  return stats->connections_now == 0;
}

static void pass_answer_limit(struct rig *rig, void *argument) {
  (void)argument;
  oriel_connections_tick(&rig->server->http.connections, oriel_clock_ns() + 61 * ORIEL_NS_PER_SECOND);
}

/* Clients that take a large file a byte at a time: nobody waits for them, they hold no copy, and their time ends. */
static void asset_read_slowly(void **state) {
  struct rig *rig = *state;
  enum { SLOW = 40 };
  int fds[SLOW];
  char byte;
  assert_true(rig_until(rig, nobody, 10000));
  size_t before = rig_allocated();
  for (int i = 0; i < SLOW; i++) {
    fds[i] = dial(rig);
    send_text(fds[i], "GET /js/large.js HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n\r\n", rig->port);
    assert_int_equal(recv(fds[i], &byte, 1, 0), 1);
  }
  uint64_t start = rig_ms();
  assert_int_equal(ask(rig, &answer, "GET /healthz", "", NULL), 200);
  assert_true(rig_ms() - start < 10000);
  assert_true(rig_allocated() < before + SLOW * 64 * 1024); /* a pool each, not the file */
  rig_call(rig, pass_answer_limit, NULL);
  assert_true(rig_until(rig, nobody, 10000));
  for (int i = 0; i < SLOW; i++) {
    static char waste[1 << 16];
    size_t got = 0;
    for (ssize_t count; (count = recv(fds[i], waste, sizeof waste, 0)) > 0;)
      got += (size_t)count;
    assert_true(got < RIG_LARGE);
    close(fds[i]);
  }
}

static void connection_kept_alive(void **state) {
  struct rig *rig = *state;
  int fd = dial(rig);
  for (int i = 0; i < 3; i++) {
    send_text(fd, "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n\r\n", rig->port);
    read_answer(fd, &answer);
    assert_int_equal(answer.status, 200);
  }
  close(fd);
}

int main(int argc, char **argv) {
  if (argc > 1)
    cmocka_set_test_filter(argv[1]);
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(body_of_two_lengths_is_refused),
    cmocka_unit_test(head_of_two_readings_is_refused),
    cmocka_unit_test(refusals_of_the_library_close),
    cmocka_unit_test(refusal_is_readable),
    cmocka_unit_test(asset_revalidates),
    cmocka_unit_test(body_in_chunks_is_refused),
    cmocka_unit_test(headers_too_large),
    cmocka_unit_test(stats_and_metrics_are_whole),
    cmocka_unit_test(snapshot_is_a_png),
    cmocka_unit_test(snapshot_given_up),
    cmocka_unit_test(snapshot_given_up_while_it_waits),
    cmocka_unit_test(snapshot_waiting_at_the_end),
    cmocka_unit_test(desktop_absent),
    cmocka_unit_test(listen_port_in_use),
    cmocka_unit_test(asset_read_slowly),
    cmocka_unit_test(connection_kept_alive),
  };
  return cmocka_run_group_tests(tests, setup, rig_teardown);
}
