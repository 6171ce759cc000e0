/* SPDX-License-Identifier: MIT
 *
 * Which session a datagram is for, by where it comes from and what it names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "caller.h"
#include "core/clock.h"
#include "webrtc/router.h"
#include "webrtc/session_state.h"

/** Two clients at one router. */
struct exchange {
  struct oriel_webrtc_router router;
  struct caller callers[2];
  struct oriel_webrtc_route routes[2];
};

static struct exchange *open_exchange(void) {
  struct exchange *exchange = calloc(1, sizeof *exchange);
  assert_non_null(exchange);
  oriel_webrtc_router_init(&exchange->router);
  for (unsigned i = 0; i < 2; i++) {
    caller_dial(&exchange->callers[i]);
    oriel_webrtc_router_add(&exchange->router, &exchange->routes[i], exchange->callers[i].session);
  }
  return exchange;
}

static void close_exchange(struct exchange *exchange) {
  for (unsigned i = 0; i < 2; i++) {
    oriel_webrtc_router_remove(&exchange->routes[i]);
    caller_hang_up(&exchange->callers[i]);
  }
  free(exchange);
}

/** A check of that caller comes from there. */
static void claim(struct exchange *exchange, unsigned index, struct oriel_webrtc_address from, uint64_t now_ns) {
  struct caller *caller = &exchange->callers[index];
  caller->now_ns = now_ns;
  assert_true(caller_check_from(caller, from, caller->session->ice.current.password));
  oriel_webrtc_router_learn(&exchange->router, &exchange->routes[index], &from, now_ns);
}

/** Whose an address is; -1 = nobody's. */
static int owner_of(struct exchange *exchange, struct oriel_webrtc_address from) {
  const uint8_t hello[16] = {22};
  const struct oriel_webrtc_route *route = oriel_webrtc_router_find(&exchange->router, &from, hello, sizeof hello);
  return route ? (int)(route - exchange->routes) : -1;
}

static void router_knows_addresses_of_checks(void **state) {
  struct exchange *exchange = open_exchange();
  const uint64_t now_ns = 100 * ORIEL_NS_PER_SECOND;
  (void)state;
  assert_int_equal(owner_of(exchange, caller_address(7, 7000)), -1);
  claim(exchange, 0, caller_address(7, 7000), now_ns);
  assert_int_equal(owner_of(exchange, caller_address(7, 7000)), 0);
  claim(exchange, 1, caller_address(7, 7000), now_ns + ORIEL_WEBRTC_OWNED_NS); /* another client there now */
  assert_int_equal(owner_of(exchange, caller_address(7, 7000)), 1);
  oriel_webrtc_router_remove(&exchange->routes[1]);
  assert_int_equal(owner_of(exchange, caller_address(7, 7000)), 0);
  oriel_webrtc_router_remove(&exchange->routes[0]);
  assert_int_equal(owner_of(exchange, caller_address(7, 7000)), -1);
  close_exchange(exchange);
}

/* Whoever forges another's address as a sender must not get what comes from there. */
static void router_leaves_addresses_to_who_is_there(void **state) {
  struct exchange *exchange = open_exchange();
  uint64_t now_ns = 100 * ORIEL_NS_PER_SECOND;
  (void)state;
  for (unsigned i = 0; i < 10; i++) {
    claim(exchange, 0, caller_address(7, 7000), now_ns);
    now_ns += ORIEL_WEBRTC_OWNED_NS - 1;
    claim(exchange, 1, caller_address(7, 7000), now_ns);
    assert_int_equal(owner_of(exchange, caller_address(7, 7000)), 0);
  }
  close_exchange(exchange);
}

