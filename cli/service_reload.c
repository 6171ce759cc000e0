/* SPDX-License-Identifier: MIT
 *
 * The configuration file, read again at SIGHUP. Main thread, on the service's loop, but for read_file.
 */
#include "cli/service_private.h"

#include <signal.h>

#include "cli/option_table.h"
#include "cli/option_value.h"
#include "cli/options_parse.h"
#include "cli/report.h"
#include "core/clock.h"
#include "core/log.h"

enum {
  NOT_READY_MS = 20,   /* a signal before the start is over is served after it */
  SETTLED_MS = 10000,  /* a source that does not let go does not keep the manager waiting */
};

bool oriel_service_reloads(const struct oriel_service *service, int number) {
  return number == SIGHUP && service->options->config != NULL;
}

static void tell_ready(struct oriel_service *service) {
  service->reloading = false;
  uv_timer_stop(&service->reload_timer);
  oriel_systemd_tell(&service->systemd, "READY=1\nSTATUS=serving on port %u", oriel_server_port(service->server));
}

/** What was begun is done. */
static void settle(void *user) {
  struct oriel_service *service = user;
  if (service->reloading && !service->reload.busy)
    tell_ready(service);
}

static void on_late(uv_timer_t *timer) {
  struct oriel_service *service = timer->data;
  oriel_warn("cli", "after %d s %s", SETTLED_MS / 1000,
             service->reload.busy ? "the configuration file is still being read"
                                  : "a desktop is still being opened or ended");
  tell_ready(service);
}

/** Options of the process are what they were at start. */
static void name_ignored(const struct oriel_options *old, const struct oriel_options *fresh) {
  for (int i = 0; i < oriel_option_count; i++)
    if (oriel_option_table[i].scope == ORIEL_SCOPE_PROCESS &&
        !oriel_option_equal(&oriel_option_table[i], old, fresh))
      oriel_warn("cli", "%s is another one now: it is for the next start", oriel_option_table[i].name);
}

/** A thread's: a file may be large, and far away. */
static void read_file(void *user) {
  struct oriel_service *service = user;
  struct oriel_service_reload *reload = &service->reload;
  const struct oriel_options *given = service->given;
  reload->plans = NULL;
  reload->result = oriel_options_parse(given->command, given->argument_count, given->arguments, &reload->options,
                                       reload->why, sizeof reload->why);
  if (reload->result < 0)
    return;
  reload->result = oriel_host_plans_create(reload->options.desktops, reload->options.desktop_count, &reload->plans,
                                           reload->why, sizeof reload->why);
  if (reload->result < 0)
    oriel_options_finish(&reload->options);
}

static void apply(struct oriel_service *service) {
  struct oriel_service_reload *reload = &service->reload;
  if (reload->result == 0) {
    reload->result = oriel_host_apply(&service->host, reload->plans, reload->options.desktop_count, reload->why,
                                      sizeof reload->why);
    reload->plans = NULL;
    if (reload->result == 0) {
      name_ignored(service->given, &reload->options);
      oriel_info("cli", "%s is read again: %u desktops", service->given->config, reload->options.desktop_count);
    }
    oriel_options_finish(&reload->options);
  }
  if (reload->result < 0)
    (void)oriel_report(ORIEL_EXIT_ERROR, "%s; nothing is changed", reload->why);
}

static void begin(struct oriel_service *service);

static void on_read(void *user) {
  struct oriel_service *service = user;
  if (service->phase != ORIEL_SERVING)
    return; /* oriel_service_reload_finish frees it */
  service->reload.busy = false;
  apply(service);
  if (service->reload.again)
    begin(service);
  else if (service->host.moving == 0)
    settle(service);
}

static void begin(struct oriel_service *service) {
  service->reload.again = service->reload.busy;
  if (service->reload.busy)
    return;
  service->reload.busy = true;
  oriel_jobs_add(&service->host.jobs, &service->reload.job);
}

static void reload(struct oriel_service *service) {
  oriel_systemd_tell(&service->systemd, "RELOADING=1\nMONOTONIC_USEC=%llu",
                     (unsigned long long)(oriel_clock_ns() / ORIEL_NS_PER_US));
  service->reloading = true;
  uv_timer_start(&service->reload_timer, on_late, SETTLED_MS, 0);
  begin(service);
}

static void on_ready(uv_timer_t *timer);

static void reload_when_ready(struct oriel_service *service) {
  if (service->phase != ORIEL_SERVING)
    return;
  if (service->ready)
    reload(service);
  else
    uv_timer_start(&service->reload_timer, on_ready, NOT_READY_MS, 0);
}

static void on_ready(uv_timer_t *timer) {
  reload_when_ready(timer->data);
}

static void on_hangup(uv_signal_t *handle, int number) {
  (void)number;
  reload_when_ready(handle->data);
}

void oriel_service_reload_watch(struct oriel_service *service) {
  service->reload.job = (struct oriel_job){.run = read_file, .done = on_read, .user = service};
  service->host.settled = settle;
  service->host.site.user = service;
  if (oriel_service_reloads(service, SIGHUP))
    uv_signal_start(&service->hangup, on_hangup, SIGHUP);
}

void oriel_service_reload_finish(struct oriel_service *service) {
  struct oriel_service_reload *reload = &service->reload;
  if (!reload->busy || reload->result < 0)
    return;
  oriel_host_plans_destroy(reload->plans, reload->options.desktop_count);
  oriel_options_finish(&reload->options);
}
