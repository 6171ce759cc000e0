/* SPDX-License-Identifier: MIT
 *
 * Who may do what: the route table, hosts, origins, credentials, limits. Over real sockets.
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
#include "server/route.h"

static struct answer answer;

static const char *method_name(enum oriel_method method) {
  return method == ORIEL_METHOD_GET ? "GET" : method == ORIEL_METHOD_POST ? "POST" : "DELETE";
}

static int setup(void **state) {
  struct rig *rig = calloc(1, sizeof *rig);
  rig->address = "pattern:?size=320x240&scene=static";
  rig->config.auth_fail_limit = 1000;
  rig_start(rig);
  *state = rig;
  return 0;
}

static int teardown(void **state) {
  rig_stop(*state);
  free(*state);
  return 0;
}

/* Lesson 34: a new route that forgets the check fails here. */
static void route_table_walk(void **state) {
  struct rig *rig = *state;
  char request[128];
  size_t count, open = 0;
  const struct oriel_route *routes = oriel_routes(&count);
  assert_true(count >= 12);
  for (size_t i = 0; i < count; i++) {
    snprintf(request, sizeof request, "%s %s", method_name(routes[i].method), routes[i].path);
    if (routes[i].access == ORIEL_ACCESS_OPEN) {
      open++;
      continue;
    }
    /* The row's number first, so that a failure names it. */
    assert_int_equal(i * 1000 + (size_t)ask(rig, &answer, request, "", NULL), i * 1000 + 401);
    assert_int_equal(i * 1000 + (size_t)ask(rig, &answer, request, "Authorization: Bearer wrong\r\n", NULL),
                     i * 1000 + 401);
    assert_int_equal(i * 1000 + (size_t)ask(rig, &answer, request, "Authorization: Basic " RIG_TOKEN "\r\n", NULL),
                     i * 1000 + 401);
    assert_int_equal(i * 1000 + (size_t)ask(rig, &answer, request, RIG_BEARER RIG_BEARER, NULL), i * 1000 + 401);
    int status = ask(rig, &answer, request, RIG_BEARER, NULL);
    assert_true(status != 0 && status != 401 && status != 403 && status != 404 && status != 405);
  }
  assert_int_equal(open, 2); /* /healthz and POST /session */
}

static void answer_carries_security_headers(void **state) {
  static const char *const requests[] = {"GET /", "GET /healthz", "GET /ws", "GET /nowhere", "PUT /ws",
                                         "POST /session", "HEAD /"};
  struct rig *rig = *state;
  char value[512];
  for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
    assert_int_not_equal(ask(rig, &answer, requests[i], "", NULL), 0);
    assert_string_equal(
      header_of(&answer, "Content-Security-Policy", value, sizeof value),
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
      "manifest-src 'self'; media-src blob:; worker-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
      "form-action 'self'");
    assert_string_equal(header_of(&answer, "X-Content-Type-Options", value, sizeof value), "nosniff");
    assert_string_equal(header_of(&answer, "Referrer-Policy", value, sizeof value), "no-referrer");
    assert_string_equal(header_of(&answer, "Cross-Origin-Opener-Policy", value, sizeof value), "same-origin");
    assert_string_equal(header_of(&answer, "Cross-Origin-Resource-Policy", value, sizeof value), "same-origin");
  }
}

static void route_unknown_or_wrong_method(void **state) {
  struct rig *rig = *state;
  char value[64];
  assert_int_equal(ask(rig, &answer, "GET /nowhere", RIG_BEARER, NULL), 404);
  assert_int_equal(ask(rig, &answer, "GET /healthz/", "", NULL), 404);
  assert_int_equal(ask(rig, &answer, "GET //healthz", "", NULL), 404);
  assert_int_equal(ask(rig, &answer, "GET /%68ealthz", "", NULL), 404);
  assert_int_equal(ask(rig, &answer, "GET /js/../metrics", "", NULL), 404);
  assert_int_equal(ask(rig, &answer, "PUT /session", "", NULL), 405);
  assert_string_equal(header_of(&answer, "Allow", value, sizeof value), "POST, DELETE");
  assert_non_null(strstr(answer.body, "{\"error\":\""));
  assert_int_equal(ask(rig, &answer, "POST /", "", ""), 405);
  assert_string_equal(header_of(&answer, "Allow", value, sizeof value), "GET, HEAD");
  assert_int_equal(ask(rig, &answer, "OPTIONS /ws", "", NULL), 405);
  assert_int_equal(ask(rig, &answer, "HEAD /ws", RIG_BEARER, NULL), 405);
  assert_string_equal(header_of(&answer, "Allow", value, sizeof value), "GET");
  assert_int_equal(ask(rig, &answer, "HEAD /healthz", "", NULL), 200);
  assert_int_equal(answer.size, 0);
  assert_int_equal(ask(rig, &answer, "GET /healthz?x=1", "", NULL), 200);
}

