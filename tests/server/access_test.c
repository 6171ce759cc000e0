/* SPDX-License-Identifier: MIT
 *
 * Who may do what: the tables of routes and messages, hosts, origins, credentials, limits. Over real sockets.
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
#include "page.h"
#include "server/handlers.h"
#include "server/permit.h"
#include "server/request.h"
#include "server/routes.h"
#include "server/state.h"
#include "wire/viewer.h"

static struct answer answer;

static int keep_none(void *user, const char *name, const char *address, const char *const *options, char *why,
                     size_t why_size) {
  (void)user, (void)name, (void)address, (void)options;
  snprintf(why, why_size, "not now");
  return -EAGAIN;
}

static int remove_none(void *user, const char *name, char *why, size_t why_size) {
  return keep_none(user, name, NULL, NULL, why, why_size);
}

static int setup(void **state) {
  struct rig *rig = calloc(1, sizeof *rig);
  rig->address = "pattern:?size=320x240&scene=static";
  rig->config.auth_fail_limit = 1000;
  rig->config.view_token = RIG_VIEW_TOKEN;
  rig->config.admin_token = RIG_ADMIN_TOKEN;
  rig->config.registry = (struct oriel_server_registry){.add = keep_none, .remove = remove_none};
  rig_start(rig);
  *state = rig;
  return 0;
}

/** A credential's header lines and what it is. */
struct visitor {
  enum oriel_party party;
  const char *headers;
};

static size_t table_walk_row(struct rig *rig, const struct oriel_route *route, const char *request,
                             const struct visitor *visitor) {
  int status = ask(rig, &answer, request, visitor->headers, NULL);
  bool may = oriel_permit_route(route->method, route->path) & visitor->party;
  if (visitor->party == ORIEL_PARTY_ANYBODY)
    return may ? status != 401 && status != 403 : status == 401;
  if (may && route->below && status == 404) /* it named one that is nobody's */
    return strstr(answer.body, "no such session") || strstr(answer.body, "no such screen");
  return may ? status != 0 && status != 401 && status != 403 && status != 404 && status != 405 : status == 403;
}

/* Lesson 34: a new route that forgets the check fails here; lesson 50: so does one that forgets who may use it. */
static void route_table_walk(void **state) {
  struct rig *rig = *state;
  static const struct visitor strangers[] = {
    {ORIEL_PARTY_ANYBODY, ""},
    {ORIEL_PARTY_ANYBODY, "Authorization: Bearer wrong\r\n"},
    {ORIEL_PARTY_ANYBODY, "Authorization: Basic " RIG_TOKEN "\r\n"},
    {ORIEL_PARTY_ANYBODY, RIG_BEARER RIG_BEARER},
  };
  char user[1024], watcher[1024], controller[1024];
  page_login(rig, RIG_VIEW_TOKEN, watcher, sizeof watcher);
  page_login(rig, RIG_TOKEN, user, sizeof user);
  page_login(rig, RIG_TOKEN, controller, sizeof controller);
  int holder = page_join(rig, controller, true);
  const struct visitor visitors[] = {
    {ORIEL_PARTY_WATCHER, BEARER(RIG_VIEW_TOKEN)},
    {ORIEL_PARTY_WATCHER, watcher},
    {ORIEL_PARTY_USER, user},
    {ORIEL_PARTY_CONTROLLER, controller},
    {ORIEL_PARTY_SCRIPT, RIG_BEARER},
    {ORIEL_PARTY_ADMIN, BEARER(RIG_ADMIN_TOKEN)},
  };
  const size_t count = oriel_routes.count;
  assert_true(count >= 16);
  for (size_t i = 0; i < count * REQUEST_WAYS; i++) {
    const struct oriel_route *row = &oriel_routes.rows[i / REQUEST_WAYS];
    char request[128];
    assert_true(oriel_permit_route(row->method, row->path));
    if (!request_of(row, i % REQUEST_WAYS, RIG_DESKTOP, request, sizeof request))
      continue;
    /* The row's number first, so that a failure names it. What ends sessions comes last. */
    for (size_t k = 0; k < sizeof strangers / sizeof *strangers; k++)
      assert_int_equal(i * 100 + k + 1000 * table_walk_row(rig, row, request, &strangers[k]), i * 100 + k + 1000);
    for (size_t k = 0; k < sizeof visitors / sizeof *visitors && row->handle != oriel_handle_logout; k++)
      assert_int_equal(i * 100 + k + 1000 * table_walk_row(rig, row, request, &visitors[k]), i * 100 + k + 1000);
  }
  close(holder);
  assert_int_equal(ask(rig, &answer, "DELETE /session", watcher, NULL), 204);
  assert_int_equal(ask(rig, &answer, "GET /snapshot.png", watcher, NULL), 401);
}

