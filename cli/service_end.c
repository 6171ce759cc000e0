/* SPDX-License-Identifier: MIT
 *
 * The end of a running oriel. Main thread, on its loop.
 *
 * It has three phases, each with a deadline, together 2 s: viewers are told and the server closes; the desktops let go
 * of their sources, several at a time; QEMU, if it is ours, gets SIGTERM and at last SIGKILL. Before them, and still
 * served, the guest of a persistent disk has its time to power down. A further signal skips what is being waited for.
 */
#include "cli/service_private.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "cli/report.h"
#include "core/log.h"

enum {
  SERVER_CLOSE_MS = 700,
  DESKTOPS_END_MS = 700,
  END_IN_ALL_MS = 2000,
  QEMU_STOP_MS = 1000, /* or what is left of all, but for the least */
  QEMU_STOP_LEAST_MS = 500,
};

static void close_handle(uv_handle_t *handle, void *unused) {
  (void)unused;
  if (!uv_is_closing(handle))
    uv_close(handle, NULL);
}

void oriel_service_close_handles(struct oriel_service *service) {
  uv_walk(&service->loop, close_handle, NULL);
}

void oriel_service_done(struct oriel_service *service) {
  if (service->phase == ORIEL_DONE)
    return;
  service->phase = ORIEL_DONE;
  oriel_qemu_stop(service->vm, 0);
  service->vm = NULL;
  oriel_service_close_handles(service);
}

/* ---- phases 2 and 3: the server is closed, or did not close in time ---- */

static void vm_deadline(uv_timer_t *timer) {
  oriel_service_done(timer->data);
}

/** What the VM has to end in. */
static unsigned stop_limit_ms(struct oriel_service *service) {
  uv_update_time(&service->loop);
  const uint64_t gone_ms = uv_now(&service->loop) - service->ended_ms;
  const uint64_t left_ms = gone_ms < END_IN_ALL_MS ? END_IN_ALL_MS - gone_ms : 0;
  return left_ms > QEMU_STOP_MS ? QEMU_STOP_MS : left_ms < QEMU_STOP_LEAST_MS ? QEMU_STOP_LEAST_MS : (unsigned)left_ms;
}

/** Something is stuck that everything hangs on: only the VM is left to be ended well. */
static void give_up(struct oriel_service *service) {
  oriel_qemu_stop(service->vm, stop_limit_ms(service));
  oriel_links_remove(&service->links);
  _exit(service->exit_status);
}

static void enter_stop_vm(struct oriel_service *service) {
  if (service->phase >= ORIEL_STOPPING_VM)
    return;
  service->phase = ORIEL_STOPPING_VM;
  if (oriel_host_end(&service->host, DESKTOPS_END_MS) < 0) {
    oriel_warn("cli", "a desktop did not let go of its source within %d ms", DESKTOPS_END_MS);
    give_up(service);
  }
  if (service->vm == NULL || !oriel_qemu_alive(service->vm)) {
    oriel_service_done(service);
    return;
  }
  kill(oriel_qemu_pid(service->vm), SIGTERM);
  uv_timer_start(&service->deadline, vm_deadline, stop_limit_ms(service), 0);
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
  /* Its viewers still hold their desktops, which cannot be destroyed under them. */
  oriel_warn("cli", "the server did not close within %d ms", SERVER_CLOSE_MS);
  give_up(service);
}

void oriel_service_stop(struct oriel_service *service, int exit_status) {
  if (service->phase != ORIEL_SERVING)
    return;
  service->phase = ORIEL_CLOSING_SERVER;
  service->exit_status = exit_status;
  service->ended_ms = uv_now(&service->loop);
  if (oriel_again_cancel(&service->again))
    oriel_interrupted = 1;
  uv_timer_stop(&service->stats_timer);
  uv_timer_stop(&service->ready_timer);
  uv_timer_stop(&service->reload_timer);
  oriel_systemd_tell(&service->systemd, "STOPPING=1");
  uv_timer_start(&service->deadline, server_deadline, SERVER_CLOSE_MS, 0);
  oriel_host_close(&service->host);
  oriel_server_close(service->server, server_closed, service);
}

/* ---- before them: the guest of a persistent disk ---- */

static void power_down_deadline(uv_timer_t *timer) {
  struct oriel_service *service = timer->data;
  oriel_warn("cli", "the guest did not power down within %u s: its machine is switched off",
             service->options->shutdown_timeout_s);
  oriel_service_stop(service, ORIEL_EXIT_OK);
}

/** Presses the machine's power button, as ACPI has it. False where that is not asked for, or reaches nobody. */
static bool power_down(struct oriel_service *service) {
  struct oriel_desktop *desktop = oriel_service_vm_desktop(service);
  const unsigned limit_s = service->options->shutdown_timeout_s;
  if (desktop == NULL || service->vm_ended || !service->options->persistent || limit_s == 0)
    return false;
  if (oriel_desktop_state(desktop) == ORIEL_SOURCE_PAUSED)
    (void)oriel_desktop_command(desktop, ORIEL_COMMAND_RESUME); /* a paused guest sees no button */
  if (oriel_desktop_command(desktop, ORIEL_COMMAND_POWERDOWN) < 0)
    return false;
  service->powering_down = true;
  oriel_info("cli", "the guest is asked to power down and has %u s for it; another signal does not wait", limit_s);
  oriel_systemd_tell(&service->systemd, "STOPPING=1\nEXTEND_TIMEOUT_USEC=%llu",
                     limit_s * 1000000ull + ORIEL_SERVICE_END_MS * 1000ull);
  uv_timer_start(&service->deadline, power_down_deadline, limit_s * 1000ull, 0);
  return true;
}

void oriel_service_signal(uv_signal_t *handle, int number) {
  struct oriel_service *service = handle->data;
  (void)number;
  if (service->phase == ORIEL_SERVING) {
    if (service->powering_down || !power_down(service))
      oriel_service_stop(service, ORIEL_EXIT_OK);
    return;
  }
  if (service->again.starting) /* was told to give up, and would leave a QEMU behind */
    return;
  oriel_qemu_stop(service->vm, 0);
  oriel_links_remove(&service->links);
  _exit(ORIEL_EXIT_ERROR);
}