/* Lesson 36: rebinding and cross-site requests. */
static void host_and_origin_matrix(void **state) {
  struct rig *rig = *state;
  char headers[256];
  const struct {
    const char *host, *origin;
    int status;
  } cases[] = {
    {"127.0.0.1:%u", NULL, 200},
    {"localhost:%u", NULL, 200},
    {"LOCALHOST:%u", NULL, 200},
    {"[::1]:%u", NULL, 200},
    {"127.0.0.1", NULL, 403},
    {"127.0.0.1:1", NULL, 403},
    {"evil.example:%u", NULL, 403},
    {"127.0.0.1.evil.example:%u", NULL, 403},
    {"localhost:%u.", NULL, 403},
    {"", NULL, 403},
    {"127.0.0.1:%u", "http://127.0.0.1:%u", 200},
    {"127.0.0.1:%u", "http://localhost:%u", 200},
    {"127.0.0.1:%u", "https://127.0.0.1:%u", 200},
    {"127.0.0.1:%u", "http://evil.example", 403},
    {"127.0.0.1:%u", "http://127.0.0.1:%u@evil.example", 403},
    {"127.0.0.1:%u", "http://127.0.0.1", 403},
    {"127.0.0.1:%u", "ftp://127.0.0.1:%u", 403},
    {"127.0.0.1:%u", "null", 403},
    {"127.0.0.1:%u", "", 403},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char host[64], origin[96] = "";
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(host, sizeof host, cases[i].host, rig->port);
    if (cases[i].origin)
      snprintf(origin, sizeof origin, cases[i].origin, rig->port);
#pragma GCC diagnostic pop
    snprintf(headers, sizeof headers, "Host: %s\r\n%s%s%s", host, cases[i].origin ? "Origin: " : "", origin,
             cases[i].origin ? "\r\n" : "");
    assert_int_equal(i * 1000 + (size_t)ask(rig, &answer, "GET /healthz", headers, NULL),
                     i * 1000 + (size_t)cases[i].status);
  }
  snprintf(headers, sizeof headers, "Host: 127.0.0.1:%u\r\nHost: evil.example\r\n", rig->port);
  assert_int_equal(ask(rig, &answer, "GET /healthz", headers, NULL), 400);
}

static void host_and_origin_allowed(void **state) {
  (void)state;
  const char *const hosts[] = {"desk.example", "other.example:9000", NULL};
  const char *const origins[] = {"https://portal.example", NULL};
  struct rig rig = {.config = {.allow_hosts = hosts, .allow_origins = origins}};
  rig_start(&rig);
  assert_int_equal(ask(&rig, &answer, "GET /healthz", "Host: desk.example\r\n", NULL), 200);
  assert_int_equal(ask(&rig, &answer, "GET /healthz", "Host: desk.example:9\r\n", NULL), 403);
  assert_int_equal(ask(&rig, &answer, "GET /healthz", "Host: other.example:9000\r\n", NULL), 200);
  assert_int_equal(ask(&rig, &answer, "GET /healthz", "Host: other.example\r\n", NULL), 403);
  assert_int_equal(
    ask(&rig, &answer, "GET /healthz", "Host: desk.example\r\nOrigin: https://desk.example\r\n", NULL), 200);
  assert_int_equal(
    ask(&rig, &answer, "GET /healthz", "Host: desk.example\r\nOrigin: https://portal.example\r\n", NULL), 200);
  assert_int_equal(
    ask(&rig, &answer, "GET /healthz", "Host: desk.example\r\nOrigin: http://portal.example\r\n", NULL), 403);
  rig_stop(&rig);
}

/* Lesson 37: an IPv4-mapped address is the IPv4 address, for --listen as for clients. */
static void listen_on_a_mapped_address(void **state) {
  (void)state;
  const struct {
    const char *listen, *host;
    int status;
  } cases[] = {
    {"[::ffff:127.0.0.1]:0", "127.0.0.1", 200}, {"[::ffff:127.0.0.1]:0", "localhost", 200},
    {"[::ffff:127.0.0.1]:0", "evil.example", 403}, {"[::ffff:0.0.0.0]:0", "127.0.0.1", 200},
    {"[::]:0", "127.0.0.1", 200}, {"[::]:0", "evil.example", 403},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct rig rig = {.config = {.listen = cases[i].listen, .auth_fail_limit = 1}};
    char headers[256];
    rig_start(&rig);
    snprintf(headers, sizeof headers, "Host: %s:%u\r\nOrigin: http://%s:%u\r\n", cases[i].host, rig.port, cases[i].host,
             rig.port);
    assert_int_equal(i * 1000 + (size_t)ask(&rig, &answer, "GET /healthz", headers, NULL),
                     i * 1000 + (size_t)cases[i].status);
    snprintf(headers, sizeof headers, "Host: 127.0.0.1:%u\r\nOrigin: http://evil.example:%u\r\n", rig.port, rig.port);
    assert_int_equal(ask(&rig, &answer, "GET /healthz", headers, NULL), 403);
    rig_stop(&rig);
  }
}

