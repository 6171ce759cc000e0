/* SPDX-License-Identifier: MIT
 *
 * Several desktops in one server: their names and paths, and what opens which. Over real sockets.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "page.h"
#include "server/handlers.h"
#include "server/mounts.h"
#include "server/permit.h"
#include "server/request.h"
#include "server/routes.h"
#include "server/state.h"
#include "wire/viewer.h"

#define MOTION "pattern:?size=320x240&scene=motion"
#define STILL "pattern:?size=320x240&scene=static"

static struct answer answer;
static struct frame frame;

static int setup(void **state) {
  struct rig *rig = calloc(1, sizeof *rig);
  rig->address = STILL;
  rig->config.auth_fail_limit = 1000;
  rig->config.view_token = RIG_VIEW_TOKEN;
  rig_start(rig);
  *state = rig;
  return 0;
}

struct attempt {
  struct oriel_mount_config config;
  int status;
  struct oriel_mount *mount;
  char why[256];
};

static void try_mount(struct rig *rig, void *argument) {
  struct attempt *attempt = argument;
  attempt->mount = NULL;
  snprintf(attempt->why, sizeof attempt->why, "untouched");
  attempt->status =
    oriel_server_mount(rig->server, &attempt->config, &attempt->mount, attempt->why, sizeof attempt->why);
}

static void unmount_one(struct rig *rig, void *argument) {
  (void)rig;
  oriel_server_unmount(argument);
}

static void mount_refuses_with_a_sentence(void **state) {
  struct rig *rig = *state;
  static char long_name[65], long_token[514];
  memset(long_name, 'a', 64);
  memset(long_token, 'a', 513);
  const struct {
    struct oriel_mount_config config;
    int status;
    const char *words;
  } rows[] = {
    {{.name = NULL}, -EINVAL, "a name has 1 to 63"},
    {{.name = ""}, -EINVAL, "a name has 1 to 63"},
    {{.name = ".a"}, -EINVAL, "begins with a letter or a digit"},
    {{.name = "a/b"}, -EINVAL, "\"a/b\""},
    {{.name = "Web"}, -EINVAL, "\"Web\""},
    {{.name = long_name}, -EINVAL, "a name has 1 to 63"},
    {{.name = RIG_DESKTOP}, -EEXIST, "give this one another name"},
    {{.name = "a", .token = ""}, -EINVAL, "it has 0 bytes"},
    {{.name = "a", .token = long_token}, -EINVAL, "it has 513 bytes"},
    {{.name = "a", .view_token = ""}, -EINVAL, "it has 0 bytes"},
    {{.name = "a", .token = RIG_TOKEN}, -EINVAL, "it is one of the server's"},
    {{.name = "a", .view_token = RIG_VIEW_TOKEN}, -EINVAL, "it is one of the server's"},
    {{.name = "a", .token = "same", .view_token = "same"}, -EINVAL, "who only watches needs another"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct attempt attempt = {.config = rows[i].config};
    rig_call(rig, try_mount, &attempt);
    assert_int_equal(attempt.status, rows[i].status);
    assert_non_null(strstr(attempt.why, rows[i].words));
    assert_null(attempt.mount);
  }
  static const char *const good[] = {"0", "a", "z9._-",
                                     "a-name-of-exactly-sixty-three-letters-0123456789012345678901234"};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    struct attempt attempt = {.config = {.name = good[i]}};
    rig_call(rig, try_mount, &attempt);
    assert_int_equal(attempt.status, 0);
    assert_string_equal(attempt.why, "");
    assert_string_equal(attempt.mount->name, good[i]);
    rig_call(rig, unmount_one, attempt.mount);
  }
}

static void as_many_as_there_may_be(void **state) {
  struct rig *rig = *state;
  static struct oriel_mount *mounts[ORIEL_MOUNTS_MAX - 1];
  char name[16], request[64];
  struct attempt attempt = {.config.name = name};
  for (size_t i = 0; i < ORIEL_MOUNTS_MAX - 1; i++) {
    snprintf(name, sizeof name, "m%zu", i);
    rig_call(rig, try_mount, &attempt);
    assert_int_equal(attempt.status, 0);
    mounts[i] = attempt.mount;
  }
  snprintf(name, sizeof name, "over");
  rig_call(rig, try_mount, &attempt);
  assert_int_equal(attempt.status, -ENOSPC);
  assert_non_null(strstr(attempt.why, "remove one first"));
  snprintf(request, sizeof request, "GET /d/m%d/", ORIEL_MOUNTS_MAX - 2);
  assert_int_equal(ask(rig, &answer, request, "", NULL), 200);
  for (size_t i = 0; i < ORIEL_MOUNTS_MAX - 1; i++)
    rig_call(rig, unmount_one, mounts[i]);
  rig_call(rig, try_mount, &attempt);
  assert_int_equal(attempt.status, 0);
  rig_call(rig, unmount_one, attempt.mount);
}

static int get(struct rig *rig, const char *request) {
  return ask(rig, &answer, request, RIG_BEARER, NULL);
}

static unsigned snapshot_width(struct rig *rig, const char *request) {
  assert_int_equal(get(rig, request), 200);
  return png_width(&answer);
}

/* The only desktop is found at / and by its name; of several each by its own. */
static void paths_name_the_desktop(void **state) {
  struct rig *rig = *state;
  char value[128];
  assert_int_equal(get(rig, "GET /api/v1/desktop"), 200);
  assert_int_equal(get(rig, "GET /d/desktop/api/v1/desktop"), 200);
  assert_int_equal(get(rig, "GET /api/v1/desktops/desktop"), 200);
  assert_int_equal(get(rig, "GET /d/other/api/v1/desktop"), 404);
  assert_non_null(strstr(answer.body, "no desktop of this name is served here"));

  struct rig_more *other = rig_mount(rig, &(struct oriel_mount_config){.name = "other"}, "pattern:?size=640x480");
  assert_int_equal(snapshot_width(rig, "GET /d/other/snapshot.png"), 640);
  assert_int_equal(snapshot_width(rig, "GET /d/desktop/snapshot.png"), 320);
  assert_int_equal(snapshot_width(rig, "GET /api/v1/desktops/other/snapshot.png"), 640);
  static const char *const at_root[] = {"GET /api/v1/desktop", "GET /snapshot.png", "GET /ws",
                                        "POST /api/v1/desktop/reset"};
  for (size_t i = 0; i < sizeof at_root / sizeof *at_root; i++) {
    assert_int_equal(get(rig, at_root[i]), 404);
    assert_non_null(strstr(answer.body, "several desktops are served here: name one"));
  }
  static const char *const good[] = {"GET /d/other/", "GET /d/other/js/medium.js", "GET /d/other/snapshot.png",
                                     "GET /d/other/metrics", "GET /api/v1/desktops/other/stats",
                                     "GET /api/v1/desktops/other/snapshot.png", "GET /d/desktop/api/v1/share",
                                     "GET /healthz", "GET /metrics"};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++)
    assert_int_equal(get(rig, good[i]), 200);
  static const char *const nowhere[] = {"GET /d/", "GET /d//", "GET /d/oth/", "GET /d/others/", "GET /d/other/healthz",
                                        "GET /d/other/d/other/ws", "GET /api/v1/desktops/", "GET /d/other/nothing",
                                        "GET /api/v1/desktops/other/", "GET /api/v1/desktops/other/ws",
                                        "GET /api/v1/desktops/nobody", "GET /api/v1/desktops/other/api/v1/stats"};
  for (size_t i = 0; i < sizeof nowhere / sizeof *nowhere; i++)
    assert_int_equal(get(rig, nowhere[i]), 404);
  assert_int_equal(get(rig, "GET /d/other"), 308);
  assert_string_equal(header_of(&answer, "Location", value, sizeof value), "/d/other/");
  assert_int_equal(get(rig, "POST /api/v1/desktops/other/stats"), 405);

  rig_unmount(rig, other);
  assert_int_equal(get(rig, "GET /d/other/"), 404);
  assert_int_equal(get(rig, "GET /api/v1/desktop"), 200);
}

