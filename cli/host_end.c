/* SPDX-License-Identifier: MIT
 *
 * The end of all desktops of a process, several at a time and within a limit. Main thread but for work.
 */
#include "cli/host.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "core/clock.h"

enum { WORKERS_MAX = 16 }; /* an end waits for threads to notice, most of its time */

/** What the workers share; the last one frees it. */
struct ending {
  struct oriel_host *host;
  unsigned count, next, workers; /* guarded by host->lock: the next to end; workers that still run */
  struct oriel_host_desktop *desktops[];
};

/** Ends one after the other until there are no more. A worker's. */
static void *work(void *user) {
  struct ending *ending = user;
  struct oriel_host *host = ending->host;
  pthread_mutex_lock(&host->lock);
  while (ending->next < ending->count) {
    struct oriel_host_desktop *hosted = ending->desktops[ending->next++];
    pthread_mutex_unlock(&host->lock);
    oriel_host_desktop_end(hosted);
    pthread_mutex_lock(&host->lock);
  }
  if (--ending->workers == 0)
    free(ending);
  host->busy--;
  pthread_cond_signal(&host->idle);
  pthread_mutex_unlock(&host->lock); /* who waited may free the host from here on */
  return NULL;
}

/** Those that no worker is at yet. NULL when there are none, or memory is short. */
static struct ending *collect(struct oriel_host *host) {
  struct ending *ending = calloc(1, sizeof *ending + host->count * sizeof ending->desktops[0]);
  if (ending == NULL)
    return NULL;
  ending->host = host;
  pthread_mutex_lock(&host->lock);
  host->ended = true;
  for (struct oriel_host_desktop *hosted = host->first; hosted != NULL; hosted = hosted->next)
    if (!hosted->ending && (!hosted->opening || hosted->opened)) {
      hosted->ending = true;
      ending->desktops[ending->count++] = hosted;
    }
  pthread_mutex_unlock(&host->lock);
  ending->workers = ending->count < WORKERS_MAX ? ending->count : WORKERS_MAX;
  if (ending->count > 0)
    return ending;
  free(ending);
  return NULL;
}

/** Begins the workers; where there is no thread for one, this thread is it. */
static void begin(struct ending *ending) {
  struct oriel_host *host = ending->host;
  unsigned missing = 0;
  const unsigned workers = ending->workers;
  pthread_mutex_lock(&host->lock);
  host->busy += workers;
  pthread_mutex_unlock(&host->lock);
  for (unsigned i = 0; i < workers; i++) {
    pthread_t thread;
    if (missing == 0 && pthread_create(&thread, NULL, work, ending) == 0)
      pthread_detach(thread);
    else
      missing++;
  }
  if (missing == 0)
    return;
  pthread_mutex_lock(&host->lock);
  ending->workers -= missing - 1;
  host->busy -= missing - 1;
  pthread_mutex_unlock(&host->lock);
  (void)work(ending);
}

int oriel_host_end(struct oriel_host *host, unsigned limit_ms) {
  const uint64_t until_ns = oriel_clock_ns() + limit_ms * ORIEL_NS_PER_MS;
  const struct timespec until = {(time_t)(until_ns / ORIEL_NS_PER_SECOND), (long)(until_ns % ORIEL_NS_PER_SECOND)};
  int result = 0;
  struct ending *ending = collect(host);
  if (ending != NULL)
    begin(ending);
  pthread_mutex_lock(&host->lock);
  while (host->busy > 0 && result == 0)
    result = -pthread_cond_timedwait(&host->idle, &host->lock, &until);
  pthread_mutex_unlock(&host->lock);
  return result;
}
