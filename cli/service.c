/* SPDX-License-Identifier: MIT
 *
 * One running oriel. Main thread; everything after oriel_service_create happens on its libuv loop.
 * The end has three phases, each with a deadline, together under 2 s: viewers are told and the server closes; the
 * desktop lets go of its source; QEMU, if it is ours, gets SIGTERM and at last SIGKILL. Before them, and still served,
 * the guest of a persistent disk has its time to power down. A further signal skips what is being waited for.
 */
#include "cli/service.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "cli/again.h"
#include "cli/check.h"
#include "cli/ready.h"
#include "cli/say.h"
#include "cli/secret.h"
#include "cli/signals.h"
#include "cli/sound.h"
#include "cli/stats.h"
#include "cli/systemd.h"
#include "cli/tls.h"
#include "core/log.h"
#include "core/shortage.h"
#include "desktop/desktop.h"
#include "server/address.h"
#include "server/server.h"
#include "source/source.h"
#include "cli/version.h"
#include "web/assets.h"

enum {
  SERVER_CLOSE_MS = 700,
  QEMU_STOP_MS = 1000,
  VM_END_MS = 2000,    /* from the closing of its sockets to the end of its process */
  READY_WAIT_MS = 2000, /* for a VM that is slow to answer, or not there */
  READY_LOOK_MS = 20,
  ADOPTED_LOOK_MS = 200, /* no signal tells of the end of a VM that is not our child */
  END_MS = 5000,         /* more than the three phases take */
  OPUS_KBPS = 128,     /* transparent for stereo music, as listening tests of the codec's makers show */
};

enum phase { SERVING, CLOSING_SERVER, STOPPING_VM, DONE };

struct oriel_service {
  struct oriel_options own; /* the user's, with the address of a socket that we were given */
  const struct oriel_options *options;
  char listen[ORIEL_ADDRESS_TEXT_MAX];
  int listener; /* that socket; -1 = none */
  struct oriel_systemd systemd;
  uv_loop_t loop;
  bool looping; /* it is open */
  uv_signal_t signals[ORIEL_END_SIGNALS], child;
  uv_timer_t deadline, stats_timer, ready_timer, watchdog, adopted_timer;
  uint64_t ready_by_ms; /* of the loop's clock */
  struct oriel_server *server;
  struct oriel_mount *mount; /* the server's */
  struct oriel_desktop *desktop;
  struct oriel_qemu *vm; /* NULL = not ours, or being started again */
  struct oriel_again again;
  uint64_t start_by_ms; /* a VM that ends until then starts again: who wants it saw the end before we did */
  struct oriel_stats_line *stats;
  struct oriel_tls tls;
  char token[ORIEL_TOKEN_SIZE], view_token[ORIEL_TOKEN_SIZE];
  struct oriel_links links;
  enum phase phase;
  bool vm_ended, powering_down;
  int exit_status;
};

static void close_handle(uv_handle_t *handle, void *unused) {
  (void)unused;
  if (!uv_is_closing(handle))
    uv_close(handle, NULL);
}

static void enter_done(struct oriel_service *service) {
  if (service->phase == DONE)
    return;
  service->phase = DONE;
  oriel_qemu_stop(service->vm, 0);
  service->vm = NULL;
  uv_walk(&service->loop, close_handle, NULL);
}

/* ---- phase 2: the server is closed, or did not close in time ---- */

static void vm_deadline(uv_timer_t *timer) {
  enter_done(timer->data);
}

static void enter_stop_vm(struct oriel_service *service) {
  if (service->phase >= STOPPING_VM)
    return;
  service->phase = STOPPING_VM;
  oriel_desktop_destroy(service->desktop);
  service->desktop = NULL;
  if (service->vm == NULL || !oriel_qemu_alive(service->vm)) {
    enter_done(service);
    return;
  }
  kill(oriel_qemu_pid(service->vm), SIGTERM);
  uv_timer_start(&service->deadline, vm_deadline, QEMU_STOP_MS, 0);
}

/* ---- phase 1: a signal, the VM's end or an error ---- */

