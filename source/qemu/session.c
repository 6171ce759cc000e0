/* SPDX-License-Identifier: MIT
 *
 * The life of a session: made, reported on, looked at, ended. Source thread only.
 */
#include "source/qemu/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/shortage.h"
#include "source/qemu/session_private.h"

#define ROOM ORIEL_QEMU_ROOM

enum {
  NEWS_PER_SECOND = 20,
  HUSH_MS = 200,       /* for a guest that records to get its silence: 30 ms to fade, 20 of it, QEMU's turns of 10 */
  FLUSH_MS = 200,      /* for key releases at the end, and their answers */
  TICK_MS = 2,         /* how often such a wait looks */
  DRAIN_MS = 1000,     /* for GDBus's threads to notice that they are cancelled; normally below 1 ms */
};

/* --- timers ------------------------------------------------------------------------------------------------------- */

void oriel_qemu_timer_stop(GSource **timer) {
  if (!*timer)
    return;
  g_source_destroy(*timer);
  g_source_unref(*timer);
  *timer = NULL;
}

void oriel_qemu_session_timer(struct oriel_qemu_session *session, GSource **timer, unsigned delay_ms,
                              GSourceFunc function) {
  oriel_qemu_timer_stop(timer);
  *timer = g_timeout_source_new(delay_ms);
  g_source_set_callback(*timer, function, session, NULL);
  g_source_attach(*timer, session->config.context);
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

/* --- status ------------------------------------------------------------------------------------------------------- */

static gboolean on_news(gpointer user) {
  struct oriel_qemu_session *session = user;
  oriel_qemu_timer_stop(&session->news_timer);
  oriel_qemu_session_publish(session);
  return G_SOURCE_REMOVE;
}

/* A guest that flips its state all the time must not flood the log and every viewer: what comes too often is looked at
 * again once the second is over, and told if it still is news. */
static bool may_report(struct oriel_qemu_session *session) {
  uint64_t now = oriel_clock_ns();
  if (session->news_timer)
    return false;
  if (now - session->news_ns >= ORIEL_NS_PER_SECOND) {
    session->news_ns = now;
    session->news_count = 0;
  }
  if (session->news_count++ < NEWS_PER_SECOND)
    return true;
  oriel_qemu_session_timer(session, &session->news_timer, 1000, on_news);
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

/* What only a user can mend is a warning. */
static enum oriel_log_level level_of(const struct oriel_qemu_session *session) {
  bool trouble = session->facts.problem[0] || session->status.display == ORIEL_DISPLAY_REFUSED;
  return trouble ? ORIEL_LOG_WARN : ORIEL_LOG_INFO;
}

void oriel_qemu_session_publish(struct oriel_qemu_session *session) {
  struct oriel_qemu_status *status = &session->status;
  char detail[sizeof status->detail];
  session->facts.connected = session->qmp != NULL;
  enum oriel_source_state state =
    oriel_qemu_describe(&session->facts, session->config.address->path, detail, sizeof detail);
  memcpy(status->name, session->facts.name, sizeof status->name);
  status->attached = session->facts.attached;
  status->can_command = session->qmp_ready;
  status->reconnects = session->reconnects;
  status->display = oriel_qemu_describe_display(&session->facts);
  struct oriel_source_abilities abilities = abilities_of(status);
  bool state_news = state != status->state || strcmp(detail, status->detail);
  bool ability_news = !same_abilities(&abilities, &session->abilities);
  session->config.changed(session->config.user, status);
  if ((!state_news && !ability_news) || !may_report(session))
    return;
  const struct oriel_source_sink *sink = session->config.sink;
  session->abilities = abilities;
  if (ability_news && sink->abilities)
    sink->abilities(sink->user, &abilities);
  if (!state_news)
    return;
  status->state = state;
  memcpy(status->detail, detail, sizeof detail);
  oriel_log(level_of(session), ROOM, "%s: %s", oriel_source_state_name(state), detail);
  char shown[sizeof detail];
  oriel_qemu_describe(&session->facts, NULL, shown, sizeof shown);
  sink->state(sink->user, state, shown);
}

/* --- public ------------------------------------------------------------------------------------------------------- */

int oriel_qemu_session_create(const struct oriel_qemu_session_config *config, struct oriel_qemu_session **session) {
  struct oriel_qemu_session *made = calloc(1, sizeof *made);
  if (!made)
    return -ENOMEM;
  made->config = *config;
  made->alive = g_new0(gint, 1);
  made->retry_ms = ORIEL_QEMU_RETRY_FIRST_MS;
  made->claim.fd = -1;
  made->resync_ms = ORIEL_QEMU_RESYNC_FIRST_MS;
  int result = oriel_qemu_session_create_listeners(made);
  if (result < 0) {
    oriel_qemu_listener_destroy(made->display);
    oriel_qemu_listener_destroy(made->sound);
    g_free(made->alive);
    free(made);
    return result;
  }
  /* Always: without a listener QEMU gives its guest's recorders whatever its buffer holds, again and again. */
  oriel_qemu_listener_want(made->microphone, true);
  oriel_qemu_session_connect(made);
  *session = made;
  return 0;
}

static void on_flushed(GObject *object, GAsyncResult *result, gpointer user) {
  g_dbus_connection_flush_finish(G_DBUS_CONNECTION(object), result, NULL);
  gint *alive = ((gpointer *)user)[0], *flushing = ((gpointer *)user)[1];
  g_free(user);
  g_atomic_int_set(flushing, 0);
  g_atomic_int_dec_and_test(alive);
}

static gboolean on_tick(gpointer user) {
  (void)user;
  return G_SOURCE_CONTINUE;
}

/* Runs the context until *count is 0, and QEMU has answered all `input` (NULL is fine), or until `end_ns`. */
static bool run_until_zero(GMainContext *context, const gint *count, struct oriel_qemu_input *input, uint64_t end_ns) {
  GSource *tick = g_timeout_source_new(TICK_MS);
  g_source_set_callback(tick, on_tick, NULL, NULL);
  g_source_attach(tick, context);
  while ((g_atomic_int_get(count) || (input && oriel_qemu_input_outstanding(input))) && oriel_clock_ns() < end_ns)
    g_main_context_iteration(context, TRUE);
  g_source_destroy(tick);
  g_source_unref(tick);
  return !g_atomic_int_get(count);
}

/* Lets the key releases reach QEMU before the socket is closed: GDBus, on its side, drops what it has not read yet as
 * soon as it can't send an answer. *flushing is written to until GDBus let go. */
static void flush(struct oriel_qemu_session *session, gint *flushing) {
  gpointer *user = g_new(gpointer, 2);
  user[0] = session->alive;
  user[1] = flushing;
  *flushing = 1;
  g_atomic_int_inc(session->alive);
  oriel_qemu_input_release_all(session->config.input);
  g_dbus_connection_flush(oriel_qemu_control_connection(session->control), NULL, on_flushed, user);
  run_until_zero(session->config.context, flushing, session->config.input,
                 oriel_clock_ns() + FLUSH_MS * ORIEL_NS_PER_MS);
}

void oriel_qemu_session_destroy(struct oriel_qemu_session *session) {
  if (!session)
    return;
  gint *flushing = g_new0(gint, 1);
  if (session->facts.attached) {
    const uint64_t hushed_ns = oriel_clock_ns() + HUSH_MS * ORIEL_NS_PER_MS;
    const gint *sounding = oriel_qemu_microphone_hush(session->config.microphone);
    flush(session, flushing);
    run_until_zero(session->config.context, sounding, NULL, hushed_ns);
  }
  oriel_qemu_timer_stop(&session->timer);
  oriel_qemu_timer_stop(&session->news_timer);
  oriel_qemu_timer_stop(&session->ask_timer);
  oriel_qemu_timer_stop(&session->learn_timer);
  oriel_qemu_session_detach(session);
  oriel_qemu_session_unclaim(session);
  oriel_qmp_close(session->qmp);
  oriel_qemu_listener_destroy(session->display);
  oriel_qemu_listener_destroy(session->sound);
  oriel_qemu_listener_destroy(session->microphone);
  if (!run_until_zero(session->config.context, session->alive, NULL, oriel_clock_ns() + DRAIN_MS * ORIEL_NS_PER_MS)) {
    oriel_warn(ROOM, "D-Bus did not let go in time; some memory is lost");
    return; /* better lost than used when it is gone */
  }
  g_free(session->alive);
  g_free(flushing);
  free(session);
}

void oriel_qemu_session_watch(struct oriel_qemu_session *session, unsigned what) {
  const bool watched = what & ORIEL_WATCH_PICTURES;
  /* A picture that was kept up unseen is all news. */
  if (watched && !session->watched && oriel_qemu_listener_active(session->display))
    oriel_qemu_scanout_refresh(session->config.scanout);
  session->watched = watched;
  oriel_qemu_session_still(session);
  if (watched || !session->keeps_display)
    oriel_qemu_listener_want(session->display, watched);
  oriel_qemu_listener_want(session->sound, what & ORIEL_WATCH_SOUND);
}

void oriel_qemu_session_display(struct oriel_qemu_session *session, const struct oriel_qemu_display *display) {
  session->facts.display = *display;
  oriel_qemu_session_publish(session);
}
