/* SPDX-License-Identifier: MIT
 *
 * What QEMU's answers say of input devices, see inventory.h. Pure.
 */
#include "source/qemu/inventory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void oriel_qemu_inventory_add(struct oriel_qemu_inventory *inventory, const char *path, const json_t *list) {
  size_t index;
  json_t *entry;
  json_array_foreach((json_t *)(uintptr_t)list, index, entry) {
    const char *type = json_string_value(json_object_get(entry, "type"));
    const char *name = json_string_value(json_object_get(entry, "name"));
    if (!type || !name || strncmp(type, "child<", 6))
      continue;
    /* i8042, i8042-mmio; Arm's PL050; PA-RISC's */
    if (!strncmp(type + 6, "i8042", 5) || strstr(type, "pl050_keyboard") || strstr(type, "lasips2"))
      inventory->has_ps2 = true;
    else if (!strcmp(type, "child<usb-kbd>"))
      inventory->has_usb = true;
    else if (strstr(type, "virtio-keyboard") && inventory->virtio_count < ORIEL_QEMU_VIRTIO_KEYBOARDS)
      snprintf(inventory->virtio[inventory->virtio_count++], sizeof *inventory->virtio, "%.40s/%.60s/virtio-backend",
               path, name);
  }
}

void oriel_qemu_inventory_virtio(struct oriel_qemu_inventory *inventory, const json_t *status) {
  inventory->virtio_runs = !status;
  size_t index;
  json_t *word;
  json_array_foreach(json_object_get(json_object_get(status, "status"), "statuses"), index, word) {
    const char *text = json_string_value(word);
    if (text && strstr(text, "DRIVER_OK"))
      inventory->virtio_runs = true;
  }
}

void oriel_qemu_inventory_mice(struct oriel_qemu_inventory *inventory, const json_t *mice) {
  size_t index;
  json_t *mouse;
  inventory->pointer = ORIEL_QEMU_DEVICE_UNKNOWN;
  json_array_foreach((json_t *)(uintptr_t)mice, index, mouse) {
    const char *name = json_string_value(json_object_get(mouse, "name"));
    if (!name || !json_is_true(json_object_get(mouse, "current")))
      continue;
    if (strstr(name, "PS/2"))
      inventory->pointer = ORIEL_QEMU_DEVICE_PS2;
    else if (strstr(name, "HID"))
      inventory->pointer = ORIEL_QEMU_DEVICE_USB;
    else if (strcasestr(name, "virtio"))
      inventory->pointer = ORIEL_QEMU_DEVICE_VIRTIO;
  }
}

void oriel_qemu_inventory_registers(struct oriel_qemu_inventory *inventory, const char *text) {
  const char *cr0 = text ? strstr(text, "CR0=") : NULL;
  inventory->firmware = cr0 && !(strtoul(cr0 + 4, NULL, 16) & 0x80000000u); /* PG */
}

enum oriel_qemu_device oriel_qemu_inventory_keyboard(const struct oriel_qemu_inventory *inventory) {
  if (inventory->virtio_count && inventory->virtio_runs)
    return ORIEL_QEMU_DEVICE_VIRTIO;
  if (inventory->has_usb)
    return ORIEL_QEMU_DEVICE_USB;
  return inventory->has_ps2 ? ORIEL_QEMU_DEVICE_PS2 : ORIEL_QEMU_DEVICE_UNKNOWN;
}
