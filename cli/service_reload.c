/* SPDX-License-Identifier: MIT
 *
 * The configuration file, read again at SIGHUP. Main thread, on the service's loop.
 */
#include "cli/service_private.h"

#include <signal.h>

#include "cli/option_table.h"
#include "cli/option_value.h"
#include "cli/options_parse.h"
#include "cli/say.h"
#include "core/clock.h"
#include "core/log.h"

enum {
  NOT_READY_MS = 20,   /* a signal before the start is over is served after it */
  SETTLED_MS = 10000,  /* a source that does not let go does not keep the manager waiting */
};

bool oriel_service_reloads(const struct oriel_service *service, int number) {
  return number == SIGHUP && service->options->config != NULL;
}

/** What was begun is done, or taken as done. */
static void settle(void *user) {
  struct oriel_service *service = user;
  if (!service->reloading)
    return;
  service->reloading = false;
  uv_timer_stop(&service->reload_timer);
  oriel_systemd_tell(&service->systemd, "READY=1\nSTATUS=serving on port %u", oriel_server_port(service->server));
}

static void on_late(uv_timer_t *timer) {
  oriel_warn("cli", "a desktop is still being opened or ended after %d s", SETTLED_MS / 1000);
  settle(timer->data);
}

/** Options of the process are what they were at start. */
static void name_the_rest(const struct oriel_options *old, const struct oriel_options *fresh) {
  for (int i = 0; i < oriel_option_count; i++)
    if (oriel_option_table[i].scope == ORIEL_SCOPE_PROCESS &&
        !oriel_option_equal(&oriel_option_table[i], old, fresh))
      oriel_warn("cli", "%s is another one now: it is for the next start", oriel_option_table[i].name);
}

static int apply(struct oriel_service *service, char *why, size_t why_size) {
  struct oriel_options fresh;
  const struct oriel_options *given = service->given;
  int result = oriel_options_parse(given->command, given->argument_count, given->arguments, &fresh, why, why_size);
  if (result < 0)
    return result;
  result = oriel_host_apply(&service->host, fresh.desktops, fresh.desktop_count, why, why_size);
  if (result == 0) {
    name_the_rest(given, &fresh);
    oriel_info("cli", "%s is read again: %u desktops", given->config, fresh.desktop_count);
  }
  oriel_options_finish(&fresh);
  return result;
}

static void reload(struct oriel_service *service) {
  char why[640];
  oriel_systemd_tell(&service->systemd, "RELOADING=1\nMONOTONIC_USEC=%llu",
                     (unsigned long long)(oriel_clock_ns() / ORIEL_NS_PER_US));
  service->reloading = true;
  uv_timer_start(&service->reload_timer, on_late, SETTLED_MS, 0);
  if (apply(service, why, sizeof why) < 0)
    (void)oriel_say(ORIEL_EXIT_ERROR, "%s; nothing is changed", why);
  if (service->host.moving == 0)
    settle(service);
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
  service->host.settled = settle;
  service->host.site.user = service;
  if (oriel_service_reloads(service, SIGHUP))
    uv_signal_start(&service->hangup, on_hangup, SIGHUP);
}
