/* SPDX-License-Identifier: MIT
 *
 * Attempts that are due later, see session_retry.h. The session's thread.
 */
#include "source/qemu/session_retry.h"

#include <errno.h>

#include "core/shortage.h"
#include "source/qemu/session_state.h"
#include "source/qemu/timer.h"

void oriel_qemu_session_timer(struct oriel_qemu_session *session, GSource **timer, unsigned delay_ms,
                              GSourceFunc function) {
  oriel_qemu_timer_start(session->context, timer, delay_ms, function, session);
}

static gboolean on_retry(gpointer user) {
  struct oriel_qemu_session *session = user;
  oriel_qemu_timer_stop(&session->timer);
  session->reconnect(session);
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
