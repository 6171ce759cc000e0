/* SPDX-License-Identifier: MIT
 *
 * Reports of heads, see head_report.h. The session's thread.
 */
#include "source/qemu/head_report.h"

#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "source/qemu/session_state.h"
#include "source/qemu/timer.h"

#define SUBSYSTEM ORIEL_QEMU_SUBSYSTEM

enum { NEWS_PER_SECOND = 20 };

static gboolean on_news(gpointer user) {
  struct oriel_qemu_head *head = user;
  oriel_qemu_timer_stop(&head->news_timer);
  oriel_qemu_head_publish(head);
  return G_SOURCE_REMOVE;
}

/* A guest that flips its state all the time must not flood the log and every viewer: what comes too often is looked at
 * again once the second is over, and told if it still is news. */
static bool may_report(struct oriel_qemu_head *head) {
  uint64_t now = oriel_clock_ns();
  if (head->news_timer)
    return false;
  if (now - head->news_ns >= ORIEL_NS_PER_SECOND) {
    head->news_ns = now;
    head->news_count = 0;
  }
  if (head->news_count++ < NEWS_PER_SECOND)
    return true;
  oriel_qemu_timer_start(head->session->context, &head->news_timer, 1000, on_news, head);
  return false;
}

static struct oriel_source_abilities abilities_of(const struct oriel_qemu_status *status) {
  return (struct oriel_source_abilities){
    .resize = status->attached && status->can_resize,
    .sound = status->attached && status->has_sound,
    .command = status->can_command,
    .heads = status->consoles > 1,
    .clipboard_in = status->attached && status->has_clipboard,
    .clipboard_out = status->attached && status->has_clipboard,
    .display = status->display,
  };
}

static bool same_abilities(const struct oriel_source_abilities *a, const struct oriel_source_abilities *b) {
  return a->resize == b->resize && a->sound == b->sound && a->command == b->command && a->heads == b->heads &&
         a->clipboard_in == b->clipboard_in && a->display == b->display;
}

/* What only a user can mend is a warning. What all heads have to say is said by the first. */
static void log_state(const struct oriel_qemu_head *head) {
  const struct oriel_qemu_session *session = head->session;
  const struct oriel_qemu_status *status = &head->status;
  const bool trouble = head->facts.problem[0] || status->display == ORIEL_DISPLAY_REFUSED;
  const enum oriel_log_level level = trouble ? ORIEL_LOG_WARN : ORIEL_LOG_INFO;
  if (!session->heads->next)
    oriel_log(level, SUBSYSTEM, "%s: %s", oriel_source_state_name(status->state), status->detail);
  else if (head == session->heads || strcmp(status->detail, session->heads->status.detail))
    oriel_log(level, SUBSYSTEM, "%s: %s (console %u)", oriel_source_state_name(status->state), status->detail,
              head->config.console);
}

/* The session's facts, with what this console has of its own. */
static void gather(struct oriel_qemu_head *head) {
  const struct oriel_qemu_session *session = head->session;
  struct oriel_qemu_facts facts = session->facts;
  facts.attached = head->facts.attached;
  facts.was_attached = head->facts.was_attached;
  facts.display = head->facts.display;
  memcpy(facts.refusal, head->facts.refusal, sizeof facts.refusal);
  if (session->attached && !facts.attached)
    snprintf(facts.problem, sizeof facts.problem,
             "%s has no console %u; it has %u, numbered from 0; choose one with ?console=N",
             oriel_qemu_vm_name(&facts), head->config.console, session->consoles);
  head->facts = facts;
}

static enum oriel_source_state look(struct oriel_qemu_head *head, char *detail, size_t size) {
  const struct oriel_qemu_session *session = head->session;
  struct oriel_qemu_status *status = &head->status;
  gather(head);
  memcpy(status->name, head->facts.name, sizeof status->name);
  status->attached = head->facts.attached;
  status->can_command = session->qmp_ready;
  status->consoles = session->consoles;
  status->has_sound = session->has_audio;
  status->has_clipboard = oriel_qemu_clipboard_ready(session->clipboard);
  status->reconnects = head->reconnects;
  status->display = oriel_qemu_describe_display(&head->facts);
  return oriel_qemu_describe(&head->facts, session->path, detail, size);
}

void oriel_qemu_head_publish(struct oriel_qemu_head *head) {
  struct oriel_qemu_status *status = &head->status;
  char detail[sizeof status->detail];
  if (head->leaving)
    return;
  const enum oriel_source_state state = look(head, detail, sizeof detail);
  struct oriel_source_abilities abilities = abilities_of(status);
  bool state_news = state != status->state || strcmp(detail, status->detail);
  bool ability_news = !same_abilities(&abilities, &head->abilities);
  head->config.changed(head->config.user, status);
  if ((!state_news && !ability_news) || !may_report(head))
    return;
  const struct oriel_source_sink *sink = head->config.sink;
  head->abilities = abilities;
  if (ability_news && sink->abilities)
    sink->abilities(sink->user, &abilities);
  if (!state_news)
    return;
  status->state = state;
  memcpy(status->detail, detail, sizeof detail);
  log_state(head);
  char shown[sizeof detail];
  oriel_qemu_describe(&head->facts, NULL, shown, sizeof shown);
  sink->state(sink->user, state, shown);
}

void oriel_qemu_session_publish(struct oriel_qemu_session *session) {
  session->facts.connected = session->qmp != NULL;
  for (struct oriel_qemu_head *head = session->heads; head; head = head->next)
    oriel_qemu_head_publish(head);
}
