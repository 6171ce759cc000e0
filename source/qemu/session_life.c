/* SPDX-License-Identifier: MIT
 *
 * The life of a session, see session_life.h.
 */
#include "source/qemu/session_life.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "source/qemu/claim.h"
#include "source/qemu/monitor.h"
#include "source/qemu/session_attach.h"
#include "source/qemu/session_clipboard.h"
#include "source/qemu/session_sound.h"
#include "source/qemu/session_state.h"
#include "source/qemu/timer.h"

#define SUBSYSTEM ORIEL_QEMU_SUBSYSTEM

static void reconnect(struct oriel_qemu_session *session) {
  if (!session->qmp)
    oriel_qemu_session_connect(session);
  else if (!session->control)
    oriel_qemu_session_claim(session);
}

int oriel_qemu_session_create(const char *path, struct oriel_qemu_session **session) {
  struct oriel_qemu_session *made = calloc(1, sizeof *made);
  if (!made)
    return -ENOMEM;
  g_strlcpy(made->path, path, sizeof made->path);
  made->context = g_main_context_new();
  made->alive = g_new0(gint, 1);
  made->retry_ms = ORIEL_QEMU_RETRY_FIRST_MS;
  made->reconnect = reconnect;
  made->claim.fd = -1;
  pthread_mutex_init(&made->lock, NULL);
  pthread_mutex_init(&made->owner_lock, NULL);
  int result = oriel_qemu_session_create_sound(made);
  if (!result)
    result = oriel_qemu_session_create_clipboard(made);
  if (result < 0) {
    oriel_qemu_session_free(made);
    return result;
  }
  *session = made;
  return 0;
}

static void end_clipboard(struct oriel_qemu_session *session) {
  oriel_qemu_clipboard_destroy(session->clipboard);
  session->clipboard = NULL;
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
  end_clipboard(session);
  if (run_until_zero(session->context, session->alive, oriel_clock_ns() + ORIEL_QEMU_DRAIN_MS * ORIEL_NS_PER_MS))
    return true;
  oriel_warn(SUBSYSTEM, "D-Bus did not let go in time; some memory is lost");
  return false;
}

void oriel_qemu_session_free(struct oriel_qemu_session *session) {
  oriel_qemu_session_end_sound(session); /* of one that never began */
  end_clipboard(session);
  oriel_qemu_session_free_sound(session);
  g_main_context_unref(session->context);
  pthread_mutex_destroy(&session->owner_lock);
  pthread_mutex_destroy(&session->lock);
  g_free(session->alive);
  free(session);
}
