/* SPDX-License-Identifier: MIT
 *
 * Which of a machine's keyboards and pointers takes input now. QEMU tells of mice only; a keyboard is worked out: a
 * virtio one whose driver runs has taken over from USB, and USB from PS/2. Pure.
 *
 * Thread-safety: one owner.
 */
#ifndef ORIEL_SOURCE_QEMU_INVENTORY_H
#define ORIEL_SOURCE_QEMU_INVENTORY_H

#include <jansson.h>
#include <stdbool.h>

#include "source/qemu/pace.h"

enum { ORIEL_QEMU_VIRTIO_KEYBOARDS = 2 }; /* that are looked at */

/** Zero-initialise. */
struct oriel_qemu_inventory {
  bool has_ps2, has_usb;
  unsigned virtio_count;
  char virtio[ORIEL_QEMU_VIRTIO_KEYBOARDS][128]; /* QOM paths of their VirtIODevice */
  bool virtio_runs; /* the guest's driver of the first does */
  enum oriel_qemu_device pointer;
  bool firmware;
  unsigned unanswered; /* questions */
};

/** Adds the devices of qom-list's answer for the container at `path`. */
void oriel_qemu_inventory_add(struct oriel_qemu_inventory *inventory, const char *path, const json_t *list);
/** An answer of x-query-virtio-status; NULL = QEMU does not know the command (before 7.2): the driver is taken to
 *  run. */
void oriel_qemu_inventory_virtio(struct oriel_qemu_inventory *inventory, const json_t *status);
/** An answer of query-mice. */
void oriel_qemu_inventory_mice(struct oriel_qemu_inventory *inventory, const json_t *mice);
/** HMP's "info registers": without paging, an x86 runs its firmware, a boot loader or DOS. */
void oriel_qemu_inventory_registers(struct oriel_qemu_inventory *inventory, const char *text);
enum oriel_qemu_device oriel_qemu_inventory_keyboard(const struct oriel_qemu_inventory *inventory);

#endif