/* Every message by every party, by what the server counts as denied: what the table does not permit does nothing. */
static void message_table_walk(void **state) {
  struct rig *rig = *state;
  char user[1024], watcher[1024], controller[1024];
  page_login(rig, RIG_VIEW_TOKEN, watcher, sizeof watcher);
  page_login(rig, RIG_TOKEN, user, sizeof user);
  page_login(rig, RIG_TOKEN, controller, sizeof controller);
  static const struct {
    unsigned type;
    size_t size;
  } messages[] = {
    {ORIEL_VIEWER_ACK, 40},         {ORIEL_VIEWER_KEY, 7},    {ORIEL_VIEWER_POINTER, 8}, {ORIEL_VIEWER_MOTION, 8},
    {ORIEL_VIEWER_BUTTON, 6},       {ORIEL_VIEWER_WHEEL, 8},  {ORIEL_VIEWER_TOUCH, 10},  {ORIEL_VIEWER_RESIZE, 8},
    {ORIEL_VIEWER_RELEASE_ALL, 4},  {ORIEL_VIEWER_WANT, 6},   {ORIEL_VIEWER_TYPE, 11},   {ORIEL_VIEWER_KEY_FRAME, 5},
    {ORIEL_VIEWER_MICROPHONE, 16},  {ORIEL_VIEWER_LOCKS, 6},  {ORIEL_VIEWER_NAME, 6},    {ORIEL_VIEWER_PING, 12},
    {ORIEL_VIEWER_CONTROL_ANSWER, 9}, {ORIEL_VIEWER_PONG, 20}, {ORIEL_VIEWER_PICTURE_WAY, 5},
    {ORIEL_VIEWER_CONTROL, 5}, /* zeros: gives the controls up, so the last */
  };
  const struct visitor visitors[] = {
    {ORIEL_PARTY_CONTROLLER, controller}, {ORIEL_PARTY_USER, user}, {ORIEL_PARTY_WATCHER, watcher}};
  int holder = page_join(rig, controller, true);
  for (size_t k = 0; k < sizeof visitors / sizeof *visitors; k++) {
    int fd = k == 0 ? holder : page_join(rig, visitors[k].headers, k == 2);
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
      if (k == 0 && messages[i].type == ORIEL_VIEWER_CONTROL)
        continue;
      uint8_t message[64] = {(uint8_t)messages[i].type};
      struct oriel_server_stats before, after;
      rig_server_stats(rig, &before);
      ws_send(fd, true, 2, message, messages[i].size);
      do
        rig_server_stats(rig, &after);
      while (after.messages_in == before.messages_in); /* the rig's sockets have time limits */
      bool may = oriel_permit_message(messages[i].type) & visitors[k].party;
      assert_int_equal(k * 10000 + messages[i].type * 10 + (size_t)(after.messages_denied - before.messages_denied),
                       k * 10000 + messages[i].type * 10 + !may);
    }
    if (k)
      close(fd);
  }
  close(holder);
}

/* A message that the table has forgotten is nobody's; one that no test walks is found here. */
static void every_message_has_a_row(void **state) {
  (void)state;
#define X(name, value)                                                                                                 \
  if (value >= 0x40)                                                                                                   \
    assert_true(oriel_permit_message(value) != 0);                                                                     \
  else                                                                                                                 \
    assert_int_equal(oriel_permit_message(value), 0);
  ORIEL_VIEWER_MESSAGES(X)
#undef X
}

struct starter {
  int result;
  unsigned calls;
};

static int start_again(void *user) {
  struct starter *starter = user;
  starter->calls++;
  return starter->result;
}

