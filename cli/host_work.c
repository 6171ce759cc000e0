/* SPDX-License-Identifier: MIT
 *
 * Desktops opened and ended by workers. Main thread but for open_one and end_one.
 */
#include "cli/host_work.h"

#include <string.h>

#include "cli/say.h"
#include "core/log.h"

void oriel_host_init(struct oriel_host *host, uv_loop_t *loop) {
  host->loop = loop;
  pthread_mutex_init(&host->lock, NULL);
  pthread_condattr_t clock;
  pthread_condattr_init(&clock);
  pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
  pthread_cond_init(&host->idle, &clock);
  pthread_condattr_destroy(&clock);
}

void oriel_host_finish(struct oriel_host *host) {
  struct oriel_host_desktop *next;
  for (struct oriel_host_desktop *hosted = host->first; hosted != NULL; hosted = next) {
    next = hosted->next;
    oriel_host_desktop_free(hosted);
  }
  host->first = NULL;
  pthread_cond_destroy(&host->idle);
  pthread_mutex_destroy(&host->lock);
}

struct oriel_host_desktop *oriel_host_find(const struct oriel_host *host, const char *name) {
  for (struct oriel_host_desktop *hosted = host->first; hosted != NULL; hosted = hosted->next)
    if (strcmp(hosted->plan->options.name, name) == 0)
      return hosted;
  return NULL;
}

/** Workers have one less to do. */
static void settle(struct oriel_host *host) {
  host->moving--;
  if (host->moving == 0 && host->settled != NULL)
    host->settled(host->site.user);
}

static void count_busy(struct oriel_host *host) {
  pthread_mutex_lock(&host->lock);
  host->busy++;
  pthread_mutex_unlock(&host->lock);
}

/** Holds the lock. */
static void count_idle(struct oriel_host *host) {
  host->busy--;
  pthread_cond_signal(&host->idle);
}

/* ---- one less ---- */

static void forget(struct oriel_host_desktop *hosted) {
  struct oriel_host *host = hosted->host;
  struct oriel_host_desktop **link = &host->first;
  while (*link != hosted)
    link = &(*link)->next;
  *link = hosted->next;
  host->count--;
  oriel_host_desktop_free(hosted);
}

/** It is ended; unless the process ends, too, what comes after it begins. */
static void gone(uv_work_t *work, int status) {
  struct oriel_host_desktop *hosted = work->data;
  struct oriel_host *host = hosted->host;
  struct oriel_host_plan *successor = hosted->successor;
  char why[512];
  (void)status;
  if (host->closing)
    return; /* oriel_host_finish frees it */
  hosted->successor = NULL;
  oriel_server_unmount(hosted->mount);
  if (successor == NULL && hosted->result == 0)
    oriel_info("cli", "desktop %s is no longer served", oriel_host_plan_title(hosted->plan));
  forget(hosted);
  if (successor != NULL && oriel_host_begin(host, successor, why, sizeof why) < 0)
    (void)oriel_say(ORIEL_EXIT_ERROR, "%s", why);
  settle(host);
}

/** A worker's. */
static void end_one(uv_work_t *work) {
  struct oriel_host_desktop *hosted = work->data;
  struct oriel_host *host = hosted->host;
  oriel_host_desktop_end(hosted);
  pthread_mutex_lock(&host->lock);
  count_idle(host);
  pthread_mutex_unlock(&host->lock);
}

/** Nothing of the server's is inside it any more. libuv refuses no work. */
static void left(void *user) {
  struct oriel_host_desktop *hosted = user;
  hosted->ending = true;
  count_busy(hosted->host);
  (void)uv_queue_work(hosted->host->loop, &hosted->work, end_one, gone);
}

void oriel_host_leave(struct oriel_host_desktop *hosted) {
  hosted->leaving = true;
  if (hosted->opening)
    return;
  hosted->host->moving++;
  oriel_mount_release_desktop(hosted->mount, left, hosted);
}

/* ---- one more ---- */

void oriel_host_append(struct oriel_host *host, struct oriel_host_desktop *hosted) {
  struct oriel_host_desktop **link = &host->first;
  while (*link != NULL)
    link = &(*link)->next;
  *link = hosted;
  hosted->host = host;
  host->count++;
}

/** A worker's. */
static void open_one(uv_work_t *work) {
  struct oriel_host_desktop *hosted = work->data;
  struct oriel_host *host = hosted->host;
  hosted->result = oriel_host_desktop_open(hosted, &host->site, hosted->why, sizeof hosted->why);
  pthread_mutex_lock(&host->lock);
  hosted->opened = true;
  const bool late = host->ended;
  if (!late)
    count_idle(host);
  pthread_mutex_unlock(&host->lock);
  if (late)
    end_one(work);
}

static void opened(uv_work_t *work, int status) {
  struct oriel_host_desktop *hosted = work->data;
  struct oriel_host *host = hosted->host;
  (void)status;
  hosted->opening = false;
  if (host->closing)
    return;
  if (hosted->result < 0) {
    (void)oriel_say(ORIEL_EXIT_ERROR, "%s", hosted->why);
    hosted->leaving = true;
  }
  if (hosted->leaving)
    oriel_host_leave(hosted);
  else
    oriel_host_desktop_show(hosted);
  settle(host);
}

int oriel_host_begin(struct oriel_host *host, struct oriel_host_plan *plan, char *why, size_t why_size) {
  struct oriel_host_desktop *hosted = NULL;
  const int result = oriel_host_desktop_create(&host->site, plan, &hosted, why, why_size);
  if (result < 0)
    return result;
  oriel_host_append(host, hosted);
  hosted->opening = true;
  host->moving++;
  count_busy(host);
  (void)uv_queue_work(host->loop, &hosted->work, open_one, opened);
  return 0;
}
