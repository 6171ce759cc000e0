/* SPDX-License-Identifier: MIT
 *
 * Behind a reverse proxy: the public address, and what a proxy does to requests.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "rig.h"
#include "server/public.h"
#include "server/session.h"

static struct answer answer;

static void public_is_parsed(void **state) {
  static const struct {
    const char *url, *origin, *host, *path;
    bool tls;
    unsigned port;
  } good[] = {
    {"https://vm.example", "https://vm.example", "vm.example", "/", true, 443},
    {"https://VM.Example/", "https://vm.example", "vm.example", "/", true, 443},
    {"https://vm.example:443", "https://vm.example", "vm.example", "/", true, 443},
    {"https://vm.example:8443/vms/one", "https://vm.example:8443", "vm.example:8443", "/vms/one/", true, 8443},
    {"http://10.0.0.1:80/a.b/", "http://10.0.0.1", "10.0.0.1", "/a.b/", false, 80},
    {"http://[2001:DB8::1]:65535", "http://[2001:db8::1]:65535", "[2001:db8::1]:65535", "/", false, 65535},
  };
  static const char *const bad[] = {
    "", "vm.example", "https://", "https:///x", "ftp://vm.example", "https://vm.example:0", "https://vm.example:65536",
    "https://vm.example:", "https://vm.example:123456", "https://user@vm.example", "https://vm.example?x",
    "https://vm.example/#x", "https://vm.example/a b", "https://vm.example//", "https://vm.example/a/../b",
    "https://vm.example/./", "https://[::1",
    "https://[]", "https://vm.example/%41", "https://vm.example/\"", "https://vm.example;x", "https://vm\r\nx",
  };
  struct oriel_public address;
  (void)state;
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    assert_int_equal(oriel_public_parse(good[i].url, &address), 0);
    assert_string_equal(address.origin, good[i].origin);
    assert_string_equal(address.host, good[i].host);
    assert_string_equal(address.path, good[i].path);
    assert_int_equal(address.tls, good[i].tls);
    assert_int_equal(address.port, good[i].port);
  }
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    if (oriel_public_parse(bad[i], &address) != -EINVAL)
      fail_msg("\"%s\" was taken", bad[i]);
  }
  char url[600] = "https://vm.example/";
  memset(url + strlen(url), 'a', 200);
  assert_int_equal(oriel_public_parse(url, &address), -EINVAL);
  snprintf(url, sizeof url, "https://%0254d", 0);
  assert_int_equal(oriel_public_parse(url, &address), -EINVAL);
}

static void public_path_is_taken_away_once(void **state) {
  struct oriel_public address;
  (void)state;
  assert_int_equal(oriel_public_parse("https://vm.example/vms/one/", &address), 0);
  assert_string_equal(oriel_public_inner(&address, "/vms/one/"), "/");
  assert_string_equal(oriel_public_inner(&address, "/vms/one/ws"), "/ws");
  assert_string_equal(oriel_public_inner(&address, "/ws"), "/ws");
  assert_string_equal(oriel_public_inner(&address, "/vms/one"), "/vms/one");
  assert_string_equal(oriel_public_inner(&address, "/vms/ones"), "/vms/ones");
  assert_string_equal(oriel_public_inner(&address, "/vms/one/vms/one/ws"), "/vms/one/ws");
  assert_string_equal(oriel_public_inner(&address, "/vms/one//ws"), "//ws");
}

static void proxied_start(struct rig *rig, const char *url) {
  *rig = (struct rig){.config = {.public_url = url}, .address = "pattern:?size=320x240&scene=static"};
  rig_start(rig);
}

static void public_address_sets_host_cookie_and_paths(void **state) {
  struct rig rig;
  char value[512];
  (void)state;
  proxied_start(&rig, "https://vm.example:8443/vms/one/");
  /* Whether the proxy passes its path on or not, and its name or ours. */
  assert_int_equal(ask(&rig, &answer, "GET /vms/one/", "Host: vm.example:8443\r\n", NULL), 200);
  assert_int_equal(ask(&rig, &answer, "GET /", "Host: vm.example:8443\r\n", NULL), 200);
  assert_int_equal(ask(&rig, &answer, "GET /vms/one/healthz", "", NULL), 200);
  assert_int_equal(ask(&rig, &answer, "GET /", "Host: vm.example:8443\r\nOrigin: https://vm.example:8443\r\n", NULL),
                   200);
  assert_int_equal(ask(&rig, &answer, "GET /", "Origin: https://vm.example:8443\r\n", NULL), 200);
  assert_int_equal(ask(&rig, &answer, "GET /", "Host: vm.example:8443\r\nOrigin: https://vm.example\r\n", NULL), 403);
  assert_int_equal(ask(&rig, &answer, "GET /", "Host: vm.example\r\n", NULL), 403);
  assert_int_equal(ask(&rig, &answer, "GET /vms/two/", "Host: vm.example:8443\r\n", NULL), 404);
  assert_int_equal(ask(&rig, &answer, "GET /vms/one", "Host: vm.example:8443\r\n", NULL), 308);
  assert_string_equal(header_of(&answer, "Location", value, sizeof value), "/vms/one/");

  assert_int_equal(ask(&rig, &answer, "POST /vms/one/session",
                       "Host: vm.example:8443\r\nOrigin: https://vm.example:8443\r\n",
                       "{\"token\":\"" RIG_TOKEN "\"}"), 200);
  char secret[ORIEL_SESSION_ID_SIZE + 1] = "";
  assert_int_equal(sscanf(strstr(answer.body, "\"secret\":\"") + 10, "%64[0-9a-f]", secret), 1);
  header_of(&answer, "Set-Cookie", value, sizeof value);
  assert_int_equal(strncmp(value, "oriel_session_8443=", 19), 0);
  assert_non_null(strstr(value, "; Path=/vms/one/; "));
  assert_non_null(strstr(value, "; Secure"));
  char cookie[700];
  value[strcspn(value, ";")] = '\0';
  snprintf(cookie, sizeof cookie, "Host: vm.example:8443\r\nCookie: %s\r\nOriel-Session-Secret: %s\r\n", value, secret);
  assert_int_equal(ask(&rig, &answer, "GET /vms/one/api/v1/desktop", cookie, NULL), 200);
  assert_int_equal(ask(&rig, &answer, "GET /vms/one/api/v1/desktop", "", NULL), 401);
  rig_stop(&rig);
}

