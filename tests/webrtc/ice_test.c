/* SPDX-License-Identifier: MIT
 *
 * webrtc/ice: who is answered, where things are sent, when a peer is lost; strangers and copies.
 */
#include "webrtc/ice.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/clock.h"
#include "tests/webrtc/bytes.h"

static const uint64_t second = ORIEL_NS_PER_SECOND;

static struct oriel_webrtc_address at(uint8_t host, uint16_t port) {
  return oriel_webrtc_address_make((const uint8_t[4]){ 192, 0, 2, host }, 4, port);
}

/** A peer that checks. */
struct peer {
  struct oriel_ice ice;
  uint64_t now_ns;
  uint32_t checks; /* the number is the transaction */
  uint8_t answer[ORIEL_ICE_ANSWER_MAX];
};

static void start(struct peer *peer) {
  memset(peer, 0, sizeof *peer);
  peer->now_ns = 100 * second;
  assert_int_equal(oriel_ice_init(&peer->ice, "theirs", 6, peer->now_ns), 0);
}

enum { USE = 1, CONTROLLED = 2, UNKNOWN = 4 };

/** Writes a check under these credentials. */
static size_t write_check(struct peer *peer, const struct oriel_ice_credentials *credentials, const char *password,
                          unsigned flags, uint8_t bytes[512]) {
  static const uint8_t tie_breaker[8] = "tiebreak";
  uint8_t transaction[ORIEL_STUN_TRANSACTION_SIZE] = "check";
  char username[600];
  struct oriel_stun_writer writer;
  peer->checks++;
  memcpy(transaction + 8, &peer->checks, 4);
  snprintf(username, sizeof username, "%s:%s", credentials->ufrag, credentials->peer_ufrag);
  oriel_stun_begin(&writer, bytes, 512, ORIEL_STUN_BINDING_REQUEST, transaction);
  oriel_stun_add(&writer, ORIEL_STUN_USERNAME, username, strlen(username));
  oriel_stun_add(&writer, 0xc057, "\0\1\0\12", 4);
  oriel_stun_add(&writer, flags & CONTROLLED ? ORIEL_STUN_ICE_CONTROLLED : ORIEL_STUN_ICE_CONTROLLING, tie_breaker, 8);
  if (flags & USE)
    oriel_stun_add(&writer, ORIEL_STUN_USE_CANDIDATE, NULL, 0);
  if (flags & UNKNOWN)
    oriel_stun_add(&writer, 0x7f01, NULL, 0);
  oriel_stun_add_u32(&writer, ORIEL_STUN_PRIORITY, 1);
  const size_t size = oriel_stun_finish(&writer, password, strlen(password));
  assert_true(size > 0);
  return size;
}

static int deliver_by(struct peer *peer, const uint8_t *bytes, size_t size, struct oriel_webrtc_path from) {
  struct oriel_stun_message message;
  uint8_t *copy = exact_copy(bytes, size);
  int result = oriel_stun_parse(copy, size, &message);
  if (!result)
    result = oriel_ice_check(&peer->ice, &message, &from, peer->now_ns, peer->answer);
  free(copy);
  return result;
}

static int deliver(struct peer *peer, const uint8_t *bytes, size_t size, struct oriel_webrtc_address from) {
  return deliver_by(peer, bytes, size, (struct oriel_webrtc_path){.peer = from});
}

static int check(struct peer *peer, unsigned flags, struct oriel_webrtc_address from) {
  uint8_t bytes[512];
  const size_t size = write_check(peer, &peer->ice.current, peer->ice.current.password, flags, bytes);
  return deliver(peer, bytes, size, from);
}

/** A report, at `now_ns`. */
static void hear(struct peer *peer, struct oriel_webrtc_address from, uint64_t now_ns) {
  const struct oriel_webrtc_path path = {.peer = from};
  oriel_ice_heard(&peer->ice, &path, now_ns);
}

static void assert_path(const struct peer *peer, struct oriel_webrtc_path expected) {
  const struct oriel_webrtc_path *path = oriel_ice_peer(&peer->ice);
  assert_non_null(path);
  assert_true(oriel_webrtc_path_equal(path, &expected));
}

