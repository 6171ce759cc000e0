/* SPDX-License-Identifier: MIT
 *
 * The list of desktops. Main thread.
 */
#include "cli/host.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/check.h"
#include "cli/report.h"
#include "core/clock.h"
#include "core/log.h"

/* ---- one more ---- */

/** The name is free, or its owner on its way out. */
static int check_name(const struct oriel_host_desktop *hosted, const char *name, char *why, size_t why_size) {
  if (hosted == NULL || (hosted->leaving && hosted->successor == NULL))
    return 0;
  snprintf(why, why_size, "desktop %s is served already: give this one another name", name);
  return -EEXIST;
}

/** What is served by a name, or is to be; NULL where it is only on its way out. */
static const struct oriel_host_plan *plan_of(const struct oriel_host_desktop *hosted) {
  return hosted == NULL ? NULL : hosted->leaving ? hosted->successor : hosted->plan;
}

/** Its tokens beside those of the server and of all others; `listed`: of those alone that another list does not
 *  replace, as it does a machine's further heads with the machine. */
static int check_tokens(const struct oriel_host *host, const struct oriel_host_plan *plan, bool listed, char *why,
                        size_t why_size) {
  int result = oriel_host_plan_check(&host->site, plan, why, why_size);
  for (const struct oriel_host_desktop *hosted = host->first; result == 0 && hosted != NULL; hosted = hosted->next) {
    const struct oriel_host_plan *other = plan_of(hosted);
    if (other != NULL && (!listed || (other->added && other->machine[0] == '\0')))
      result = oriel_host_plans_check(plan, other, why, why_size);
  }
  return result;
}

static int make_plan(const struct oriel_host *host, const struct oriel_desktop_options *options,
                     struct oriel_host_plan **out, char *why, size_t why_size) {
  struct oriel_host_plan *plan = NULL;
  int result = oriel_host_plan_create(options, &plan, why, why_size);
  if (result == 0)
    result = check_tokens(host, plan, false, why, why_size);
  if (result == 0)
    *out = plan;
  else
    oriel_host_plan_destroy(plan);
  return result;
}

int oriel_host_open(struct oriel_host *host, const struct oriel_desktop_options *options, char *why, size_t why_size) {
  struct oriel_host_desktop *hosted = NULL;
  struct oriel_host_plan *plan = NULL;
  int result = check_name(oriel_host_find(host, options->name), options->name, why, why_size);
  if (result == 0)
    result = make_plan(host, options, &plan, why, why_size);
  if (result == 0)
    result = oriel_host_desktop_create(&host->site, plan, &hosted, why, why_size);
  if (result < 0)
    return result;
  result = oriel_host_desktop_open(hosted, &host->site, why, why_size);
  if (result == 0) {
    oriel_host_append(host, hosted);
    oriel_host_desktop_show(hosted);
    return 0;
  }
  oriel_host_desktop_end(hosted);
  oriel_server_unmount(hosted->mount);
  oriel_host_desktop_free(hosted);
  return result;
}

int oriel_host_add(struct oriel_host *host, const struct oriel_desktop_options *options, char *why, size_t why_size) {
  struct oriel_host_desktop *hosted = oriel_host_find(host, options->name);
  struct oriel_host_plan *plan = NULL;
  int result = check_name(hosted, options->name, why, why_size);
  if (result == 0)
    result = oriel_check_order(options, why, why_size);
  if (result == 0)
    result = make_plan(host, options, &plan, why, why_size);
  if (result < 0)
    return result;
  plan->added = true;
  if (hosted == NULL)
    return oriel_host_begin(host, plan, why, why_size);
  hosted->successor = plan;
  return 0;
}

/* ---- one less ---- */