static void public_address_of_the_schemes_port(void **state) {
  struct rig rig;
  (void)state;
  proxied_start(&rig, "https://vm.example");
  assert_int_equal(ask(&rig, &answer, "GET /", "Host: vm.example\r\n", NULL), 200);
  assert_int_equal(ask(&rig, &answer, "GET /", "Host: vm.example:443\r\n", NULL), 200);
  assert_int_equal(ask(&rig, &answer, "GET /", "Host: vm.example:80\r\n", NULL), 403);
  rig_stop(&rig);
}

/* A desktop's paths lie below the server's. */
static void public_path_is_before_that_of_a_desktop(void **state) {
  struct rig rig;
  char value[512];
  (void)state;
  proxied_start(&rig, "https://vm.example/vms/one/");
  struct rig_more *red = rig_mount(&rig, &(struct oriel_mount_config){.name = "red", .token = "red-token"}, NULL);
  for (int i = 0; i < 2; i++) { /* the proxy may pass the path on or take it away */
    assert_int_equal(ask(&rig, &answer, i ? "GET /d/red" : "GET /vms/one/d/red", "Host: vm.example\r\n", NULL), 308);
    assert_string_equal(header_of(&answer, "Location", value, sizeof value), "/vms/one/d/red/");
    assert_int_equal(ask(&rig, &answer, i ? "POST /d/red/session" : "POST /vms/one/d/red/session",
                         "Host: vm.example\r\n", "{\"token\":\"red-token\"}"), 200);
    assert_non_null(strstr(header_of(&answer, "Set-Cookie", value, sizeof value), "; Path=/vms/one/d/red/; "));
    assert_int_equal(ask(&rig, &answer, i ? "POST /d/red/session" : "POST /vms/one/d/red/session",
                         "Host: vm.example\r\n", "{\"token\":\"" RIG_TOKEN "\"}"), 200);
    assert_non_null(strstr(header_of(&answer, "Set-Cookie", value, sizeof value), "; Path=/vms/one/; "));
  }
  rig_unmount(&rig, red);
  rig_stop(&rig);
}