static void server_closed(void *user) {
  struct oriel_service *service = user;
  service->server = NULL;
  enter_stop_vm(service);
}

static void server_deadline(uv_timer_t *timer) {
  struct oriel_service *service = timer->data;
  if (service->again.starting) { /* was told to give up, and would leave a QEMU behind */
    uv_timer_start(timer, server_deadline, SERVER_CLOSE_MS, 0);
    return;
  }
  /* Its viewers still hold the desktop, which cannot be destroyed under them: only the VM is left to be ended well. */
  oriel_warn("cli", "the server did not close within %d ms", SERVER_CLOSE_MS);
  oriel_qemu_stop(service->vm, QEMU_STOP_MS);
  oriel_links_remove(&service->links);
  _exit(service->exit_status);
}

static void stop(struct oriel_service *service, int exit_status) {
  if (service->phase != SERVING)
    return;
  service->phase = CLOSING_SERVER;
  service->exit_status = exit_status;
  if (oriel_again_cancel(&service->again))
    oriel_interrupted = 1;
  uv_timer_stop(&service->stats_timer);
  uv_timer_stop(&service->ready_timer);
  oriel_systemd_tell(&service->systemd, "STOPPING=1");
  uv_timer_start(&service->deadline, server_deadline, SERVER_CLOSE_MS, 0);
  if (service->mount != NULL)
    oriel_mount_set_desktop(service->mount, NULL);
  oriel_server_close(service->server, server_closed, service);
}

/* ---- before them: the guest of a persistent disk ---- */

static void power_down_deadline(uv_timer_t *timer) {
  struct oriel_service *service = timer->data;
  oriel_warn("cli", "the guest did not power down within %u s: its machine is switched off",
             service->options->shutdown_timeout_s);
  stop(service, ORIEL_EXIT_OK);
}

/** Presses the machine's power button, as ACPI has it. False where that is not asked for, or reaches nobody. */
static bool power_down(struct oriel_service *service) {
  const unsigned limit_s = service->options->shutdown_timeout_s;
  if (service->vm == NULL || service->vm_ended || !service->options->persistent || limit_s == 0)
    return false;
  if (oriel_desktop_state(service->desktop) == ORIEL_SOURCE_PAUSED)
    (void)oriel_desktop_command(service->desktop, ORIEL_COMMAND_RESUME); /* a paused guest sees no button */
  if (oriel_desktop_command(service->desktop, ORIEL_COMMAND_POWERDOWN) < 0)
    return false;
  service->powering_down = true;
  oriel_info("cli", "the guest is asked to power down and has %u s for it; another signal does not wait", limit_s);
  oriel_systemd_tell(&service->systemd, "STOPPING=1\nEXTEND_TIMEOUT_USEC=%llu",
                     limit_s * 1000000ull + END_MS * 1000ull);
  uv_timer_start(&service->deadline, power_down_deadline, limit_s * 1000ull, 0);
  return true;
}

static void on_signal(uv_signal_t *handle, int number) {
  struct oriel_service *service = handle->data;
  (void)number;
  if (service->phase == SERVING) {
    if (service->powering_down || !power_down(service))
      stop(service, ORIEL_EXIT_OK);
    return;
  }
  if (service->again.starting) /* was told to give up, and would leave a QEMU behind */
    return;
  oriel_qemu_stop(service->vm, 0);
  oriel_links_remove(&service->links);
  _exit(ORIEL_EXIT_ERROR);
}

/* ---- the VM's own end ---- */

static void end_after_vm(void *user) {
  struct oriel_service *service = user;
  stop(service, service->exit_status);
}

static unsigned count_viewers(void *user) {
  struct oriel_service *service = user;
  struct oriel_server_stats stats;
  oriel_server_stats(service->server, &stats);
  return stats.viewers_now;
}

static int begin_again(struct oriel_service *service) {
  const int result = oriel_again_start(&service->again, service->vm);
  if (result == 0)
    service->vm = NULL;
  return result;
}