static void set_starter(struct rig *rig, void *starter) {
  rig->mount->start = starter ? start_again : NULL;
  rig->mount->start_user = starter;
}

static bool hello_offers_start(const struct rig *rig) {
  static struct frame frame;
  int fd = ws_join(rig, false);
  assert_true(ws_until(fd, &frame, ORIEL_VIEWER_SERVER_HELLO));
  close(fd);
  return frame.data[8] & ORIEL_VIEWER_CAP_START;
}

/* What the starter says is what the client is told; who may not, does not even reach it. */
static void machine_is_started_again_where_it_can_be(void **state) {
  struct rig *rig = *state;
  struct starter starter = {0};
  char user[1024], value[1024], holder[1024];
  page_login(rig, RIG_TOKEN, user, sizeof user);
  page_login(rig, RIG_TOKEN, holder, sizeof holder);
  assert_int_equal(ask(rig, &answer, "POST /api/v1/desktop/start", RIG_BEARER, NULL), 501);
  assert_non_null(strstr(answer.body, "was not started here"));
  assert_false(hello_offers_start(rig));
  assert_int_equal(ask(rig, &answer, "GET /api/v1/desktop", RIG_BEARER, NULL), 200);
  assert_null(strstr(answer.body, "\"start\""));
  rig_call(rig, set_starter, &starter);
  assert_true(hello_offers_start(rig));
  assert_int_equal(ask(rig, &answer, "GET /api/v1/desktop", RIG_BEARER, NULL), 200);
  assert_non_null(strstr(answer.body, "\"start\""));
  int fd = page_join(rig, holder, true);
  assert_int_equal(ask(rig, &answer, "POST /api/v1/desktop/start", user, NULL), 403); /* has not the controls */
  assert_int_equal(starter.calls, 0);
  assert_int_equal(ask(rig, &answer, "POST /api/v1/desktop/start", holder, NULL), 202);
  assert_int_equal(starter.calls, 1);
  starter.calls = 0;
  close(fd);
  assert_true(rig_until(rig, no_viewers, 10000));
  assert_int_equal(ask(rig, &answer, "POST /api/v1/desktop/start", user, NULL), 403); /* which nobody has */
  assert_int_equal(starter.calls, 0);
  static const struct {
    int result, status;
    const char *words;
  } answers[] = {{0, 202, "{}"}, {-EALREADY, 409, "runs, or is being started"}, {-ECANCELED, 503, "about to end"}};
  for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
    starter.result = answers[i].result;
    assert_int_equal(ask(rig, &answer, "POST /api/v1/desktop/start", RIG_BEARER, NULL), answers[i].status);
    assert_non_null(strstr(answer.body, answers[i].words));
    assert_int_equal(starter.calls, i + 1);
  }
  assert_int_equal(ask(rig, &answer, "GET /api/v1/desktop/start", RIG_BEARER, NULL), 405);
  assert_string_equal(header_of(&answer, "Allow", value, sizeof value), "POST");
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
    assert_int_equal(i * 1000 + (size_t)ask(rig, &answer, "GET /", headers, NULL),
                     i * 1000 + (size_t)cases[i].status);
  }
  snprintf(headers, sizeof headers, "Host: 127.0.0.1:%u\r\nHost: evil.example\r\n", rig->port);
  assert_int_equal(ask(rig, &answer, "GET /", headers, NULL), 400);
}

