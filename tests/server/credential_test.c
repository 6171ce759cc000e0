/* SPDX-License-Identifier: MIT
 *
 * The pieces under the gate, without sockets: addresses, origins, credentials, sessions, lock-out, handshake.
 */
#include "server/credential.h"

#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <malloc.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/clock.h"
#include "server/address.h"
#include "server/audit.h"
#include "server/handshake.h"
#include "server/lockout.h"
#include "server/origin.h"
#include "server/proxies.h"
#include "server/session.h"

static struct sockaddr_storage parsed(const char *text) {
  struct sockaddr_storage address = {0};
  socklen_t size;
  assert_int_equal(oriel_address_parse(text, &address, &size), 0);
  return address;
}

static void address_parse(void **state) {
  (void)state;
  static const char *const bad[] = {"", ":", "8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
                                    "127.0.0.1:1x", "::1:80", "[::1]", "[::1:80", "[]:80", "example.com:80",
                                    "127.0.0.1:000080", "127.1:80", "[127.0.0.1]:80"};
  struct sockaddr_storage address;
  socklen_t size;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_int_equal(oriel_address_parse(bad[i], &address, &size), -EINVAL);
  assert_int_equal(oriel_address_parse(NULL, &address, &size), -EINVAL);
  static const struct {
    const char *text, *form;
    bool loopback;
  } good[] = {{"127.0.0.1:8080", "127.0.0.1:8080", true},
              {"localhost:0", "127.0.0.1:0", true},
              {"0.0.0.0:443", "0.0.0.0:443", false},
              {"[::1]:65535", "[::1]:65535", true},
              {"[::]:1", "[::]:1", false},
              {"[::ffff:127.0.0.1]:5", "127.0.0.1:5", true},
              {"[2001:DB8::0001]:80", "[2001:db8::1]:80", false}};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    char form[ORIEL_ADDRESS_TEXT_MAX];
    address = parsed(good[i].text);
    oriel_address_text((struct sockaddr *)&address, form);
    assert_string_equal(form, good[i].form);
    assert_int_equal(oriel_address_loopback((struct sockaddr *)&address), good[i].loopback);
  }
}

/* Lesson 37. */
static void address_key_is_canonical(void **state) {
  (void)state;
  struct oriel_address_key a, b;
  struct sockaddr_storage plain = parsed("192.0.2.7:1"), mapped = parsed("[::ffff:192.0.2.7]:2");
  oriel_address_key((struct sockaddr *)&plain, &a);
  oriel_address_key((struct sockaddr *)&mapped, &b);
  assert_memory_equal(&a, &b, sizeof a);
  struct sockaddr_storage other = parsed("192.0.2.8:1");
  oriel_address_key((struct sockaddr *)&other, &b);
  assert_memory_not_equal(&a, &b, sizeof a);
  /* One /64 is one client; the next is another. */
  struct sockaddr_storage one = parsed("[2001:db8::1]:1"), same = parsed("[2001:db8::ffff:1]:1"),
                          next = parsed("[2001:db8:0:1::1]:1");
  oriel_address_key((struct sockaddr *)&one, &a);
  oriel_address_key((struct sockaddr *)&same, &b);
  assert_memory_equal(&a, &b, sizeof a);
  oriel_address_key((struct sockaddr *)&next, &b);
  assert_memory_not_equal(&a, &b, sizeof a);
}

static void origins_on_a_wildcard(void **state) {
  (void)state;
  struct sockaddr_storage any = parsed("0.0.0.0:443");
  struct oriel_origins origins;
  assert_int_equal(oriel_origins_init(&origins, (struct sockaddr *)&any, true, NULL, NULL), 0);
  /* The literal on which the connection came is exact; a name is not known. */
  assert_true(oriel_origins_host(&origins, "192.0.2.1:443", "192.0.2.1:443"));
  assert_true(oriel_origins_host(&origins, "192.0.2.1", "192.0.2.1:443"));
  assert_false(oriel_origins_host(&origins, "192.0.2.", "192.0.2.1:443"));
  assert_false(oriel_origins_host(&origins, "192.0.2.2:443", "192.0.2.1:443"));
  assert_true(oriel_origins_host(&origins, "localhost:443", "127.0.0.1:443"));
  assert_false(oriel_origins_host(&origins, "desk.example:443", "192.0.2.1:443"));
  assert_true(oriel_origins_origin(&origins, "https://192.0.2.1", "192.0.2.1:443"));
  assert_false(oriel_origins_origin(&origins, "http://192.0.2.1", "192.0.2.1:443")); /* not with TLS */
  assert_false(oriel_origins_origin(&origins, "https://", "192.0.2.1:443"));
  oriel_origins_finish(&origins);
}

