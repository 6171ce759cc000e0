/* SPDX-License-Identifier: MIT
 *
 * Work that takes too long for the loop, on threads of its own: libuv's four are shared with whatever viewers ask for,
 * and one that hangs there would be missing. Threads begin when there is work, 16 at most, and end when there is none.
 *
 * Thread-safety: main thread, on its libuv loop.
 */
#ifndef ORIEL_CLI_JOBS_H
#define ORIEL_CLI_JOBS_H

#include <pthread.h>
#include <stdbool.h>
#include <uv.h>

enum { ORIEL_JOBS_THREADS_MAX = 16 };

/** One piece of work. Its owner keeps it until done, or until wait has returned 0. */
struct oriel_job {
  struct oriel_job *next;
  void (*run)(void *user);  /* a thread's */
  void (*done)(void *user); /* then, the loop's */
  void *user;
};

struct oriel_job_list {
  struct oriel_job *first, **end;
};

struct oriel_jobs {
  uv_async_t async;
  pthread_mutex_t lock; /* guards what follows */
  pthread_cond_t idle;
  struct oriel_job_list waiting, ran;
  unsigned threads;
  bool closed; /* nobody is told any more */
};

/** 0, or libuv's error; then there is nothing to finish. */
int oriel_jobs_init(struct oriel_jobs *jobs, uv_loop_t *loop);
/** Has it run, after those that wait. Where no thread can be had it is run right here. */
void oriel_jobs_add(struct oriel_jobs *jobs, struct oriel_job *job);
/** Waits until all have run; from here on done is not called. 0; -ETIMEDOUT: some still run after `limit_ms`. */
int oriel_jobs_wait(struct oriel_jobs *jobs, unsigned limit_ms);
/** When all have run and the loop has closed its handles. */
void oriel_jobs_finish(struct oriel_jobs *jobs);

#endif