static void assert_peer(const struct peer *peer, struct oriel_webrtc_address expected) {
  assert_path(peer, (struct oriel_webrtc_path){.peer = expected});
}

static void credentials_are_random_and_long(void **state) {
  (void)state;
  struct peer a, b;
  start(&a);
  start(&b);
  assert_int_equal(strlen(a.ice.current.ufrag), ORIEL_ICE_UFRAG_SIZE);
  assert_int_equal(strlen(a.ice.current.password), ORIEL_ICE_PASSWORD_SIZE);
  assert_true(oriel_ice_ufrag_valid(a.ice.current.ufrag, ORIEL_ICE_UFRAG_SIZE));
  assert_true(oriel_ice_password_valid(a.ice.current.password, ORIEL_ICE_PASSWORD_SIZE));
  assert_string_not_equal(a.ice.current.ufrag, b.ice.current.ufrag);
  assert_string_not_equal(a.ice.current.password, b.ice.current.password);
}

static void wrong_ufrags_are_refused(void **state) {
  (void)state;
  struct oriel_ice ice = { .start_ns = 7 };
  char longest[ORIEL_ICE_UFRAG_MAX + 1];
  memset(longest, 'a', sizeof longest);
  assert_int_equal(oriel_ice_init(&ice, "abc", 3, 1), -EINVAL);
  assert_int_equal(oriel_ice_init(&ice, "ab:cd", 5, 1), -EINVAL);
  assert_int_equal(oriel_ice_init(&ice, "abc\0d", 5, 1), -EINVAL);
  assert_int_equal(oriel_ice_init(&ice, "abc d", 5, 1), -EINVAL);
  assert_int_equal(oriel_ice_init(&ice, longest, sizeof longest, 1), -EINVAL);
  assert_int_equal(ice.start_ns, 7);
  assert_int_equal(oriel_ice_init(&ice, longest, ORIEL_ICE_UFRAG_MAX, 1), 0);
  assert_int_equal(oriel_ice_init(&ice, "aB+/", 4, 1), 0);
  assert_false(oriel_ice_password_valid("123456789012345678901", 21));
}

static void check_is_answered_where_it_came_from(void **state) {
  (void)state;
  struct peer peer;
  struct oriel_stun_message answer;
  start(&peer);
  assert_null(oriel_ice_peer(&peer.ice));
  const int size = check(&peer, 0, at(1, 5000));
  assert_true(size > 0);
  assert_int_equal(oriel_stun_parse(peer.answer, (size_t)size, &answer), 0);
  assert_int_equal(answer.type, ORIEL_STUN_BINDING_SUCCESS);
  assert_memory_equal(answer.transaction, "check", 5);
  assert_true(oriel_stun_authentic(&answer, peer.ice.current.password, ORIEL_ICE_PASSWORD_SIZE));
  /* XOR-MAPPED-ADDRESS: 192.0.2.1:5000 under the cookie. */
  static const uint8_t mapped[] = { 0,           0x20, 0,        8,       0, 1, 0x13 ^ 0x21, 0x88 ^ 0x12,
                                    192 ^ 0x21, 0x12, 2 ^ 0xa4, 1 ^ 0x42 };
  assert_memory_equal(peer.answer + 20, mapped, sizeof mapped);
  assert_peer(&peer, at(1, 5000));
  assert_int_equal(oriel_ice_state(&peer.ice, peer.now_ns), ORIEL_ICE_CONNECTED);
}

/* A check's target is what finds the session among many. */
static void target_is_our_ufrag(void **state) {
  (void)state;
  struct peer peer;
  struct oriel_stun_message message;
  uint8_t bytes[512];
  size_t size, target_size;
  start(&peer);
  size = write_check(&peer, &peer.ice.current, "key", 0, bytes);
  assert_int_equal(oriel_stun_parse(bytes, size, &message), 0);
  const char *target = oriel_ice_target(&message, &target_size);
  assert_int_equal(target_size, ORIEL_ICE_UFRAG_SIZE);
  assert_memory_equal(target, peer.ice.current.ufrag, ORIEL_ICE_UFRAG_SIZE);
  message.username_size = ORIEL_ICE_UFRAG_SIZE;
  assert_null(oriel_ice_target(&message, &target_size));
  message.username = NULL;
  assert_null(oriel_ice_target(&message, &target_size));
}

