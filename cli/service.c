/* SPDX-License-Identifier: MIT
 *
 * One running oriel: from the options to the loop. Main thread; everything after oriel_service_create happens on its
 * libuv loop.
 */
#include "cli/service.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "cli/check.h"
#include "cli/host_heads.h"
#include "cli/ready.h"
#include "cli/report.h"
#include "cli/service_private.h"
#include "cli/version.h"
#include "core/log.h"
#include "core/shortage.h"
#include "source/heads.h"
#include "web/assets.h"

enum { READY_LOOK_MS = 20 };

/* ---- start ---- */

static int open_server(struct oriel_service *service) {
  const struct oriel_options *options = service->options;
  const struct oriel_server_config config = {
    .listen = options->listen,
    .listener = service->listener >= 0 ? service->listener : 0,
    .token = service->token,
    .admin_token = service->admin_token[0] != '\0' ? service->admin_token : NULL,
    .registry = oriel_service_registry(service),
    .public_url = options->public_url,
    .view_token = service->view_token,
    .allow_hosts = options->allow_hosts.words,
    .allow_origins = options->allow_origins.words,
    .trusted_proxies = options->trusted_proxies.words,
    .tls_cert = service->tls.cert,
    .tls_key = service->tls.key,
    .auth_fail_limit = options->auth_fail_limit,
    .auth_fail_window_s = options->auth_fail_window_s,
    .assets = oriel_web_assets,
    .asset_count = oriel_web_assets_count,
    .version = ORIEL_VERSION,
    .webrtc = {.enabled = !options->no_webrtc, .port = (uint16_t)options->webrtc_port,
               .public_addresses = options->public_addresses.words, .ice_servers = options->ice_servers.words,
               .turn_secret = service->turn_secret[0] != '\0' ? service->turn_secret : NULL},
  };
  char why[512] = "cannot serve";
  service->listener = -1; /* the server's from here on */
  if (oriel_server_create(&service->loop, &config, &service->server, why, sizeof why) < 0)
    return oriel_report(ORIEL_EXIT_ERROR, "%s", why);
  service->host.site.server = service->server;
  return ORIEL_EXIT_OK;
}

/** What the loop cannot be without. A loop that is not whole is closed again, and service->looping stays false. */
static int open_loop(struct oriel_service *service) {
  int result = uv_loop_init(&service->loop);
  if (result < 0)
    return oriel_report(ORIEL_EXIT_ERROR, "cannot start: %s; %s", uv_strerror(result), oriel_shortage_advice(-result));
  service->looping = true;
  result = oriel_host_init(&service->host, &service->loop);
  if (result == 0)
    result = oriel_host_heads_init(&service->host, &service->loop);
  if (result == 0)
    service->hosting = true;
  oriel_service_vm_init(service);
  uv_signal_t *const signals[] = {&service->signals[0], &service->signals[1], &service->signals[2],
                                  &service->signals[3], &service->child, &service->hangup};
  for (size_t i = 0; result == 0 && i < sizeof signals / sizeof signals[0]; i++) {
    result = uv_signal_init(&service->loop, signals[i]);
    signals[i]->data = service;
  }
  uv_timer_t *const timers[] = {&service->deadline, &service->stats_timer, &service->ready_timer, &service->watchdog,
                                &service->adopted_timer, &service->reload_timer};
  for (size_t i = 0; i < sizeof timers / sizeof timers[0]; i++) {
    uv_timer_init(&service->loop, timers[i]);
    timers[i]->data = service;
  }
  if (result < 0)
    return oriel_report(ORIEL_EXIT_ERROR, "cannot start: %s; %s", uv_strerror(result), oriel_shortage_advice(-result));
  oriel_service_reload_watch(service);
  return ORIEL_EXIT_OK;
}

