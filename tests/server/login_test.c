/* SPDX-License-Identifier: MIT
 *
 * The log-in at the WebSocket: by its first message, with the cookie fetched behind it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <unistd.h>

#include "page.h"
#include "server/request.h"
#include "wire/viewer.h"

static struct answer answer;
static struct frame frame;

static int open_stranger(const struct rig *rig) {
  char headers[256];
  snprintf(headers, sizeof headers,
           "Origin: http://127.0.0.1:%u\r\nSec-WebSocket-Protocol: " ORIEL_VIEWER_SUBPROTOCOL
           ", " ORIEL_VIEWER_SUBPROTOCOL_LOGIN "\r\n",
           rig->port);
  return ws_open_as(rig, headers);
}

static void send_token(int fd, const char *token) {
  uint8_t message[6 + 64] = {ORIEL_VIEWER_LOGIN, 0, 0, 0, (uint8_t)strlen(token)};
  memcpy(message + 6, token, strlen(token));
  ws_send(fd, true, 2, message, 6 + strlen(token));
}

/* What the page does: token and hello at once. */
static int enter(const struct rig *rig, const char *token, bool controls, char secret[ORIEL_VIEWER_SECRET_SIZE + 1]) {
  int fd = open_stranger(rig);
  send_token(fd, token);
  ws_hello(fd, controls);
  assert_int_equal(ws_read(fd, &frame), 2);
  assert_int_equal(frame.data[0], ORIEL_VIEWER_SESSION);
  assert_int_equal(frame.size, 4 + ORIEL_VIEWER_SECRET_SIZE + 1);
  memcpy(secret, frame.data + 4, ORIEL_VIEWER_SECRET_SIZE);
  secret[ORIEL_VIEWER_SECRET_SIZE] = '\0';
  return fd;
}

static void claim(const struct rig *rig, const char *token, const char *secret, char *headers, size_t size) {
  char body[256], cookie[256];
  snprintf(body, sizeof body, "{\"token\":\"%s\",\"secret\":\"%s\"}", token, secret);
  assert_int_equal(ask(rig, &answer, "POST /session", "", body), 200);
  header_of(&answer, "Set-Cookie", cookie, sizeof cookie);
  cookie[strcspn(cookie, ";")] = '\0';
  const char *now = strstr(answer.body, "\"secret\":\"") + 10;
  snprintf(headers, size, "Cookie: %s\r\n" ORIEL_SECRET_HEADER ": %.*s\r\nOrigin: http://127.0.0.1:%u\r\n", cookie,
           ORIEL_SESSION_ID_SIZE, now, rig->port);
}

static void token_opens_and_then_fetches_its_cookie(void **state) {
  (void)state;
  struct rig rig = {.address = "pattern:?size=320x240&scene=static", .config = {.view_token = RIG_VIEW_TOKEN}};
  char secret[ORIEL_VIEWER_SECRET_SIZE + 1], page[PAGE_HEADERS_MAX], second[PAGE_HEADERS_MAX];
  rig_start(&rig);
  int fd = enter(&rig, RIG_TOKEN, true, secret);
  assert_int_equal(frame.data[4 + ORIEL_VIEWER_SECRET_SIZE], 0);
  assert_true(ws_until(fd, &frame, ORIEL_VIEWER_SERVER_HELLO));
  do
    assert_true(ws_until(fd, &frame, ORIEL_VIEWER_ROLE));
  while (frame.data[4] != 1);
  /* The cookie is one of the same session: it has the controls. */
  claim(&rig, RIG_TOKEN, secret, page, sizeof page);
  assert_memory_equal(page_secret(page), secret, ORIEL_VIEWER_SECRET_SIZE);
  assert_int_equal(ask(&rig, &answer, "POST /api/v1/desktop/pause", page, ""), 202);
  assert_int_equal(ask(&rig, &answer, "POST /api/v1/desktop/resume", page, ""), 202);
  /* Once: whoever learns the secret and the token gets a session of his own. */
  claim(&rig, RIG_TOKEN, secret, second, sizeof second);
  assert_memory_not_equal(page_secret(second), secret, ORIEL_VIEWER_SECRET_SIZE);
  assert_int_equal(ask(&rig, &answer, "POST /api/v1/desktop/pause", second, ""), 403);
  /* The log-out of that page ends that viewer. */
  assert_int_equal(ask(&rig, &answer, "DELETE /session", page, NULL), 204);
  assert_int_equal(ws_reason(fd), ORIEL_VIEWER_REASON_UNAUTHORISED);
  close(fd);

  fd = enter(&rig, RIG_VIEW_TOKEN, true, secret);
  assert_int_equal(frame.data[4 + ORIEL_VIEWER_SECRET_SIZE], 1);
  assert_true(ws_until(fd, &frame, ORIEL_VIEWER_ROLE));
  assert_int_equal(frame.data[4], 0);
  /* The right of the token counts, not that of the session. */
  claim(&rig, RIG_TOKEN, secret, second, sizeof second);
  assert_memory_not_equal(page_secret(second), secret, ORIEL_VIEWER_SECRET_SIZE);
  close(fd);
  rig_stop(&rig);
}

