/* SPDX-License-Identifier: MIT
 *
 * core/queue: order, both policies, counters and references (lesson 32: every queue has a bound).
 */
#include "core/queue.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct oriel_packet *numbered(uint32_t number) {
  struct oriel_packet *packet = oriel_packet_create(ORIEL_PACKET_AUDIO, 1);
  assert_non_null(packet);
  packet->sequence = number;
  return packet;
}

/* Pushes a new packet and gives the maker's reference away. */
static bool push_numbered(struct oriel_queue *queue, uint32_t number) {
  struct oriel_packet *packet = numbered(number);
  const bool inside = oriel_queue_push(queue, packet);
  oriel_packet_unref(packet);
  return inside;
}

static uint32_t pop_number(struct oriel_queue *queue) {
  struct oriel_packet *packet = oriel_queue_pop(queue);
  assert_non_null(packet);
  const uint32_t number = packet->sequence;
  oriel_packet_unref(packet);
  return number;
}

static void queue_rejects_bad_arguments(void **state) {
  (void)state;
  struct oriel_queue queue = { .capacity = 99 };
  assert_int_equal(oriel_queue_init(&queue, 0, ORIEL_QUEUE_REFUSE), -EINVAL);
  assert_int_equal(oriel_queue_init(&queue, 4097, ORIEL_QUEUE_REFUSE), -EINVAL);
  assert_int_equal(oriel_queue_init(&queue, 4, (enum oriel_queue_policy)7), -EINVAL);
  assert_int_equal(queue.capacity, 99); /* untouched on failure */
}

static void queue_keeps_order_around_the_end(void **state) {
  (void)state;
  struct oriel_queue queue;
  assert_int_equal(oriel_queue_init(&queue, 3, ORIEL_QUEUE_REFUSE), 0);
  assert_null(oriel_queue_pop(&queue));
  uint32_t in = 0, out = 0;
  for (int round = 0; round < 10; round++) {
    assert_true(push_numbered(&queue, in++));
    assert_true(push_numbered(&queue, in++));
    assert_int_equal(pop_number(&queue), out++);
    assert_int_equal(pop_number(&queue), out++);
  }
  assert_null(oriel_queue_pop(&queue));
  assert_true(queue.pushed == 20 && queue.dropped == 0);
  oriel_queue_finish(&queue);
}

static void queue_refuse_keeps_what_is_inside(void **state) {
  (void)state;
  struct oriel_queue queue;
  assert_int_equal(oriel_queue_init(&queue, 2, ORIEL_QUEUE_REFUSE), 0);
  assert_true(push_numbered(&queue, 1));
  assert_true(push_numbered(&queue, 2));
  assert_false(push_numbered(&queue, 3));
  assert_true(queue.count == 2 && queue.pushed == 2 && queue.dropped == 1);
  assert_int_equal(pop_number(&queue), 1);
  assert_int_equal(pop_number(&queue), 2);
  oriel_queue_finish(&queue);
}

static void queue_drop_oldest_keeps_the_newest(void **state) {
  (void)state;
  struct oriel_queue queue;
  assert_int_equal(oriel_queue_init(&queue, 3, ORIEL_QUEUE_DROP_OLDEST), 0);
  for (uint32_t i = 0; i < 100; i++) {
    assert_true(push_numbered(&queue, i));
    assert_true(queue.count <= 3);
  }
  assert_true(queue.pushed == 100 && queue.dropped == 97);
  for (uint32_t i = 97; i < 100; i++)
    assert_int_equal(pop_number(&queue), i);
  oriel_queue_finish(&queue);
}

static void queue_takes_and_gives_references(void **state) {
  (void)state;
  struct oriel_queue queue;
  assert_int_equal(oriel_queue_init(&queue, 1, ORIEL_QUEUE_REFUSE), 0);
  struct oriel_packet *packet = numbered(1);
  assert_true(oriel_queue_push(&queue, packet));
  assert_int_equal(atomic_load(&packet->refs), 2);
  assert_false(oriel_queue_push(&queue, packet)); /* refused: no reference taken */
  assert_int_equal(atomic_load(&packet->refs), 2);
  assert_ptr_equal(oriel_queue_pop(&queue), packet);
  assert_int_equal(atomic_load(&packet->refs), 2); /* the queue's is ours now */
  oriel_packet_unref(packet);
  assert_true(oriel_queue_push(&queue, packet));
  oriel_queue_finish(&queue);
  assert_int_equal(atomic_load(&packet->refs), 1);
  oriel_packet_unref(packet);
}

/* The same packet may be the one that goes and the one that comes. */
static void queue_drop_oldest_of_the_same_packet(void **state) {
  (void)state;
  struct oriel_queue queue;
  assert_int_equal(oriel_queue_init(&queue, 1, ORIEL_QUEUE_DROP_OLDEST), 0);
  struct oriel_packet *packet = numbered(1);
  assert_true(oriel_queue_push(&queue, packet));
  assert_true(oriel_queue_push(&queue, packet));
  assert_int_equal(atomic_load(&packet->refs), 2);
  oriel_queue_finish(&queue);
  oriel_packet_unref(packet);
}

static void queue_clear_counts_as_dropped(void **state) {
  (void)state;
  struct oriel_queue queue;
  assert_int_equal(oriel_queue_init(&queue, 8, ORIEL_QUEUE_DROP_OLDEST), 0);
  for (uint32_t i = 0; i < 5; i++)
    push_numbered(&queue, i);
  assert_int_equal(oriel_queue_clear(&queue), 5);
  assert_int_equal(oriel_queue_clear(&queue), 0);
  assert_true(queue.dropped == 5 && queue.count == 0);
  assert_true(push_numbered(&queue, 9));
  assert_int_equal(pop_number(&queue), 9);
  oriel_queue_finish(&queue);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(queue_rejects_bad_arguments),
    cmocka_unit_test(queue_keeps_order_around_the_end),
    cmocka_unit_test(queue_refuse_keeps_what_is_inside),
    cmocka_unit_test(queue_drop_oldest_keeps_the_newest),
    cmocka_unit_test(queue_takes_and_gives_references),
    cmocka_unit_test(queue_drop_oldest_of_the_same_packet),
    cmocka_unit_test(queue_clear_counts_as_dropped),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