static void finish(struct oriel_service *service) {
  if (service->looping) {
    oriel_service_close_handles(service);
    uv_run(&service->loop, UV_RUN_DEFAULT);
    uv_loop_close(&service->loop);
    oriel_service_reload_finish(service);
    if (service->hosting)
      oriel_host_finish(&service->host);
  }
  free(service->stats);
  oriel_tls_finish(&service->tls);
  oriel_systemd_finish(&service->systemd);
  if (service->listener >= 0)
    close(service->listener);
  oriel_links_remove(&service->links);
  explicit_bzero(service->token, sizeof service->token);
  explicit_bzero(service->view_token, sizeof service->view_token);
  explicit_bzero(service->admin_token, sizeof service->admin_token);
  explicit_bzero(service->turn_secret, sizeof service->turn_secret);
  free(service);
}

/** A socket of the service manager's takes the place of --listen, for whatever depends on the address. */
static int take_listener(struct oriel_service *service) {
  char why[512];
  if (oriel_systemd_listener(&service->listener, why, sizeof why) < 0)
    return oriel_report(ORIEL_EXIT_ERROR, "%s", why);
  struct sockaddr_storage address = {0};
  socklen_t size = sizeof address;
  if (service->listener < 0 || getsockname(service->listener, (struct sockaddr *)&address, &size) < 0)
    return ORIEL_EXIT_OK;
  oriel_address_text((const struct sockaddr *)&address, service->listen);
  service->own.listen = service->listen;
  return ORIEL_EXIT_OK;
}

static int prepare(struct oriel_service *service) {
  const struct oriel_options *options = service->options;
  char why[512];
  int status = take_listener(service);
  if (status == ORIEL_EXIT_OK)
    status = oriel_check_exposure(options);
  if (status != ORIEL_EXIT_OK)
    return status;
  status = oriel_check_encoder(&options->defaults, why, sizeof why);
  if (status == ORIEL_EXIT_OK && (oriel_token_choose(options, service->token, why, sizeof why) < 0 ||
                                  oriel_view_token_choose(options, service->view_token, why, sizeof why) < 0 ||
                                  oriel_admin_token_choose(options, service->admin_token, why, sizeof why) < 0 ||
                                  oriel_turn_secret_choose(options, service->turn_secret, why, sizeof why) < 0 ||
                                  oriel_tls_prepare(options, &service->tls, why, sizeof why) < 0))
    status = ORIEL_EXIT_ERROR;
  return status == ORIEL_EXIT_OK ? open_server(service) : oriel_report(status, "%s", why);
}

int oriel_service_create(const struct oriel_options *options, struct oriel_service **out) {
  struct oriel_service *service = calloc(1, sizeof *service);
  if (service == NULL)
    return oriel_report(ORIEL_EXIT_ERROR, "out of memory");
  service->given = options;
  service->own = *options;
  service->options = &service->own;
  service->listener = -1;
  service->links.fd = -1;
  oriel_systemd_open(&service->systemd);
  oriel_signals_catch();
  int status = open_loop(service);
  if (status == ORIEL_EXIT_OK)
    status = prepare(service);
  if (status != ORIEL_EXIT_OK) {
    finish(service);
    return status;
  }
  *out = service;
  return ORIEL_EXIT_OK;
}

void oriel_service_own(struct oriel_service *service, struct oriel_qemu *vm, oriel_vm_starter *starter) {
  oriel_service_vm_own(service, vm, starter);
}

/* ---- service ---- */

/** One of several that cannot be served leaves the others alone. */
static int open_desktops(struct oriel_service *service, const struct oriel_desktop_options *desktops, unsigned count) {
  int status = ORIEL_EXIT_ERROR;
  for (unsigned i = 0; i < count; i++) {
    char why[512];
    const int result = oriel_host_open(&service->host, &desktops[i], why, sizeof why);
    if (result < 0)
      status = oriel_report(result == -EINVAL ? ORIEL_EXIT_USAGE : ORIEL_EXIT_ERROR, "%s", why);
  }
  return service->host.count > 0 || count == 0 ? ORIEL_EXIT_OK : status;
}