static void strangers_change_nothing(void **state) {
  (void)state;
  struct peer peer;
  uint8_t bytes[512];
  start(&peer);
  const struct oriel_ice before = peer.ice;
  struct oriel_ice_credentials wrong = peer.ice.current;
  size_t size = write_check(&peer, &wrong, "a password of somebody", USE, bytes);
  assert_int_equal(deliver(&peer, bytes, size, at(9, 1)), -EACCES);
  wrong.ufrag[3] ^= 1;
  size = write_check(&peer, &wrong, wrong.password, USE, bytes);
  assert_int_equal(deliver(&peer, bytes, size, at(9, 1)), -EACCES);
  wrong = peer.ice.current;
  snprintf(wrong.peer_ufrag, sizeof wrong.peer_ufrag, "theirs2");
  size = write_check(&peer, &wrong, wrong.password, USE, bytes);
  assert_int_equal(deliver(&peer, bytes, size, at(9, 1)), -EACCES);
  assert_memory_equal(&peer.ice, &before, sizeof before);
  assert_false(oriel_ice_valid(&peer.ice, &(struct oriel_webrtc_address){ .size = 0 }));
}

/* The credentials of a restart that is not there are empty: nobody is their peer. */
static void empty_credentials_open_nothing(void **state) {
  (void)state;
  struct peer peer;
  uint8_t bytes[512];
  start(&peer);
  const struct oriel_ice_credentials none = { .ufrag = "" };
  const size_t size = write_check(&peer, &none, "", USE, bytes);
  assert_int_equal(deliver(&peer, bytes, size, at(9, 1)), -EACCES);
}

static void only_requests_are_answered(void **state) {
  (void)state;
  static const uint16_t types[] = { ORIEL_STUN_BINDING_INDICATION, ORIEL_STUN_BINDING_SUCCESS,
                                    ORIEL_STUN_BINDING_ERROR, 0x0003, 0x3fff };
  struct peer peer;
  start(&peer);
  const struct oriel_ice before = peer.ice;
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    uint8_t bytes[128];
    struct oriel_stun_writer writer;
    char username[64];
    snprintf(username, sizeof username, "%s:theirs", peer.ice.current.ufrag);
    oriel_stun_begin(&writer, bytes, sizeof bytes, types[i], (const uint8_t *)"twelve bytes");
    oriel_stun_add(&writer, ORIEL_STUN_USERNAME, username, strlen(username));
    const size_t size = oriel_stun_finish(&writer, peer.ice.current.password, ORIEL_ICE_PASSWORD_SIZE);
    assert_int_equal(deliver(&peer, bytes, size, at(1, 1)), 0);
  }
  assert_memory_equal(&peer.ice, &before, sizeof before);
}

/** The code of an error answer. */
static unsigned error_code(const uint8_t *answer, int size) {
  struct oriel_stun_message message;
  assert_true(size > 0);
  assert_int_equal(oriel_stun_parse(answer, (size_t)size, &message), 0);
  assert_int_equal(message.type, ORIEL_STUN_BINDING_ERROR);
  assert_memory_equal(answer + 20, "\0\x09", 2);
  return answer[26] * 100u + answer[27];
}

static void peer_that_would_be_controlled_is_told(void **state) {
  (void)state;
  struct peer peer;
  start(&peer);
  assert_int_equal(error_code(peer.answer, check(&peer, CONTROLLED | USE, at(1, 1))), 487);
  assert_null(oriel_ice_peer(&peer.ice));
}