static void look_at_vm(struct oriel_service *service) {
  if (service->vm == NULL || service->vm_ended || oriel_qemu_alive(service->vm))
    return;
  service->vm_ended = true;
  if (service->phase == STOPPING_VM)
    enter_done(service);
  if (service->phase != SERVING)
    return;
  char what[512];
  if (oriel_qemu_ended_well(service->vm, what, sizeof what)) {
    service->exit_status = ORIEL_EXIT_OK;
    fprintf(stderr, "oriel: the guest powered off\n");
  } else
    service->exit_status = oriel_say(ORIEL_EXIT_ERROR, "the VM is lost: QEMU %s", what);
  oriel_systemd_tell(&service->systemd, "STATUS=the VM has ended");
  if (service->powering_down)
    stop(service, service->exit_status);
  else if (uv_now(&service->loop) >= service->start_by_ms || begin_again(service) < 0)
    /* A service manager starts a lost VM anew sooner than anybody presses a button. */
    oriel_again_wait(&service->again, service->systemd.fd < 0 || service->exit_status == ORIEL_EXIT_OK);
}

static void on_child(uv_signal_t *handle, int number) {
  (void)number;
  look_at_vm(handle->data);
}

static void on_adopted(uv_timer_t *timer) {
  look_at_vm(timer->data);
}

/** The VM was started again, or could not be, which was printed. */
static void vm_started(void *user, struct oriel_qemu *vm) {
  struct oriel_service *service = user;
  if (service->phase != SERVING) {
    oriel_qemu_stop(vm, 0);
    return;
  }
  if (vm == NULL) {
    service->exit_status = ORIEL_EXIT_ERROR;
    oriel_again_wait(&service->again, true);
    return;
  }
  service->vm = vm;
  service->vm_ended = false;
  service->start_by_ms = 0;
  uv_timer_stop(&service->adopted_timer);
  if (oriel_qemu_adopted(vm))
    uv_timer_start(&service->adopted_timer, on_adopted, ADOPTED_LOOK_MS, ADOPTED_LOOK_MS);
  oriel_systemd_tell(&service->systemd, "STATUS=serving on port %u", oriel_server_port(service->server));
  look_at_vm(service);
}

static int start_again(void *user) {
  struct oriel_service *service = user;
  if (service->phase != SERVING || service->powering_down)
    return -ECANCELED;
  look_at_vm(service);
  if (service->vm_ended)
    return begin_again(service);
  if (oriel_desktop_state(service->desktop) != ORIEL_SOURCE_GONE)
    return -EALREADY;
  service->start_by_ms = uv_now(&service->loop) + VM_END_MS; /* its sockets are closed, its process not yet gone */
  return 0;
}

/* ---- start ---- */

static int open_server(struct oriel_service *service) {
  const struct oriel_options *options = service->options;
  const struct oriel_server_config config = {
    .listen = options->listen,
    .listener = service->listener >= 0 ? service->listener : 0,
    .token = service->token,
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
  };
  char why[512] = "cannot serve";
  service->listener = -1; /* the server's from here on */
  if (oriel_server_create(&service->loop, &config, &service->server, why, sizeof why) < 0)
    return oriel_say(ORIEL_EXIT_ERROR, "%s", why);
  return ORIEL_EXIT_OK;
}

/** What the loop cannot be without. A loop that is not whole is closed again, and service->looping stays false. */
static int open_loop(struct oriel_service *service) {
  int result = uv_loop_init(&service->loop);
  if (result < 0)
    return oriel_say(ORIEL_EXIT_ERROR, "cannot start: %s; %s", uv_strerror(result), oriel_shortage_advice(-result));
  service->looping = true;
  service->again.host =
    (struct oriel_again_host){.user = service, .viewers = count_viewers, .over = end_after_vm, .started = vm_started};
  oriel_again_init(&service->again, &service->loop);
  uv_signal_t *const signals[] = {&service->signals[0], &service->signals[1], &service->signals[2],
                                  &service->signals[3], &service->child};
  for (size_t i = 0; result == 0 && i < sizeof signals / sizeof signals[0]; i++) {
    result = uv_signal_init(&service->loop, signals[i]);
    signals[i]->data = service;
  }
  uv_timer_t *const timers[] = {&service->deadline, &service->stats_timer, &service->ready_timer, &service->watchdog,
                                &service->adopted_timer};
  for (size_t i = 0; i < sizeof timers / sizeof timers[0]; i++) {
    uv_timer_init(&service->loop, timers[i]);
    timers[i]->data = service;
  }
  if (result < 0)
    return oriel_say(ORIEL_EXIT_ERROR, "cannot start: %s; %s", uv_strerror(result), oriel_shortage_advice(-result));
  return ORIEL_EXIT_OK;
}