static void print_stats(uv_timer_t *timer) {
  struct oriel_service *service = timer->data;
  for (struct oriel_host_desktop *hosted = service->host.first; hosted != NULL; hosted = hosted->next)
    if (!hosted->opening && !hosted->leaving)
      oriel_stats_line_print(&hosted->stats, hosted->desktop, service->stats, hosted->plan->options.name,
                             service->options->log_json);
}

static void feed_watchdog(uv_timer_t *timer) {
  struct oriel_service *service = timer->data;
  oriel_systemd_tell(&service->systemd, "WATCHDOG=1");
}

static void watch(struct oriel_service *service) {
  const uint64_t watchdog_ms = service->systemd.watchdog_ms, stats_ms = service->options->stats_s * 1000ull;
  if (watchdog_ms > 0)
    uv_timer_start(&service->watchdog, feed_watchdog, 0, watchdog_ms);
  for (size_t i = 0; i < ORIEL_END_SIGNALS; i++)
    if (oriel_signal_wanted(oriel_end_signals[i]) && !oriel_service_reloads(service, oriel_end_signals[i]))
      uv_signal_start(&service->signals[i], oriel_service_signal, oriel_end_signals[i]);
  oriel_service_vm_watch(service);
  service->stats = stats_ms > 0 ? calloc(1, sizeof *service->stats) : NULL;
  if (service->stats != NULL)
    uv_timer_start(&service->stats_timer, print_stats, stats_ms, stats_ms);
}

/** Last of what a start says: a reader of the output finds the address at its end. */
static void look_ready(uv_timer_t *timer) {
  struct oriel_service *service = timer->data;
  if (oriel_host_is_connecting(&service->host) && uv_now(&service->loop) < service->ready_by_ms) {
    uv_timer_start(timer, look_ready, READY_LOOK_MS, 0);
    return;
  }
  const struct oriel_ready ready = {
    .options = service->options,
    .port = oriel_server_port(service->server),
    .token = service->token,
    .view_token = service->view_token,
    .fingerprint = service->tls.fingerprint,
  };
  char why[512];
  if (oriel_ready_print(&ready, &service->links, why, sizeof why) < 0) {
    oriel_service_stop(service, oriel_report(ORIEL_EXIT_ERROR, "%s", why));
    return;
  }
  service->ready = true;
  oriel_systemd_tell(&service->systemd, "READY=1\nSTATUS=serving on port %u", oriel_server_port(service->server));
}

static int run(struct oriel_service *service) {
  uv_run(&service->loop, UV_RUN_DEFAULT);
  const int status = service->exit_status;
  finish(service);
  return status;
}

/** Neither an administrator, nor a file that is read again, nor a machine with several screens can add another one. */
static bool is_alone(const struct oriel_service *service, const struct oriel_desktop_options *desktops,
                     unsigned count) {
  return count == 1 && service->options->config == NULL && service->admin_token[0] == '\0' &&
         !oriel_source_heads_wanted(desktops[0].address);
}

int oriel_service_run(struct oriel_service *service, const struct oriel_desktop_options *desktops, unsigned count) {
  service->host.site.alone = is_alone(service, desktops, count);
  const int status = open_desktops(service, desktops, count);
  uv_update_time(&service->loop); /* the VM's start took its time, which no deadline may count */
  watch(service);
  if (status != ORIEL_EXIT_OK)
    oriel_service_stop(service, status);
  else if (oriel_interrupted)
    oriel_service_stop(service, ORIEL_EXIT_OK);
  else {
    service->ready_by_ms = uv_now(&service->loop) + ORIEL_SERVICE_READY_MS;
    look_ready(&service->ready_timer);
  }
  return run(service);
}

void oriel_service_cancel(struct oriel_service *service) {
  uv_update_time(&service->loop);
  watch(service);
  oriel_service_stop(service, ORIEL_EXIT_ERROR);
  (void)run(service);
}
