/* SPDX-License-Identifier: MIT
 *
 * The life of a session: made, tried again, ended. The session's thread only, but for create and free.
 */
#include "source/qemu/session_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/shortage.h"

#define SUBSYSTEM ORIEL_QEMU_SUBSYSTEM

/* --- timers ------------------------------------------------------------------------------------------------------- */

void oriel_qemu_session_timer(struct oriel_qemu_session *session, GSource **timer, unsigned delay_ms,
                              GSourceFunc function) {
  oriel_qemu_timer_start(session->context, timer, delay_ms, function, session);
}

static gboolean on_retry(gpointer user) {
  struct oriel_qemu_session *session = user;
  oriel_qemu_timer_stop(&session->timer);
  if (!session->qmp)
    oriel_qemu_session_connect(session);
  else if (!session->control)
    oriel_qemu_session_claim(session);
  return G_SOURCE_REMOVE;
}

void oriel_qemu_session_retry(struct oriel_qemu_session *session) {
  oriel_qemu_session_timer(session, &session->timer, session->retry_ms, on_retry);
  session->retry_ms = MIN(session->retry_ms * 2, ORIEL_QEMU_RETRY_MAX_MS);
}

void oriel_qemu_session_retry_after(struct oriel_qemu_session *session, int error) {
  if (error == -EAGAIN || !oriel_shortage_is(-error)) /* EAGAIN of connect: QEMU is busy */
    oriel_qemu_session_retry(session);
  else
    oriel_qemu_session_timer(session, &session->timer, ORIEL_QEMU_RETRY_FIRST_MS, on_retry);
}

/* --- life --------------------------------------------------------------------------------------------------------- */

void oriel_qemu_session_publish(struct oriel_qemu_session *session) {
  session->facts.connected = session->qmp != NULL;
  for (struct oriel_qemu_head *head = session->heads; head; head = head->next)
    oriel_qemu_head_publish(head);
}

int oriel_qemu_session_create(const char *path, struct oriel_qemu_session **session) {
  struct oriel_qemu_session *made = calloc(1, sizeof *made);
  if (!made)
    return -ENOMEM;
  g_strlcpy(made->path, path, sizeof made->path);
  made->context = g_main_context_new();
  made->alive = g_new0(gint, 1);
  made->retry_ms = ORIEL_QEMU_RETRY_FIRST_MS;
  made->claim.fd = -1;
  pthread_mutex_init(&made->lock, NULL);
  pthread_mutex_init(&made->speaker_lock, NULL);
  int result = oriel_qemu_session_create_sound(made);
  if (result < 0) {
    oriel_qemu_session_free(made);
    return result;
  }
  *session = made;
  return 0;
}

static gboolean on_tick(gpointer user) {
  (void)user;
  return G_SOURCE_CONTINUE;
}

/* Runs the context until *count is 0, or until `end_ns`. */
static bool run_until_zero(GMainContext *context, const gint *count, uint64_t end_ns) {
  GSource *tick = NULL;
  oriel_qemu_timer_start(context, &tick, ORIEL_QEMU_TICK_MS, on_tick, NULL);
  while (g_atomic_int_get(count) && oriel_clock_ns() < end_ns)
    g_main_context_iteration(context, TRUE);
  oriel_qemu_timer_stop(&tick);
  return !g_atomic_int_get(count);
}

bool oriel_qemu_session_close(struct oriel_qemu_session *session) {
  oriel_qemu_timer_stop(&session->timer);
  oriel_qemu_timer_stop(&session->ask_timer);
  oriel_qemu_timer_stop(&session->learn_timer);
  oriel_qemu_session_detach(session);
  oriel_qemu_session_unclaim(session);
  oriel_qmp_close(session->qmp);
  session->qmp = NULL;
  oriel_qemu_session_end_sound(session);
  if (run_until_zero(session->context, session->alive, oriel_clock_ns() + ORIEL_QEMU_DRAIN_MS * ORIEL_NS_PER_MS))
    return true;
  oriel_warn(SUBSYSTEM, "D-Bus did not let go in time; some memory is lost");
  return false;
}

void oriel_qemu_session_free(struct oriel_qemu_session *session) {
  oriel_qemu_session_end_sound(session); /* of one that never began */
  oriel_qemu_session_free_sound(session);
  g_main_context_unref(session->context);
  pthread_mutex_destroy(&session->speaker_lock);
  pthread_mutex_destroy(&session->lock);
  g_free(session->alive);
  free(session);
}