static void finish(struct oriel_service *service) {
  if (service->looping) {
    uv_walk(&service->loop, close_handle, NULL);
    uv_run(&service->loop, UV_RUN_DEFAULT);
    uv_loop_close(&service->loop);
  }
  oriel_stats_line_destroy(service->stats);
  oriel_tls_finish(&service->tls);
  oriel_systemd_finish(&service->systemd);
  if (service->listener >= 0)
    close(service->listener);
  oriel_links_remove(&service->links);
  explicit_bzero(service->token, sizeof service->token);
  explicit_bzero(service->view_token, sizeof service->view_token);
  free(service);
}

/** A socket of the service manager's takes the place of --listen, for whatever depends on the address. */
static int take_listener(struct oriel_service *service) {
  char why[512];
  if (oriel_systemd_listener(&service->listener, why, sizeof why) < 0)
    return oriel_say(ORIEL_EXIT_ERROR, "%s", why);
  struct sockaddr_storage address = {0};
  socklen_t size = sizeof address;
  if (service->listener < 0 || getsockname(service->listener, (struct sockaddr *)&address, &size) < 0)
    return ORIEL_EXIT_OK;
  oriel_address_text((const struct sockaddr *)&address, service->listen);
  service->own.listen = service->listen;
  return ORIEL_EXIT_OK;
}

int oriel_service_create(const struct oriel_options *options, struct oriel_service **out) {
  struct oriel_service *service = calloc(1, sizeof *service);
  if (service == NULL)
    return oriel_say(ORIEL_EXIT_ERROR, "out of memory");
  service->own = *options;
  service->options = options = &service->own;
  service->listener = -1;
  service->links.fd = -1;
  oriel_systemd_open(&service->systemd);
  oriel_signals_catch();
  int status = open_loop(service);
  if (status == ORIEL_EXIT_OK)
    status = take_listener(service);
  if (status == ORIEL_EXIT_OK)
    status = oriel_check_exposure(options);
  if (status == ORIEL_EXIT_OK)
    status = oriel_check_encoder(&options->defaults);
  char why[512];
  if (status == ORIEL_EXIT_OK && (oriel_token_choose(options, service->token, why, sizeof why) < 0 ||
                                  oriel_view_token_choose(options, service->view_token, why, sizeof why) < 0 ||
                                  oriel_tls_prepare(options, &service->tls, why, sizeof why) < 0))
    status = oriel_say(ORIEL_EXIT_ERROR, "%s", why);
  if (status == ORIEL_EXIT_OK)
    status = open_server(service);
  if (status != ORIEL_EXIT_OK) {
    finish(service);
    return status;
  }
  *out = service;
  return ORIEL_EXIT_OK;
}

void oriel_service_own(struct oriel_service *service, struct oriel_qemu *vm, oriel_vm_starter *starter) {
  service->vm = vm;
  service->again.starter = starter;
  service->again.options = service->options;
}