static void origins_with_the_default_port(void **state) {
  (void)state;
  const char *const hosts[] = {"Desk.Example", "[2001:db8::5]", NULL};
  struct sockaddr_storage address = parsed("127.0.0.1:80");
  struct oriel_origins origins;
  assert_int_equal(oriel_origins_init(&origins, (struct sockaddr *)&address, false, hosts, NULL), 0);
  assert_true(oriel_origins_host(&origins, "localhost", NULL));
  assert_true(oriel_origins_host(&origins, "localhost:80", NULL));
  assert_true(oriel_origins_host(&origins, "desk.example", NULL));
  assert_true(oriel_origins_host(&origins, "desk.example:80", NULL));
  assert_true(oriel_origins_host(&origins, "[2001:db8::5]:80", NULL));
  assert_false(oriel_origins_host(&origins, "desk.example.", NULL));
  assert_false(oriel_origins_host(&origins, "desk.example:8080", NULL));
  assert_false(oriel_origins_host(&origins, NULL, NULL));
  oriel_origins_finish(&origins);
}

static void bearer_forms(void **state) {
  (void)state;
  const char *token;
  size_t size;
  assert_true(oriel_bearer_parse("Bearer abc", &token, &size));
  assert_int_equal(size, 3);
  assert_memory_equal(token, "abc", 3);
  assert_true(oriel_bearer_parse("bEARER   abc \t", &token, &size));
  assert_int_equal(size, 3);
  static const char *const bad[] = {"", "Bearer", "Bearer ", "Bearer  ", "Basic abc", "Bearerabc", "Bearer a b"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_false(oriel_bearer_parse(bad[i], &token, &size));
  char longest[8 + ORIEL_TOKEN_MAX + 1] = "Bearer ";
  memset(longest + 7, 'a', ORIEL_TOKEN_MAX + 1);
  assert_false(oriel_bearer_parse(longest, &token, &size));
  longest[7 + ORIEL_TOKEN_MAX] = '\0';
  assert_true(oriel_bearer_parse(longest, &token, &size));
}

static void cookie_forms(void **state) {
  (void)state;
  const char *header = "a=1; sid=first;sid2=x; xsid=y; sid=second ; sid=", *value;
  size_t size;
  assert_true(oriel_cookie_next(&header, "sid", &value, &size));
  assert_int_equal(size, 5);
  assert_memory_equal(value, "first", 5);
  assert_true(oriel_cookie_next(&header, "sid", &value, &size));
  assert_int_equal(size, 6);
  assert_memory_equal(value, "second", 6);
  assert_true(oriel_cookie_next(&header, "sid", &value, &size));
  assert_int_equal(size, 0);
  assert_false(oriel_cookie_next(&header, "sid", &value, &size));
  header = ";;; sid";
  assert_false(oriel_cookie_next(&header, "sid", &value, &size));
}

static void session_body_forms(void **state) {
  (void)state;
  char token[ORIEL_TOKEN_MAX + 1] = "untouched", secret[ORIEL_SESSION_ID_SIZE + 1] = "untouched";
  static const char *const bad[] = {"", "{}", "[]", "null", "\"token\"", "{\"token\":null}", "{\"token\":\"\"}",
                                    "{\"token\":\"a\",\"token\":\"b\"}", "{\"token\":\"a\"} x",
                                    "{\"token\":\"a\\u0000\"}",
                                    "{\"Token\":\"a\"}", "{\"token\":\"\xff\"}", "{\"token\":\"a\"",
                                    "{\"token\":\"a\",\"secret\":\"short\"}", "{\"token\":\"a\",\"other\":1}",
                                    "{\"token\":\"a\",\"secret\":null}"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_int_equal(oriel_session_body_parse(bad[i], strlen(bad[i]), token, secret), -EINVAL);
    assert_string_equal(token, "untouched");
  }
  static const char good[] = " {\"token\" : \"a\\u00e9\"}\n";
  assert_int_equal(oriel_session_body_parse(good, sizeof good - 1, token, secret), 0);
  assert_string_equal(token, "a\xc3\xa9");
  assert_string_equal(secret, "");
  char large[600];
  snprintf(large, sizeof large, "{\"token\":\"%0512d\"}", 0);
  assert_int_equal(oriel_session_body_parse(large, strlen(large), token, secret), 0);
  snprintf(large, sizeof large, "{\"secret\":\"%064d\",\"token\":\"b\"}", 7);
  assert_int_equal(oriel_session_body_parse(large, strlen(large), token, secret), 0);
  assert_int_equal(strlen(secret), 64);
  assert_string_equal(token, "b");
  snprintf(large, sizeof large, "{\"token\":\"%0513d\"}", 0);
  assert_int_equal(oriel_session_body_parse(large, strlen(large), token, secret), -EINVAL);
}

static const char body_token[] = "the-token-itself";
static unsigned tokens_freed;

/* The value of a member is a block of its own. */
static void look_and_free(void *memory) {
  if (memory && malloc_usable_size(memory) >= sizeof body_token)
    tokens_freed += !memcmp(memory, body_token, sizeof body_token);
  free(memory);
}

static void session_body_leaves_no_copy(void **state) {
  (void)state;
  char token[ORIEL_TOKEN_MAX + 1], secret[ORIEL_SESSION_ID_SIZE + 1], body[128];
  json_malloc_t before;
  json_free_t before_free;
  json_get_alloc_funcs(&before, &before_free);
  json_set_alloc_funcs(malloc, look_and_free);
  snprintf(body, sizeof body, "{\"token\":\"%s\"}", body_token);
  const int good = oriel_session_body_parse(body, strlen(body), token, secret);
  snprintf(body, sizeof body, "{\"token\":\"%s\",\"other\":1}", body_token);
  const int bad = oriel_session_body_parse(body, strlen(body), token, secret);
  json_set_alloc_funcs(before, before_free);
  assert_int_equal(good, 0);
  assert_int_equal(bad, -EINVAL);
  assert_string_equal(token, body_token);
  assert_int_equal(tokens_freed, 0);
}

/* Of two tokens. */
static const struct oriel_session_start full = {.key = {.hash = {1}, .known = true}},
                                        view = {.key = {.hash = {2}, .known = true}, .view = true};

static void sessions_expire_and_make_room(void **state) {
  (void)state;
  struct oriel_sessions sessions;
  char first[ORIEL_SESSION_ID_SIZE + 1], id[ORIEL_SESSION_ID_SIZE + 1];
  char secret[ORIEL_SESSION_ID_SIZE + 1], other[ORIEL_SESSION_ID_SIZE + 1];
  const uint64_t day = ORIEL_SESSION_SECONDS * ORIEL_NS_PER_SECOND;
  assert_int_equal(oriel_sessions_init(&sessions), 0);
  assert_int_equal(oriel_sessions_create(&sessions, &full, 1000, first, secret, NULL), 0);
  assert_int_equal(strspn(first, "0123456789abcdef"), ORIEL_SESSION_ID_SIZE);
  uint64_t serial = oriel_sessions_find(&sessions, first, ORIEL_SESSION_ID_SIZE, 1000);
  assert_true(serial != 0);
  assert_string_not_equal(first, secret);
  assert_true(oriel_sessions_prove(&sessions, serial, secret, ORIEL_SESSION_ID_SIZE, 1000));
  assert_false(oriel_sessions_prove(&sessions, serial, first, ORIEL_SESSION_ID_SIZE, 1000));
  assert_false(oriel_sessions_prove(&sessions, serial, secret, ORIEL_SESSION_ID_SIZE - 1, 1000));
  assert_false(oriel_sessions_prove(&sessions, serial + 1, secret, ORIEL_SESSION_ID_SIZE, 1000));
  assert_false(oriel_sessions_prove(&sessions, serial, secret, ORIEL_SESSION_ID_SIZE, 1000 + day));
  assert_int_equal(oriel_sessions_find(&sessions, first, ORIEL_SESSION_ID_SIZE - 1, 1000), 0);
  assert_int_equal(oriel_sessions_find(&sessions, first, ORIEL_SESSION_ID_SIZE, 1000 + day), 0);
  for (int i = 1; i < ORIEL_SESSIONS_MAX; i++) {
    assert_int_equal(oriel_sessions_create(&sessions, &full, 2000, id, other, NULL), 0);
    assert_string_not_equal(id, first);
  }
  assert_int_equal(oriel_sessions_count(&sessions, 3000), ORIEL_SESSIONS_MAX);
  assert_int_equal(oriel_sessions_create(&sessions, &full, 3000, id, other, NULL), 0); /* the oldest makes room */
  assert_int_equal(oriel_sessions_find(&sessions, first, ORIEL_SESSION_ID_SIZE, 3000), 0);
  assert_int_equal(oriel_sessions_count(&sessions, 3000), ORIEL_SESSIONS_MAX);
  serial = oriel_sessions_find(&sessions, id, ORIEL_SESSION_ID_SIZE, 3000);
  assert_true(oriel_sessions_alive(&sessions, serial, 3000));
  oriel_sessions_remove(&sessions, serial);
  assert_false(oriel_sessions_alive(&sessions, serial, 3000));
  assert_int_equal(oriel_sessions_find(&sessions, id, ORIEL_SESSION_ID_SIZE, 3000), 0);
  oriel_sessions_remove(&sessions, 0);
  oriel_sessions_finish(&sessions);
}

/* A session that began at the WebSocket has no cookie until the page asks for one, with token and secret. */
static void sessions_are_claimed_once(void **state) {
  (void)state;
  struct oriel_sessions sessions;
  char id[ORIEL_SESSION_ID_SIZE + 1] = "", secret[ORIEL_SESSION_ID_SIZE + 1], other[ORIEL_SESSION_ID_SIZE + 1];
  uint64_t serial;
  assert_int_equal(oriel_sessions_init(&sessions), 0);
  assert_int_equal(oriel_sessions_create(&sessions, &full, 1000, NULL, secret, &serial), 0);
  assert_true(oriel_sessions_alive(&sessions, serial, 1000));
  assert_true(oriel_sessions_prove(&sessions, serial, secret, ORIEL_SESSION_ID_SIZE, 1000));
  assert_int_equal(oriel_sessions_find(&sessions, id, ORIEL_SESSION_ID_SIZE, 1000), 0);
  memset(other, 'a', ORIEL_SESSION_ID_SIZE);
  other[ORIEL_SESSION_ID_SIZE] = '\0';
  assert_int_equal(oriel_sessions_claim(&sessions, other, &full.key, 1000, id), -ENOENT);
  assert_int_equal(oriel_sessions_claim(&sessions, secret, &view.key, 1000, id), -ENOENT);
  assert_int_equal(oriel_sessions_claim(&sessions, secret, &full.key, 1000, id), 0);
  assert_int_equal(oriel_sessions_find(&sessions, id, ORIEL_SESSION_ID_SIZE, 1000), serial);
  assert_int_equal(oriel_sessions_claim(&sessions, secret, &full.key, 1000, other), -ENOENT);
  assert_int_equal(oriel_sessions_create(&sessions, &full, 1000, id, secret, NULL), 0);
  assert_int_equal(oriel_sessions_claim(&sessions, secret, &full.key, 1000, other), -ENOENT);
  oriel_sessions_finish(&sessions);
}

/* A link for viewing must not log everybody else out. */
static void sessions_that_watch_push_out_their_like(void **state) {
  (void)state;
  struct oriel_sessions sessions;
  char owner[ORIEL_SESSION_ID_SIZE + 1], id[ORIEL_SESSION_ID_SIZE + 1], secret[ORIEL_SESSION_ID_SIZE + 1];
  assert_int_equal(oriel_sessions_init(&sessions), 0);
  assert_int_equal(oriel_sessions_create(&sessions, &full, 1000, owner, secret, NULL), 0);
  uint64_t serial = oriel_sessions_find(&sessions, owner, ORIEL_SESSION_ID_SIZE, 1000);
  for (int i = 0; i < 2 * ORIEL_SESSIONS_MAX; i++)
    assert_int_equal(oriel_sessions_create(&sessions, &view, 2000, id, secret, NULL), 0);
  assert_int_equal(oriel_sessions_count(&sessions, 2000), ORIEL_SESSIONS_MAX / 2 + 1);
  assert_true(oriel_sessions_alive(&sessions, serial, 2000));
  assert_false(oriel_sessions_get(&sessions, serial, 2000)->view);
  serial = oriel_sessions_find(&sessions, id, ORIEL_SESSION_ID_SIZE, 2000);
  assert_true(oriel_sessions_get(&sessions, serial, 2000)->view);
  oriel_sessions_finish(&sessions);
}

/* Who has the token of one desktop must not log out those of others, nor the owner. */
static void sessions_for_one_desktop_push_out_their_own(void **state) {
  (void)state;
  struct oriel_sessions sessions;
  const struct oriel_session_start flood = {.key = {.hash = {3}, .known = true}, .narrow = true},
                                   other = {.key = {.hash = {4}, .known = true}, .narrow = true};
  char id[ORIEL_SESSION_ID_SIZE + 1], secret[ORIEL_SESSION_ID_SIZE + 1];
  uint64_t owner, neighbour, last = 0;
  assert_int_equal(oriel_sessions_init(&sessions), 0);
  assert_int_equal(oriel_sessions_create(&sessions, &full, 1000, id, secret, &owner), 0);
  assert_int_equal(oriel_sessions_create(&sessions, &other, 1000, id, secret, &neighbour), 0);
  for (int i = 0; i < 2 * ORIEL_SESSIONS_MAX; i++)
    assert_int_equal(oriel_sessions_create(&sessions, &flood, 2000, id, secret, &last), 0);
  assert_int_equal(oriel_sessions_count(&sessions, 2000), ORIEL_SESSIONS_NARROW_MAX + 2);
  assert_true(oriel_sessions_alive(&sessions, last, 2000));
  /* Where all slots are taken, too. */
  while (oriel_sessions_count(&sessions, 3000) < ORIEL_SESSIONS_MAX)
    assert_int_equal(oriel_sessions_create(&sessions, &full, 3000, id, secret, NULL), 0);
  for (int i = 0; i < 2 * ORIEL_SESSIONS_MAX; i++)
    assert_int_equal(oriel_sessions_create(&sessions, &flood, 4000, id, secret, NULL), 0);
  assert_true(oriel_sessions_alive(&sessions, owner, 4000));
  assert_true(oriel_sessions_alive(&sessions, neighbour, 4000));
  assert_int_equal(oriel_sessions_count(&sessions, 4000), ORIEL_SESSIONS_MAX);
  oriel_sessions_finish(&sessions);
}

static void client_of(const char *forwarded_for, const char *forwarded, const char *expected) {
  static const char *const trusted[] = {"10.0.0.0/8", "2001:db8::/32", "127.0.0.1", NULL};
  struct oriel_proxies proxies;
  struct sockaddr_storage peer = parsed("[::ffff:10.1.2.3]:80"), client;
  char text[ORIEL_ADDRESS_TEXT_MAX];
  assert_int_equal(oriel_proxies_init(&proxies, trusted), 0);
  oriel_proxies_client(&proxies, (struct sockaddr *)&peer, forwarded_for, forwarded, &client);
  oriel_address_text((struct sockaddr *)&client, text);
  assert_string_equal(text, expected);
  oriel_proxies_finish(&proxies);
}

static void proxies_name_their_clients(void **state) {
  (void)state;
  client_of(NULL, NULL, "10.1.2.3:0");
  client_of("192.0.2.1", NULL, "192.0.2.1:0");
  client_of(" 9.9.9.9 ,\t192.0.2.1 ", NULL, "192.0.2.1:0");
  client_of("192.0.2.1, 10.9.9.9, 127.0.0.1", NULL, "192.0.2.1:0");
  client_of("192.0.2.1:4711", NULL, "192.0.2.1:0");
  client_of("2001:db9::1", NULL, "[2001:db9::1]:0");
  client_of("[2001:db9::1]:80, 2001:db8::7", NULL, "[2001:db9::1]:0");
  client_of("::ffff:192.0.2.1", NULL, "192.0.2.1:0");
  client_of("10.0.0.1, 10.0.0.2", NULL, "10.0.0.1:0"); /* all are proxies: the first of them asked */
  /* What cannot be read is nobody: the proxy that handed it on counts. */
  client_of("", NULL, "10.1.2.3:0");
  client_of("192.0.2.1, unknown", NULL, "10.1.2.3:0");
  client_of("192.0.2.1, nonsense, 10.7.7.7", NULL, "10.7.7.7:0");
  client_of("192.0.2.1,", NULL, "10.1.2.3:0");
  client_of("192.0.2.1.", NULL, "10.1.2.3:0");
  client_of("192.0.2.1:", NULL, "10.1.2.3:0");
  client_of("[2001:db9::1", NULL, "10.1.2.3:0");
  client_of("[192.0.2.1]", NULL, "10.1.2.3:0");
  client_of(NULL, "for=192.0.2.1", "192.0.2.1:0");
  client_of(NULL, "For=\"[2001:db9::1]:80\";proto=https;by=10.0.0.1", "[2001:db9::1]:0");
  client_of(NULL, "for=9.9.9.9, for=192.0.2.1;host=\"a,b\" ,for=10.0.0.2", "192.0.2.1:0");
  client_of(NULL, "for=192.0.2.1, proto=https", "10.1.2.3:0");
  client_of(NULL, "for=unknown", "10.1.2.3:0");
  client_of(NULL, "for=_hidden", "10.1.2.3:0");
  client_of(NULL, "for=192.0.2.1;for=192.0.2.2", "10.1.2.3:0");
  client_of(NULL, "for=\"9.9.9.9, for=192.0.2.1", "10.1.2.3:0"); /* a quote that a client left open */
  client_of(NULL, "for=192.0.2.1 for=10.0.0.1", "10.1.2.3:0");
  client_of(NULL, "for=192.0.2.1,", "10.1.2.3:0");
  client_of(NULL, "", "10.1.2.3:0");
  /* A proxy that writes one of them passes a client's other on. */
  client_of("192.0.2.1", "for=192.0.2.1", "192.0.2.1:0");
  client_of("192.0.2.1", "for=9.9.9.9", "10.1.2.3:0");
}

static void prefix_forms(void **state) {
  (void)state;
  struct oriel_prefix prefix;
  static const char *const good[] = {"192.0.2.1", "192.0.2.0/24", "0.0.0.0/0", "::/0", "2001:db8::/32", "[::1]",
                                     "::1/128"};
  static const char *const bad[] = {"", "/", "192.0.2.1/", "192.0.2.1/33", "192.0.2.1/24", "192.0.2.1:80", "::1/129",
                                    "name", "192.0.2.0/024 ", "192.0.2.0/-1", "[::1", "::1/0000"};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++)
    assert_int_equal(oriel_prefix_parse(good[i], &prefix), 0);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_int_equal(oriel_prefix_parse(bad[i], &prefix), -EINVAL);
}

