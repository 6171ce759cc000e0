/* SPDX-License-Identifier: MIT
 *
 * A page's credentials. See page.h.
 */
#include "page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "server/request.h"
#include "wire/viewer.h"

void page_login(const struct rig *rig, const char *token, char *headers, size_t size) {
  static struct answer answer;
  char value[256], body[256], request[128], rest[128];
  const char *below = rig->below ? rig->below : "";
  snprintf(body, sizeof body, "{\"token\":\"%s\"}", token);
  snprintf(request, sizeof request, "POST %s/session", below);
  assert_int_equal(ask(rig, &answer, request, "", body), 200);
  header_of(&answer, "Set-Cookie", value, sizeof value);
  snprintf(rest, sizeof rest, "; HttpOnly; SameSite=Strict; Path=%s/; Max-Age=86400",
           strstr(answer.body, "\"all\":true") ? "" : below);
  assert_non_null(strstr(value, rest));
  assert_null(strstr(value, token)); /* lesson 35 */
  assert_null(strstr(value, "Secure"));
  value[strcspn(value, ";")] = '\0';
  assert_int_equal(strlen(strchr(value, '=') + 1), ORIEL_SESSION_ID_SIZE);
  const char *secret = strstr(answer.body, "\"secret\":\"");
  assert_non_null(secret);
  assert_null(strstr(value, secret + 10)); /* lesson 48: another one */
  snprintf(headers, size, "Cookie: theme=dark; %s\r\n" ORIEL_SECRET_HEADER ": %.*s\r\nOrigin: http://127.0.0.1:%u\r\n",
           value, ORIEL_SESSION_ID_SIZE, secret + 10, rig->port);
}

const char *page_cookie(const char *headers, char *cookie, size_t size) {
  snprintf(cookie, size, "%.*s\r\n", (int)strcspn(headers, "\r"), headers);
  return cookie;
}

const char *page_secret(const char *headers) {
  return strstr(headers, ORIEL_SECRET_HEADER ": ") + strlen(ORIEL_SECRET_HEADER ": ");
}

int page_open(const struct rig *rig, const char *headers) {
  char lines[1024], cookie[512];
  snprintf(lines, sizeof lines, "%sOrigin: http://127.0.0.1:%u\r\n", page_cookie(headers, cookie, sizeof cookie),
           rig->port);
  return ws_open_as(rig, lines);
}

void page_authenticate(int fd, const char *secret) {
  uint8_t message[4 + ORIEL_VIEWER_SECRET_SIZE] = {ORIEL_VIEWER_AUTHENTICATE};
  memcpy(message + 4, secret, ORIEL_VIEWER_SECRET_SIZE);
  ws_send(fd, true, 2, message, sizeof message);
}

int page_join(const struct rig *rig, const char *headers, bool controls) {
  struct frame *frame = malloc(sizeof *frame);
  assert_non_null(frame);
  int fd = page_open(rig, headers);
  page_authenticate(fd, page_secret(headers));
  ws_hello(fd, controls);
  assert_true(ws_until(fd, frame, ORIEL_VIEWER_ROLE));
  free(frame);
  return fd;
}
