/* SPDX-License-Identifier: MIT
 *
 * The life of a head: it joins a session, reports, and leaves. The session's thread only.
 */
#include "source/qemu/head.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "source/qemu/session_private.h"

#define SUBSYSTEM ORIEL_QEMU_SUBSYSTEM

enum {
  NEWS_PER_SECOND = 20,
  LEAVE_MS = 200, /* for key releases, their answers, and for a guest that records to get its silence: 30 ms to fade,
                     20 of it, QEMU's turns of 10 */
};

/* --- status ------------------------------------------------------------------------------------------------------- */

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
    .display = status->display,
  };
}

static bool same_abilities(const struct oriel_source_abilities *a, const struct oriel_source_abilities *b) {
  return a->resize == b->resize && a->sound == b->sound && a->command == b->command && a->heads == b->heads &&
         a->display == b->display;
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

/* --- joining ------------------------------------------------------------------------------------------------------ */

static void join(struct oriel_qemu_session *session, struct oriel_qemu_head *head) {
  struct oriel_qemu_head **link = &session->heads;
  pthread_mutex_lock(&session->lock);
  while (*link)
    link = &(*link)->next;
  *link = head;
  if (head->config.sink->microphone && session->use != ORIEL_MICROPHONE_NOWHERE)
    head->config.sink->microphone(head->config.sink->user, session->use);
  pthread_mutex_unlock(&session->lock);
  oriel_qemu_session_unhush(session);
  oriel_qemu_session_brief(session, head->config.input);
  if (session->attached)
    oriel_qemu_head_attach(head);
  else
    oriel_qemu_head_publish(head);
}

static void discard(struct oriel_qemu_head *head) {
  g_object_unref(head->calls);
  g_free(head->alive);
  free(head);
}

int oriel_qemu_head_create(struct oriel_qemu_session *session, const struct oriel_qemu_head_config *config,
                           struct oriel_qemu_head **head) {
  struct oriel_qemu_head *made = calloc(1, sizeof *made);
  if (!made)
    return -ENOMEM;
  made->session = session;
  made->config = *config;
  made->alive = g_new0(gint, 1);
  made->calls = g_cancellable_new();
  made->resync_ms = ORIEL_QEMU_RESYNC_FIRST_MS;
  made->facts.display.kind = ORIEL_QEMU_DISPLAY_ON;
  const int result = oriel_qemu_head_create_listener(made);
  if (result < 0) {
    discard(made);
    return result;
  }
  *head = made;
  join(session, made);
  return 0;
}

/* --- leaving ------------------------------------------------------------------------------------------------------ */

static void finish(struct oriel_qemu_head *head, bool clean) {
  void (*left)(void *user) = head->config.left;
  void *user = head->config.user;
  oriel_qemu_timer_stop(&head->leaving);
  g_clear_pointer(&head->flushing, g_atomic_rc_box_release);
  if (clean) {
    discard(head);
  } else { /* better lost than used when it is gone */
    oriel_warn(SUBSYSTEM, "D-Bus did not let go in time; some memory is lost");
  }
  left(user);
}

/* Lets go of the console; what GDBus still holds of it goes on for a moment. */
static void let_go(struct oriel_qemu_head *head) {
  struct oriel_qemu_session *session = head->session;
  struct oriel_qemu_head **link = &session->heads;
  oriel_qemu_timer_stop(&head->news_timer);
  oriel_qemu_head_detach(head);
  g_cancellable_cancel(head->calls);
  if (session->qmp)
    oriel_qmp_forget(session->qmp, head);
  oriel_qemu_listener_destroy(head->display);
  head->display = NULL;
  pthread_mutex_lock(&session->lock);
  while (*link != head)
    link = &(*link)->next;
  *link = head->next;
  pthread_mutex_unlock(&session->lock);
  oriel_qemu_session_want_sound(session);
  head->leave_by_ns = oriel_clock_ns() + ORIEL_QEMU_DRAIN_MS * ORIEL_NS_PER_MS;
}

static bool is_settled(const struct oriel_qemu_head *head) {
  if (!head->facts.attached)
    return true;
  return !(head->flushing && g_atomic_int_get(head->flushing)) && !oriel_qemu_input_outstanding(head->config.input) &&
         (!head->sounding || !g_atomic_int_get(head->sounding));
}

static gboolean on_leave_tick(gpointer user) {
  struct oriel_qemu_head *head = user;
  const bool late = oriel_clock_ns() >= head->leave_by_ns;
  if (head->display && (late || is_settled(head)))
    let_go(head);
  else if (!head->display && (late || !g_atomic_int_get(head->alive)))
    finish(head, !g_atomic_int_get(head->alive));
  return G_SOURCE_CONTINUE;
}

static void on_flushed(GObject *object, GAsyncResult *result, gpointer user) {
  g_dbus_connection_flush_finish(G_DBUS_CONNECTION(object), result, NULL);
  gint *alive = ((gpointer *)user)[0], *flushing = ((gpointer *)user)[1];
  g_free(user);
  g_atomic_int_set(flushing, 0);
  g_atomic_rc_box_release(flushing);
  g_atomic_int_dec_and_test(alive);
}

/* Lets the key releases reach QEMU before the socket may be closed: GDBus, on its side, drops what it has not read yet
 * as soon as it can't send an answer. A QEMU that stands still lets a flush end only when the connection is closed, by
 * the session: it waits for it, and the head does not. */
static void flush(struct oriel_qemu_head *head) {
  gpointer *user = g_new(gpointer, 2);
  head->flushing = g_atomic_rc_box_new0(gint);
  *head->flushing = 1;
  user[0] = head->session->alive;
  user[1] = g_atomic_rc_box_acquire(head->flushing);
  g_atomic_int_inc(head->session->alive);
  oriel_qemu_input_release_all(head->config.input);
  g_dbus_connection_flush(oriel_qemu_control_connection(head->session->control), NULL, on_flushed, user);
}

/* True when no other one stays. */
static bool is_last(const struct oriel_qemu_head *head) {
  for (const struct oriel_qemu_head *other = head->session->heads; other; other = other->next)
    if (other != head && !other->leaving)
      return false;
  return true;
}

void oriel_qemu_head_leave(struct oriel_qemu_head *head) {
  head->leave_by_ns = oriel_clock_ns() + LEAVE_MS * ORIEL_NS_PER_MS;
  if (head->facts.attached) {
    if (is_last(head))
      head->sounding = oriel_qemu_session_hush(head->session);
    flush(head);
  }
  oriel_qemu_timer_start(head->session->context, &head->leaving, ORIEL_QEMU_TICK_MS, on_leave_tick, head);
}

void oriel_qemu_head_ask_devices(struct oriel_qemu_head *head) {
  oriel_qemu_session_ask_devices(head->session);
}