static void unknown_attributes_are_named(void **state) {
  (void)state;
  struct peer peer;
  start(&peer);
  assert_int_equal(error_code(peer.answer, check(&peer, UNKNOWN | USE, at(1, 1))), 420);
  assert_memory_equal(peer.answer + 20 + 4 + 24, "\0\x0a\0\2\x7f\1\0\0", 8);
  assert_null(oriel_ice_peer(&peer.ice));
}

static void newest_nomination_counts(void **state) {
  (void)state;
  struct peer peer;
  start(&peer);
  check(&peer, 0, at(1, 1));
  check(&peer, 0, at(2, 2));
  assert_peer(&peer, at(1, 1)); /* the first that works, until one is named */
  check(&peer, USE, at(2, 2));
  assert_peer(&peer, at(2, 2));
  check(&peer, 0, at(1, 1));
  assert_peer(&peer, at(2, 2));
  check(&peer, USE, at(3, 3));
  assert_peer(&peer, at(3, 3));
}

/* Firefox behind a NAT that forgot it: its consent checks nominate nothing and come from another address. */
static void silence_moves_to_who_still_checks(void **state) {
  (void)state;
  struct peer peer;
  start(&peer);
  check(&peer, USE, at(1, 1));
  peer.now_ns += ORIEL_ICE_MOVE_NS - 1;
  check(&peer, 0, at(1, 2));
  assert_peer(&peer, at(1, 1));
  peer.now_ns += 1;
  check(&peer, 0, at(1, 2));
  assert_peer(&peer, at(1, 2));
}

static void reports_keep_an_address_in_use(void **state) {
  (void)state;
  struct peer peer;
  const struct oriel_webrtc_address used = at(1, 1), other = at(1, 2);
  start(&peer);
  check(&peer, USE, used);
  peer.now_ns += ORIEL_ICE_MOVE_NS - 1;
  hear(&peer, used, peer.now_ns);
  peer.now_ns += ORIEL_ICE_MOVE_NS - 1;
  check(&peer, 0, other);
  assert_peer(&peer, used);
}

/* What is no check moves nothing, however authentic. */
static void reports_from_elsewhere_change_nothing(void **state) {
  (void)state;
  struct peer peer;
  const struct oriel_webrtc_address stranger = at(9, 9);
  start(&peer);
  check(&peer, USE, at(1, 1));
  const struct oriel_ice before = peer.ice;
  hear(&peer, stranger, peer.now_ns + 20 * second);
  assert_memory_equal(&peer.ice, &before, sizeof before);
  assert_false(oriel_ice_valid(&peer.ice, &stranger));
}

static void copies_from_elsewhere_are_ignored(void **state) {
  (void)state;
  struct peer peer;
  uint8_t bytes[512];
  const struct oriel_webrtc_address thief = at(9, 9);
  start(&peer);
  const size_t size = write_check(&peer, &peer.ice.current, peer.ice.current.password, USE, bytes);
  assert_true(deliver(&peer, bytes, size, at(1, 1)) > 0);
  assert_int_equal(deliver(&peer, bytes, size, thief), 0);
  assert_peer(&peer, at(1, 1));
  assert_false(oriel_ice_valid(&peer.ice, &thief));
  assert_true(deliver(&peer, bytes, size, at(1, 1)) > 0); /* the peer's own repetition */
  for (unsigned i = 1; i < ORIEL_ICE_RECENT_MAX; i++)
    check(&peer, 0, at(1, 1));
  assert_int_equal(deliver(&peer, bytes, size, thief), 0); /* still remembered */
}

static void report(struct peer *peer, struct oriel_webrtc_address from) {
  hear(peer, from, peer->now_ns);
}

/** Time passes, and the peer reports each second if it is anywhere. */
static void pass(struct peer *peer, uint64_t ns, const struct oriel_webrtc_address *where) {
  for (const uint64_t end_ns = peer->now_ns + ns; peer->now_ns < end_ns;) {
    peer->now_ns += second / 10;
    if (where && peer->now_ns % second == 0)
      report(peer, *where);
    oriel_ice_tick(&peer->ice, peer->now_ns);
  }
}