int oriel_host_remove(struct oriel_host *host, const char *name, char *why, size_t why_size) {
  struct oriel_host_desktop *hosted = oriel_host_find(host, name);
  const struct oriel_host_plan *plan = plan_of(hosted);
  if (hosted != NULL && plan == NULL) {
    snprintf(why, why_size, "desktop %s is being removed", name);
    return -ENOENT;
  }
  if (plan != NULL && plan->machine[0] != '\0') {
    snprintf(why, why_size, "desktop %s is a head of %s: it comes and goes with that one and as its guest uses it",
             name, plan->machine);
    return -EPERM;
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
    oriel_host_leave(hosted);
  return 0;
}

/* ---- another list ---- */

/** A name that an administrator took is none for the list. */
static int check_free(const struct oriel_host_desktop *hosted, char *why, size_t why_size) {
  const struct oriel_host_plan *plan = plan_of(hosted);
  if (plan == NULL || !plan->added)
    return 0;
  if (plan->machine[0] != '\0')
    snprintf(why, why_size, "desktop %s is a head of %s: choose another name", plan->options.name, plan->machine);
  else
    snprintf(why, why_size, "desktop %s was added at run time: remove it first, or choose another name",
             plan->options.name);
  return -EEXIST;
}

int oriel_host_plans_create(const struct oriel_desktop_options *desktops, unsigned count,
                            struct oriel_host_plan ***out, char *why, size_t why_size) {
  struct oriel_host_plan **plans = calloc(count + 1, sizeof(struct oriel_host_plan *)); /* count may be 0 */
  int result = plans != NULL ? 0 : -ENOMEM;
  if (plans == NULL)
    snprintf(why, why_size, "out of memory");
  for (unsigned i = 0; result == 0 && i < count; i++) {
    result = oriel_host_plan_create(&desktops[i], &plans[i], why, why_size);
    if (result == 0)
      result = oriel_check_desktop(&desktops[i], why, why_size);
    for (unsigned other = 0; result == 0 && other < i; other++)
      result = oriel_host_plans_check(plans[other], plans[i], why, why_size);
  }
  if (result == 0)
    *out = plans;
  else
    oriel_host_plans_destroy(plans, count);
  return result;
}

void oriel_host_plans_destroy(struct oriel_host_plan **plans, unsigned count) {
  for (unsigned i = 0; plans != NULL && i < count; i++)
    oriel_host_plan_destroy(plans[i]);
  free(plans);
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
  const struct oriel_host_plan *last = plan_of(hosted);
  if (plan == NULL && last != NULL && last->added)
    return;
  if (!hosted->leaving && plan != NULL && oriel_host_plan_equal(hosted->plan, plan)) {
    oriel_host_plan_destroy(plan);
    return;
  }
  oriel_host_plan_destroy(hosted->successor);
  hosted->successor = plan;
  if (hosted->leaving)
    return;
  if (plan != NULL)
    oriel_info("cli", "desktop %s has other options now and begins anew", oriel_host_plan_title(plan));
  oriel_host_leave(hosted);
}

int oriel_host_apply(struct oriel_host *host, struct oriel_host_plan **plans, unsigned count, char *why,
                     size_t why_size) {
  int result = 0;
  for (unsigned i = 0; result == 0 && i < count; i++) {
    result = check_free(oriel_host_find(host, plans[i]->options.name), why, why_size);
    if (result == 0)
      result = check_tokens(host, plans[i], true, why, why_size);
  }
  struct oriel_host_desktop *next = NULL;
  for (struct oriel_host_desktop *hosted = host->first; result == 0 && hosted != NULL; hosted = next) {
    next = hosted->next; /* what ends at once may be gone */
    revise(hosted, take_plan(plans, count, hosted->plan->options.name));
  }
  for (unsigned i = 0; result == 0 && i < count; i++) {
    struct oriel_host_plan *plan = plans[i];
    plans[i] = NULL;
    if (plan != NULL && oriel_host_begin(host, plan, why, why_size) < 0)
      (void)oriel_report(ORIEL_EXIT_ERROR, "%s", why);
  }
  oriel_host_plans_destroy(plans, count);
  return result;
}

void oriel_host_close(struct oriel_host *host) {
  atomic_store(&host->closing, true);
  for (struct oriel_host_desktop *hosted = host->first; hosted != NULL; hosted = hosted->next)
    if (!hosted->leaving)
      oriel_mount_set_desktop(hosted->mount, NULL);
}

bool oriel_host_is_connecting(const struct oriel_host *host) {
  for (const struct oriel_host_desktop *hosted = host->first; hosted != NULL; hosted = hosted->next)
    if (!hosted->opening && !hosted->leaving && oriel_desktop_state(hosted->desktop) == ORIEL_SOURCE_CONNECTING)
      return true;
  return false;
}

int oriel_host_end(struct oriel_host *host, unsigned limit_ms) {
  const uint64_t until_ns = oriel_clock_ns() + limit_ms * ORIEL_NS_PER_MS;
  if (oriel_jobs_wait(&host->jobs, limit_ms) < 0) /* what was being opened or ended */
    return -ETIMEDOUT;
  for (struct oriel_host_desktop *hosted = host->first; hosted != NULL; hosted = hosted->next)
    if (!hosted->ending)
      oriel_host_end_one(hosted);
  const uint64_t now_ns = oriel_clock_ns();
  return oriel_jobs_wait(&host->jobs, now_ns < until_ns ? (unsigned)((until_ns - now_ns) / ORIEL_NS_PER_MS) : 0);
}
