/* SPDX-License-Identifier: MIT
 *
 * Work on threads of its own: each once, many at a time, told of in the loop, and one that hangs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>

#include "cli/jobs.h"

enum { JOBS = 100, LONG_MS = 20000, SHORT_MS = 50 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned inside, wanted, ran[JOBS], told, again;
static bool stuck;
static uv_loop_t loop;
static struct oriel_jobs jobs;
static struct oriel_job one[JOBS];

/** Waits for as many others as the case wants. */
static void run(void *user) {
  const size_t index = (size_t)((struct oriel_job *)user - one);
  pthread_mutex_lock(&lock);
  inside++;
  pthread_cond_broadcast(&changed);
  while (inside < wanted || (stuck && index == 0))
    pthread_cond_wait(&changed, &lock);
  ran[index]++;
  pthread_mutex_unlock(&lock);
}

static void done(void *user) {
  told++;
  if (again > 0) {
    again--;
    oriel_jobs_add(&jobs, user);
  }
}

static int begin(void **state) {
  (void)state;
  inside = wanted = told = again = 0;
  stuck = false;
  for (size_t i = 0; i < JOBS; i++) {
    ran[i] = 0;
    one[i] = (struct oriel_job){.run = run, .done = done, .user = &one[i]};
  }
  const int result = uv_loop_init(&loop) + oriel_jobs_init(&jobs, &loop);
  uv_ref((uv_handle_t *)&jobs.async); /* nothing else keeps this loop alive */
  return result;
}

static int finish(void **state) {
  (void)state;
  uv_close((uv_handle_t *)&jobs.async, NULL);
  uv_run(&loop, UV_RUN_DEFAULT);
  oriel_jobs_finish(&jobs);
  return uv_loop_close(&loop);
}

static void add_all(void) {
  for (size_t i = 0; i < JOBS; i++)
    oriel_jobs_add(&jobs, &one[i]);
}

static void assert_all_ran(unsigned times) {
  for (size_t i = 0; i < JOBS; i++)
    assert_int_equal(ran[i], times);
}

static void jobs_run_once_and_are_told_of(void **state) {
  (void)state;
  again = JOBS; /* and each may be added anew then */
  add_all();
  while (told < 2 * JOBS)
    uv_run(&loop, UV_RUN_ONCE);
  assert_all_ran(2);
  assert_int_equal(oriel_jobs_wait(&jobs, LONG_MS), 0);
}

/** One after the other they would wait for ever. */
static void jobs_run_many_at_a_time(void **state) {
  (void)state;
  wanted = ORIEL_JOBS_THREADS_MAX;
  add_all();
  assert_int_equal(oriel_jobs_wait(&jobs, LONG_MS), 0);
  assert_all_ran(1);
}

static void jobs_are_not_told_of_once_they_are_waited_for(void **state) {
  (void)state;
  add_all();
  assert_int_equal(oriel_jobs_wait(&jobs, LONG_MS), 0);
  add_all();
  assert_int_equal(oriel_jobs_wait(&jobs, LONG_MS), 0);
  uv_run(&loop, UV_RUN_NOWAIT);
  assert_all_ran(2);
  assert_int_equal(told, 0);
}

static void job_that_hangs_is_not_waited_for_and_holds_no_other(void **state) {
  (void)state;
  stuck = true;
  add_all();
  assert_int_equal(oriel_jobs_wait(&jobs, SHORT_MS), -ETIMEDOUT);
  pthread_mutex_lock(&lock);
  while (inside < JOBS)
    pthread_cond_wait(&changed, &lock);
  assert_int_equal(ran[0], 0);
  stuck = false;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
  assert_int_equal(oriel_jobs_wait(&jobs, LONG_MS), 0);
  assert_all_ran(1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(jobs_run_once_and_are_told_of, begin, finish),
    cmocka_unit_test_setup_teardown(jobs_run_many_at_a_time, begin, finish),
    cmocka_unit_test_setup_teardown(jobs_are_not_told_of_once_they_are_waited_for, begin, finish),
    cmocka_unit_test_setup_teardown(job_that_hangs_is_not_waited_for_and_holds_no_other, begin, finish),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
