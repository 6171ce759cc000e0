/* SPDX-License-Identifier: MIT
 *
 * What clients of WebRTC are told of STUN and TURN servers: form, credentials, and who gets them.
 */
#include "server/ice_servers.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SECRET "north-of-the-river"

static char why[256];

static int init(struct oriel_ice_servers *servers, const char *const *urls, const char *secret) {
  return oriel_ice_servers_init(servers, urls, secret, why, sizeof why);
}

static void none_are_no_header(void **state) {
  struct oriel_ice_servers servers;
  char link[ORIEL_ICE_SERVERS_LINK_MAX];
  (void)state;
  assert_int_equal(init(&servers, NULL, NULL), 0);
  oriel_ice_servers_link(&servers, true, "abcd1234", 0, link);
  assert_string_equal(link, "");
  oriel_ice_servers_finish(&servers);
}

/* The credential is base64(HMAC-SHA1(secret, user)), as Python's hmac has it. */
static void turn_has_credentials_for_a_day(void **state) {
  static const char *const urls[] = {"stun:stun.example:3478", "turn:turn.example:3478?transport=udp",
                                     "turns:[2001:db8::1]?transport=tcp", NULL};
  struct oriel_ice_servers servers;
  char link[ORIEL_ICE_SERVERS_LINK_MAX];
  (void)state;
  assert_int_equal(init(&servers, urls, SECRET), 0);
  oriel_ice_servers_link(&servers, true, "abcd1234", 1700000000, link);
#define CREDENTIALS                                                                                        \
  "; username=\"1700086400:abcd1234\"; credential=\"a32pwqNeW715mgMvi96nB5tP51E=\"; credential-type=\"password\""
  assert_string_equal(link, "<stun:stun.example:3478>; rel=\"ice-server\", "
                            "<turn:turn.example:3478?transport=udp>; rel=\"ice-server\"" CREDENTIALS ", "
                            "<turns:[2001:db8::1]?transport=tcp>; rel=\"ice-server\"" CREDENTIALS);
  oriel_ice_servers_finish(&servers);
  assert_null(servers.secret);
}

static void strangers_are_told_of_stun_alone(void **state) {
  static const char *const urls[] = {"turn:turn.example", "stun:stun.example", NULL};
  struct oriel_ice_servers servers;
  char link[ORIEL_ICE_SERVERS_LINK_MAX];
  (void)state;
  assert_int_equal(init(&servers, urls, SECRET), 0);
  oriel_ice_servers_link(&servers, false, "", 1700000000, link);
  assert_string_equal(link, "<stun:stun.example>; rel=\"ice-server\"");
  oriel_ice_servers_finish(&servers);
}

static void assert_refused(const char *url, const char *secret, const char *because) {
  const char *const urls[] = {url, NULL};
  struct oriel_ice_servers servers;
  assert_int_equal(init(&servers, urls, secret), -EINVAL);
  assert_non_null(strstr(why, because));
  oriel_ice_servers_finish(&servers);
}

static void what_is_no_server_is_refused(void **state) {
  static const char *const urls[] = {"", "stun:", "http://stun.example", "turn:a.example>; rel=\"x\"", "turn:a, b",
                                     "stun:a\r\nX: y"};
  (void)state;
  for (size_t i = 0; i < sizeof urls / sizeof *urls; i++)
    assert_refused(urls[i], SECRET, "it must be as");
  assert_refused("turn:turn.example", NULL, "--turn-secret-file");
  assert_refused("turns:turn.example", NULL, "--turn-secret-file");
}

/* As many as there may be, each as long as it may be, fit the header. */
static void longest_list_fits(void **state) {
  char url[ORIEL_ICE_SERVER_URL_MAX + 2] = "turn:";
  const char *urls[ORIEL_ICE_SERVERS_MAX + 2] = {NULL};
  struct oriel_ice_servers servers;
  char link[ORIEL_ICE_SERVERS_LINK_MAX];
  (void)state;
  memset(url + 5, 'a', ORIEL_ICE_SERVER_URL_MAX - 5);
  for (unsigned i = 0; i < ORIEL_ICE_SERVERS_MAX; i++)
    urls[i] = url;
  assert_int_equal(init(&servers, urls, SECRET), 0);
  oriel_ice_servers_link(&servers, true, "abcd1234", UINT64_MAX - ORIEL_TURN_VALID_S, link);
  assert_true(strlen(link) < sizeof link - 1);
  assert_string_equal(link + strlen(link) - 10, "\"password\"");
  oriel_ice_servers_finish(&servers);
  urls[ORIEL_ICE_SERVERS_MAX] = url;
  assert_int_equal(init(&servers, urls, SECRET), -EINVAL);
  oriel_ice_servers_finish(&servers);
  url[ORIEL_ICE_SERVER_URL_MAX] = 'a';
  assert_refused(url, SECRET, "it must be as");
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(none_are_no_header),
    cmocka_unit_test(turn_has_credentials_for_a_day),
    cmocka_unit_test(strangers_are_told_of_stun_alone),
    cmocka_unit_test(what_is_no_server_is_refused),
    cmocka_unit_test(longest_list_fits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