/* What a viewer calls itself must not pass for another field or line of the audit. */
static void audit_names_forge_nothing(void **state) {
  (void)state;
  char clean[65];
  oriel_audit_sanitize("x\" address=1.2.3.4\n\\ Zo\xC3\xAB", clean, sizeof clean);
  assert_string_equal(clean, "x? address?1.2.3.4?? Zo\xC3\xAB");
  /* C1's new line, and what clears a terminal. */
  oriel_audit_sanitize("a\xC2\x85" "b\xC2\x9B" "2J\x9B\x7F", clean, sizeof clean);
  assert_string_equal(clean, "a?b?2J??");
  oriel_audit_sanitize("longer than it may be", clean, 7);
  assert_string_equal(clean, "longer");
  oriel_audit_sanitize("longe\xC3\xAB", clean, 7); /* no half characters */
  assert_string_equal(clean, "longe");
}

static void lockout_windows_and_bound(void **state) {
  (void)state;
  struct oriel_lockout lockout;
  struct sockaddr_storage address = parsed("192.0.2.1:1");
  struct oriel_address_key key, other;
  uint64_t now = 100 * ORIEL_NS_PER_SECOND;
  oriel_address_key((struct sockaddr *)&address, &key);
  assert_int_equal(oriel_lockout_init(&lockout, 2, 10), 0);
  oriel_lockout_fail(&lockout, &key, ORIEL_LOCKOUT_TOKEN, now);
  assert_int_equal(oriel_lockout_wait(&lockout, &key, ORIEL_LOCKOUT_TOKEN, now), 0);
  oriel_lockout_fail(&lockout, &key, ORIEL_LOCKOUT_TOKEN, now + 4 * ORIEL_NS_PER_SECOND);
  assert_int_equal(oriel_lockout_wait(&lockout, &key, ORIEL_LOCKOUT_TOKEN, now + 4 * ORIEL_NS_PER_SECOND), 6);
  assert_int_equal(oriel_lockout_wait(&lockout, &key, ORIEL_LOCKOUT_TOKEN, now + 10 * ORIEL_NS_PER_SECOND - 1), 1);
  assert_int_equal(oriel_lockout_wait(&lockout, &key, ORIEL_LOCKOUT_TOKEN, now + 10 * ORIEL_NS_PER_SECOND), 0);
  assert_int_equal(oriel_lockout_wait(&lockout, &key, ORIEL_LOCKOUT_COOKIE, now), 0);
  /* A flood of addresses pushes out the least recent, and no more. */
  for (uint32_t i = 0; i < 3 * ORIEL_LOCKOUT_MAX; i++) {
    memset(&other, 0, sizeof other);
    memcpy(other.bytes, &(uint32_t){htonl(i + 1)}, 4);
    oriel_lockout_fail(&lockout, &other, ORIEL_LOCKOUT_TOKEN, now + i);
    oriel_lockout_fail(&lockout, &other, ORIEL_LOCKOUT_TOKEN, now + i);
    assert_true(oriel_lockout_wait(&lockout, &other, ORIEL_LOCKOUT_TOKEN, now + i) > 0);
  }
  assert_int_equal(lockout.used, ORIEL_LOCKOUT_MAX);
  oriel_lockout_finish(&lockout);
}

