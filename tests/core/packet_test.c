/* SPDX-License-Identifier: MIT
 *
 * core/packet: references, also from many threads at once. That the last reference frees is seen by the leak checker;
 * that no earlier one does, by AddressSanitizer; that the bytes are ordered before the free, by ThreadSanitizer.
 */
#include "core/packet.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { THREADS = 4, ROUNDS = 20000, SIZE = 64 };

static void packet_starts_clean(void **state) {
  (void)state;
  struct oriel_packet *packet = oriel_packet_create(ORIEL_PACKET_AUDIO, 10);
  assert_non_null(packet);
  assert_int_equal(packet->kind, ORIEL_PACKET_AUDIO);
  assert_int_equal(packet->size, 10);
  assert_int_equal(atomic_load(&packet->refs), 1);
  assert_false(packet->key || packet->sharpening);
  assert_true(packet->sequence == 0 && packet->width == 0 && packet->height == 0 && packet->damage_pixels == 0);
  assert_true(packet->captured_ns == 0 && packet->converted_ns == 0 && packet->encoded_ns == 0);
  memset(packet->data, 1, 10);
  oriel_packet_unref(packet);
}

static void packet_without_bytes(void **state) {
  (void)state;
  struct oriel_packet *packet = oriel_packet_create(ORIEL_PACKET_CURSOR, 0);
  assert_non_null(packet);
  assert_int_equal(packet->size, 0);
  oriel_packet_unref(packet);
  oriel_packet_unref(NULL);
}

/* Lesson 38: a size that wraps with the header is refused, not shortened. */
static void packet_absurd_size_is_refused(void **state) {
  (void)state;
  assert_null(oriel_packet_create(ORIEL_PACKET_VIDEO, SIZE_MAX));
  assert_null(oriel_packet_create(ORIEL_PACKET_VIDEO, SIZE_MAX - sizeof(struct oriel_packet) + 1));
  assert_null(oriel_packet_create(ORIEL_PACKET_VIDEO, PTRDIFF_MAX));
}

static void packet_ref_returns_it(void **state) {
  (void)state;
  struct oriel_packet *packet = oriel_packet_create(ORIEL_PACKET_VIDEO, SIZE);
  assert_ptr_equal(oriel_packet_ref(packet), packet);
  assert_int_equal(atomic_load(&packet->refs), 2);
  oriel_packet_unref(packet);
  assert_int_equal(atomic_load(&packet->refs), 1);
  oriel_packet_unref(packet);
}

struct holder {
  struct oriel_packet *packet; /* owns one reference */
  unsigned wrong;
};

static void *hold(void *argument) {
  struct holder *holder = argument;
  for (int i = 0; i < ROUNDS; i++) {
    struct oriel_packet *mine = oriel_packet_ref(holder->packet);
    for (size_t at = 0; at < SIZE; at += 16)
      holder->wrong += mine->data[at] != 0x5A;
    oriel_packet_unref(mine);
  }
  oriel_packet_unref(holder->packet);
  return NULL;
}

static void packet_shared_by_threads(void **state) {
  (void)state;
  struct oriel_packet *packet = oriel_packet_create(ORIEL_PACKET_VIDEO, SIZE);
  memset(packet->data, 0x5A, SIZE);
  struct holder holders[THREADS];
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++)
    holders[i] = (struct holder){ .packet = oriel_packet_ref(packet) };
  for (int i = 0; i < THREADS; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, hold, &holders[i]), 0);
  oriel_packet_unref(packet); /* the maker leaves first: one of the threads frees */
  for (int i = 0; i < THREADS; i++) {
    pthread_join(threads[i], NULL);
    assert_int_equal(holders[i].wrong, 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(packet_starts_clean),
    cmocka_unit_test(packet_without_bytes),
    cmocka_unit_test(packet_absurd_size_is_refused),
    cmocka_unit_test(packet_ref_returns_it),
    cmocka_unit_test(packet_shared_by_threads),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