/* ---- tokens ---- */

static const struct oriel_mount_config red = {.name = "red", .token = "red-token", .view_token = "red-view-token"},
                                       blue = {.name = "blue", .token = "blue-token", .view_token = "blue-view-token"};

/* Every row by every spelling: with the tokens of one desktop, and with sessions that began with them, it is 401 at
 * another desktop and as the table says at its own. */
static void tokens_of_one_desktop_open_no_other(void **state) {
  struct rig *rig = *state;
  struct rig_more *first = rig_mount(rig, &red, STILL), *second = rig_mount(rig, &blue, STILL);
  char user[PAGE_HEADERS_MAX], watcher[PAGE_HEADERS_MAX], below[PAGE_HEADERS_MAX];
  page_login(rig, red.token, user, sizeof user); /* at /, where any token logs in */
  page_login(rig, red.view_token, watcher, sizeof watcher);
  rig->below = "/d/red";
  page_login(rig, red.token, below, sizeof below);
  rig->below = "/d/blue";
  assert_int_equal(ask(rig, &answer, "POST /d/blue/session", "", "{\"token\":\"red-token\"}"), 401);
  rig->below = NULL;
  const struct {
    enum oriel_party party;
    const char *headers;
  } visitors[] = {{ORIEL_PARTY_SCRIPT, BEARER("red-token")}, {ORIEL_PARTY_WATCHER, BEARER("red-view-token")},
                  {ORIEL_PARTY_USER, user}, {ORIEL_PARTY_WATCHER, watcher}, {ORIEL_PARTY_USER, below}};
  size_t walked = 0;
  for (size_t i = 0; i < oriel_routes.count * REQUEST_WAYS; i++) {
    const struct oriel_route *row = &oriel_routes.rows[i / REQUEST_WAYS];
    const unsigned parties = oriel_permit_route(row->method, row->path);
    char own[128], other[128];
    if (i % REQUEST_WAYS == 0 || parties & ORIEL_PARTY_ANYBODY || row->handle == oriel_handle_logout ||
        !request_of(row, i % REQUEST_WAYS, red.name, own, sizeof own))
      continue;
    (void)request_of(row, i % REQUEST_WAYS, blue.name, other, sizeof other);
    for (size_t k = 0; k < sizeof visitors / sizeof *visitors; k++, walked++) {
      assert_int_equal(i * 10000 + k * 1000 + (size_t)ask(rig, &answer, other, visitors[k].headers, NULL),
                       i * 10000 + k * 1000 + 401);
      const int status = ask(rig, &answer, own, visitors[k].headers, NULL);
      assert_int_equal(i * 100 + k * 10 + (status == 403), i * 100 + k * 10 + !(parties & visitors[k].party));
      assert_int_not_equal(status, 401);
    }
  }
  assert_true(walked > 80);
  assert_int_equal(ask(rig, &answer, "GET /metrics", BEARER("red-token"), NULL), 403);
  assert_non_null(strstr(answer.body, "this is about all desktops, and the token opens one"));
  rig_unmount(rig, first);
  rig_unmount(rig, second);
}

