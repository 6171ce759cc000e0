/* SPDX-License-Identifier: MIT
 *
 * A thread that keeps a connection. Its turns are its own thread's; requests come from the daemon's threads that may
 * block.
 */
#include "driver/worker.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"

/* The daemon's real-time threads wait for nobody here, so a budget of real time (THREAD_TIME_CONSTRAINT_POLICY) would
 * only be one to exceed: an encoder's turn may take longer than promised, and the kernel then demotes the thread. This
 * class is scheduled ahead of what is not sound, and its time-outs are not coalesced beyond a millisecond. */
static void raise_priority(void) {
#ifdef __APPLE__
  (void)pthread_set_qos_class_self_np(QOS_CLASS_USER_INTERACTIVE, 0);
#endif
}

void worker_report(struct worker *worker, enum engine_log_level level, const char *format, const char *detail) {
  char text[SETTINGS_ADDRESS_SIZE + 256];
  snprintf(text, sizeof text, format, worker->now.address, detail);
  worker->world->log(level, text);
}

void worker_count(struct worker *worker, uint64_t *counter, uint64_t add) {
  pthread_mutex_lock(&worker->lock);
  *counter += add;
  pthread_mutex_unlock(&worker->lock);
}

static void close_link(struct worker *worker) {
  oriel_dialer_destroy(worker->dialer);
  worker->dialer = NULL;
  worker->was_connected = false;
  if (worker->is_open)
    worker->impl->close(worker->owner);
  worker->is_open = false;
}

static void open_link(struct worker *worker) {
  char why[SETTINGS_WHY_SIZE];
  int error = oriel_transport_address_parse(worker->now.address, &worker->address, why, sizeof why);
  if (!error) {
    worker->is_open = true;
    error = worker->impl->open(worker->owner, &worker->address);
  }
  if (!error)
    error = oriel_dialer_create(&worker->address, &worker->dialer);
  if (error < 0) {
    worker->dialer = NULL;
    worker_report(worker, ENGINE_LOG_ERROR, worker->impl->refused, strerror(-error));
    close_link(worker);
  }
}

/* Copies the request; makes what it changes. False: the end. */
static bool apply_request(struct worker *worker) {
  pthread_mutex_lock(&worker->lock);
  while (worker->requested.paused && !worker->requested.quit) {
    worker->is_paused = true;
    pthread_cond_broadcast(&worker->paused);
    pthread_cond_wait(&worker->paused, &worker->lock);
  }
  worker->is_paused = false;
  const struct worker_request request = worker->requested;
  worker->stats.wakes++;
  if (worker->impl->apply)
    worker->impl->apply(worker->owner);
  pthread_mutex_unlock(&worker->lock);
  const bool toggled = request.running != worker->now.running;
  const bool restart = request.changes != worker->now.changes || (toggled && !worker->impl->keeps);
  if (restart || request.quit)
    close_link(worker);
  worker->now = request;
  if (toggled)
    worker->impl->restart(worker->owner, false);
  if (restart && !request.quit && *request.address && (request.running || worker->impl->keeps))
    open_link(worker);
  return !request.quit;
}

static void publish(struct worker *worker, bool connected) {
  const char *why = NULL;
  const uint64_t failures = worker->dialer ? oriel_dialer_failures(worker->dialer, &why) : 0;
  const bool is_new = connected && !worker->was_connected;
  pthread_mutex_lock(&worker->lock);
  worker->stats.connected = connected;
  worker->stats.connections += is_new;
  worker->stats.failures = failures;
  worker->stats.why = why;
  pthread_mutex_unlock(&worker->lock);
  if (connected != worker->was_connected)
    worker->impl->restart(worker->owner, true);
  if (is_new) {
    worker_report(worker, ENGINE_LOG_INFO, worker->impl->connected, "");
    worker->logged = NULL;
  } else if (!connected && failures && why != worker->logged) {
    /* Once a reason, however often it is tried. */
    worker_report(worker, ENGINE_LOG_ERROR, worker->impl->failed, why ? why : "it failed");
    worker->logged = why;
  }
  worker->was_connected = connected;
}