static void start_reporting(struct peer *peer) {
  start(peer);
  check(peer, USE, at(1, 1));
  report(peer, at(1, 1));
}

/* Copies of checks so old that they are not known any more are as good as a peer's own. */
static void moves_without_a_report_are_undone(void **state) {
  (void)state;
  struct peer peer;
  const struct oriel_webrtc_address home = at(1, 1);
  start_reporting(&peer);
  check(&peer, USE, at(9, 1));
  assert_peer(&peer, at(9, 1)); /* at once: it may be the peer */
  pass(&peer, second, &home);
  check(&peer, USE, at(9, 2)); /* and this does not make it longer */
  assert_peer(&peer, at(9, 2));
  pass(&peer, second, &home);
  assert_peer(&peer, home);
  for (unsigned i = 0; i < 9; i++) {
    check(&peer, USE, at(9, 3));
    assert_peer(&peer, home);
    pass(&peer, second, &home);
  }
  pass(&peer, second, &home);
  check(&peer, USE, at(9, 3));
  assert_peer(&peer, at(9, 3));
}

static void moves_with_a_report_last(void **state) {
  (void)state;
  struct peer peer;
  const struct oriel_webrtc_address there = at(2, 2);
  start_reporting(&peer);
  check(&peer, USE, there);
  assert_peer(&peer, there);
  pass(&peer, 20 * second, &there);
  assert_peer(&peer, there);
  assert_true(oriel_ice_may_send(&peer.ice, peer.now_ns));
}

/* Its reports are already from there, even when it has just been held for somebody else's copies. */
static void reports_before_a_move_confirm_it(void **state) {
  (void)state;
  struct peer peer;
  const struct oriel_webrtc_address there = at(2, 2), home = at(1, 1);
  start_reporting(&peer);
  check(&peer, USE, at(9, 1));
  pass(&peer, 3 * second, &home);
  check(&peer, USE, there);
  assert_peer(&peer, home);
  pass(&peer, second, &there);
  check(&peer, USE, there);
  pass(&peer, 3 * second, NULL);
  assert_peer(&peer, there);
}

/* A peer that moved away while it was held is found again by its silence. */
static void silence_moves_though_held(void **state) {
  (void)state;
  struct peer peer;
  const struct oriel_webrtc_address home = at(1, 1);
  start_reporting(&peer);
  check(&peer, USE, at(9, 1));
  pass(&peer, 2 * second, &home);
  assert_peer(&peer, home);
  pass(&peer, ORIEL_ICE_MOVE_NS, NULL);
  check(&peer, 0, at(2, 2));
  assert_peer(&peer, at(2, 2));
}

static void copies_do_not_keep_a_peer_that_left(void **state) {
  (void)state;
  struct peer peer;
  start_reporting(&peer);
  for (unsigned i = 0; i < 34; i++) {
    pass(&peer, second, NULL);
    check(&peer, USE, at(9, (uint16_t)i));
  }
  assert_int_equal(oriel_ice_state(&peer.ice, peer.now_ns), ORIEL_ICE_QUIET);
  pass(&peer, second, NULL);
  assert_int_equal(oriel_ice_state(&peer.ice, peer.now_ns), ORIEL_ICE_LOST);
}

/* Firefox in the background; but a copy may have its address as the sender, too. */
static void checks_keep_a_peer_for_a_while(void **state) {
  (void)state;
  struct peer peer;
  start_reporting(&peer);
  for (unsigned i = 0; i < 8; i++) {
    pass(&peer, 10 * second, NULL);
    check(&peer, 0, at(1, 1));
    assert_int_equal(oriel_ice_state(&peer.ice, peer.now_ns), i < 5 ? ORIEL_ICE_CONNECTED : ORIEL_ICE_QUIET);
  }
  pass(&peer, 5 * second, NULL);
  check(&peer, 0, at(1, 1));
  assert_int_equal(oriel_ice_state(&peer.ice, peer.now_ns), ORIEL_ICE_LOST);
}

