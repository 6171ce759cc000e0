/* SPDX-License-Identifier: MIT
 *
 * One thread pushes and resets, one pulls, one reads the statistics, all as fast as they can: for ThreadSanitizer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>

#include "media/receiver.h"
#include "media/receiver_ring.h"

enum { ROUNDS = 20000, PACKET = 120, PULL = 128 };

struct shared {
  struct oriel_receiver *receiver;
  atomic_uint_least64_t pushed, pulled; /* frames; seq_cst */
  atomic_bool done;
};

static void *push(void *data) {
  struct shared *shared = data;
  float frames[PACKET];
  for (uint64_t i = 0; i < ROUNDS; i++) {
    for (int n = 0; n < PACKET; n++)
      frames[n] = 0.5f;
    if (i % 997 == 996)
      oriel_receiver_reset(shared->receiver);
    else if (i % 13 != 12) /* lost */
      oriel_receiver_push(shared->receiver, frames, sizeof frames, i, 1000000000 + i * PACKET * 1000000 / 48);
    atomic_store(&shared->pushed, (i + 1) * PACKET);
    /* Not too far ahead; now and then it is, so that the ring overflows. */
    while (i % 5000 > 1000 && atomic_load(&shared->pulled) + 4000 < (i + 1) * PACKET)
      sched_yield();
  }
  atomic_store(&shared->done, true);
  return NULL;
}

static void *watch(void *data) {
  struct shared *shared = data;
  uint64_t packets = 0;
  while (!atomic_load(&shared->done)) {
    struct oriel_receiver_stats stats;
    oriel_receiver_stats(shared->receiver, &stats);
    if (stats.packets < packets || !(fabs(stats.ratio - 1) <= 0.00501))
      return data; /* a torn read */
    packets = stats.packets;
    sched_yield();
  }
  return NULL;
}

static void push_pull_and_stats_run_at_once(void **state) {
  (void)state;
  struct shared shared = {0};
  const struct oriel_receiver_config config = {.is_pcm = true, .channels = 1, .rate = 48000};
  assert_int_equal(oriel_receiver_create(&config, &shared.receiver), 0);
  pthread_t pusher, watcher;
  assert_int_equal(pthread_create(&pusher, NULL, push, &shared), 0);
  assert_int_equal(pthread_create(&watcher, NULL, watch, &shared), 0);
  uint64_t pulled = 0, sound = 0;
  float least = 0, most = 0;
  while (!atomic_load(&shared.done)) {
    float frames[PULL];
    sound += oriel_receiver_pull(shared.receiver, frames, PULL, 1000000000 + pulled * 1000000 / 48);
    for (int i = 0; i < PULL; i++) {
      least = fminf(least, frames[i]);
      most = fmaxf(most, frames[i]);
    }
    pulled += PULL;
    atomic_store(&shared.pulled, pulled);
    while (!atomic_load(&shared.done) && atomic_load(&shared.pushed) < pulled)
      sched_yield();
  }
  void *torn = NULL;
  pthread_join(pusher, NULL);
  pthread_join(watcher, &torn);
  assert_null(torn);
  print_message("between %f and %f\n", (double)least, (double)most);
  /* The constant, faded or concealed; concealment that begins within a fade may bow out by as much again. */
  assert_true(least >= -0.51f && most <= 1.01f);
  assert_true(sound > (uint64_t)ROUNDS * PACKET / 4);
  oriel_receiver_destroy(shared.receiver);
}

/* Lines arrive whole, the newest first, and never before what they speak of is written. */
struct mail {
  struct receiver_ring ring;
  atomic_bool done;
};

static void *post(void *data) {
  struct mail *mail = data;
  float frame = 1;
  for (uint64_t i = 1; i <= 200000; i++) {
    if (receiver_ring_space(&mail->ring) > 0)
      receiver_ring_write(&mail->ring, &frame, 1);
    const struct receiver_line line = {.frame = i, .ns = i * 3, .base = i * 7, .valid = true};
    receiver_ring_post(&mail->ring, &line);
  }
  atomic_store(&mail->done, true);
  return NULL;
}

static void lines_arrive_whole(void **state) {
  (void)state;
  static struct mail mail;
  assert_int_equal(receiver_ring_init(&mail.ring, 1024, 1), 0);
  pthread_t poster;
  assert_int_equal(pthread_create(&poster, NULL, post, &mail), 0);
  uint64_t last = 0;
  bool done = false;
  while (!done) {
    done = atomic_load(&mail.done);
    receiver_ring_release(&mail.ring, receiver_ring_written(&mail.ring));
    const struct receiver_line *line = receiver_ring_line(&mail.ring);
    assert_true(line->frame >= last && line->ns == line->frame * 3 && line->base == line->frame * 7);
    last = line->frame;
  }
  pthread_join(poster, NULL);
  assert_int_equal(last, 200000);
  receiver_ring_finish(&mail.ring);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(push_pull_and_stats_run_at_once),
    cmocka_unit_test(lines_arrive_whole),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