/* What there is to do with the connection. Returns the time-out; `polls`: whether its fd is to be waited for. */
static uint64_t take_turn(struct worker *worker, short revents, bool *polls) {
  const uint64_t now = oriel_clock_ns();
  uint64_t timeout = UINT64_MAX;
  /* Parked: a connection is kept, but none is made. */
  const bool steps = worker->dialer && (worker->now.running || worker->was_connected);
  bool connected = steps && oriel_dialer_step(worker->dialer, revents, now) == ORIEL_STREAM_CONNECTED;
  publish(worker, connected);
  if (connected) {
    if (worker->now.running)
      timeout = worker->impl->transfer(worker->owner, now);
    else if (worker->impl->flush)
      worker->impl->flush(worker->owner, now);
    connected = oriel_dialer_state(worker->dialer) == ORIEL_STREAM_CONNECTED;
    if (!connected) {
      timeout = UINT64_MAX;
      publish(worker, false);
    }
  }
  *polls = steps && (connected || worker->now.running);
  const int ms = *polls ? oriel_dialer_timeout_ms(worker->dialer, oriel_clock_ns()) : -1;
  if (ms >= 0 && (unsigned)ms * ORIEL_NS_PER_MS < timeout)
    timeout = (unsigned)ms * ORIEL_NS_PER_MS;
  return timeout;
}

static void *run(void *context) {
  struct worker *worker = context;
  short revents = 0;
  raise_priority();
  while (apply_request(worker)) {
    bool polls;
    const uint64_t timeout = take_turn(worker, revents, &polls);
    const bool wants_write = worker->impl->wants_write && worker->impl->wants_write(worker->owner);
    revents = waker_wait(&worker->waker, polls ? oriel_dialer_fd(worker->dialer) : -1,
                         polls ? oriel_dialer_events(worker->dialer, wants_write) : 0, timeout);
  }
  return NULL;
}

int worker_init(struct worker *worker, const struct worker_impl *impl, void *owner, const struct engine_world *world) {
  worker->impl = impl;
  worker->owner = owner;
  worker->world = world;
  pthread_mutex_init(&worker->lock, NULL);
  pthread_cond_init(&worker->paused, NULL);
  int error = waker_init(&worker->waker);
  if (error < 0)
    goto no_waker;
  error = -pthread_create(&worker->thread, NULL, run, worker);
  if (!error)
    return 0;
  waker_finish(&worker->waker);
no_waker:
  pthread_cond_destroy(&worker->paused);
  pthread_mutex_destroy(&worker->lock);
  return error;
}

/* Wakes the thread for a changed request; with the lock, which it gives back. */
static void notify(struct worker *worker) {
  pthread_cond_broadcast(&worker->paused);
  pthread_mutex_unlock(&worker->lock);
  waker_wake(&worker->waker);
}

void worker_finish(struct worker *worker) {
  pthread_mutex_lock(&worker->lock);
  worker->requested.quit = true;
  notify(worker);
  pthread_join(worker->thread, NULL);
  waker_finish(&worker->waker);
  pthread_cond_destroy(&worker->paused);
  pthread_mutex_destroy(&worker->lock);
}

void worker_configure(struct worker *worker, const char *address) {
  assert(strlen(address) < SETTINGS_ADDRESS_SIZE);
  pthread_mutex_lock(&worker->lock);
  snprintf(worker->requested.address, sizeof worker->requested.address, "%s", address);
  worker->requested.changes++;
  notify(worker);
}

void worker_run(struct worker *worker, bool running) {
  pthread_mutex_lock(&worker->lock);
  worker->requested.running = running;
  notify(worker);
}

void worker_wake(struct worker *worker) {
  waker_wake(&worker->waker);
}

void worker_pause(struct worker *worker) {
  pthread_mutex_lock(&worker->lock);
  worker->requested.paused = true;
  notify(worker);
  pthread_mutex_lock(&worker->lock);
  while (!worker->is_paused)
    pthread_cond_wait(&worker->paused, &worker->lock);
  pthread_mutex_unlock(&worker->lock);
}

void worker_resume(struct worker *worker) {
  pthread_mutex_lock(&worker->lock);
  worker->requested.paused = false;
  worker->requested.changes++;
  notify(worker);
}