static int open_desktop(struct oriel_service *service, const char *address) {
  const struct oriel_mount_config place = {
      .name = "desktop", .start = service->again.starter != NULL ? start_again : NULL, .user = service};
  const struct oriel_desktop_options *desktop = &service->options->defaults;
  struct oriel_source *source = NULL;
  char why[512] = "";
  if (oriel_server_mount(service->server, &place, &service->mount, why, sizeof why) < 0)
    return oriel_say(ORIEL_EXIT_ERROR, "%s", why);
  int result = oriel_source_create(address, &source, why, sizeof why);
  if (result < 0)
    return oriel_say(result == -EINVAL ? ORIEL_EXIT_USAGE : ORIEL_EXIT_ERROR, "cannot serve %.200s: %s", address,
                     why[0] != '\0' ? why : strerror(-result));
  struct oriel_guest_audio *audio = NULL;
  result = oriel_sound_open(desktop, address, service->vm, &audio, why, sizeof why);
  if (result < 0) {
    oriel_source_destroy(source);
    return oriel_say(result == -EINVAL ? ORIEL_EXIT_USAGE : ORIEL_EXIT_ERROR, "cannot take sound from the guest: %s",
                     why);
  }
  const struct oriel_desktop_config config = {
      .guest_audio = audio,
      .control = desktop->control,
      .audio_passthru = desktop->audio_passthru,
      .encoder = desktop->encoder,
      .fps = desktop->fps,
      .bitrate_kbps = desktop->bitrate_kbps,
      .opus_frame_ms = desktop->audio_frame_ms,
      .opus_kbps = OPUS_KBPS,
      .wake = oriel_mount_wake,
      .user = service->mount,
  };
  result = oriel_desktop_create(&config, source, &service->desktop);
  if (result == 0)
    result = oriel_desktop_start(service->desktop);
  if (result < 0)
    return oriel_say(ORIEL_EXIT_ERROR, "cannot start the desktop of %.200s: %s; see `oriel doctor`", address,
                     strerror(-result));
  oriel_mount_set_desktop(service->mount, service->desktop);
  return ORIEL_EXIT_OK;
}

static void print_stats(uv_timer_t *timer) {
  struct oriel_service *service = timer->data;
  oriel_stats_line_print(service->stats, service->desktop, service->options->log_json);
}

static void feed_watchdog(uv_timer_t *timer) {
  struct oriel_service *service = timer->data;
  oriel_systemd_tell(&service->systemd, "WATCHDOG=1");
}

static void watch(struct oriel_service *service) {
  const uint64_t watchdog_ms = service->systemd.watchdog_ms;
  if (watchdog_ms > 0)
    uv_timer_start(&service->watchdog, feed_watchdog, 0, watchdog_ms);
  for (size_t i = 0; i < ORIEL_END_SIGNALS; i++)
    if (oriel_signal_wanted(oriel_end_signals[i]))
      uv_signal_start(&service->signals[i], on_signal, oriel_end_signals[i]);
  if (service->vm != NULL) {
    uv_signal_start(&service->child, on_child, SIGCHLD);
    if (oriel_qemu_adopted(service->vm))
      uv_timer_start(&service->adopted_timer, on_adopted, ADOPTED_LOOK_MS, ADOPTED_LOOK_MS);
    look_at_vm(service); /* it may have ended before we watched */
  }
  service->stats = service->options->stats_s > 0 ? oriel_stats_line_create() : NULL;
  if (service->stats != NULL)
    uv_timer_start(&service->stats_timer, print_stats, service->options->stats_s * 1000ull,
                   service->options->stats_s * 1000ull);
}

/** Last of what a start says: a reader of the output finds the address at its end. */
static void look_ready(uv_timer_t *timer) {
  struct oriel_service *service = timer->data;
  if (oriel_desktop_state(service->desktop) == ORIEL_SOURCE_CONNECTING &&
      uv_now(&service->loop) < service->ready_by_ms) {
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
    stop(service, oriel_say(ORIEL_EXIT_ERROR, "%s", why));
    return;
  }
  oriel_systemd_tell(&service->systemd, "READY=1\nSTATUS=serving on port %u", oriel_server_port(service->server));
}

int oriel_service_run(struct oriel_service *service, const char *address) {
  int status = address != NULL ? open_desktop(service, address) : ORIEL_EXIT_ERROR;
  uv_update_time(&service->loop); /* the VM's start took its time, which no deadline may count */
  watch(service);
  if (status != ORIEL_EXIT_OK)
    stop(service, status);
  else if (oriel_interrupted)
    stop(service, ORIEL_EXIT_OK);
  else {
    service->ready_by_ms = uv_now(&service->loop) + READY_WAIT_MS;
    look_ready(&service->ready_timer);
  }
  uv_run(&service->loop, UV_RUN_DEFAULT);
  status = service->exit_status;
  finish(service);
  return status;
}