static void host_and_origin_allowed(void **state) {
  (void)state;
  const char *const hosts[] = {"desk.example", "other.example:9000", NULL};
  const char *const origins[] = {"https://portal.example", NULL};
  struct rig rig = {.config = {.allow_hosts = hosts, .allow_origins = origins}};
  rig_start(&rig);
  assert_int_equal(ask(&rig, &answer, "GET /", "Host: desk.example\r\n", NULL), 200);
  assert_int_equal(ask(&rig, &answer, "GET /", "Host: desk.example:9\r\n", NULL), 403);
  assert_int_equal(ask(&rig, &answer, "GET /", "Host: other.example:9000\r\n", NULL), 200);
  assert_int_equal(ask(&rig, &answer, "GET /", "Host: other.example\r\n", NULL), 403);
  assert_int_equal(
    ask(&rig, &answer, "GET /", "Host: desk.example\r\nOrigin: https://desk.example\r\n", NULL), 200);
  assert_int_equal(
    ask(&rig, &answer, "GET /", "Host: desk.example\r\nOrigin: https://portal.example\r\n", NULL), 200);
  assert_int_equal(
    ask(&rig, &answer, "GET /", "Host: desk.example\r\nOrigin: http://portal.example\r\n", NULL), 403);
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
    assert_int_equal(i * 1000 + (size_t)ask(&rig, &answer, "GET /", headers, NULL),
                     i * 1000 + (size_t)cases[i].status);
    snprintf(headers, sizeof headers, "Host: 127.0.0.1:%u\r\nOrigin: http://evil.example:%u\r\n", rig.port, rig.port);
    assert_int_equal(ask(&rig, &answer, "GET /", headers, NULL), 403);
    rig_stop(&rig);
  }
}

static void session_by_cookie(void **state) {
  (void)state;
  struct rig own = {.address = "pattern:?size=320x240&scene=static"}, *rig = &own; /* the walk has powered it down */
  rig_start(rig);
  char page[1024], cookie[512], headers[1024], half[700];
  page_login(rig, RIG_TOKEN, page, sizeof page);
  assert_int_equal(ask(rig, &answer, "GET /api/v1/desktop", page, NULL), 200);
  assert_non_null(strstr(answer.body, "\"kind\":\"pattern\""));

  /* A browser sends the cookie to every port of the host, and none the secret. */
  page_cookie(page, cookie, sizeof cookie);
  snprintf(half, sizeof half, "%sOrigin: http://127.0.0.1:%u\r\n", cookie, rig->port);
  assert_int_equal(ask(rig, &answer, "GET /api/v1/desktop", half, NULL), 401);
  assert_int_equal(ask(rig, &answer, "DELETE /session", half, NULL), 401);
  snprintf(headers, sizeof headers, "%s" ORIEL_SECRET_HEADER ": %064d\r\n", half, 7);
  assert_int_equal(ask(rig, &answer, "GET /api/v1/desktop", headers, NULL), 401);
  snprintf(headers, sizeof headers, ORIEL_SECRET_HEADER ": %.64s\r\n", page_secret(page));
  assert_int_equal(ask(rig, &answer, "GET /api/v1/desktop", headers, NULL), 401);

  /* Commands need the controls, also where nobody has them. */
  assert_int_equal(ask(rig, &answer, "POST /api/v1/desktop/pause", page, ""), 403);
  assert_non_null(strstr(answer.body, "this needs the controls; take them first"));

  /* What acts needs proof that our own page asks. */
  int holder = page_join(rig, page, true);
  snprintf(half, sizeof half, "%s" ORIEL_SECRET_HEADER ": %.64s\r\n", cookie, page_secret(page));
  assert_int_equal(ask(rig, &answer, "POST /api/v1/desktop/pause", half, ""), 403);
  snprintf(headers, sizeof headers, "%sSec-Fetch-Site: cross-site\r\n", half);
  assert_int_equal(ask(rig, &answer, "POST /api/v1/desktop/pause", headers, ""), 403);
  snprintf(headers, sizeof headers, "%sSec-Fetch-Site: same-origin\r\n", half);
  assert_int_equal(ask(rig, &answer, "POST /api/v1/desktop/pause", headers, ""), 202);
  assert_int_equal(ask(rig, &answer, "POST /api/v1/desktop/resume", page, ""), 202);
  assert_int_equal(ask(rig, &answer, "GET /ws", cookie, NULL), 403);
  assert_int_equal(ask(rig, &answer, "GET /ws", page, NULL), 426);
  snprintf(headers, sizeof headers, "%sOrigin: http://evil.example\r\n", half);
  assert_int_equal(ask(rig, &answer, "GET /ws", headers, NULL), 403);
  close(holder);
  assert_true(rig_until(rig, no_viewers, 5000));
  assert_int_equal(ask(rig, &answer, "POST /api/v1/desktop/pause", page, ""), 403);

  assert_int_equal(ask(rig, &answer, "DELETE /session", page, NULL), 204);
  assert_int_equal(ask(rig, &answer, "GET /api/v1/desktop", page, NULL), 401);
  rig_stop(rig);
}

