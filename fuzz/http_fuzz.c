/* SPDX-License-Identifier: MIT
 *
 * The header values and the one body this server reads by itself: Host, Origin, Cookie, Authorization, the WebSocket
 * handshake, POST /session, --listen, and plain HTTP on a TLS port. The first byte chooses; the rest is the text.
 */
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "server/address.h"
#include "server/credential.h"
#include "server/handshake.h"
#include "server/hint.h"
#include "server/origin.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
  if (!holds)
    abort();
}

static void try_host(const char *text) {
  static const char *const hosts[] = {"desk.example", "other.example:9000", NULL};
  static const char *const portals[] = {"https://portal.example", NULL};
  struct sockaddr_in bound = {.sin_family = AF_INET, .sin_port = htons(8080)};
  struct oriel_origins origins;
  bound.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (oriel_origins_init(&origins, (struct sockaddr *)&bound, false, hosts, portals) < 0)
    return;
  bool host = oriel_origins_host(&origins, text, "127.0.0.1:8080");
  bool origin = oriel_origins_origin(&origins, text, "127.0.0.1:8080");
  /* What is allowed is one of a handful of texts, whatever the case of its letters. */
  if (host)
    require(strcasecmp(text, "127.0.0.1:8080") == 0 || strcasecmp(text, "localhost:8080") == 0 ||
            strcmp(text, "[::1]:8080") == 0 || strncasecmp(text, "desk.example", 12) == 0 ||
            strcasecmp(text, "other.example:9000") == 0);
  if (origin && strcasecmp(text, portals[0]) != 0) {
    const char *rest = strstr(text, "://");
    require(rest && oriel_origins_host(&origins, rest + 3, "127.0.0.1:8080"));
  }
  oriel_origins_finish(&origins);
}

static void try_cookie(const char *text) {
  const char *next = text, *value, *end = text + strlen(text);
  size_t size;
  while (oriel_cookie_next(&next, "sid", &value, &size)) {
    require(value - text >= 4 && memcmp(value - 4, "sid=", 4) == 0);
    require(value + size <= next && next <= end && !memchr(value, ';', size));
  }
  require(next == end);
}

static void try_bearer(const char *text) {
  const char *token;
  size_t size;
  if (oriel_bearer_parse(text, &token, &size))
    require(size >= 1 && size <= ORIEL_TOKEN_MAX && token + size <= text + strlen(text) && !memchr(token, ' ', size));
}

static void try_handshake(const char *text) {
  char accept[ORIEL_HANDSHAKE_ACCEPT_SIZE];
  struct oriel_handshake handshake = {.http_version = "HTTP/1.1", .upgrade = "websocket", .connection = "upgrade",
                                      .version = "13", .key = text, .protocol = "oriel.v1"};
  if (oriel_handshake_check(&handshake, accept) == ORIEL_HANDSHAKE_OK)
    require(strlen(text) == 24 && strlen(accept) == ORIEL_HANDSHAKE_ACCEPT_SIZE - 1);
  handshake.key = "dGhlIHNhbXBsZSBub25jZQ==";
  handshake.upgrade = handshake.connection = handshake.protocol = text;
  require(oriel_handshake_check(&handshake, accept) != ORIEL_HANDSHAKE_OK || strstr(text, "oriel.v1"));
}

static void try_body(const uint8_t *data, size_t size) {
  char token[ORIEL_TOKEN_MAX + 1] = "", secret[ORIEL_SESSION_ID_SIZE + 1] = "";
  if (oriel_session_body_parse((const char *)data, size, token, secret) == 0)
    require(size <= ORIEL_SESSION_BODY_MAX && strlen(token) >= 1 && strlen(token) <= ORIEL_TOKEN_MAX &&
            (strlen(secret) == 0 || strlen(secret) == ORIEL_SESSION_ID_SIZE));
}

static void try_listen(const char *text) {
  struct sockaddr_storage address, again;
  socklen_t size;
  char form[ORIEL_ADDRESS_TEXT_MAX];
  struct oriel_address_key key;
  if (oriel_address_parse(text, &address, &size) < 0)
    return;
  oriel_address_text((struct sockaddr *)&address, form);
  oriel_address_key((struct sockaddr *)&address, &key);
  require(oriel_address_parse(form, &again, &size) == 0);
  require(oriel_address_port((struct sockaddr *)&address) == oriel_address_port((struct sockaddr *)&again));
}

/** Plain HTTP on a TLS port: whatever comes, the answer is whole, in its place, and sends nobody elsewhere. */
static void try_hint(const uint8_t *data, size_t size) {
  static const char *const hosts[] = {"desk.example", NULL};
  struct sockaddr_in bound = {.sin_family = AF_INET, .sin_port = htons(8443)};
  struct oriel_origins origins;
  char answer[ORIEL_HINT_SIZE];
  bound.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (oriel_origins_init(&origins, (struct sockaddr *)&bound, true, hosts, NULL) < 0)
    return;
  size_t written = oriel_hint_write((const char *)data, size, &origins, "127.0.0.1:8443", answer);
  oriel_origins_finish(&origins);
  require(written < sizeof answer && strlen(answer) == written);
  const char *location = strstr(answer, "Location: "), *end = strstr(answer, "\r\n\r\n");
  require(end != NULL);
  if (location == NULL)
    return;
  static const char *const places[] = {"https://desk.example/", "https://desk.example:8443/", "https://127.0.0.1:8443/",
                                       "https://localhost:8443/", "https://[::1]:8443/"};
  bool known = false;
  for (size_t i = 0; i < sizeof places / sizeof *places; i++)
    known = known || strncasecmp(location + 10, places[i], strlen(places[i])) == 0;
  require(known && location < end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0)
    return 0;
  char *text = malloc(size);
  if (!text)
    return 0;
  memcpy(text, data + 1, size - 1);
  text[size - 1] = '\0';
  switch (data[0] % 7) {
  case 0:
    try_host(text);
    break;
  case 1:
    try_cookie(text);
    break;
  case 2:
    try_bearer(text);
    break;
  case 3:
    try_handshake(text);
    break;
  case 4:
    try_body(data + 1, size - 1);
    break;
  case 6:
    try_hint(data + 1, size - 1);
    break;
  default:
    try_listen(text);
    break;
  }
  free(text);
  return 0;
}
