/* SPDX-License-Identifier: MIT
 *
 * The life of a head: it joins a session and leaves. The session's thread only.
 */
#include "source/qemu/head.h"

#include <errno.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/log.h"
#include "source/qemu/devices.h"
#include "source/qemu/head_display.h"
#include "source/qemu/head_report.h"
#include "source/qemu/monitor.h"
#include "source/qemu/session_clipboard.h"
#include "source/qemu/session_sound.h"
#include "source/qemu/session_state.h"
#include "source/qemu/timer.h"

#define SUBSYSTEM ORIEL_QEMU_SUBSYSTEM

enum {
  LEAVE_MS = 200, /* for key releases, their answers, and for a guest that records to get its silence: 30 ms to fade,
                     20 of it, QEMU's turns of 10 */
};

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
  oriel_qemu_session_unmute(session);
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
  oriel_qemu_session_want_clipboard(session);
  head->leave_by_ns = oriel_clock_ns() + ORIEL_QEMU_DRAIN_MS * ORIEL_NS_PER_MS;
}

static bool is_drained(const struct oriel_qemu_head *head) {
  if (!head->facts.attached)
    return true;
  return !(head->flushing && g_atomic_int_get(head->flushing)) && !oriel_qemu_input_outstanding(head->config.input) &&
         (!head->sounding || !g_atomic_int_get(head->sounding));
}

static gboolean on_leave_tick(gpointer user) {
  struct oriel_qemu_head *head = user;
  const bool late = oriel_clock_ns() >= head->leave_by_ns;
  if (head->display && (late || is_drained(head)))
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
    if (is_last(head)) {
      head->sounding = oriel_qemu_session_mute(head->session);
      oriel_qemu_clipboard_leave(head->session->clipboard);
    }
    flush(head);
  }
  oriel_qemu_timer_start(head->session->context, &head->leaving, ORIEL_QEMU_TICK_MS, on_leave_tick, head);
}

void oriel_qemu_head_ask_devices(struct oriel_qemu_head *head) {
  oriel_qemu_session_ask_devices(head->session);
}
