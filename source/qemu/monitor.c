/* SPDX-License-Identifier: MIT
 *
 * A session's QMP side: finding QEMU, its state, commands to it. The session's thread only.
 */
#include "source/qemu/monitor.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "source/qemu/claim.h"
#include "source/qemu/devices.h"
#include "source/qemu/display_poll.h"
#include "source/qemu/head_report.h"
#include "source/qemu/session_attach.h"
#include "source/qemu/session_clipboard.h"
#include "source/qemu/session_retry.h"
#include "source/qemu/session_state.h"
#include "source/qemu/timer.h"

#define SUBSYSTEM ORIEL_QEMU_SUBSYSTEM

enum {
  ASK_INTERVAL_MS = 20, /* no user sees it */
  LEARN_DELAY_MS = 100,
};

static gboolean on_impatience(gpointer user) {
  struct oriel_qemu_session *session = user;
  oriel_qemu_timer_stop(&session->timer);
  snprintf(session->facts.problem, sizeof session->facts.problem,
           "QEMU accepts connections but does not answer: another program may hold its QMP socket, or it is stopped");
  oriel_qemu_session_publish(session);
  return G_SOURCE_REMOVE;
}

static void ask_status(struct oriel_qemu_session *session);

static gboolean on_ask(gpointer user) {
  struct oriel_qemu_session *session = user;
  oriel_qemu_timer_stop(&session->ask_timer);
  ask_status(session);
  return G_SOURCE_REMOVE;
}

/* QEMU passes input on in these states only (ui/input.c). */
static bool takes_input(const char *status) {
  return !strcmp(status, "running") || !strcmp(status, "suspended");
}

static void set_running(struct oriel_qemu_session *session, bool running, int64_t at_us) {
  for (struct oriel_qemu_head *head = session->heads; head; head = head->next)
    oriel_qemu_input_set_running(head->config.input, running, at_us);
}

static void on_status(void *user, const json_t *result, const char *error) {
  (void)error;
  struct oriel_qemu_session *session = user;
  session->asking = false;
  if (session->ask_pending)
    ask_status(session);
  const char *status = json_string_value(json_object_get(result, "status"));
  if (!status)
    return;
  g_strlcpy(session->facts.vm_status, status, sizeof session->facts.vm_status);
  set_running(session, takes_input(status), 0);
  oriel_qemu_session_publish(session);
}

static void on_name(void *user, const json_t *result, const char *error) {
  (void)error;
  struct oriel_qemu_session *session = user;
  const char *name = json_string_value(json_object_get(result, "name"));
  oriel_qemu_facts_name(&session->facts, name && *name ? name : "QEMU");
}

/* QEMU 8.1 to 9.1 never lets go of a display listener that unregistered, and goes on copying each update for it: after
 * fifty visitors each update would be copied fifty times. There the listener stays while nobody watches, which costs us
 * one copy of what changes. */
static bool keeps_display(int major, int minor) {
  return (major == 8 && minor >= 1) || (major == 9 && minor <= 1);
}

/* A list of {name, type}; devices have the type "child<driver>". */
static void on_devices(void *user, const json_t *result, const char *error) {
  (void)error;
  struct oriel_qemu_session *session = user;
  size_t index;
  json_t *entry;
  json_array_foreach((json_t *)(uintptr_t)result, index, entry) {
    const char *type = json_string_value(json_object_get(entry, "type"));
    if (type && strstr(type, "multitouch"))
      session->has_touch_device = true;
    if (type && (strstr(type, "vhost-user-gpu") || strstr(type, "vhost-user-vga")))
      session->has_vhost_gpu = true;
  }
}

/* Asks what the state is, after the event that says it changed: one question at a time and not all the time, however
 * many events come, so that commands always find room among what QEMU has to answer. */
static void ask_status(struct oriel_qemu_session *session) {
  uint64_t now = oriel_clock_ns(), due = session->asked_ns + ASK_INTERVAL_MS * ORIEL_NS_PER_MS;
  if (session->ask_timer)
    return;
  if (session->asking) {
    session->ask_pending = true;
    return;
  }
  if (session->asked_ns && now < due) {
    oriel_qemu_session_timer(session, &session->ask_timer, ASK_INTERVAL_MS, on_ask);
    return;
  }
  session->asked_ns = now;
  session->ask_pending = false;
  session->asking = !oriel_qmp_execute(session->qmp, "query-status", NULL, -1, on_status, session);
}

static void on_qmp_ready(void *user, int major, int minor) {
  struct oriel_qemu_session *session = user;
  oriel_qemu_timer_stop(&session->timer);
  session->facts.problem[0] = '\0';
  session->qmp_ready = true;
  session->asking = session->ask_pending = session->agent.asking = session->agent.pending = false;
  session->asked_ns = 0;
  session->keeps_display = keeps_display(major, minor);
  session->has_touch_device = session->has_vhost_gpu = false;
  session->inventory.unanswered = 0; /* of a connection before */
  oriel_qemu_session_learn_devices(session);
  session->rejections = 0;
  oriel_qemu_session_learn_card(session);
  oriel_qmp_execute(session->qmp, "query-name", NULL, -1, on_name, session);
  ask_status(session);
  /* Where -device puts things: with an id and without. */
  oriel_qmp_execute(session->qmp, "qom-list", json_pack("{s:s}", "path", "/machine/peripheral"), -1, on_devices,
                    session);
  oriel_qmp_execute(session->qmp, "qom-list", json_pack("{s:s}", "path", "/machine/peripheral-anon"), -1, on_devices,
                    session);
  if (major < 7) {
    snprintf(session->facts.problem, sizeof session->facts.problem,
             "QEMU %d.%d at this socket is too old; 7.0 or newer with -display dbus,p2p=yes is needed", major, minor);
    oriel_qemu_session_publish(session);
    return;
  }
  oriel_qemu_session_claim(session);
}