/* A link to watch one desktop, which who has its token may ask for, is never the server's, which opens all. */
static void shares_of_one_desktop_open_no_other(void **state) {
  struct rig *rig = *state;
  struct rig_more *first = rig_mount(rig, &red, STILL);
  const struct oriel_mount_config plain = {.name = "plain", .token = "plain-token"};
  struct rig_more *second = rig_mount(rig, &plain, STILL);
  assert_int_equal(ask(rig, &answer, "GET /d/red/api/v1/share", BEARER("red-token"), NULL), 200);
  assert_string_equal(answer.body, "{\"token\":\"red-view-token\"}");
  assert_int_equal(get(rig, "GET /d/red/api/v1/share"), 200);
  assert_string_equal(answer.body, "{\"token\":\"red-view-token\"}");
  /* One without its own gets one, which is not the server's and opens nothing else. */
  assert_int_equal(ask(rig, &answer, "GET /d/plain/api/v1/share", BEARER("plain-token"), NULL), 200);
  char token[80], headers[160], body[256];
  snprintf(token, sizeof token, "%.64s", answer.body + strlen("{\"token\":\""));
  assert_int_equal(strspn(token, "0123456789abcdef"), 64);
  assert_int_equal(get(rig, "GET /d/plain/api/v1/share"), 200);
  snprintf(body, sizeof body, "{\"token\":\"%s\"}", token);
  assert_string_equal(answer.body, body);
  snprintf(headers, sizeof headers, "Authorization: Bearer %s\r\n", token);
  assert_int_equal(ask(rig, &answer, "GET /d/plain/snapshot.png", headers, NULL), 200);
  assert_int_equal(ask(rig, &answer, "GET /d/plain/api/v1/share", headers, NULL), 403);
  assert_int_equal(ask(rig, &answer, "GET /d/red/snapshot.png", headers, NULL), 401);
  assert_int_equal(ask(rig, &answer, "GET /d/desktop/snapshot.png", headers, NULL), 401);
  /* Nor does it tell what the server does for others. */
  assert_int_equal(ask(rig, &answer, "GET /d/plain/api/v1/stats", BEARER("plain-token"), NULL), 200);
  assert_null(strstr(answer.body, "\"server\""));
  assert_int_equal(ask(rig, &answer, "GET /d/plain/metrics", BEARER("plain-token"), NULL), 200);
  assert_null(strstr(answer.body, "oriel_requests_total"));
  assert_int_equal(get(rig, "GET /d/plain/api/v1/stats"), 200);
  assert_non_null(strstr(answer.body, "\"server\""));
  rig_unmount(rig, first);
  rig_unmount(rig, second);
}

