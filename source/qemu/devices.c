/* SPDX-License-Identifier: MIT
 *
 * Keyboards and pointers, see devices.h. The session's thread only.
 */
#include "source/qemu/devices.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source/qemu/session_private.h"

#define CONTAINERS "/machine/"

/* --- what answers say --------------------------------------------------------------------------------------------- */

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

/* --- questions ---------------------------------------------------------------------------------------------------- */

static struct oriel_qemu_devices devices_of(const struct oriel_qemu_inventory *inventory) {
  return (struct oriel_qemu_devices){
    .keyboard = oriel_qemu_inventory_keyboard(inventory),
    .pointer = inventory->pointer,
    .firmware = inventory->firmware,
  };
}

static void tell(struct oriel_qemu_session *session) {
  const struct oriel_qemu_devices devices = devices_of(&session->inventory);
  for (struct oriel_qemu_head *head = session->heads; head; head = head->next)
    oriel_qemu_input_set_devices(head->config.input, &devices);
}

void oriel_qemu_session_brief_devices(struct oriel_qemu_session *session, struct oriel_qemu_input *input) {
  const struct oriel_qemu_devices devices = devices_of(&session->inventory);
  oriel_qemu_input_set_devices(input, &devices);
  oriel_qemu_input_set_schedstat(input, &session->schedstat);
}

static struct oriel_qemu_session *answered(void *user) {
  struct oriel_qemu_session *session = user;
  session->inventory.unanswered--;
  return session;
}

static void ask(struct oriel_qemu_session *session, const char *command, json_t *arguments, oriel_qmp_reply *reply) {
  if (!oriel_qmp_execute(session->qmp, command, arguments, -1, reply, session))
    session->inventory.unanswered++;
}

static void on_virtio(void *user, const json_t *result, const char *error) {
  (void)error;
  struct oriel_qemu_session *session = answered(user);
  oriel_qemu_inventory_virtio(&session->inventory, result);
  tell(session);
}

static void on_mice(void *user, const json_t *result, const char *error) {
  (void)error;
  struct oriel_qemu_session *session = answered(user);
  oriel_qemu_inventory_mice(&session->inventory, result);
  tell(session);
}

static void on_registers(void *user, const json_t *result, const char *error) {
  (void)error;
  struct oriel_qemu_session *session = answered(user);
  oriel_qemu_inventory_registers(&session->inventory, json_string_value(result));
  tell(session);
}

static void on_cpus(void *user, const json_t *result, const char *error) {
  (void)error;
  struct oriel_qemu_session *session = answered(user);
  session->schedstat = (struct oriel_qemu_schedstat){.count = 0};
  oriel_qemu_schedstat_init(&session->schedstat, "/proc", oriel_qmp_peer(session->qmp), result);
  for (struct oriel_qemu_head *head = session->heads; head; head = head->next)
    oriel_qemu_input_set_schedstat(head->config.input, &session->schedstat);
}

void oriel_qemu_session_ask_devices(struct oriel_qemu_session *session) {
  /* One round at a time: a QEMU that does not answer has room for commands. */
  if (!session->qmp_ready || session->inventory.unanswered)
    return;
  /* The first one decides: machines have one, or two of one kind. */
  if (session->inventory.virtio_count)
    ask(session, "x-query-virtio-status", json_pack("{s:s}", "path", session->inventory.virtio[0]), on_virtio);
  ask(session, "query-mice", NULL, on_mice);
  ask(session, "human-monitor-command", json_pack("{s:s}", "command-line", "info registers"), on_registers);
}

static void on_named(void *user, const json_t *result, const char *error) {
  (void)error;
  struct oriel_qemu_session *session = answered(user);
  oriel_qemu_inventory_add(&session->inventory, CONTAINERS "peripheral", result);
}

static void on_nameless(void *user, const json_t *result, const char *error) {
  (void)error;
  struct oriel_qemu_session *session = answered(user);
  oriel_qemu_inventory_add(&session->inventory, CONTAINERS "peripheral-anon", result);
}

/* What the machine type brings along; the last of the answers. */
static void on_own(void *user, const json_t *result, const char *error) {
  (void)error;
  struct oriel_qemu_session *session = answered(user);
  oriel_qemu_inventory_add(&session->inventory, CONTAINERS "unattached", result);
  tell(session);
  oriel_qemu_session_ask_devices(session);
}

void oriel_qemu_session_learn_devices(struct oriel_qemu_session *session) {
  if (session->inventory.unanswered)
    return;
  session->inventory = (struct oriel_qemu_inventory){.pointer = session->inventory.pointer,
                                                     .firmware = session->inventory.firmware};
  ask(session, "query-cpus-fast", NULL, on_cpus);
  ask(session, "qom-list", json_pack("{s:s}", "path", CONTAINERS "peripheral"), on_named);
  ask(session, "qom-list", json_pack("{s:s}", "path", CONTAINERS "peripheral-anon"), on_nameless);
  ask(session, "qom-list", json_pack("{s:s}", "path", CONTAINERS "unattached"), on_own);
}

void oriel_qemu_session_reset_devices(struct oriel_qemu_session *session) {
  session->inventory.virtio_runs = false;
  session->inventory.firmware = true;
  tell(session);
}
