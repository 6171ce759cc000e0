/* SPDX-License-Identifier: MIT
 *
 * source/guest_order: numbers of datagrams, also those that mean harm.
 */
#include "source/guest_order.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void expect(struct guest_order *order, uint32_t number, enum guest_place place, uint32_t lost) {
  uint32_t found = 99;
  assert_int_equal(guest_order_take(order, number, &found), place);
  assert_int_equal(found, lost);
}

static void order_counts_over_the_wrap(void **state) {
  (void)state;
  struct guest_order order = {0};
  expect(&order, UINT32_MAX - 1, GUEST_PLACE_ANEW, 0);
  expect(&order, UINT32_MAX, GUEST_PLACE_NEXT, 0);
  expect(&order, 2, GUEST_PLACE_NEXT, 2);
  expect(&order, 0, GUEST_PLACE_LATE, 0);
  expect(&order, 0, GUEST_PLACE_DUPLICATE, 0);
  expect(&order, 2, GUEST_PLACE_DUPLICATE, 0);
  expect(&order, UINT32_MAX, GUEST_PLACE_DUPLICATE, 0);
  expect(&order, 1002, GUEST_PLACE_NEXT, 999);
  expect(&order, 950, GUEST_PLACE_LATE, 0);
}

static void order_far_away_begins_anew(void **state) {
  (void)state;
  struct guest_order order = {0};
  expect(&order, 7, GUEST_PLACE_ANEW, 0);
  expect(&order, 7 + 1001, GUEST_PLACE_ANEW, 0);
  expect(&order, 1u << 31, GUEST_PLACE_ANEW, 0);
  expect(&order, (1u << 31) + 1, GUEST_PLACE_NEXT, 0);
}

/* A sender that began again a little before: it is not dropped for ever. */
static void order_follows_a_sender_that_began_again(void **state) {
  (void)state;
  struct guest_order order = {0};
  uint32_t lost, heard = 0;
  for (uint32_t i = 0; i < 500; i++)
    expect(&order, i, i ? GUEST_PLACE_NEXT : GUEST_PLACE_ANEW, 0);
  for (uint32_t i = 0; i < 100; i++)
    heard += guest_order_take(&order, i, &lost) == GUEST_PLACE_NEXT;
  assert_true(heard >= 79);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(order_counts_over_the_wrap),
    cmocka_unit_test(order_far_away_begins_anew),
    cmocka_unit_test(order_follows_a_sender_that_began_again),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