/* Nor does one that was shared while there was no other: it may come. Only where none ever will is it the server's, which
 * the next start has again. */
static void share_of_the_only_desktop_opens_no_later_one(void **state) {
  struct rig *rig = *state;
  char headers[160];
  assert_int_equal(get(rig, "GET /api/v1/share"), 200);
  assert_null(strstr(answer.body, RIG_VIEW_TOKEN));
  snprintf(headers, sizeof headers, "Authorization: Bearer %.64s\r\n", answer.body + strlen("{\"token\":\""));
  assert_int_equal(ask(rig, &answer, "GET /snapshot.png", headers, NULL), 200);
  const struct oriel_mount_config later = {.name = "later", .alone = true};
  struct rig_more *more = rig_mount(rig, &later, STILL);
  assert_int_equal(ask(rig, &answer, "GET /d/desktop/snapshot.png", headers, NULL), 200);
  assert_int_equal(ask(rig, &answer, "GET /d/later/snapshot.png", headers, NULL), 401);
  assert_int_equal(get(rig, "GET /d/later/api/v1/share"), 200);
  assert_string_equal(answer.body, "{\"token\":\"" RIG_VIEW_TOKEN "\"}");
  rig_unmount(rig, more);
}

static int login_at(struct rig *rig, const char *below, const char *token) {
  uint8_t message[64] = {ORIEL_VIEWER_LOGIN};
  rig->below = below;
  int fd = ws_open_as(rig, "Sec-WebSocket-Protocol: oriel.v1, oriel.login\r\n");
  rig->below = NULL;
  message[4] = (uint8_t)strlen(token);
  memcpy(message + 6, token, strlen(token));
  ws_send(fd, true, 2, message, 6 + strlen(token));
  return fd;
}