static void handshake_lists(void **state) {
  (void)state;
  assert_true(oriel_handshake_list_has("keep-alive, Upgrade", "upgrade", true));
  assert_true(oriel_handshake_list_has(" ,a ,\tb\t, c", "b", false));
  assert_false(oriel_handshake_list_has("Upgrader", "upgrade", true));
  assert_false(oriel_handshake_list_has("B", "b", false));
  assert_false(oriel_handshake_list_has(NULL, "b", false));
  assert_false(oriel_handshake_list_has("", "b", false));
  char accept[ORIEL_HANDSHAKE_ACCEPT_SIZE];
  struct oriel_handshake handshake = {.http_version = "HTTP/1.1", .upgrade = "WebSocket", .connection = "Upgrade",
                                      .version = "13", .key = "dGhlIHNhbXBsZSBub25jZQ==", .protocol = "chat, oriel.v1"};
  assert_int_equal(oriel_handshake_check(&handshake, accept), ORIEL_HANDSHAKE_OK);
  assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  handshake.http_version = "HTTP/1.0";
  assert_int_equal(oriel_handshake_check(&handshake, accept), ORIEL_HANDSHAKE_NOT_WEBSOCKET);
}

/* Memory that was short when one was hashed must not make two of them the same. */
static void secret_never_set_equals_none(void **state) {
  (void)state;
  struct oriel_secret unset = {0}, other = {0}, set;
  assert_true(oriel_secret_set(&set, "correct-horse", 13));
  assert_true(oriel_secret_equal(&set, &set));
  assert_false(oriel_secret_equal(&unset, &other));
  assert_false(oriel_secret_equal(&set, &unset));
}

int main(int argc, char **argv) {
  if (argc > 1)
    cmocka_set_test_filter(argv[1]);
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(secret_never_set_equals_none),
    cmocka_unit_test(address_parse),
    cmocka_unit_test(address_key_is_canonical),
    cmocka_unit_test(origins_on_a_wildcard),
    cmocka_unit_test(origins_with_the_default_port),
    cmocka_unit_test(bearer_forms),
    cmocka_unit_test(cookie_forms),
    cmocka_unit_test(session_body_forms),
    cmocka_unit_test(session_body_leaves_no_copy),
    cmocka_unit_test(sessions_expire_and_make_room),
    cmocka_unit_test(sessions_are_claimed_once),
    cmocka_unit_test(sessions_that_watch_push_out_their_like),
    cmocka_unit_test(sessions_for_one_desktop_push_out_their_own),
    cmocka_unit_test(proxies_name_their_clients),
    cmocka_unit_test(prefix_forms),
    cmocka_unit_test(audit_names_forge_nothing),
    cmocka_unit_test(lockout_windows_and_bound),
    cmocka_unit_test(handshake_lists),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
