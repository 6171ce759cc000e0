/* SPDX-License-Identifier: MIT
 *
 * The heads of a QEMU: a scan of its session's consoles, for those who live on other threads. Any thread, but where
 * said.
 */
#include "source/heads.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source/qemu/address.h"
#include "source/qemu/console_scan.h"
#include "source/qemu/session.h"

#define ALL "?console=all"

static_assert((int)ORIEL_SOURCE_HEADS_MAX == (int)ORIEL_QEMU_SCAN_CONSOLES, "a head is a console that was scanned");

struct oriel_source_heads {
  struct oriel_qemu_session *session; /* a reference */
  oriel_source_heads_changed *changed;
  void *user;
  struct oriel_qemu_console_scan *scan; /* the session's thread only */
  int result;                           /* of the latest turn there */
  bool done;                            /* it is over; guarded by lock */
  pthread_mutex_t lock;
  pthread_cond_t over;
};

bool oriel_source_heads_wanted(const char *address) {
  struct oriel_qemu_address parsed;
  char why[160];
  return !strncmp(address, "qemu:", 5) && !oriel_qemu_address_parse(address, &parsed, why, sizeof why) && parsed.all;
}

int oriel_source_head_address(const char *address, unsigned console, char *text, size_t size) {
  if (!oriel_source_heads_wanted(address) || console >= ORIEL_SOURCE_HEADS_MAX)
    return -EINVAL;
  const size_t path = strlen(address) - (sizeof ALL - 1);
  const int length = snprintf(text, size, "%.*s?console=%u", (int)path, address, console);
  return length > 0 && (size_t)length < size ? 0 : -ENAMETOOLONG;
}

/* --- turns of the session's thread -------------------------------------------------------------------------------- */

static void finish_turn(struct oriel_source_heads *heads, int result) {
  pthread_mutex_lock(&heads->lock);
  heads->result = result;
  heads->done = true;
  pthread_cond_signal(&heads->over);
  pthread_mutex_unlock(&heads->lock);
}

static gboolean begin(gpointer user) {
  struct oriel_source_heads *heads = user;
  finish_turn(heads, oriel_qemu_console_scan_create(heads->session, heads->changed, heads->user, &heads->scan));
  return G_SOURCE_REMOVE;
}

static gboolean end(gpointer user) {
  struct oriel_source_heads *heads = user;
  oriel_qemu_console_scan_destroy(heads->scan);
  finish_turn(heads, 0);
  return G_SOURCE_REMOVE;
}

/* Has the session's thread do it, and waits. */
static int run_turn(struct oriel_source_heads *heads, GSourceFunc function) {
  GSource *turn = g_idle_source_new();
  heads->done = false;
  g_source_set_priority(turn, G_PRIORITY_DEFAULT);
  g_source_set_callback(turn, function, heads, NULL);
  g_source_attach(turn, oriel_qemu_session_context(heads->session));
  g_source_unref(turn);
  pthread_mutex_lock(&heads->lock);
  while (!heads->done)
    pthread_cond_wait(&heads->over, &heads->lock);
  pthread_mutex_unlock(&heads->lock);
  return heads->result;
}

/* --- public ------------------------------------------------------------------------------------------------------- */

static void release(struct oriel_source_heads *heads) {
  oriel_qemu_session_release(heads->session);
  pthread_cond_destroy(&heads->over);
  pthread_mutex_destroy(&heads->lock);
  free(heads);
}

int oriel_source_heads_create(const char *address, oriel_source_heads_changed *changed, void *user,
                              struct oriel_source_heads **heads) {
  struct oriel_qemu_address parsed;
  char why[160];
  if (oriel_qemu_address_parse(address, &parsed, why, sizeof why) < 0)
    return -EINVAL;
  struct oriel_source_heads *made = calloc(1, sizeof *made);
  if (!made)
    return -ENOMEM;
  made->changed = changed;
  made->user = user;
  pthread_mutex_init(&made->lock, NULL);
  pthread_cond_init(&made->over, NULL);
  int result = oriel_qemu_session_acquire(parsed.path, &made->session);
  if (!result)
    result = oriel_qemu_session_start(made->session);
  if (!result)
    result = run_turn(made, begin);
  if (result < 0)
    release(made);
  else
    *heads = made;
  return result;
}

void oriel_source_heads_destroy(struct oriel_source_heads *heads) {
  if (!heads)
    return;
  (void)run_turn(heads, end);
  release(heads);
}
