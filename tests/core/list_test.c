/* SPDX-License-Identifier: MIT
 *
 * core/list: order of arrival, removal from anywhere, twice.
 */
#include "core/list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct item {
  int number;
  struct oriel_list node;
};

static void expect(struct oriel_list *head, const int *numbers, int count) {
  struct oriel_list *node;
  int at = 0;
  oriel_list_each(node, head) {
    assert_true(at < count);
    assert_int_equal(oriel_list_entry(node, struct item, node)->number, numbers[at++]);
    assert_ptr_equal(node->next->previous, node);
  }
  assert_int_equal(at, count);
  assert_int_equal(oriel_list_empty(head), count == 0);
}

static void list_keeps_the_order_of_arrival(void **state) {
  (void)state;
  struct oriel_list head;
  struct item items[3] = {{.number = 1}, {.number = 2}, {.number = 3}};
  oriel_list_init(&head);
  expect(&head, NULL, 0);
  for (int i = 0; i < 3; i++)
    oriel_list_append(&head, &items[i].node);
  expect(&head, (const int[]){1, 2, 3}, 3);
  oriel_list_remove(&items[1].node);
  expect(&head, (const int[]){1, 3}, 2);
  oriel_list_remove(&items[1].node); /* is in none */
  expect(&head, (const int[]){1, 3}, 2);
  oriel_list_append(&head, &items[1].node);
  oriel_list_remove(&items[0].node);
  expect(&head, (const int[]){3, 2}, 2);
  oriel_list_remove(&items[2].node);
  oriel_list_remove(&items[1].node);
  expect(&head, NULL, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(list_keeps_the_order_of_arrival),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
