/* SPDX-License-Identifier: MIT
 *
 * One running oriel: loop, server, desktops and, for `oriel run`, the VM; from listening to the orderly end. It prints
 * its own errors. Thread-safety: main thread.
 */
#ifndef ORIEL_CLI_SERVICE_H
#define ORIEL_CLI_SERVICE_H

#include "cli/again.h"
#include "cli/options.h"
#include "vm/qemu.h"

struct oriel_service;

/** Listens. `options` is borrowed until the end of run. On failure an exit status other than 0, after the error was
 *  printed. */
int oriel_service_create(const struct oriel_options *options, struct oriel_service **service);
/** Hands the VM over: it ends with the service, and its own end ends the service, unless a viewer has it started again
 *  by `starter` (again.h says when). */
void oriel_service_own(struct oriel_service *service, struct oriel_qemu *vm, oriel_vm_starter *starter);
/** Serves `count` desktops until a signal, an error or the VM's last end, and cleans everything up, `service` included.
 *  One of several that cannot be served is told and left out. Returns the exit status. */
int oriel_service_run(struct oriel_service *service, const struct oriel_desktop_options *desktops, unsigned count);
/** In the place of run: only cleans up. */
void oriel_service_cancel(struct oriel_service *service);

#endif