static void wrong_token_is_counted_and_then_limited(void **state) {
  (void)state;
  struct rig rig = {.address = "pattern:?size=320x240&scene=static",
                    .config = {.auth_fail_limit = 3, .auth_fail_window_s = 60}};
  char secret[ORIEL_VIEWER_SECRET_SIZE + 1];
  rig_start(&rig);
  for (int i = 0; i < 5; i++) {
    int fd = open_stranger(&rig);
    send_token(fd, "wrong");
    ws_hello(fd, false);
    assert_int_equal(ws_reason(fd), i < 3 ? ORIEL_VIEWER_REASON_UNAUTHORISED : ORIEL_VIEWER_REASON_LIMITED);
    close(fd);
  }
  assert_int_equal(ask(&rig, &answer, "POST /session", "", "{\"token\":\"wrong\"}"), 429); /* one count for both ways */
  close(enter(&rig, RIG_TOKEN, false, secret));
  struct oriel_server_stats stats;
  rig_server_stats(&rig, &stats);
  assert_int_equal(stats.auth_token, 3);
  assert_int_equal(stats.auth_limited, 3);
  rig_stop(&rig);
}

static void stranger_may_say_nothing_else(void **state) {
  (void)state;
  struct rig rig = {.address = "pattern:?size=320x240&scene=static"};
  char secret[ORIEL_VIEWER_SECRET_SIZE + 1], headers[256], page[PAGE_HEADERS_MAX];
  rig_start(&rig);
  /* Who does not say that it will log in needs a credential, and another page's origin is refused as ever. */
  snprintf(headers, sizeof headers, "Origin: http://127.0.0.1:%u\r\nSec-WebSocket-Protocol: oriel.v1\r\n", rig.port);
  assert_int_equal(ask(&rig, &answer, "GET /ws", headers, NULL), 401);
  assert_int_equal(ask(&rig, &answer, "GET /ws", "Origin: http://evil.example\r\nSec-WebSocket-Protocol: oriel.v1, oriel.login\r\n",
                       NULL), 403);
  assert_int_equal(ask(&rig, &answer, "GET /api/v1/desktop", "Sec-WebSocket-Protocol: oriel.login\r\n", NULL), 401);
  int fd = open_stranger(&rig);
  ws_hello(fd, false);
  assert_int_equal(ws_reason(fd), ORIEL_VIEWER_REASON_PROTOCOL);
  close(fd);
  fd = open_stranger(&rig);
  page_login(&rig, RIG_TOKEN, page, sizeof page);
  page_authenticate(fd, page_secret(page)); /* without the cookie the secret is worth nothing */
  assert_int_equal(ws_reason(fd), ORIEL_VIEWER_REASON_UNAUTHORISED);
  close(fd);
  fd = enter(&rig, RIG_TOKEN, false, secret);
  send_token(fd, RIG_TOKEN); /* twice */
  assert_int_equal(ws_reason(fd), ORIEL_VIEWER_REASON_PROTOCOL);
  close(fd);
  fd = page_open(&rig, page); /* by cookie the secret comes first, not the token */
  send_token(fd, RIG_TOKEN);
  assert_int_equal(ws_reason(fd), ORIEL_VIEWER_REASON_PROTOCOL);
  close(fd);
  rig_stop(&rig);
}

/* Connections that say nothing keep nobody out: those of one address make room among themselves. */
static void strangers_make_room(void **state) {
  (void)state;
  struct rig rig = {.address = "pattern:?size=320x240&scene=static"};
  char secret[ORIEL_VIEWER_SECRET_SIZE + 1];
  enum { COUNT = 9 };
  int waiting[COUNT];
  rig_start(&rig);
  for (size_t i = 0; i < COUNT; i++)
    waiting[i] = open_stranger(&rig);
  assert_int_equal(ws_reason(waiting[0]), ORIEL_VIEWER_REASON_TIMEOUT);
  close(enter(&rig, RIG_TOKEN, false, secret));
  for (size_t i = 0; i < COUNT; i++)
    close(waiting[i]);
  rig_stop(&rig);
}

/* Nor do those that said something wrong, while they are told so and do not go. */
static void strangers_turned_away_keep_nobody_out(void **state) {
  (void)state;
  struct rig rig = {.address = "pattern:?size=320x240&scene=static"};
  char secret[ORIEL_VIEWER_SECRET_SIZE + 1];
  enum { COUNT = ORIEL_DESKTOP_VIEWERS_MAX + 32 };
  static int told[COUNT];
  struct oriel_server_stats stats;
  rig_start(&rig);
  for (size_t i = 0; i < COUNT; i++) {
    told[i] = open_stranger(&rig);
    ws_hello(told[i], false);
  }
  rig_server_stats(&rig, &stats);
  assert_in_range(stats.viewers_now, 0, 8);
  close(enter(&rig, RIG_TOKEN, false, secret));
  for (size_t i = 0; i < COUNT; i++)
    close(told[i]);
  rig_stop(&rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(token_opens_and_then_fetches_its_cookie),
    cmocka_unit_test(wrong_token_is_counted_and_then_limited),
    cmocka_unit_test(stranger_may_say_nothing_else),
    cmocka_unit_test(strangers_make_room),
    cmocka_unit_test(strangers_turned_away_keep_nobody_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
