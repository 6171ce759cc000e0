/* SPDX-License-Identifier: MIT
 *
 * The end of all desktops of a process. What ends one is played here: it waits for as many others as a case wants.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>

#include "cli/host.h"

enum { DESKTOPS = 100, LONG_MS = 20000, SHORT_MS = 50 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned inside, wanted, ended[DESKTOPS];
static bool stuck;
static struct oriel_host host;
static struct oriel_host_desktop desktops[DESKTOPS];

void oriel_host_desktop_end(struct oriel_host_desktop *hosted) {
  const size_t index = (size_t)(hosted - desktops);
  pthread_mutex_lock(&lock);
  inside++;
  pthread_cond_broadcast(&changed);
  while (inside < wanted || (stuck && index == 0))
    pthread_cond_wait(&changed, &lock);
  ended[index]++;
  pthread_mutex_unlock(&lock);
}

static int begin(void **state) {
  (void)state;
  inside = wanted = 0;
  stuck = false;
  host = (struct oriel_host){.count = DESKTOPS, .first = desktops};
  for (size_t i = 0; i < DESKTOPS; i++) {
    ended[i] = 0;
    desktops[i] = (struct oriel_host_desktop){.host = &host, .next = i + 1 < DESKTOPS ? &desktops[i + 1] : NULL};
  }
  pthread_mutex_init(&host.lock, NULL);
  pthread_condattr_t clock;
  pthread_condattr_init(&clock);
  pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
  pthread_cond_init(&host.idle, &clock);
  return pthread_condattr_destroy(&clock);
}

static int finish(void **state) {
  (void)state;
  return pthread_cond_destroy(&host.idle) + pthread_mutex_destroy(&host.lock);
}

static void assert_ended(size_t from) {
  for (size_t i = from; i < DESKTOPS; i++)
    assert_int_equal(ended[i], 1);
}

static void end_is_each_ones_once(void **state) {
  (void)state;
  desktops[7].ending = true; /* a worker of the loop's is at it */
  ended[7] = 1;
  assert_int_equal(oriel_host_end(&host, LONG_MS), 0);
  assert_ended(0);
}

/** One after the other they would wait for ever. */
static void end_is_of_many_at_a_time(void **state) {
  (void)state;
  wanted = 16;
  assert_int_equal(oriel_host_end(&host, LONG_MS), 0);
  assert_ended(0);
}

static void end_of_one_that_hangs_is_not_waited_for(void **state) {
  (void)state;
  stuck = true;
  assert_int_equal(oriel_host_end(&host, SHORT_MS), -ETIMEDOUT);
  pthread_mutex_lock(&lock);
  assert_int_equal(ended[0], 0);
  stuck = false;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
  assert_int_equal(oriel_host_end(&host, LONG_MS), 0); /* the rest of it */
  assert_ended(0);
}

static void end_of_none_is_at_once(void **state) {
  (void)state;
  host.first = NULL;
  host.count = 0;
  assert_int_equal(oriel_host_end(&host, 0), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(end_is_each_ones_once, begin, finish),
    cmocka_unit_test_setup_teardown(end_is_of_many_at_a_time, begin, finish),
    cmocka_unit_test_setup_teardown(end_of_one_that_hangs_is_not_waited_for, begin, finish),
    cmocka_unit_test_setup_teardown(end_of_none_is_at_once, begin, finish),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
