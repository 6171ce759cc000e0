/* SPDX-License-Identifier: MIT
 *
 * A session's D-Bus side: the control connection, made, lost and made again. The session's thread only.
 */
#include "source/qemu/session_attach.h"

#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "source/qemu/head_display.h"
#include "source/qemu/head_report.h"
#include "source/qemu/session_clipboard.h"
#include "source/qemu/session_retry.h"
#include "source/qemu/session_sound.h"
#include "source/qemu/session_state.h"
#include "source/qemu/timer.h"

#define SUBSYSTEM ORIEL_QEMU_SUBSYSTEM

/* What ends a long time of being attached is an end; what comes at once after each attaching is a loop, and waits. */
static void note_end(struct oriel_qemu_session *session) {
  if (!session->attached)
    return;
  if (oriel_clock_ns() - session->attached_ns >= ORIEL_QEMU_STEADY_MS * ORIEL_NS_PER_MS) {
    session->retry_ms = ORIEL_QEMU_RETRY_FIRST_MS;
    session->losses = 0;
  } else {
    session->losses++;
  }
}

void oriel_qemu_session_detach(struct oriel_qemu_session *session) {
  note_end(session);
  for (struct oriel_qemu_head *head = session->heads; head; head = head->next)
    oriel_qemu_head_detach(head);
  oriel_qemu_session_detach_sound(session);
  oriel_qemu_session_detach_clipboard(session);
  oriel_qemu_control_destroy(session->control);
  session->control = NULL;
  session->attached = false;
}

static gboolean on_impatience(gpointer user) {
  struct oriel_qemu_session *session = user;
  oriel_qemu_timer_stop(&session->timer);
  snprintf(session->facts.problem, sizeof session->facts.problem,
           "%s answers on QMP but not on D-Bus; is it stopped, or busy?", oriel_qemu_vm_name(&session->facts));
  oriel_qemu_session_publish(session);
  return G_SOURCE_REMOVE;
}

static void on_control_ready(void *user, unsigned consoles, bool has_audio) {
  struct oriel_qemu_session *session = user;
  oriel_qemu_timer_stop(&session->timer);
  session->consoles = consoles;
  session->has_audio = has_audio;
  session->facts.problem[0] = '\0';
  session->attached = true;
  session->attached_ns = oriel_clock_ns();
  session->rejections = 0;
  for (struct oriel_qemu_head *head = session->heads; head; head = head->next)
    oriel_qemu_head_attach(head);
  oriel_qemu_session_attach_sound(session);
  oriel_qemu_session_attach_clipboard(session);
  oriel_qemu_session_publish(session);
}

/* QEMU drops its D-Bus client for another one that asks: whoever takes the display back at once is in for a fight. */
static void retry_after_loss(struct oriel_qemu_session *session) {
  if (session->losses < 2 && session->rejections < 2) {
    oriel_qemu_session_retry(session);
    return;
  }
  unsigned shift = MIN(MAX(session->losses, session->rejections), 8);
  session->retry_ms = MIN((unsigned)ORIEL_QEMU_RETRY_FIRST_MS << shift, ORIEL_QEMU_TAKEN_MAX_MS);
  if (session->losses >= 2)
    snprintf(session->facts.problem, sizeof session->facts.problem,
             "QEMU lets go of Oriel again and again: does another program show %s? QEMU serves one at a time; "
             "stop the other", oriel_qemu_vm_name(&session->facts));
  oriel_qemu_session_retry(session);
}

static void on_control_failed(void *user, const char *refusal, bool rejected) {
  struct oriel_qemu_session *session = user;
  oriel_qemu_session_detach(session);
  oriel_qemu_timer_stop(&session->timer);
  if (rejected && ++session->rejections >= 2) /* one may be a QEMU that ends */
    snprintf(session->facts.problem, sizeof session->facts.problem,
             "QEMU refuses our log-in: %s runs as another user or in a container, another PID or user namespace; run "
             "Oriel there, as its user", oriel_qemu_vm_name(&session->facts));
  if (refusal)
    snprintf(session->facts.problem, sizeof session->facts.problem,
             "%s has no D-Bus display (QEMU says: %.50s); start QEMU with -display dbus,p2p=yes",
             oriel_qemu_vm_name(&session->facts), refusal);
  else
    retry_after_loss(session);
  oriel_qemu_session_publish(session);
}

void oriel_qemu_session_attach(struct oriel_qemu_session *session) {
  const struct oriel_qemu_control_config config = {
    .clipboard = session->clipboard,
    .alive = session->alive,
    .user = session,
    .ready = on_control_ready,
    .failed = on_control_failed,
  };
  int result = oriel_qemu_control_create(session->qmp, &config, &session->control);
  if (result < 0) {
    oriel_warn(SUBSYSTEM, "no connection for QEMU's display: %s; trying again", strerror(-result));
    oriel_qemu_session_retry_after(session, result);
    return;
  }
  oriel_qemu_session_timer(session, &session->timer, ORIEL_QEMU_PATIENCE_MS, on_impatience);
}