static gboolean on_learn(gpointer user) {
  struct oriel_qemu_session *session = user;
  oriel_qemu_timer_stop(&session->learn_timer);
  oriel_qemu_session_learn_devices(session);
  return G_SOURCE_REMOVE;
}

static void on_qmp_event(void *user, const char *name, const json_t *data, int64_t at_us) {
  (void)data;
  struct oriel_qemu_session *session = user;
  static const char *const status_events[] = {"STOP", "RESUME", "SUSPEND", "WAKEUP", "RESET", "GUEST_PANICKED"};
  if (!strcmp(name, "STOP") || !strcmp(name, "RESUME"))
    set_running(session, !strcmp(name, "RESUME"), at_us);
  if (!strcmp(name, "RESET")) {
    oriel_qemu_session_reset_devices(session);
    if (!session->learn_timer)
      oriel_qemu_session_timer(session, &session->learn_timer, LEARN_DELAY_MS, on_learn);
    for (struct oriel_qemu_head *head = session->heads; head; head = head->next)
      oriel_qemu_scanout_forget_cursor(head->config.scanout);
  }
  if (!strcmp(name, "VSERPORT_CHANGE")) /* once a second at most, by QEMU's own measure */
    oriel_qemu_session_ask_agent(session);
  if (!strcmp(name, "SHUTDOWN")) {
    session->facts.shutting_down = true;
    ask_status(session);
    oriel_qemu_session_publish(session);
  }
  for (size_t i = 0; i < sizeof status_events / sizeof *status_events; i++)
    if (!strcmp(name, status_events[i])) {
      session->facts.shutting_down = false;
      ask_status(session);
    }
}

static void on_qmp_closed(void *user, int error) {
  struct oriel_qemu_session *session = user;
  if (error)
    oriel_warn(SUBSYSTEM, "QMP at %s broke: %s", session->path, strerror(-error));
  oriel_qemu_session_detach(session);
  oriel_qmp_close(session->qmp);
  session->qmp = NULL;
  session->qmp_ready = false;
  oriel_qemu_session_unclaim(session);
  oriel_qemu_timer_stop(&session->ask_timer);
  oriel_qemu_timer_stop(&session->learn_timer);
  session->facts.connect_error = 0;
  session->facts.problem[0] = '\0';
  session->facts.was_shut_down = session->facts.shutting_down;
  session->facts.shutting_down = false;
  oriel_qemu_session_publish(session);
  oriel_qemu_session_retry(session);
}

void oriel_qemu_session_connect(struct oriel_qemu_session *session) {
  const struct oriel_qmp_handler handler = {
    .user = session, .ready = on_qmp_ready, .event = on_qmp_event, .closed = on_qmp_closed};
  session->facts.connect_error =
    oriel_qmp_open(session->context, session->path, &handler, &session->qmp);
  if (session->facts.connect_error < 0)
    oriel_qemu_session_retry_after(session, session->facts.connect_error);
  else
    oriel_qemu_session_timer(session, &session->timer, ORIEL_QEMU_PATIENCE_MS, on_impatience);
  oriel_qemu_session_publish(session);
}

void oriel_qemu_session_brief(struct oriel_qemu_session *session, struct oriel_qemu_input *input) {
  if (!session->qmp_ready)
    return;
  if (session->facts.vm_status[0])
    oriel_qemu_input_set_running(input, takes_input(session->facts.vm_status), 0);
  oriel_qemu_session_brief_devices(session, input);
}

void oriel_qemu_session_command(struct oriel_qemu_session *session, enum oriel_source_command command) {
  if (!session->qmp_ready)
    return;
  const char *status = session->facts.vm_status;
  bool halted = !strcmp(status, "shutdown") || !strcmp(status, "guest-panicked") ||
                !strcmp(status, "internal-error") || !strcmp(status, "watchdog");
  int result = 0;
  switch (command) {
  case ORIEL_COMMAND_PAUSE:
    result = oriel_qmp_execute(session->qmp, "stop", NULL, -1, NULL, NULL);
    break;
  case ORIEL_COMMAND_RESUME:
    result = oriel_qmp_execute(session->qmp, strcmp(status, "suspended") ? "cont" : "system_wakeup", NULL, -1, NULL,
                               NULL);
    break;
  case ORIEL_COMMAND_RESET:
    result = oriel_qmp_execute(session->qmp, "system_reset", NULL, -1, NULL, NULL);
    if (halted && !result)
      result = oriel_qmp_execute(session->qmp, "cont", NULL, -1, NULL, NULL);
    break;
  case ORIEL_COMMAND_POWERDOWN:
    result = oriel_qmp_execute(session->qmp, "system_powerdown", NULL, -1, NULL, NULL);
    break;
  }
  if (result < 0)
    oriel_warn(SUBSYSTEM, "a command did not reach %s: %s", oriel_qemu_vm_name(&session->facts),
               result == -EAGAIN ? "too many before it are unanswered; is QEMU stopped?" : strerror(-result));
}