static void media_need_reports(void **state) {
  (void)state;
  struct peer peer;
  start(&peer);
  check(&peer, USE, at(1, 1));
  pass(&peer, 20 * second, NULL);
  assert_true(oriel_ice_may_send(&peer.ice, peer.now_ns)); /* it has never made any */
  report(&peer, at(1, 1));
  pass(&peer, ORIEL_ICE_CONSENT_NS - second, NULL);
  assert_true(oriel_ice_may_send(&peer.ice, peer.now_ns));
  pass(&peer, second, NULL);
  assert_false(oriel_ice_may_send(&peer.ice, peer.now_ns));
  check(&peer, USE, at(9, 9)); /* nor to where a copy leads us now */
  assert_false(oriel_ice_may_send(&peer.ice, peer.now_ns));
  report(&peer, at(9, 9)); /* but if it is the peer itself: */
  assert_true(oriel_ice_may_send(&peer.ice, peer.now_ns));
}

/* A page in the background checks each 20 to 30 s and reports as rarely; but a copy may have its address as the
 * sender, too, and alone keeps media flowing for a minute. */
static void rare_checks_are_consent_for_a_while(void **state) {
  (void)state;
  struct peer peer;
  start_reporting(&peer);
  for (unsigned i = 0; i < 6; i++) {
    pass(&peer, 29 * second, NULL);
    assert_true(oriel_ice_may_send(&peer.ice, peer.now_ns));
    check(&peer, i % 2 ? USE : 0, at(1, 1));
    if (i % 2)
      report(&peer, at(1, 1));
  }
  for (uint64_t heard_ns = 0; heard_ns < ORIEL_ICE_PROOF_NS; heard_ns += 20 * second) {
    assert_true(oriel_ice_may_send(&peer.ice, peer.now_ns));
    pass(&peer, 20 * second, NULL);
    check(&peer, USE, at(1, 1));
  }
  assert_false(oriel_ice_may_send(&peer.ice, peer.now_ns));
}

/* From elsewhere nothing but a report is, and that within two seconds of the move. */
static void checks_from_elsewhere_are_no_consent(void **state) {
  (void)state;
  struct peer peer;
  start_reporting(&peer);
  pass(&peer, ORIEL_ICE_UNHEARD_NS, NULL);
  check(&peer, USE, at(9, 9));
  assert_peer(&peer, at(9, 9));
  assert_false(oriel_ice_may_send(&peer.ice, peer.now_ns));
}

static struct oriel_webrtc_path by(struct oriel_webrtc_address peer, uint8_t ours) {
  return (struct oriel_webrtc_path){.peer = peer, .local = at(ours, 0)};
}

static int check_by(struct peer *peer, unsigned flags, struct oriel_webrtc_path path) {
  uint8_t bytes[512];
  const size_t size = write_check(peer, &peer->ice.current, peer->ice.current.password, flags, bytes);
  return deliver_by(peer, bytes, size, path);
}

/* A peer checks all addresses of ours from one of its own, and means the pair that it nominates. */
static void nomination_chooses_our_address_too(void **state) {
  (void)state;
  struct peer peer;
  start(&peer);
  assert_true(check_by(&peer, 0, by(at(1, 1), 101)) > 0);
  assert_path(&peer, by(at(1, 1), 101));
  assert_true(check_by(&peer, 0, by(at(1, 1), 102)) > 0);
  assert_path(&peer, by(at(1, 1), 101));
  assert_true(check_by(&peer, USE, by(at(1, 1), 102)) > 0);
  assert_path(&peer, by(at(1, 1), 102));
  peer.now_ns += ORIEL_ICE_MOVE_NS; /* and an address of ours that nothing reaches any more is left */
  assert_true(check_by(&peer, 0, by(at(1, 1), 101)) > 0);
  assert_path(&peer, by(at(1, 1), 101));
}

