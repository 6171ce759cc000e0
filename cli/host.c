/* SPDX-License-Identifier: MIT
 *
 * The desktops of a process. Main thread but for end_one.
 */
#include "cli/host.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/check.h"
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

static struct oriel_host_desktop *find(const struct oriel_host *host, const char *name) {
  for (struct oriel_host_desktop *hosted = host->first; hosted != NULL; hosted = hosted->next)
    if (strcmp(hosted->plan->options.name, name) == 0)
      return hosted;
  return NULL;
}

/* ---- one more ---- */

/** Takes the plan over. */
static int open_plan(struct oriel_host *host, struct oriel_host_plan *plan, char *why, size_t why_size) {
  struct oriel_host_desktop *hosted = NULL;
  const int result = oriel_host_desktop_open(&host->site, plan, &hosted, why, why_size);
  if (result < 0)
    return result;
  hosted->host = host;
  struct oriel_host_desktop **link = &host->first;
  while (*link != NULL)
    link = &(*link)->next;
  *link = hosted;
  host->count++;
  return 0;
}

/** What is to follow one that is on its way out, as far as that can be judged now. Takes the plan over. */
static int succeed(struct oriel_host_desktop *hosted, struct oriel_host_plan *plan, char *why, size_t why_size) {
  const int result = oriel_check_desktop(&plan->options, why, why_size);
  if (result < 0)
    oriel_host_plan_destroy(plan);
  else
    hosted->successor = plan;
  return result;
}

int oriel_host_add(struct oriel_host *host, const struct oriel_desktop_options *options, bool added, char *why,
                   size_t why_size) {
  struct oriel_host_desktop *hosted = find(host, options->name);
  struct oriel_host_plan *plan = NULL;
  if (hosted != NULL && (!hosted->leaving || hosted->successor != NULL)) {
    snprintf(why, why_size, "desktop %s is served already: give this one another name", options->name);
    return -EEXIST;
  }
  const int result = oriel_host_plan_create(options, &plan, why, why_size);
  if (result < 0)
    return result;
  plan->added = added;
  return hosted != NULL ? succeed(hosted, plan, why, why_size) : open_plan(host, plan, why, why_size);
}

/* ---- one less ---- */

static void forget(struct oriel_host_desktop *hosted) {
  struct oriel_host *host = hosted->host;
  struct oriel_host_desktop **link = &host->first;
  while (*link != hosted)
    link = &(*link)->next;
  *link = hosted->next;
  host->count--;
  host->leaving--;
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
  if (successor == NULL)
    oriel_info("cli", "desktop %s is no longer served", oriel_host_plan_title(hosted->plan));
  forget(hosted);
  if (successor != NULL && open_plan(host, successor, why, sizeof why) < 0)
    (void)oriel_say(ORIEL_EXIT_ERROR, "%s", why);
  if (host->leaving == 0 && host->settled != NULL)
    host->settled(host->site.user);
}

/** A worker's. */
static void end_one(uv_work_t *work) {
  struct oriel_host_desktop *hosted = work->data;
  struct oriel_host *host = hosted->host;
  oriel_host_desktop_end(hosted);
  pthread_mutex_lock(&host->lock);
  host->busy--;
  pthread_cond_signal(&host->idle);
  pthread_mutex_unlock(&host->lock);
}

static void count_busy(struct oriel_host *host) {
  pthread_mutex_lock(&host->lock);
  host->busy++;
  pthread_mutex_unlock(&host->lock);
}

/** Nothing of the server's is inside it any more. */
static void left(void *user) {
  struct oriel_host_desktop *hosted = user;
  hosted->ending = true;
  count_busy(hosted->host);
  if (uv_queue_work(hosted->host->loop, &hosted->work, end_one, gone) < 0)
    end_one(&hosted->work); /* never, as libuv has it; then it is freed at the end */
}

static void leave(struct oriel_host_desktop *hosted) {
  hosted->leaving = true;
  hosted->host->leaving++;
  oriel_mount_release_desktop(hosted->mount, left, hosted);
}

int oriel_host_remove(struct oriel_host *host, const char *name, char *why, size_t why_size) {
  struct oriel_host_desktop *hosted = find(host, name);
  const struct oriel_host_plan *plan = hosted == NULL ? NULL : hosted->leaving ? hosted->successor : hosted->plan;
  if (hosted != NULL && plan == NULL) {
    snprintf(why, why_size, "desktop %s is being removed", name);
    return -ENOENT;
  }
  if (plan == NULL || !plan->added) {
    snprintf(why, why_size, "desktop %s was not added at run time: take it out of the command line or the "
             "configuration file", name);
    return -EPERM;
  }
  if (hosted->leaving) {
    oriel_host_plan_destroy(hosted->successor);
    hosted->successor = NULL;
  } else
    leave(hosted);
  return 0;
}

