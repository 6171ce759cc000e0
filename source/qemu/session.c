/* SPDX-License-Identifier: MIT
 *
 * The sessions of this process, one a QMP socket, by reference; and the thread of each. Any thread.
 */
#include "source/qemu/session.h"

#include <errno.h>
#include <string.h>

#include "source/qemu/monitor.h"
#include "source/qemu/session_life.h"
#include "source/qemu/session_state.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards the list and what session_state.h says */
static pthread_cond_t ended = PTHREAD_COND_INITIALIZER;
static struct oriel_qemu_session *sessions;

/* Lock held. */
static struct oriel_qemu_session *find(const char *path, bool ending) {
  struct oriel_qemu_session *session = sessions;
  while (session && (session->ending != ending || strcmp(session->path, path)))
    session = session->next;
  return session;
}

/* QEMU has one client: one that is on its way out is let go first, which takes a fraction of a second. */
static void wait_for_former(struct oriel_qemu_session *session) {
  pthread_mutex_lock(&lock);
  while (find(session->path, true) && !session->ending)
    pthread_cond_wait(&ended, &lock);
  pthread_mutex_unlock(&lock);
}

static void *run(void *user) {
  struct oriel_qemu_session *session = user;
  wait_for_former(session);
  g_main_context_push_thread_default(session->context);
  oriel_qemu_session_connect(session);
  while (!atomic_load(&session->stop))
    g_main_context_iteration(session->context, TRUE);
  const bool clean = oriel_qemu_session_close(session);
  g_main_context_pop_thread_default(session->context);
  return clean ? session : NULL;
}

int oriel_qemu_session_acquire(const char *path, struct oriel_qemu_session **session) {
  int result = 0;
  pthread_mutex_lock(&lock);
  struct oriel_qemu_session *shared = find(path, false);
  if (!shared)
    result = oriel_qemu_session_create(path, &shared);
  if (!result && !shared->references++) {
    shared->next = sessions;
    sessions = shared;
  }
  pthread_mutex_unlock(&lock);
  if (!result)
    *session = shared;
  return result;
}

int oriel_qemu_session_start(struct oriel_qemu_session *session) {
  int result = 0;
  pthread_mutex_lock(&lock);
  if (!session->begun) {
    result = -pthread_create(&session->thread, NULL, run, session);
    session->begun = !result;
    if (session->begun)
      pthread_setname_np(session->thread, "oriel-qemu");
  }
  pthread_mutex_unlock(&lock);
  return result;
}

static void forget(struct oriel_qemu_session *session) {
  struct oriel_qemu_session **link = &sessions;
  pthread_mutex_lock(&lock);
  while (*link != session)
    link = &(*link)->next;
  *link = session->next;
  pthread_cond_broadcast(&ended);
  pthread_mutex_unlock(&lock);
}

void oriel_qemu_session_release(struct oriel_qemu_session *session) {
  void *clean = session;
  if (!session)
    return;
  pthread_mutex_lock(&lock);
  const bool last = !--session->references;
  session->ending = last;
  if (last)
    pthread_cond_broadcast(&ended); /* its thread may wait for a former one, which is no use any more */
  pthread_mutex_unlock(&lock);
  if (!last)
    return;
  if (session->begun) {
    atomic_store(&session->stop, true);
    g_main_context_wakeup(session->context);
    pthread_join(session->thread, &clean);
  }
  forget(session);
  if (clean) /* better lost than used when it is gone */
    oriel_qemu_session_free(session);
}

GMainContext *oriel_qemu_session_context(struct oriel_qemu_session *session) {
  return session->context;
}
