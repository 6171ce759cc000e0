/* SPDX-License-Identifier: MIT
 *
 * Desktops opened and ended by threads. Main thread but for open_one and end_one.
 */
#include "cli/host_work.h"

#include <errno.h>
#include <string.h>

#include "cli/report.h"
#include "core/log.h"

int oriel_host_init(struct oriel_host *host, uv_loop_t *loop) {
  return oriel_jobs_init(&host->jobs, loop);
}

void oriel_host_finish(struct oriel_host *host) {
  struct oriel_host_desktop *next;
  for (struct oriel_host_desktop *hosted = host->first; hosted != NULL; hosted = next) {
    next = hosted->next;
    oriel_host_desktop_free(hosted);
  }
  host->first = NULL;
  oriel_jobs_finish(&host->jobs);
}

struct oriel_host_desktop *oriel_host_find(const struct oriel_host *host, const char *name) {
  for (struct oriel_host_desktop *hosted = host->first; hosted != NULL; hosted = hosted->next)
    if (strcmp(hosted->plan->options.name, name) == 0)
      return hosted;
  return NULL;
}

/** The threads have one less to do. */
static void settle(struct oriel_host *host) {
  host->moving--;
  if (host->moving == 0 && host->settled != NULL)
    host->settled(host->site.user);
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
static void gone(void *user) {
  struct oriel_host_desktop *hosted = user;
  struct oriel_host *host = hosted->host;
  struct oriel_host_plan *successor = hosted->successor;
  char why[512];
  if (host->closing)
    return; /* oriel_host_finish frees it */
  hosted->successor = NULL;
  oriel_server_unmount(hosted->mount);
  if (successor == NULL && hosted->result == 0)
    oriel_info("cli", "desktop %s is no longer served", oriel_host_plan_title(hosted->plan));
  forget(hosted);
  if (successor != NULL && oriel_host_begin(host, successor, why, sizeof why) < 0)
    (void)oriel_report(ORIEL_EXIT_ERROR, "%s", why);
  settle(host);
}

/** A thread's. */
static void end_one(void *user) {
  oriel_host_desktop_end(user);
}

void oriel_host_end_one(struct oriel_host_desktop *hosted) {
  hosted->ending = true;
  hosted->job.run = end_one;
  hosted->job.done = gone;
  oriel_jobs_add(&hosted->host->jobs, &hosted->job);
}

/** Nothing of the server's is inside it any more. */
static void left(void *user) {
  oriel_host_end_one(user);
}

/** Further heads go with the first. */
static void leave_heads(const struct oriel_host_desktop *hosted) {
  struct oriel_host_desktop *next;
  for (struct oriel_host_desktop *head = hosted->host->first; head != NULL; head = next) {
    next = head->next; /* what ends at once may be gone */
    if (!head->leaving && strcmp(head->plan->machine, hosted->plan->options.name) == 0 &&
        head->plan->machine[0] != '\0')
      oriel_host_leave(head);
  }
}

void oriel_host_leave(struct oriel_host_desktop *hosted) {
  hosted->leaving = true;
  leave_heads(hosted);
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

/** A thread's. */
static void open_one(void *user) {
  struct oriel_host_desktop *hosted = user;
  struct oriel_host *host = hosted->host;
  hosted->result = atomic_load(&host->closing)
                       ? -ECANCELED
                       : oriel_host_desktop_open(hosted, &host->site, hosted->why, sizeof hosted->why);
}

static void opened(void *user) {
  struct oriel_host_desktop *hosted = user;
  struct oriel_host *host = hosted->host;
  hosted->opening = false;
  if (host->closing)
    return; /* oriel_host_end ends it */
  if (hosted->result < 0) {
    (void)oriel_report(ORIEL_EXIT_ERROR, "%s", hosted->why);
    hosted->leaving = true;
  }
  if (hosted->leaving)
    oriel_host_leave(hosted);
  else {
    oriel_host_desktop_show(hosted);
    uv_async_send(&host->heads_changed); /* what it said of them meanwhile */
  }
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
  hosted->job.run = open_one;
  hosted->job.done = opened;
  oriel_jobs_add(&host->jobs, &hosted->job);
  return 0;
}
