/* SPDX-License-Identifier: MIT
 *
 * Questions for input devices, see devices.h. The session's thread.
 */
#include "source/qemu/devices.h"

#include "source/qemu/session_state.h"

#define CONTAINERS "/machine/"

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