/* Overheard, and sent again to another address of ours: from there the peer's NAT would let nothing in. */
static void copies_do_not_change_our_address(void **state) {
  (void)state;
  struct peer peer;
  uint8_t bytes[512];
  start(&peer);
  const size_t size = write_check(&peer, &peer.ice.current, peer.ice.current.password, USE, bytes);
  assert_true(deliver_by(&peer, bytes, size, by(at(1, 1), 101)) > 0);
  assert_int_equal(deliver_by(&peer, bytes, size, by(at(1, 1), 102)), 0);
  assert_path(&peer, by(at(1, 1), 101));
}

/* However many addresses a peer has, the one in use stays. */
static void pairs_are_bounded(void **state) {
  (void)state;
  struct peer peer;
  start(&peer);
  check(&peer, USE, at(1, 1));
  for (uint16_t port = 2; port < 100; port++) {
    const struct oriel_webrtc_address address = at(2, port);
    peer.now_ns++;
    assert_true(check(&peer, 0, address) > 0);
    assert_true(oriel_ice_valid(&peer.ice, &address));
  }
  assert_peer(&peer, at(1, 1));
  const struct oriel_webrtc_address first = at(1, 1), old = at(2, 99 - ORIEL_ICE_PAIRS_MAX + 1),
                                    young = at(2, 99 - ORIEL_ICE_PAIRS_MAX + 2);
  assert_true(oriel_ice_valid(&peer.ice, &first));
  assert_false(oriel_ice_valid(&peer.ice, &old));
  assert_true(oriel_ice_valid(&peer.ice, &young));
}

static void never_connected_is_lost_after_10_s(void **state) {
  (void)state;
  struct peer peer;
  start(&peer);
  assert_int_equal(oriel_ice_state(&peer.ice, peer.now_ns), ORIEL_ICE_NEW);
  assert_true(oriel_ice_deadline(&peer.ice, peer.now_ns) == peer.now_ns + 10 * second);
  assert_int_equal(oriel_ice_state(&peer.ice, peer.now_ns + 10 * second - 1), ORIEL_ICE_NEW);
  assert_int_equal(oriel_ice_state(&peer.ice, peer.now_ns + 10 * second), ORIEL_ICE_LOST);
  assert_true(oriel_ice_deadline(&peer.ice, peer.now_ns + 10 * second) == 0);
}

static void silence_is_quiet_after_10_s_and_lost_after_35(void **state) {
  (void)state;
  struct peer peer;
  const struct oriel_webrtc_address address = at(1, 1);
  start(&peer);
  peer.now_ns += 5 * second;
  check(&peer, 0, address);
  const uint64_t then = peer.now_ns;
  assert_true(oriel_ice_deadline(&peer.ice, then) == then + 10 * second);
  assert_int_equal(oriel_ice_state(&peer.ice, then + 10 * second - 1), ORIEL_ICE_CONNECTED);
  assert_int_equal(oriel_ice_state(&peer.ice, then + 10 * second), ORIEL_ICE_QUIET);
  assert_true(oriel_ice_deadline(&peer.ice, then + 10 * second) == then + 35 * second);
  assert_int_equal(oriel_ice_state(&peer.ice, then + 35 * second - 1), ORIEL_ICE_QUIET);
  hear(&peer, address, then + 34 * second);
  assert_int_equal(oriel_ice_state(&peer.ice, then + 35 * second), ORIEL_ICE_CONNECTED);
  assert_int_equal(oriel_ice_state(&peer.ice, then + 69 * second), ORIEL_ICE_LOST);
}

/* A restart takes over with a nomination under its credentials, and not before. */
static void restart_takes_over_when_nominated(void **state) {
  (void)state;
  struct peer peer;
  uint8_t bytes[512];
  start(&peer);
  check(&peer, USE, at(1, 1));
  const struct oriel_ice_credentials old = peer.ice.current;
  assert_int_equal(oriel_ice_restart(&peer.ice, "x", 1), -EINVAL);
  assert_string_equal(peer.ice.current.ufrag, old.ufrag);
  assert_int_equal(oriel_ice_restart(&peer.ice, "again", 5), 0);
  assert_string_not_equal(peer.ice.current.ufrag, old.ufrag);
  size_t size = write_check(&peer, &old, old.password, USE, bytes);
  assert_true(deliver(&peer, bytes, size, at(1, 1)) > 0); /* consent goes on */
  assert_true(check(&peer, 0, at(2, 2)) > 0);
  assert_peer(&peer, at(1, 1));
  assert_true(check(&peer, USE, at(2, 2)) > 0);
  assert_peer(&peer, at(2, 2));
  size = write_check(&peer, &old, old.password, USE, bytes);
  assert_int_equal(deliver(&peer, bytes, size, at(1, 1)), -EACCES);
}

