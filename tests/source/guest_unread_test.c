/* SPDX-License-Identifier: MIT
 *
 * source/guest_unread: how old the oldest packet is that nobody has read, by bytes that wait and by credit.
 */
#include "source/guest_unread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void nothing_is_unread_at_first(void **state) {
  (void)state;
  struct guest_unread unread = {0};
  assert_int_equal(guest_unread_since(&unread, 0), 0);
  assert_int_equal(guest_unread_since(&unread, 100), 0);
  guest_unread_credit(&unread, 5); /* of nothing */
  assert_int_equal(guest_unread_since(&unread, 0), 0);
}

static void bytes_that_wait_have_an_age(void **state) {
  (void)state;
  struct guest_unread unread = {0};
  for (uint64_t i = 1; i <= 10; i++)
    guest_unread_sent(&unread, 100, i);
  assert_int_equal(guest_unread_since(&unread, 0), 0);
  assert_int_equal(guest_unread_since(&unread, 1), 10);
  assert_int_equal(guest_unread_since(&unread, 100), 10);
  assert_int_equal(guest_unread_since(&unread, 101), 9);
  assert_int_equal(guest_unread_since(&unread, 100000), 1);
}

static void credit_tells_what_was_read(void **state) {
  (void)state;
  struct guest_unread unread = {0};
  for (uint64_t i = 1; i <= 10; i++)
    guest_unread_sent(&unread, 100, i);
  guest_unread_credit(&unread, 4);
  assert_int_equal(guest_unread_since(&unread, 0), 5);
  assert_int_equal(guest_unread_since(&unread, 900), 2); /* the kernel knows better */
  guest_unread_credit(&unread, 1000);
  assert_int_equal(guest_unread_since(&unread, 0), 0);
  guest_unread_sent(&unread, 100, 11); /* a liar's credit does not last */
  assert_int_equal(guest_unread_since(&unread, 0), 11);
}

static void what_is_longer_ago_than_the_record_is_as_old_as_that(void **state) {
  (void)state;
  struct guest_unread unread = {0};
  guest_unread_sent(&unread, 100, 1);
  guest_unread_credit(&unread, 1);
  for (uint64_t i = 2; i <= 1000; i++)
    guest_unread_sent(&unread, 100, i);
  assert_int_equal(guest_unread_since(&unread, 0), 1000 - GUEST_UNREAD_PACKETS + 1);
}

static void sockets_say_what_waits(void **state) {
  (void)state;
  int ends[2];
  char bytes[300] = {0};
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  assert_int_equal(guest_unread_waiting(ends[0]), 0);
  assert_int_equal(send(ends[0], bytes, sizeof bytes, 0), sizeof bytes);
  assert_true(guest_unread_waiting(ends[0]) >= sizeof bytes);
  assert_int_equal(recv(ends[1], bytes, sizeof bytes, 0), sizeof bytes);
  assert_int_equal(guest_unread_waiting(ends[0]), 0);
  assert_int_equal(guest_unread_way_ns(ends[0]), 0);
  assert_int_equal(guest_unread_waiting(-1), 0);
  close(ends[0]);
  close(ends[1]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(nothing_is_unread_at_first),
    cmocka_unit_test(bytes_that_wait_have_an_age),
    cmocka_unit_test(credit_tells_what_was_read),
    cmocka_unit_test(what_is_longer_ago_than_the_record_is_as_old_as_that),
    cmocka_unit_test(sockets_say_what_waits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
