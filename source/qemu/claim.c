/* SPDX-License-Identifier: MIT
 *
 * One Oriel for a VM. QEMU has one D-Bus client and drops it for the next that asks: two Oriels would take the display
 * from each other for ever. So each first claims the VM where all that talk to this QEMU can see it: a character device
 * of a fixed name, whose other end is ours. QEMU refuses a second of the same name, and says of the first whether its
 * end is still open: a killed Oriel's is not. The session's thread only.
 */
#include "source/qemu/claim.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/log.h"
#include "source/qemu/head_report.h"
#include "source/qemu/session_attach.h"
#include "source/qemu/session_retry.h"
#include "source/qemu/session_state.h"
#include "source/qemu/timer.h"

#define SUBSYSTEM ORIEL_QEMU_SUBSYSTEM
#define LABEL "oriel-display"
#define FD_NAME "oriel-claim"

enum { TRIES_MAX = 3, HELD_RETRY_MS = 2000 };

static void try_claim(struct oriel_qemu_session *session);

static void drop_fd(struct oriel_qemu_session *session) {
  if (session->claim.fd >= 0)
    close(session->claim.fd);
  session->claim.fd = -1;
}

/* A QEMU that has no room for claims (its QMP is restricted) is attached to without. */
static void go_on(struct oriel_qemu_session *session, bool held) {
  session->claim.asking = false;
  session->claim.held = held;
  if (!held)
    drop_fd(session);
  oriel_qemu_session_attach(session);
}

static gboolean on_claim_due(gpointer user) {
  struct oriel_qemu_session *session = user;
  oriel_qemu_timer_stop(&session->timer);
  oriel_qemu_session_claim(session);
  return G_SOURCE_REMOVE;
}

static void give_way(struct oriel_qemu_session *session) {
  session->claim.asking = false;
  drop_fd(session);
  snprintf(session->facts.problem, sizeof session->facts.problem,
           "%s is shown by another Oriel, and QEMU serves one at a time; open that one's page, or stop it: this one "
           "then takes over", oriel_qemu_vm_name(&session->facts));
  oriel_qemu_session_timer(session, &session->timer, HELD_RETRY_MS, on_claim_due);
  oriel_qemu_session_publish(session);
}

/* The claim's "filename", as QEMU calls it; NULL = there is none. */
static const char *claim_of(const json_t *devices) {
  size_t index;
  json_t *entry;
  json_array_foreach((json_t *)(uintptr_t)devices, index, entry) {
    const char *label = json_string_value(json_object_get(entry, "label"));
    if (label && !strcmp(label, LABEL))
      return json_string_value(json_object_get(entry, "filename"));
  }
  return NULL;
}

static void on_removed(void *user, const json_t *result, const char *error) {
  (void)result;
  (void)error;
  try_claim(user);
}

static void on_devices(void *user, const json_t *result, const char *error) {
  (void)error;
  struct oriel_qemu_session *session = user;
  const char *filename = claim_of(result);
  if (!filename)
    go_on(session, false);
  else if (strncmp(filename, "disconnected", 12) || session->claim.tries >= TRIES_MAX)
    give_way(session);
  else if (oriel_qmp_execute(session->qmp, "chardev-remove", json_pack("{s:s}", "id", LABEL), -1, on_removed, session))
    go_on(session, false);
}

static void on_added(void *user, const json_t *result, const char *error) {
  (void)error;
  struct oriel_qemu_session *session = user;
  if (result) {
    go_on(session, true);
    return;
  }
  drop_fd(session);
  oriel_qmp_execute(session->qmp, "closefd", json_pack("{s:s}", "fdname", FD_NAME), -1, NULL, NULL);
  if (oriel_qmp_execute(session->qmp, "query-chardev", NULL, -1, on_devices, session))
    go_on(session, false);
}

static void try_claim(struct oriel_qemu_session *session) {
  int pair[2];
  session->claim.tries++;
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
    oriel_warn(SUBSYSTEM, "no socket to claim the VM with: %s", strerror(errno));
    go_on(session, false);
    return;
  }
  int result = oriel_qmp_execute(session->qmp, "getfd", json_pack("{s:s}", "fdname", FD_NAME), pair[1], NULL, NULL);
  close(pair[1]);
  session->claim.fd = pair[0];
  json_t *backend = json_pack("{s:s,s:{s:{s:s,s:{s:s}},s:b}}", "type", "socket", "data", "addr", "type", "fd", "data",
                              "str", FD_NAME, "server", 0);
  if (!result)
    result = oriel_qmp_execute(session->qmp, "chardev-add", json_pack("{s:s,s:o}", "id", LABEL, "backend", backend), -1,
                               on_added, session);
  else
    json_decref(backend);
  if (result)
    go_on(session, false);
}

void oriel_qemu_session_claim(struct oriel_qemu_session *session) {
  if (session->claim.asking)
    return;
  if (session->claim.held) {
    oriel_qemu_session_attach(session);
    return;
  }
  session->claim.asking = true;
  session->claim.tries = 0;
  try_claim(session);
}

void oriel_qemu_session_unclaim(struct oriel_qemu_session *session) {
  if (session->claim.held && session->qmp)
    oriel_qmp_execute(session->qmp, "chardev-remove", json_pack("{s:s}", "id", LABEL), -1, NULL, NULL);
  drop_fd(session);
  session->claim.held = session->claim.asking = false;
}