static void restart_that_fails_costs_nothing(void **state) {
  (void)state;
  struct peer peer;
  uint8_t bytes[512];
  start(&peer);
  check(&peer, USE, at(1, 1));
  const struct oriel_ice_credentials old = peer.ice.current;
  assert_int_equal(oriel_ice_restart(&peer.ice, "again", 5), 0);
  assert_int_equal(oriel_ice_restart(&peer.ice, "once+more", 9), 0);
  const size_t size = write_check(&peer, &old, old.password, 0, bytes);
  assert_true(deliver(&peer, bytes, size, at(1, 1)) > 0);
  assert_true(check(&peer, USE, at(1, 1)) > 0);
}

static void candidates_are_ordered(void **state) {
  (void)state;
  char text[ORIEL_ICE_CANDIDATE_MAX];
  const struct oriel_webrtc_address v4 = at(1, 8080);
  struct oriel_webrtc_address v6 = { .port = 65535, .size = 16 };
  memset(v6.bytes, 0xab, 16);
  size_t size = oriel_ice_candidate(&v4, 0, text);
  assert_string_equal(text, "candidate:1 1 udp 2130706431 192.0.2.1 8080 typ host");
  assert_int_equal(size, strlen(text));
  size = oriel_ice_candidate(&v6, 255, text);
  assert_string_equal(text, "candidate:256 1 udp 2130641151 abab:abab:abab:abab:abab:abab:abab:abab 65535 typ host");
  assert_int_equal(size, strlen(text));
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(credentials_are_random_and_long),
    cmocka_unit_test(wrong_ufrags_are_refused),
    cmocka_unit_test(check_is_answered_where_it_came_from),
    cmocka_unit_test(target_is_our_ufrag),
    cmocka_unit_test(strangers_change_nothing),
    cmocka_unit_test(empty_credentials_open_nothing),
    cmocka_unit_test(only_requests_are_answered),
    cmocka_unit_test(peer_that_would_be_controlled_is_told),
    cmocka_unit_test(unknown_attributes_are_named),
    cmocka_unit_test(newest_nomination_counts),
    cmocka_unit_test(silence_moves_to_who_still_checks),
    cmocka_unit_test(reports_keep_an_address_in_use),
    cmocka_unit_test(reports_from_elsewhere_change_nothing),
    cmocka_unit_test(copies_from_elsewhere_are_ignored),
    cmocka_unit_test(moves_without_a_report_are_undone),
    cmocka_unit_test(moves_with_a_report_last),
    cmocka_unit_test(reports_before_a_move_confirm_it),
    cmocka_unit_test(silence_moves_though_held),
    cmocka_unit_test(copies_do_not_keep_a_peer_that_left),
    cmocka_unit_test(checks_keep_a_peer_for_a_while),
    cmocka_unit_test(media_need_reports),
    cmocka_unit_test(rare_checks_are_consent_for_a_while),
    cmocka_unit_test(checks_from_elsewhere_are_no_consent),
    cmocka_unit_test(nomination_chooses_our_address_too),
    cmocka_unit_test(copies_do_not_change_our_address),
    cmocka_unit_test(pairs_are_bounded),
    cmocka_unit_test(never_connected_is_lost_after_10_s),
    cmocka_unit_test(silence_is_quiet_after_10_s_and_lost_after_35),
    cmocka_unit_test(restart_takes_over_when_nominated),
    cmocka_unit_test(restart_that_fails_costs_nothing),
    cmocka_unit_test(candidates_are_ordered),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