static void refusal_names_host_and_port(void **state) {
  struct rig rig;
  (void)state;
  proxied_start(&rig, NULL);
  assert_int_equal(ask(&rig, &answer, "GET /", "Host: vm.example:8443\r\n", NULL), 403);
  assert_non_null(strstr(answer.body, "no server is called vm.example:8443 here, and the port counts"));
  assert_int_equal(ask(&rig, &answer, "GET /", "Origin: https://vm.example:8443\r\n", NULL), 403);
  assert_non_null(strstr(answer.body, "pages of https://vm.example:8443 may not use this server"));
  /* What is repeated stays text. */
  assert_int_equal(ask(&rig, &answer, "GET /", "Host: a\"<script>\xff\r\n", NULL), 403);
  assert_non_null(strstr(answer.body, "no server is called a??script?? here"));
  rig_stop(&rig);
}

/** HTTP/1.0, as HAProxy asks by default. */
static void probe_needs_no_host(void **state) {
  struct rig rig;
  (void)state;
  proxied_start(&rig, NULL);
  static const char *const requests[] = {
    "GET /healthz HTTP/1.0\r\n\r\n", "HEAD /healthz HTTP/1.0\r\n\r\n", "GET /healthz HTTP/1.1\r\nHost: backend\r\n\r\n",
  };
  for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
    int fd = dial(&rig);
    send_text(fd, "%s", requests[i]);
    char line[16] = "";
    assert_true(read(fd, line, 12) == 12);
    assert_string_equal(line + 9, "200");
    close(fd);
  }
  /* Nothing else is reached so, and a probe has no two names. */
  static const char *const others[] = {
    "GET / HTTP/1.0\r\n\r\n", "GET /metrics HTTP/1.0\r\n" RIG_BEARER "\r\n", "POST /healthz HTTP/1.0\r\n\r\n",
    "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET /healthz HTTP/1.1\r\n\r\n",
  };
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    int fd = dial(&rig);
    send_text(fd, "%s", others[i]);
    read_answer(fd, &answer);
    assert_int_equal(answer.status, 400);
    close(fd);
  }
  rig_stop(&rig);
}

static void lost_upgrade_is_told(void **state) {
  struct rig rig;
  (void)state;
  proxied_start(&rig, NULL);
  assert_int_equal(ask(&rig, &answer, "GET /api/v1/desktop", RIG_BEARER, NULL), 200);
  assert_null(strstr(answer.body, "notice"));
  assert_int_equal(ask(&rig, &answer, "GET /ws", RIG_BEARER, NULL), 426); /* no handshake */
  assert_int_equal(ask(&rig, &answer, "GET /api/v1/desktop", RIG_BEARER, NULL), 200);
  assert_null(strstr(answer.body, "notice"));
  /* As nginx passes it on without further settings. */
  assert_int_equal(ask(&rig, &answer, "GET /ws",
                       RIG_BEARER "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: oriel.v1\r\n"
                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", NULL), 426);
  assert_int_equal(ask(&rig, &answer, "GET /api/v1/desktop", RIG_BEARER, NULL), 200);
  assert_non_null(strstr(answer.body, "The proxy does not pass WebSocket upgrades"));
  rig_stop(&rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(public_is_parsed),
    cmocka_unit_test(public_path_is_taken_away_once),
    cmocka_unit_test(public_address_sets_host_cookie_and_paths),
    cmocka_unit_test(public_address_of_the_schemes_port),
    cmocka_unit_test(public_path_is_before_that_of_a_desktop),
    cmocka_unit_test(refusal_names_host_and_port),
    cmocka_unit_test(probe_needs_no_host),
    cmocka_unit_test(lost_upgrade_is_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