/* At the WebSocket: by a token in its first message, by a cookie, by a bearer. */
static void websockets_of_one_desktop_open_no_other(void **state) {
  struct rig *rig = *state;
  struct rig_more *first = rig_mount(rig, &red, STILL), *second = rig_mount(rig, &blue, STILL);
  int fd = login_at(rig, "/d/blue", red.token);
  assert_int_equal(ws_reason(fd), ORIEL_VIEWER_REASON_UNAUTHORISED);
  close(fd);
  fd = login_at(rig, "/d/red", red.token);
  assert_true(ws_until(fd, &frame, ORIEL_VIEWER_SESSION));
  ws_hello(fd, true);
  assert_true(ws_until(fd, &frame, ORIEL_VIEWER_STATE));
  /* Its session has no cookie yet, and gets it at its own desktop alone. */
  fd = (close(fd), login_at(rig, "/d/red", red.token));
  assert_true(ws_until(fd, &frame, ORIEL_VIEWER_SESSION));
  char body[256];
  snprintf(body, sizeof body, "{\"token\":\"red-token\",\"secret\":\"%.64s\"}", (const char *)frame.data + 4);
  assert_int_equal(ask(rig, &answer, "POST /d/blue/session", "", body), 401);
  assert_int_equal(ask(rig, &answer, "POST /d/red/session", "", body), 200);
  frame.data[68] = '\0';
  assert_non_null(strstr(answer.body, (const char *)frame.data + 4));
  close(fd);
  rig_unmount(rig, first);
  rig_unmount(rig, second);
}

/* Sessions for one desktop and for all lie in one browser side by side: each page's secret says which is meant. */
static void the_secret_says_which_session_is_meant(void **state) {
  struct rig *rig = *state;
  struct rig_more *first = rig_mount(rig, &red, STILL);
  char all[PAGE_HEADERS_MAX], view[PAGE_HEADERS_MAX], line[512], other[512], headers[2 * PAGE_HEADERS_MAX];
  page_login(rig, RIG_TOKEN, all, sizeof all);
  rig->below = "/d/red";
  page_login(rig, red.view_token, view, sizeof view);
  rig->below = NULL;
  page_cookie(all, line, sizeof line);
  page_cookie(view, other, sizeof other);
  line[strcspn(line, "\r")] = '\0';
  other[strcspn(other, "\r")] = '\0';
  for (int k = 0; k < 2; k++) {
    snprintf(headers, sizeof headers, "%s; %s\r\n" ORIEL_SECRET_HEADER ": %.64s\r\nOrigin: http://127.0.0.1:%u\r\n",
             other, line + strlen("Cookie: "), page_secret(k ? view : all), rig->port);
    assert_int_equal(ask(rig, &answer, "GET /d/red/api/v1/share", headers, NULL), k ? 403 : 200);
    assert_int_equal(ask(rig, &answer, "GET /d/red/api/v1/desktop", headers, NULL), 200);
    rig->below = "/d/red"; /* at a WebSocket the secret comes later, in its first message */
    int fd = page_open(rig, headers);
    page_authenticate(fd, page_secret(k ? view : all));
    ws_hello(fd, true);
    assert_true(ws_until(fd, &frame, ORIEL_VIEWER_ROLE));
    assert_int_equal(frame.data[4], k ? ORIEL_ROLE_VIEWER : ORIEL_ROLE_CONTROLLER);
    close(fd);
    assert_true(rig_until(rig, no_viewers, 5000));
    rig->below = NULL;
  }
  /* What opens one desktop alone does not open the other with that cookie, either. */
  assert_int_equal(ask(rig, &answer, "GET /d/desktop/api/v1/desktop", view, NULL), 401);
  assert_non_null(strstr(answer.body, "this session opens another desktop"));
  assert_int_equal(ask(rig, &answer, "DELETE /d/red/session", view, NULL), 204);
  char value[256];
  assert_non_null(strstr(header_of(&answer, "Set-Cookie", value, sizeof value), "Path=/d/red/; Max-Age=0"));
  assert_int_equal(ask(rig, &answer, "GET /d/red/api/v1/desktop", view, NULL), 401);
  assert_int_equal(ask(rig, &answer, "GET /d/red/api/v1/desktop", all, NULL), 200);
  rig_unmount(rig, first);
}