/* Lesson 48, at the WebSocket: nothing of the desktop before the secret, and no hello either. */
static void websocket_needs_the_secret(void **state) {
  struct rig *rig = *state;
  char page[1024], other[1024];
  struct frame *frame = malloc(sizeof *frame);
  page_login(rig, RIG_TOKEN, page, sizeof page);
  page_login(rig, RIG_TOKEN, other, sizeof other);
  int fd = page_open(rig, page);
  ws_hello(fd, false);
  assert_int_equal(ws_reason(fd), ORIEL_VIEWER_REASON_PROTOCOL);
  close(fd);
  fd = page_open(rig, page);
  page_authenticate(fd, page_secret(other));
  ws_hello(fd, false);
  assert_true(ws_read(fd, frame) == 2 && frame->data[0] == ORIEL_VIEWER_BYE); /* the first message */
  assert_int_equal(frame->data[4], ORIEL_VIEWER_REASON_UNAUTHORISED);
  close(fd);
  close(page_join(rig, page, false));
  /* Whoever has the cookie alone cannot keep the page out: the one that waits longest makes room. */
  enum { WAITING = 32 };
  int waiting[WAITING];
  struct oriel_server_stats stats;
  assert_true(rig_until(rig, no_viewers, 10000));
  for (size_t i = 0; i < WAITING; i++)
    waiting[i] = page_open(rig, page);
  rig_server_stats(rig, &stats);
  assert_int_equal(stats.viewers_now, 8); /* who made room takes none, however fast they come */
  assert_int_equal(ws_reason(waiting[0]), ORIEL_VIEWER_REASON_TIMEOUT);
  close(page_join(rig, page, false));
  for (size_t i = 0; i < WAITING; i++)
    close(waiting[i]);
  free(frame);
}

/* Lesson 57: what only the operator needs, only the operator gets. */
static void stats_name_addresses_to_the_operator_alone(void **state) {
  (void)state;
  char page[PAGE_HEADERS_MAX], address[64];
  snprintf(address, sizeof address, "unix:///tmp/oriel-access-test-%d.sock", (int)getpid());
  struct rig rig = {.address = "pattern:?size=320x240&scene=static", .sound = address};
  rig_start(&rig);
  page_login(&rig, RIG_TOKEN, page, sizeof page);
  assert_int_equal(ask(&rig, &answer, "GET /api/v1/stats", RIG_BEARER, NULL), 200);
  assert_non_null(strstr(answer.body, address));
  assert_int_equal(ask(&rig, &answer, "GET /api/v1/stats", page, NULL), 200);
  assert_non_null(strstr(answer.body, "\"inputs\":[{"));
  assert_null(strstr(answer.body, address));
  rig_stop(&rig);
}

static void expire_sessions(struct rig *rig, void *argument) {
  (void)argument;
  for (size_t i = 0; i < ORIEL_SESSIONS_MAX; i++)
    rig->server->access.sessions.slots[i].expires_ns = 0;
}

