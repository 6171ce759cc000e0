/* SPDX-License-Identifier: MIT
 *
 * What pump and microphone have in common: a thread that keeps a connection to an address, applies what other
 * threads request (address, running, a pause), tells of connections and failures once each, and sleeps in between.
 *
 * Thread-safety: the functions from any thread but IO callbacks; the impl's from the worker's own thread. `lock` guards
 * the request, the stats and what owners say they keep under it.
 */
#ifndef ORIEL_DRIVER_WORKER_H
#define ORIEL_DRIVER_WORKER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "driver/engine_world.h"
#include "driver/settings.h"
#include "driver/waker.h"
#include "transport/dialer.h"

struct worker_impl {
  /* For the log, each with %s for the address and %s for the reason (empty where there is none). */
  const char *connected, *failed, *refused;
  bool keeps; /* the connection, while nothing runs; none is made then */
  /* Optional. With the lock, before each turn: copies what the owner's other threads asked for. */
  void (*apply)(void *owner);
  /* Before an address is dialled; 0 or -errno, which is logged. And when that is over, also after open has failed. */
  int (*open)(void *owner, const struct oriel_transport_address *address);
  void (*close)(void *owner);
  /* What comes next does not follow what was: running began or ended, or (`is_other`) the connection did. */
  void (*restart)(void *owner, bool is_other);
  /* A turn while connected and running. Returns for how many ns to sleep at most, UINT64_MAX =
   * until something comes. */
  uint64_t (*transfer)(void *owner, uint64_t now_ns);
  /* Optional. A turn while connected and not running: sends the rest of what has begun, gives up what has not. */
  void (*flush)(void *owner, uint64_t now_ns);
  /* Optional. True: bytes wait until the peer takes more. */
  bool (*wants_write)(const void *owner);
};

struct worker_stats {
  bool connected;
  uint64_t connections, failures;
  uint64_t wakes;  /* turns of the thread */
  const char *why; /* the last failure; static; NULL = none */
};

struct worker_request {
  char address[SETTINGS_ADDRESS_SIZE];
  uint64_t changes; /* each restarts the connection */
  bool running, paused, quit;
};

struct worker {
  const struct worker_impl *impl;
  void *owner;
  const struct engine_world *world;
  struct waker waker;
  pthread_t thread;
  pthread_mutex_t lock; /* guards requested, is_paused and stats */
  pthread_cond_t paused;
  struct worker_request requested;
  bool is_paused;
  struct worker_stats stats;

  /* The thread's own. */
  struct worker_request now;
  struct oriel_transport_address address;
  struct oriel_dialer *dialer;
  bool is_open, was_connected;
  const char *logged; /* the failure that was logged last */
};

/** Starts the thread, which sleeps. `impl`, `owner` and `world` are borrowed until worker_finish. 0 or -errno. */
int worker_init(struct worker *worker, const struct worker_impl *impl, void *owner, const struct engine_world *world);
void worker_finish(struct worker *worker);

/** Another address, or a new connection to the same. Text as settings have it, valid; empty: nowhere. */
void worker_configure(struct worker *worker, const char *address);
void worker_run(struct worker *worker, bool running);
/** The owner's own requests changed: `apply` is called. */
void worker_wake(struct worker *worker);
/** Returns once the thread is paused, until worker_resume, which also reconnects. */
void worker_pause(struct worker *worker);
void worker_resume(struct worker *worker);

/* The owner's, on the thread. */
void worker_report(struct worker *worker, enum engine_log_level level, const char *format, const char *detail);
/** Adds to a counter under the lock. */
void worker_count(struct worker *worker, uint64_t *counter, uint64_t add);

#endif