/** Logs in; `cookie` gets the "Cookie: ..." header line. */
static void login(struct rig *rig, char *cookie, size_t size) {
  char value[256];
  assert_int_equal(ask(rig, &answer, "POST /session", "", "{\"token\":\"" RIG_TOKEN "\"}"), 204);
  header_of(&answer, "Set-Cookie", value, sizeof value);
  assert_non_null(strstr(value, "; HttpOnly; SameSite=Strict; Path=/; Max-Age=86400"));
  assert_null(strstr(value, RIG_TOKEN)); /* lesson 35 */
  assert_null(strstr(value, "Secure"));
  value[strcspn(value, ";")] = '\0';
  assert_int_equal(strlen(strchr(value, '=') + 1), ORIEL_SESSION_ID_SIZE);
  snprintf(cookie, size, "Cookie: theme=dark; %s\r\n", value);
}

static void session_by_cookie(void **state) {
  (void)state;
  struct rig own = {.address = "pattern:?size=320x240&scene=static"}, *rig = &own; /* the walk has powered it down */
  rig_start(rig);
  char cookie[512], headers[700];
  login(rig, cookie, sizeof cookie);
  assert_int_equal(ask(rig, &answer, "GET /api/v1/desktop", cookie, NULL), 200);
  assert_non_null(strstr(answer.body, "\"kind\":\"pattern\""));

  /* What acts needs proof that our own page asks. */
  assert_int_equal(ask(rig, &answer, "POST /api/v1/desktop/pause", cookie, ""), 403);
  snprintf(headers, sizeof headers, "%sSec-Fetch-Site: cross-site\r\n", cookie);
  assert_int_equal(ask(rig, &answer, "POST /api/v1/desktop/pause", headers, ""), 403);
  snprintf(headers, sizeof headers, "%sSec-Fetch-Site: same-origin\r\n", cookie);
  assert_int_equal(ask(rig, &answer, "POST /api/v1/desktop/pause", headers, ""), 202);
  snprintf(headers, sizeof headers, "%sOrigin: http://127.0.0.1:%u\r\n", cookie, rig->port);
  assert_int_equal(ask(rig, &answer, "POST /api/v1/desktop/resume", headers, ""), 202);
  assert_int_equal(ask(rig, &answer, "GET /ws", cookie, NULL), 403);
  assert_int_equal(ask(rig, &answer, "GET /ws", headers, NULL), 426);
  snprintf(headers, sizeof headers, "%sOrigin: http://evil.example\r\n", cookie);
  assert_int_equal(ask(rig, &answer, "GET /ws", headers, NULL), 403);

  snprintf(headers, sizeof headers, "%sOrigin: http://127.0.0.1:%u\r\n", cookie, rig->port);
  assert_int_equal(ask(rig, &answer, "DELETE /session", headers, NULL), 204);
  assert_int_equal(ask(rig, &answer, "GET /api/v1/desktop", cookie, NULL), 401);
  rig_stop(rig);
}

static void expire_sessions(struct rig *rig, void *argument) {
  (void)argument;
  for (size_t i = 0; i < ORIEL_SESSIONS_MAX; i++)
    rig->server->sessions.slots[i].expires_ns = 0;
}

static void session_ends_with_its_time_and_with_its_token(void **state) {
  (void)state;
  struct rig first = {.address = "pattern:?size=320x240&scene=static"};
  struct rig second = {.config = {.token = "another-one"}};
  char cookie[512], name[32], renamed[600];
  rig_start(&first);
  login(&first, cookie, sizeof cookie);
  assert_int_equal(ask(&first, &answer, "GET /api/v1/desktop", cookie, NULL), 200);
  rig_call(&first, expire_sessions, NULL);
  assert_int_equal(ask(&first, &answer, "GET /api/v1/desktop", cookie, NULL), 401);
  login(&first, cookie, sizeof cookie);
  rig_stop(&first);
  /* The same host and, to be strict, the very cookie name of a server with another token. */
  rig_start(&second);
  snprintf(name, sizeof name, "oriel_session_%u=", second.port);
  snprintf(renamed, sizeof renamed, "Cookie: %s%s", name, strrchr(cookie, '=') + 1);
  assert_int_equal(ask(&second, &answer, "GET /metrics", renamed, NULL), 401);
  assert_int_equal(ask(&second, &answer, "GET /metrics", RIG_BEARER, NULL), 401); /* the old token */
  rig_stop(&second);
}