static void session_ends_with_its_time_and_with_its_token(void **state) {
  (void)state;
  struct rig first = {.address = "pattern:?size=320x240&scene=static"};
  struct rig second = {.config = {.token = "another-one"}};
  char page[1024], renamed[1024];
  rig_start(&first);
  page_login(&first, RIG_TOKEN, page, sizeof page);
  assert_int_equal(ask(&first, &answer, "GET /api/v1/desktop", page, NULL), 200);
  rig_call(&first, expire_sessions, NULL);
  assert_int_equal(ask(&first, &answer, "GET /api/v1/desktop", page, NULL), 401);
  page_login(&first, RIG_TOKEN, page, sizeof page);
  rig_stop(&first);
  /* The same host and, to be strict, the very cookie name of a server with another token. */
  rig_start(&second);
  const char *id = strstr(page, "oriel_session_");
  snprintf(renamed, sizeof renamed, "Cookie: oriel_session_%u=%.64s\r\n" ORIEL_SECRET_HEADER ": %.64s\r\n", second.port,
           strchr(id, '=') + 1, page_secret(page));
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
  char value[16], page[1024];
  struct rig rig = {.address = "pattern:?size=320x240&scene=static",
                    .config = {.auth_fail_limit = 3, .auth_fail_window_s = 60}};
  rig_start(&rig);
  page_login(&rig, RIG_TOKEN, page, sizeof page);
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
  /* Failures slow failures, and nobody else who comes from the same address. */
  assert_int_equal(ask(&rig, &answer, "GET /metrics", "Authorization: Bearer wrong\r\n", NULL), 429);
  int wait = atoi(header_of(&answer, "Retry-After", value, sizeof value));
  assert_true(wait >= 1 && wait <= 60);
  assert_int_equal(ask(&rig, &answer, "POST /session", "", "{\"token\":\"wrong\"}"), 429);
  assert_int_equal(ask(&rig, &answer, "GET /metrics", RIG_BEARER, NULL), 200);
  assert_int_equal(ask(&rig, &answer, "POST /session", "", "{\"token\":\"" RIG_TOKEN "\"}"), 200);
  assert_int_equal(ask(&rig, &answer, "GET /metrics", page, NULL), 200);
  struct oriel_server_stats stats;
  rig_server_stats(&rig, &stats);
  assert_int_equal(stats.auth_token, 3);
  assert_int_equal(stats.auth_cookie, 3);
  assert_int_equal(stats.auth_missing, 5);
  assert_int_equal(stats.auth_limited, 3);
  rig_stop(&rig);
}

/* Behind a proxy every user has an address of his own; what he writes himself does not count. */
static void lockout_behind_a_trusted_proxy(void **state) {
  (void)state;
  static const char *const proxies[] = {"127.0.0.0/8", NULL};
  struct rig rig = {.config = {.auth_fail_limit = 1, .auth_fail_window_s = 60, .trusted_proxies = proxies}};
  rig_start(&rig);
#define WRONG "Authorization: Bearer wrong\r\n"
  assert_int_equal(ask(&rig, &answer, "GET /metrics", WRONG "X-Forwarded-For: 192.0.2.1\r\n", NULL), 401);
  assert_int_equal(ask(&rig, &answer, "GET /metrics", WRONG "X-Forwarded-For: 192.0.2.1\r\n", NULL), 429);
  assert_int_equal(ask(&rig, &answer, "GET /metrics", WRONG "X-Forwarded-For: 9.9.9.9, 192.0.2.1\r\n", NULL), 429);
  assert_int_equal(
    ask(&rig, &answer, "GET /metrics", WRONG "X-Forwarded-For: 9.9.9.9\r\nX-Forwarded-For: 192.0.2.1\r\n", NULL), 429);
  assert_int_equal(ask(&rig, &answer, "GET /metrics", WRONG "Forwarded: for=192.0.2.2\r\n", NULL), 401);
  assert_int_equal(ask(&rig, &answer, "GET /metrics", WRONG "X-Forwarded-For: 192.0.2.2\r\n", NULL), 429);
  rig_stop(&rig);
  /* Whom nobody trusts speaks for himself. */
  rig = (struct rig){.config = {.auth_fail_limit = 1, .auth_fail_window_s = 60}};
  rig_start(&rig);
  assert_int_equal(ask(&rig, &answer, "GET /metrics", WRONG "X-Forwarded-For: 192.0.2.1\r\n", NULL), 401);
  assert_int_equal(ask(&rig, &answer, "GET /metrics", WRONG "X-Forwarded-For: 192.0.2.3\r\n", NULL), 429);
#undef WRONG
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
    cmocka_unit_test(message_table_walk),
    cmocka_unit_test(machine_is_started_again_where_it_can_be),
    cmocka_unit_test(every_message_has_a_row),
    cmocka_unit_test(session_by_cookie),
    cmocka_unit_test(websocket_needs_the_secret),
    cmocka_unit_test(stats_name_addresses_to_the_operator_alone),
    cmocka_unit_test(session_ends_with_its_time_and_with_its_token),
    cmocka_unit_test(session_refused),
    cmocka_unit_test(lockout_after_wrong_tokens),
    cmocka_unit_test(lockout_behind_a_trusted_proxy),
  };
  return cmocka_run_group_tests(tests, setup, rig_teardown);
}