/* However many addresses a client has, the one in use leads to it. */
static void router_keeps_the_address_in_use(void **state) {
  struct exchange *exchange = open_exchange();
  uint64_t now_ns = 100 * ORIEL_NS_PER_SECOND;
  (void)state;
  claim(exchange, 0, caller_address(7, 7000), now_ns);
  for (uint16_t port = 1; port <= 3 * ORIEL_WEBRTC_WAYS; port++) {
    claim(exchange, 0, caller_address(9, port), ++now_ns);
    assert_int_equal(owner_of(exchange, caller_address(9, port)), 0);
    assert_int_equal(owner_of(exchange, caller_address(7, 7000)), 0);
  }
  assert_int_equal(owner_of(exchange, caller_address(9, 1)), -1); /* the oldest made room */
  close_exchange(exchange);
}

/** A check under these credentials comes from an unknown address: whether it finds the session, and counts. */
static bool finds_by_name(struct exchange *exchange, const struct oriel_ice_credentials *credentials, bool nominate,
                          uint16_t port) {
  struct caller *caller = &exchange->callers[0];
  const struct oriel_webrtc_address from = caller_address(9, port);
  uint8_t bytes[512];
  const size_t size = caller_write_check_under(caller, credentials, credentials->password, nominate, bytes);
  caller->now_ns++;
  return oriel_webrtc_router_find(&exchange->router, &from, bytes, size) == &exchange->routes[0] &&
         caller_receive(caller, from, bytes, size);
}

/* The answer to a restart is lost, and the client, which has moved, checks as before from where it is now. What it had
 * stays good until it uses what is new, also after a second restart. */
static void restart_whose_answer_is_lost_costs_nothing(void **state) {
  static const struct oriel_sdp_fragment fragment = {"newufrag", "newpasswordnewpassword00", 0, false};
  struct exchange *exchange = open_exchange();
  struct oriel_webrtc_session *session = exchange->callers[0].session;
  const struct oriel_ice_credentials old = session->ice.current;
  char text[2048];
  (void)state;
  assert_string_equal(oriel_webrtc_session_ufrag_before(session), "");
  for (uint16_t i = 0; i < 2; i++) {
    assert_true(oriel_webrtc_session_restart(session, &fragment, &exchange->callers[0].home, 1, text, sizeof text) > 0);
    oriel_webrtc_router_rename(&exchange->router, &exchange->routes[0]);
    assert_string_equal(oriel_webrtc_session_ufrag_before(session), old.ufrag);
    assert_true(finds_by_name(exchange, &old, true, (uint16_t)(1 + 2 * i)));
    assert_true(finds_by_name(exchange, &session->ice.current, false, (uint16_t)(2 + 2 * i)));
  }
  assert_true(finds_by_name(exchange, &session->ice.current, true, 8));
  assert_string_equal(oriel_webrtc_session_ufrag_before(session), "");
  assert_false(finds_by_name(exchange, &old, true, 9));
  close_exchange(exchange);
}

/* What a stranger sends costs its reading, and no sum over it: that is the session's, once there is one. */
static void router_sums_nothing_up(void **state) {
  struct oriel_webrtc_router *router = calloc(1, sizeof *router);
  struct oriel_webrtc_route route;
  struct caller caller;
  uint8_t bytes[512];
  (void)state;
  assert_non_null(router);
  oriel_webrtc_router_init(router);
  caller_dial(&caller);
  oriel_webrtc_router_add(router, &route, caller.session);
  const size_t size = caller_write_check(&caller, caller.session->ice.current.password, false, bytes);
  bytes[size - 1] ^= 1;
  assert_ptr_equal(oriel_webrtc_router_find(router, &caller.home, bytes, size), &route);
  assert_false(caller_receive(&caller, caller.home, bytes, size));
  oriel_webrtc_router_remove(&route);
  caller_hang_up(&caller);
  free(router);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(router_knows_addresses_of_checks),
    cmocka_unit_test(router_leaves_addresses_to_who_is_there),
    cmocka_unit_test(router_keeps_the_address_in_use),
    cmocka_unit_test(restart_whose_answer_is_lost_costs_nothing),
    cmocka_unit_test(router_sums_nothing_up),
  };
  return cmocka_run_group_tests(tests, identity_set_up, identity_tear_down);
}
