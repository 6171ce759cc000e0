/* SPDX-License-Identifier: MIT
 *
 * core/heap against a plain array.
 */
#include "core/heap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>

enum { NODES = 200, STEPS = 20000 };

struct item {
  uint64_t at_ns;
  bool in;
  struct oriel_heap_node node;
};

static uint32_t next(uint32_t *seed) {
  return *seed = *seed * 1664525u + 1013904223u;
}

static uint64_t least(const struct item *items) {
  uint64_t first_ns = UINT64_MAX;
  for (unsigned i = 0; i < NODES; i++)
    if (items[i].in && items[i].at_ns < first_ns)
      first_ns = items[i].at_ns;
  return first_ns;
}

static void heap_gives_the_first_whatever_moves(void **state) {
  (void)state;
  static struct item items[NODES];
  struct oriel_heap heap;
  uint32_t seed = 1;
  uint64_t at_ns;
  oriel_heap_init(&heap);
  assert_null(oriel_heap_first(&heap, &at_ns));
  assert_int_equal(oriel_heap_reserve(&heap, NODES), 0);
  for (unsigned step = 0; step < STEPS; step++) {
    struct item *item = &items[(next(&seed) >> 16) % NODES];
    item->in = next(&seed) >> 30 != 0; /* one in four goes, whether it is in or not */
    item->at_ns = next(&seed) >> 24;   /* few times, so that many are the same */
    if (item->in)
      oriel_heap_set(&heap, &item->node, item->at_ns);
    else
      oriel_heap_remove(&heap, &item->node);
    const struct oriel_heap_node *first = oriel_heap_first(&heap, &at_ns);
    assert_true(first ? at_ns == least(items) : least(items) == UINT64_MAX);
    if (first)
      assert_int_equal(oriel_heap_entry_of(first, const struct item, node)->at_ns, at_ns);
  }
  oriel_heap_finish(&heap);
}

static void heap_gives_all_in_order(void **state) {
  (void)state;
  static struct item items[NODES];
  struct oriel_heap heap;
  struct oriel_heap_node *node;
  uint64_t at_ns, before_ns = 0;
  unsigned count = 0;
  oriel_heap_init(&heap);
  for (unsigned i = 0; i < NODES; i++) {
    assert_int_equal(oriel_heap_reserve(&heap, i + 1), 0); /* as they come */
    oriel_heap_set(&heap, &items[i].node, i * 7919 % NODES);
  }
  while ((node = oriel_heap_first(&heap, &at_ns))) {
    assert_true(at_ns >= before_ns);
    before_ns = at_ns;
    oriel_heap_remove(&heap, node);
    count++;
  }
  assert_int_equal(count, NODES);
  assert_true(oriel_heap_reserve(&heap, SIZE_MAX / 2) < 0); /* and nothing has changed */
  oriel_heap_set(&heap, &items[0].node, 5);
  assert_non_null(oriel_heap_first(&heap, &at_ns));
  oriel_heap_finish(&heap);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(heap_gives_the_first_whatever_moves),
    cmocka_unit_test(heap_gives_all_in_order),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
