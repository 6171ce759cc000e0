/* SPDX-License-Identifier: MIT
 *
 * The VM that we started: its own end, and its next start. Main thread, on the service's loop.
 */
#include "cli/service_private.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "cli/report.h"
#include "desktop/desktop.h"
#include "source/source.h"

enum {
  VM_END_MS = 2000,      /* from the closing of its sockets to the end of its process */
  ADOPTED_LOOK_MS = 200, /* no signal tells of the end of a VM that is not our child */
};

struct oriel_desktop *oriel_service_vm_desktop(const struct oriel_service *service) {
  return service->vm != NULL && service->host.first != NULL ? service->host.first->desktop : NULL;
}

/** What each VM is watched by, from its start on. */
static void set_vm(struct oriel_service *service, struct oriel_qemu *vm) {
  service->vm = vm;
  service->host.site.vm = vm;
}

static void end_after_vm(void *user) {
  struct oriel_service *service = user;
  oriel_service_stop(service, service->exit_status);
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
    set_vm(service, NULL);
  return result;
}

static void look_at_vm(struct oriel_service *service) {
  if (service->vm == NULL || service->vm_ended || oriel_qemu_alive(service->vm))
    return;
  service->vm_ended = true;
  if (service->phase == ORIEL_STOPPING_VM)
    oriel_service_done(service);
  if (service->phase != ORIEL_SERVING)
    return;
  char what[512];
  if (oriel_qemu_ended_well(service->vm, what, sizeof what)) {
    service->exit_status = ORIEL_EXIT_OK;
    fprintf(stderr, "oriel: the guest powered off\n");
  } else
    service->exit_status = oriel_report(ORIEL_EXIT_ERROR, "the VM is lost: QEMU %s", what);
  oriel_systemd_tell(&service->systemd, "STATUS=the VM has ended");
  if (service->powering_down)
    oriel_service_stop(service, service->exit_status);
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
  if (service->phase != ORIEL_SERVING) {
    oriel_qemu_stop(vm, 0);
    return;
  }
  if (vm == NULL) {
    service->exit_status = ORIEL_EXIT_ERROR;
    oriel_again_wait(&service->again, true);
    return;
  }
  set_vm(service, vm);
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
  if (service->phase != ORIEL_SERVING || service->powering_down)
    return -ECANCELED;
  look_at_vm(service);
  if (service->vm_ended)
    return begin_again(service);
  struct oriel_desktop *desktop = oriel_service_vm_desktop(service);
  if (desktop == NULL || oriel_desktop_state(desktop) != ORIEL_SOURCE_GONE)
    return -EALREADY;
  service->start_by_ms = uv_now(&service->loop) + VM_END_MS; /* its sockets are closed, its process not yet gone */
  return 0;
}

void oriel_service_vm_init(struct oriel_service *service) {
  service->again.host =
    (struct oriel_again_host){.user = service, .viewers = count_viewers, .over = end_after_vm, .started = vm_started};
  oriel_again_init(&service->again, &service->loop);
}

void oriel_service_vm_watch(struct oriel_service *service) {
  if (service->vm == NULL)
    return;
  uv_signal_start(&service->child, on_child, SIGCHLD);
  if (oriel_qemu_adopted(service->vm))
    uv_timer_start(&service->adopted_timer, on_adopted, ADOPTED_LOOK_MS, ADOPTED_LOOK_MS);
  look_at_vm(service); /* it may have ended before we watched */
}

void oriel_service_vm_own(struct oriel_service *service, struct oriel_qemu *vm, oriel_vm_starter *starter) {
  set_vm(service, vm);
  service->again.starter = starter;
  service->again.options = service->options;
  service->host.site.start = start_again;
}
