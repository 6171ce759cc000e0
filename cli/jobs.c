/* SPDX-License-Identifier: MIT
 *
 * Work on threads of its own. Main thread but for work.
 */
#include "cli/jobs.h"

#include <errno.h>
#include <time.h>

#include "core/clock.h"

static void clear(struct oriel_job_list *list) {
  list->first = NULL;
  list->end = &list->first;
}

static void put(struct oriel_job_list *list, struct oriel_job *job) {
  job->next = NULL;
  *list->end = job;
  list->end = &job->next;
}

static struct oriel_job *take(struct oriel_job_list *list) {
  struct oriel_job *job = list->first;
  if (job != NULL)
    list->first = job->next;
  if (list->first == NULL)
    list->end = &list->first;
  return job;
}

/** Runs one after the other until there are no more. */
static void *work(void *user) {
  struct oriel_jobs *jobs = user;
  struct oriel_job *job;
  pthread_mutex_lock(&jobs->lock);
  while ((job = take(&jobs->waiting)) != NULL) {
    pthread_mutex_unlock(&jobs->lock);
    job->run(job->user);
    pthread_mutex_lock(&jobs->lock);
    if (jobs->closed)
      continue;
    put(&jobs->ran, job);
    uv_async_send(&jobs->async);
  }
  jobs->threads--;
  pthread_cond_signal(&jobs->idle);
  pthread_mutex_unlock(&jobs->lock); /* who waits may finish from here on */
  return NULL;
}

static void on_ran(uv_async_t *async) {
  struct oriel_jobs *jobs = async->data;
  struct oriel_job_list ran;
  pthread_mutex_lock(&jobs->lock);
  ran = jobs->ran;
  clear(&jobs->ran);
  pthread_mutex_unlock(&jobs->lock);
  for (struct oriel_job *job = ran.first, *next; job != NULL; job = next) {
    next = job->next; /* its owner may free it, or add it anew */
    job->done(job->user);
  }
}

int oriel_jobs_init(struct oriel_jobs *jobs, uv_loop_t *loop) {
  const int result = uv_async_init(loop, &jobs->async, on_ran);
  if (result < 0)
    return result;
  uv_unref((uv_handle_t *)&jobs->async);
  jobs->async.data = jobs;
  clear(&jobs->waiting);
  clear(&jobs->ran);
  jobs->threads = 0;
  jobs->closed = false;
  pthread_condattr_t clock;
  pthread_condattr_init(&clock);
  pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
  pthread_cond_init(&jobs->idle, &clock);
  pthread_condattr_destroy(&clock);
  pthread_mutex_init(&jobs->lock, NULL);
  return 0;
}

void oriel_jobs_add(struct oriel_jobs *jobs, struct oriel_job *job) {
  pthread_t thread;
  pthread_mutex_lock(&jobs->lock);
  put(&jobs->waiting, job);
  const bool full = jobs->threads == ORIEL_JOBS_THREADS_MAX;
  if (!full)
    jobs->threads++;
  pthread_mutex_unlock(&jobs->lock);
  if (full)
    return;
  if (pthread_create(&thread, NULL, work, jobs) == 0)
    pthread_detach(thread);
  else
    (void)work(jobs);
}

int oriel_jobs_wait(struct oriel_jobs *jobs, unsigned limit_ms) {
  const uint64_t until_ns = oriel_clock_ns() + limit_ms * ORIEL_NS_PER_MS;
  const struct timespec until = {(time_t)(until_ns / ORIEL_NS_PER_SECOND), (long)(until_ns % ORIEL_NS_PER_SECOND)};
  int result = 0;
  pthread_mutex_lock(&jobs->lock);
  jobs->closed = true;
  clear(&jobs->ran);
  while (jobs->threads > 0 && result == 0)
    result = -pthread_cond_timedwait(&jobs->idle, &jobs->lock, &until);
  pthread_mutex_unlock(&jobs->lock);
  return result;
}

void oriel_jobs_finish(struct oriel_jobs *jobs) {
  pthread_cond_destroy(&jobs->idle);
  pthread_mutex_destroy(&jobs->lock);
}