static void session_refused(void **state) {
  struct rig *rig = *state;
  assert_int_equal(ask(rig, &answer, "POST /session", "", "{\"token\":\"wrong\"}"), 401);
  assert_int_equal(ask(rig, &answer, "POST /session", "", "{\"token\":\"\"}"), 400);
  assert_int_equal(ask(rig, &answer, "POST /session", "", "{\"token\":1}"), 400);
  assert_int_equal(ask(rig, &answer, "POST /session", "", "{\"token\":\"a\",\"b\":1}"), 400);
  assert_int_equal(ask(rig, &answer, "POST /session", "", "token=" RIG_TOKEN), 400);
  assert_int_equal(ask(rig, &answer, "POST /session", "", ""), 400);
  assert_int_equal(ask(rig, &answer, "POST /session", "Origin: http://evil.example\r\n",
                       "{\"token\":\"" RIG_TOKEN "\"}"), 403);
  char *large = malloc(5000);
  memset(large, ' ', 4999);
  large[4999] = '\0';
  assert_int_equal(ask(rig, &answer, "POST /session", "", large), 413);
  free(large);
}

static void lockout_after_wrong_tokens(void **state) {
  (void)state;
  char value[16], cookie[512];
  struct rig rig = {.address = "pattern:?size=320x240&scene=static",
                    .config = {.auth_fail_limit = 3, .auth_fail_window_s = 60}};
  rig_start(&rig);
  login(&rig, cookie, sizeof cookie);
  /* A page with a cookie from before a restart must not lock its user out. */
  char stale[160];
  snprintf(stale, sizeof stale, "Cookie: oriel_session_%u=%064d\r\n", rig.port, 7);
  for (int i = 0; i < 3; i++)
    assert_int_equal(ask(&rig, &answer, "GET /metrics", stale, NULL), 401);
  assert_int_equal(ask(&rig, &answer, "GET /metrics", stale, NULL), 429);
  /* Neither does asking without any credential. */
  for (int i = 0; i < 5; i++)
    assert_int_equal(ask(&rig, &answer, "GET /metrics", "", NULL), 401);
  assert_int_equal(ask(&rig, &answer, "GET /metrics", RIG_BEARER, NULL), 200);

  assert_int_equal(ask(&rig, &answer, "POST /session", "", "{\"token\":\"wrong\"}"), 401);
  assert_int_equal(ask(&rig, &answer, "GET /metrics", "Authorization: Bearer wrong\r\n", NULL), 401);
  assert_int_equal(ask(&rig, &answer, "POST /session", "", "not json"), 400);
  /* Now even the right one waits, or guessing would go on. */
  assert_int_equal(ask(&rig, &answer, "GET /metrics", RIG_BEARER, NULL), 429);
  int wait = atoi(header_of(&answer, "Retry-After", value, sizeof value));
  assert_true(wait >= 1 && wait <= 60);
  assert_int_equal(ask(&rig, &answer, "POST /session", "", "{\"token\":\"" RIG_TOKEN "\"}"), 429);
  /* A live session cannot be guessed and is not hit. */
  assert_int_equal(ask(&rig, &answer, "GET /metrics", cookie, NULL), 200);
  struct oriel_server_stats stats;
  rig_server_stats(&rig, &stats);
  assert_int_equal(stats.auth_token, 3);
  assert_int_equal(stats.auth_cookie, 3);
  assert_int_equal(stats.auth_missing, 5);
  assert_int_equal(stats.auth_limited, 3);
  rig_stop(&rig);
}

int main(int argc, char **argv) {
  if (argc > 1)
    cmocka_set_test_filter(argv[1]);
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(route_table_walk),
    cmocka_unit_test(answer_carries_security_headers),
    cmocka_unit_test(route_unknown_or_wrong_method),
    cmocka_unit_test(host_and_origin_matrix),
    cmocka_unit_test(host_and_origin_allowed),
    cmocka_unit_test(listen_on_a_mapped_address),
    cmocka_unit_test(session_by_cookie),
    cmocka_unit_test(session_ends_with_its_time_and_with_its_token),
    cmocka_unit_test(session_refused),
    cmocka_unit_test(lockout_after_wrong_tokens),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