/* The page of one screen names those of its machine that its session opens, and takes the session along to one. */
static void session_goes_along_to_other_screens(void **state) {
  struct rig *rig = *state;
  static const struct oriel_mount_config screens[] = {
    {.name = "vm", .machine = "vm", .token = "vm-token"},
    {.name = "vm-1", .machine = "vm", .token = "vm-token"},
    {.name = "vm-2", .machine = "vm", .token = "other-token"},
    {.name = "alone", .token = "vm-token"},
  };
  enum { COUNT = sizeof screens / sizeof *screens };
  struct rig_more *more[COUNT];
  char session[PAGE_HEADERS_MAX], line[512], value[256];
  for (size_t i = 0; i < COUNT; i++)
    more[i] = rig_mount(rig, &screens[i], STILL);
  rig->below = "/d/vm";
  page_login(rig, "vm-token", session, sizeof session);
  rig->below = NULL;
  assert_int_equal(ask(rig, &answer, "GET /d/vm/api/v1/screens", session, NULL), 200);
  assert_string_equal(answer.body, "{\"screens\":[\"vm-1\"]}");
  assert_int_equal(ask(rig, &answer, "GET /d/alone/api/v1/screens", BEARER("vm-token"), NULL), 200);
  assert_string_equal(answer.body, "{\"screens\":[]}");
  assert_int_equal(get(rig, "GET /api/v1/desktops/vm-1/screens"), 200);
  assert_string_equal(answer.body, "{\"screens\":[\"vm\",\"vm-2\"]}");
  assert_int_equal(ask(rig, &answer, "POST /d/vm/api/v1/screens/vm-1", session, NULL), 204);
  assert_non_null(strstr(header_of(&answer, "Set-Cookie", value, sizeof value), "; Path=/d/vm-1/; "));
  value[strcspn(value, ";")] = '\0';
  assert_non_null(strstr(session, value)); /* the same session's */
  static const char *const others[] = {"vm", "vm-2", "alone", "desktop", "nobody"};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    snprintf(line, sizeof line, "POST /d/vm/api/v1/screens/%s", others[i]);
    assert_int_equal(ask(rig, &answer, line, session, NULL), 404);
  }
  assert_int_equal(ask(rig, &answer, "POST /d/vm/api/v1/screens/vm-1", BEARER("vm-token"), NULL), 403);
  for (size_t i = 0; i < COUNT; i++)
    rig_unmount(rig, more[i]);
}

/* The controls of one desktop are none of another's. */
static void controls_are_of_one_desktop(void **state) {
  struct rig *rig = *state;
  struct rig_more *first = rig_mount(rig, &red, STILL), *second = rig_mount(rig, &blue, STILL);
  char user[PAGE_HEADERS_MAX], other[PAGE_HEADERS_MAX];
  page_login(rig, RIG_TOKEN, user, sizeof user);
  page_login(rig, RIG_TOKEN, other, sizeof other);
  rig->below = "/d/red";
  int holder = page_join(rig, user, true);
  rig->below = "/d/blue";
  int stranger = page_join(rig, other, true);
  rig->below = NULL;
  assert_int_not_equal(ask(rig, &answer, "POST /d/red/api/v1/desktop/reset", user, NULL), 403);
  assert_int_equal(ask(rig, &answer, "POST /d/blue/api/v1/desktop/reset", user, NULL), 403);
  assert_int_equal(ask(rig, &answer, "POST /d/red/api/v1/desktop/reset", other, NULL), 403);
  assert_int_not_equal(ask(rig, &answer, "POST /d/blue/api/v1/desktop/reset", other, NULL), 403);
  close(holder);
  close(stranger);
  rig_unmount(rig, first);
  rig_unmount(rig, second);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(mount_refuses_with_a_sentence),
    cmocka_unit_test(as_many_as_there_may_be),
    cmocka_unit_test(paths_name_the_desktop),
    cmocka_unit_test(tokens_of_one_desktop_open_no_other),
    cmocka_unit_test(shares_of_one_desktop_open_no_other),
    cmocka_unit_test(share_of_the_only_desktop_opens_no_later_one),
    cmocka_unit_test(websockets_of_one_desktop_open_no_other),
    cmocka_unit_test(session_goes_along_to_other_screens),
    cmocka_unit_test(the_secret_says_which_session_is_meant),
    cmocka_unit_test(controls_are_of_one_desktop),
  };
  return cmocka_run_group_tests(tests, setup, rig_teardown);
}