/* ---- another list ---- */

/** A name that an administrator took is none for the list. */
static int check_free(const struct oriel_host_desktop *hosted, char *why, size_t why_size) {
  const struct oriel_host_plan *plan = hosted == NULL ? NULL : hosted->leaving ? hosted->successor : hosted->plan;
  if (plan == NULL || !plan->added)
    return 0;
  snprintf(why, why_size, "desktop %s was added at run time: remove it first, or choose another name",
           plan->options.name);
  return -EEXIST;
}

/** A plan for each; where it is new or other, what only this host can judge is checked. */
static int make_plans(struct oriel_host *host, const struct oriel_desktop_options *desktops, unsigned count,
                      struct oriel_host_plan **plans, char *why, size_t why_size) {
  int result = 0;
  for (unsigned i = 0; result == 0 && i < count; i++) {
    const struct oriel_host_desktop *hosted = find(host, desktops[i].name);
    result = check_free(hosted, why, why_size);
    if (result == 0)
      result = oriel_host_plan_create(&desktops[i], &plans[i], why, why_size);
    if (result == 0 && (hosted == NULL || hosted->leaving || !oriel_host_plan_equal(hosted->plan, plans[i])))
      result = oriel_check_desktop(&desktops[i], why, why_size);
  }
  return result;
}

/** Takes its plan out of the list, or NULL when the list has none for it. */
static struct oriel_host_plan *take_plan(struct oriel_host_plan **plans, unsigned count, const char *name) {
  for (unsigned i = 0; i < count; i++)
    if (plans[i] != NULL && strcmp(plans[i]->options.name, name) == 0) {
      struct oriel_host_plan *plan = plans[i];
      plans[i] = NULL;
      return plan;
    }
  return NULL;
}

/** What is served now, and what the list has in its place. */
static void revise(struct oriel_host_desktop *hosted, struct oriel_host_plan *plan) {
  const struct oriel_host_plan *last = hosted->leaving ? hosted->successor : hosted->plan;
  if (plan == NULL && last != NULL && last->added)
    return;
  if (!hosted->leaving && plan != NULL && oriel_host_plan_equal(hosted->plan, plan)) {
    oriel_host_plan_destroy(plan);
    return;
  }
  oriel_host_plan_destroy(hosted->successor);
  hosted->successor = plan;
  if (!hosted->leaving)
    leave(hosted);
}

int oriel_host_apply(struct oriel_host *host, const struct oriel_desktop_options *desktops, unsigned count, char *why,
                     size_t why_size) {
  struct oriel_host_plan **plans = calloc(count + 1, sizeof(struct oriel_host_plan *)); /* count may be 0 */
  if (plans == NULL) {
    snprintf(why, why_size, "out of memory");
    return -ENOMEM;
  }
  const int result = make_plans(host, desktops, count, plans, why, why_size);
  struct oriel_host_desktop *next = NULL;
  for (struct oriel_host_desktop *hosted = host->first; result == 0 && hosted != NULL; hosted = next) {
    next = hosted->next; /* what ends at once may be gone */
    revise(hosted, take_plan(plans, count, hosted->plan->options.name));
  }
  for (unsigned i = 0; i < count; i++) {
    struct oriel_host_plan *plan = plans[i];
    if (result < 0)
      oriel_host_plan_destroy(plan);
    else if (plan != NULL && open_plan(host, plan, why, why_size) < 0)
      (void)oriel_say(ORIEL_EXIT_ERROR, "%s", why);
  }
  free(plans);
  return result;
}

void oriel_host_close(struct oriel_host *host) {
  host->closing = true;
  for (struct oriel_host_desktop *hosted = host->first; hosted != NULL; hosted = hosted->next)
    if (!hosted->leaving)
      oriel_mount_set_desktop(hosted->mount, NULL);
}

bool oriel_host_is_connecting(const struct oriel_host *host) {
  for (const struct oriel_host_desktop *hosted = host->first; hosted != NULL; hosted = hosted->next)
    if (!hosted->leaving && oriel_desktop_state(hosted->desktop) == ORIEL_SOURCE_CONNECTING)
      return true;
  return false;
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
