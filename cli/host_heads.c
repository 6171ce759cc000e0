/* SPDX-License-Identifier: MIT
 *
 * Following the heads of machines. Main thread.
 */
#include "cli/host_heads.h"

#include <string.h>

#include "cli/report.h"
#include "core/log.h"

static struct oriel_host_desktop *find_head(const struct oriel_host *host, const char *machine, unsigned console) {
  struct oriel_host_desktop *head = host->first;
  while (head != NULL && (head->plan->console != console || strcmp(head->plan->machine, machine) != 0))
    head = head->next;
  return head;
}

/** `former` is on its way out, and is followed by itself; or NULL. */
static void begin_head(struct oriel_host_desktop *hosted, unsigned console, struct oriel_host_desktop *former) {
  struct oriel_host_plan *plan = NULL;
  char why[512];
  if (former != NULL && former->successor != NULL)
    return;
  int result = oriel_host_plan_head(hosted->plan, console, &plan, why, sizeof why);
  if (result == 0 && former != NULL)
    former->successor = plan;
  else if (result == 0)
    result = oriel_host_begin(hosted->host, plan, why, sizeof why);
  if (result < 0)
    (void)oriel_report(ORIEL_EXIT_ERROR, "%s", why);
  else
    oriel_info("cli", "%s uses another head: desktop %s-%u", hosted->plan->options.name, hosted->plan->options.name,
               console);
}

static void end_head(struct oriel_host_desktop *head) {
  oriel_host_plan_destroy(head->successor);
  head->successor = NULL;
  if (!head->leaving)
    oriel_host_leave(head);
}

static void follow(struct oriel_host_desktop *hosted) {
  const uint32_t used = atomic_load(&hosted->heads_used);
  for (unsigned console = 1; console < ORIEL_SOURCE_HEADS_MAX; console++) {
    struct oriel_host_desktop *head = find_head(hosted->host, hosted->plan->options.name, console);
    const bool wanted = used >> console & 1;
    if (wanted && (head == NULL || head->leaving))
      begin_head(hosted, console, head);
    else if (!wanted && head != NULL)
      end_head(head);
  }
}

/** A head that begins or ends changes the list behind the desktops that have any, which end_head may free none of. */
static void on_changed(uv_async_t *handle) {
  struct oriel_host *host = handle->data;
  for (struct oriel_host_desktop *hosted = host->first; !host->closing && hosted != NULL; hosted = hosted->next)
    if (!hosted->opening && !hosted->leaving && hosted->heads != NULL) /* until then it is a thread's */
      follow(hosted);
}

int oriel_host_heads_init(struct oriel_host *host, uv_loop_t *loop) {
  host->heads_changed.data = host;
  host->site.heads_changed = &host->heads_changed;
  return uv_async_init(loop, &host->heads_changed, on_changed);
}
