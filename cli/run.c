/* SPDX-License-Identifier: MIT
 *
 * `oriel run` and `oriel serve`: what to serve, handed to the service. Main thread.
 */
#include "cli/commands.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/guest.h"
#include "cli/report.h"
#include "cli/service.h"
#include "cli/signals.h"
#include "core/log.h"

enum { DEMO_MEMORY_MIB = 512, DISK_MEMORY_MIB = 2048, DEMO_CPUS = 1, DISK_CPUS = 2, NAME_MAX_LENGTH = 64 };

/** A VM's name from its disk: the file's name without what a name may not have. */
static void name_from_disk(const char *disk, char name[NAME_MAX_LENGTH + 1]) {
  const char *slash = strrchr(disk, '/');
  const char *from = slash != NULL && slash[1] != '\0' ? slash + 1 : disk;
  size_t length = 0;
  for (; *from != '\0' && length < NAME_MAX_LENGTH; from++) {
    const bool allowed = strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-", *from) != NULL ||
                         (*from == '.' && length > 0);
    name[length++] = allowed ? *from : '_';
  }
  name[length] = '\0';
}

static int start_vm(const struct oriel_options *options, struct oriel_qemu **vm) {
  struct oriel_guest guest;
  const bool demo = options->operand == NULL;
  char name[NAME_MAX_LENGTH + 1] = "demo", why[1024] = "";
  if (!demo)
    name_from_disk(options->operand, name);
  else if (oriel_guest_find(&guest, why, sizeof why) < 0)
    return oriel_report(ORIEL_EXIT_ERROR, "%s", why);
  const struct oriel_qemu_config config = {
    .disk = options->operand,
    .disk_format = options->disk_format,
    .persistent = options->persistent,
    .kernel = demo ? guest.kernel : NULL,
    .initrd = demo ? guest.initrd : NULL,
    .append = demo ? guest.append : NULL,
    .cpus = options->cpus > 0 ? options->cpus : demo ? DEMO_CPUS : DISK_CPUS,
    .memory_mib = options->memory_mib > 0 ? options->memory_mib : demo ? DEMO_MEMORY_MIB : DISK_MEMORY_MIB,
    .width = (uint16_t)options->display.width,
    .height = (uint16_t)options->display.height,
    .accel = options->accel,
    .name = options->name != NULL ? options->name : name,
    .network = options->network,
    .sound_ports = options->defaults.audio_listen.count == 0,
    .clipboard_port = options->defaults.clipboard_listen == NULL &&
                      options->defaults.clipboard != ORIEL_CLIPBOARD_NONE,
    .vdagent_port = options->defaults.clipboard != ORIEL_CLIPBOARD_NONE,
    .extra = options->extra,
    .cancel = &oriel_interrupted,
  };
  const int result = oriel_qemu_start(&config, vm, why, sizeof why);
  if (result == -ECANCELED)
    return ORIEL_EXIT_OK;
  if (result < 0)
    return oriel_report(ORIEL_EXIT_ERROR, "%s", why);
  oriel_info("cli", "%s %s in QEMU (process %d, %s)", demo ? "the demo guest" : options->operand,
             oriel_qemu_adopted(*vm) ? "runs already and is taken over," : "runs", (int)oriel_qemu_pid(*vm),
             oriel_accel_name(oriel_qemu_accel(*vm)));
  return ORIEL_EXIT_OK;
}

int oriel_run_command(const struct oriel_options *options) {
  struct oriel_service *service = NULL;
  struct oriel_qemu *vm = NULL;
  int status = oriel_service_create(options, &service);
  if (status != ORIEL_EXIT_OK)
    return status;
  status = start_vm(options, &vm);
  if (vm == NULL) {
    oriel_service_cancel(service);
    return status;
  }
  oriel_service_own(service, vm, start_vm);
  char address[256];
  snprintf(address, sizeof address, "qemu:%s", oriel_qemu_qmp_path(vm));
  struct oriel_desktop_options desktop = options->defaults; /* borrows its texts, as long as this runs */
  desktop.address = address;
  return oriel_service_run(service, &desktop, 1);
}

int oriel_serve_command(const struct oriel_options *options) {
  struct oriel_service *service = NULL;
  const int status = oriel_service_create(options, &service);
  return status != ORIEL_EXIT_OK ? status : oriel_service_run(service, options->desktops, options->desktop_count);
}
