/* SPDX-License-Identifier: MIT
 *
 * The clipboard of a session, see session_clipboard.h.
 */
#include "source/qemu/session_clipboard.h"

#include <string.h>

#include "core/log.h"
#include "source/qemu/clipboard.h"
#include "source/qemu/head_report.h"
#include "source/qemu/session_state.h"

static void on_text(void *user, struct oriel_packet *text) {
  struct oriel_qemu_session *session = user;
  pthread_mutex_lock(&session->lock);
  for (const struct oriel_qemu_head *head = session->heads; head; head = head->next)
    if (head->config.sink->clipboard)
      head->config.sink->clipboard(head->config.sink->user, head->copies ? text : NULL);
  pthread_mutex_unlock(&session->lock);
}

static void on_ready(void *user) {
  oriel_qemu_session_publish(user);
}

int oriel_qemu_session_create_clipboard(struct oriel_qemu_session *session) {
  const struct oriel_qemu_clipboard_events events = {.user = session, .text = on_text, .ready = on_ready};
  return oriel_qemu_clipboard_create(session->context, session->alive, &events, &session->clipboard);
}

void oriel_qemu_session_attach_clipboard(struct oriel_qemu_session *session) {
  if (!oriel_qemu_control_has_clipboard(session->control))
    return;
  oriel_qemu_clipboard_set_control(session->clipboard, oriel_qemu_control_connection(session->control));
  oriel_qemu_session_ask_agent(session);
}

void oriel_qemu_session_detach_clipboard(struct oriel_qemu_session *session) {
  oriel_qemu_clipboard_set_control(session->clipboard, NULL);
  oriel_qemu_clipboard_set_agent(session->clipboard, false);
}

void oriel_qemu_session_want_clipboard(struct oriel_qemu_session *session) {
  bool wanted = false;
  for (const struct oriel_qemu_head *head = session->heads; head; head = head->next)
    wanted |= head->copies;
  oriel_qemu_clipboard_want(session->clipboard, wanted);
}

int oriel_qemu_session_clipboard(struct oriel_qemu_session *session, struct oriel_packet *text) {
  return oriel_qemu_clipboard_give(session->clipboard, text);
}

/* --- the guest's agent, by QMP ------------------------------------------------------------------------------------ */

static void on_chardevs(void *user, const json_t *result, const char *error) {
  (void)error;
  struct oriel_qemu_session *session = user;
  bool there = false, open = false;
  size_t index;
  json_t *entry;
  session->agent.asking = false;
  json_array_foreach((json_t *)(uintptr_t)result, index, entry) {
    const char *kind = json_string_value(json_object_get(entry, "filename"));
    if (!kind || (strcmp(kind, "qemu-vdagent") && strcmp(kind, "vdagent")))
      continue;
    there = true;
    open |= json_is_true(json_object_get(entry, "frontend-open"));
  }
  if (!there && result && !session->agent.told) {
    session->agent.told = true;
    oriel_info(ORIEL_QEMU_SUBSYSTEM,
               "%s shares no clipboard with QEMU; -chardev qemu-vdagent,id=ID,name=vdagent,clipboard=on and -device "
               "virtserialport,chardev=ID,name=com.redhat.spice.0 on a virtio-serial device add it, for a guest with "
               "spice-vdagent", oriel_qemu_vm_name(&session->facts));
  }
  oriel_qemu_clipboard_set_agent(session->clipboard, open);
  if (session->agent.pending)
    oriel_qemu_session_ask_agent(session);
  oriel_qemu_session_publish(session);
}

void oriel_qemu_session_ask_agent(struct oriel_qemu_session *session) {
  session->agent.pending = session->agent.asking;
  if (session->agent.asking || !session->qmp)
    return;
  session->agent.asking = !oriel_qmp_execute(session->qmp, "query-chardev", NULL, -1, on_chardevs, session);
}
