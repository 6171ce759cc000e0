/* SPDX-License-Identifier: MIT
 *
 * When a listener is registered: while it is wanted and there is a QEMU, and after failures ever later. The session's
 * thread. The next registration is sent once QEMU has let go of the last, so that it never holds two listeners of ours.
 */
#include "source/qemu/listener.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "source/qemu/registration.h"
#include "source/qemu/timer.h"

#define SUBSYSTEM "source/qemu"

enum {
  /* for authentication, which QEMU does right after it registered */
  OPEN_TIMEOUT_MS = ORIEL_QEMU_REGISTER_TIMEOUT_MS + 1000,
  CLOSE_TIMEOUT_MS = 2000,
  RETRY_FIRST_MS = 100, RETRY_MAX_MS = 2000,
  SHORT_MS = 250, /* between attempts while there are no descriptors */
};

struct oriel_qemu_listener {
  GMainContext *context;
  struct oriel_qemu_listener_config config;
  GDBusConnection *control;
  char path[64];
  bool wanted;
  struct oriel_qemu_registration *registration;
  bool refused;   /* as last told */
  GSource *timer; /* retry, or the end of patience with a registration that opens or closes */
  unsigned retry_ms;
};

static void pursue(struct oriel_qemu_listener *listener);

static void timer_start(struct oriel_qemu_listener *listener, unsigned delay_ms, GSourceFunc function) {
  oriel_qemu_timer_start(listener->context, &listener->timer, delay_ms, function, listener);
}

/* Lets go of the current registration without waiting for anybody. */
static void abandon(struct oriel_qemu_listener *listener) {
  struct oriel_qemu_registration *registration = listener->registration;
  listener->registration = NULL;
  if (registration)
    oriel_qemu_registration_abandon(registration);
}

static gboolean on_retry(gpointer user) {
  struct oriel_qemu_listener *listener = user;
  oriel_qemu_timer_stop(&listener->timer);
  pursue(listener);
  return G_SOURCE_REMOVE;
}

static gboolean on_close_timeout(gpointer user) {
  struct oriel_qemu_listener *listener = user;
  oriel_qemu_timer_stop(&listener->timer);
  abandon(listener);
  pursue(listener);
  return G_SOURCE_REMOVE;
}

static void retry_later(struct oriel_qemu_listener *listener) {
  timer_start(listener, listener->retry_ms, on_retry);
  listener->retry_ms = MIN(listener->retry_ms * 2, RETRY_MAX_MS);
}

static void tell_refused(struct oriel_qemu_listener *listener, const char *why) {
  if (!listener->config.refused || (!why && !listener->refused))
    return;
  listener->refused = why != NULL;
  listener->config.refused(listener->config.owner, why);
}

/* One of the two calls did not come back. */
static gboolean on_open_timeout(gpointer user) {
  struct oriel_qemu_listener *listener = user;
  tell_refused(listener, "nothing");
  oriel_warn(SUBSYSTEM,
             "QEMU registered the %s listener and does not talk to it; trying again", listener->config.label);
  abandon(listener);
  retry_later(listener);
  return G_SOURCE_REMOVE;
}

static void on_refused(void *user, const char *why) {
  tell_refused(user, why);
}

static void on_opened(void *user, bool failed) {
  struct oriel_qemu_listener *listener = user;
  oriel_qemu_timer_stop(&listener->timer);
  if (failed) {
    abandon(listener);
    retry_later(listener);
    return;
  }
  tell_refused(listener, NULL);
  pursue(listener);
}

static void on_closed(void *user, bool expected, bool steady) {
  struct oriel_qemu_listener *listener = user;
  if (steady)
    listener->retry_ms = RETRY_FIRST_MS;
  oriel_qemu_timer_stop(&listener->timer);
  abandon(listener);
  if (expected)
    pursue(listener);
  else
    retry_later(listener);
}

static void close_registration(struct oriel_qemu_listener *listener) {
  oriel_qemu_registration_close(listener->registration);
  timer_start(listener, CLOSE_TIMEOUT_MS, on_close_timeout);
}

static void open_registration(struct oriel_qemu_listener *listener) {
  static const struct oriel_qemu_registration_events events = {
    .opened = on_opened, .refused = on_refused, .closed = on_closed};
  const int result = oriel_qemu_registration_create(listener->control, listener->path, &listener->config, &events,
                                                    listener, &listener->registration);
  if (result < 0) {
    oriel_warn(SUBSYSTEM, "no socket for the %s listener: %s", listener->config.label, g_strerror(-result));
    timer_start(listener, SHORT_MS, on_retry); /* which may be over in a moment, and is nothing of QEMU's */
    return;
  }
  timer_start(listener, OPEN_TIMEOUT_MS, on_open_timeout);
}

/* Moves from what is to what is wanted; a registration that is opening or closing is left to finish first. */
static void pursue(struct oriel_qemu_listener *listener) {
  if (listener->timer && !listener->registration) {
    if (listener->wanted && listener->control)
      return; /* a retry is due */
    oriel_qemu_timer_stop(&listener->timer);
  }
  if (!listener->registration && listener->wanted && listener->control)
    open_registration(listener);
  else if (oriel_qemu_listener_active(listener) && !listener->wanted)
    close_registration(listener);
}

int oriel_qemu_listener_create(GMainContext *context, const struct oriel_qemu_listener_config *config,
                               struct oriel_qemu_listener **listener) {
  struct oriel_qemu_listener *made = calloc(1, sizeof *made);
  if (!made)
    return -ENOMEM;
  made->context = g_main_context_ref(context);
  made->config = *config;
  made->retry_ms = RETRY_FIRST_MS;
  *listener = made;
  return 0;
}

void oriel_qemu_listener_destroy(struct oriel_qemu_listener *listener) {
  if (!listener)
    return;
  oriel_qemu_listener_set_control(listener, NULL, NULL);
  g_main_context_unref(listener->context);
  free(listener);
}

void oriel_qemu_listener_set_control(struct oriel_qemu_listener *listener, GDBusConnection *control,
                                     const char *path) {
  oriel_qemu_timer_stop(&listener->timer);
  abandon(listener);
  g_clear_object(&listener->control);
  if (control)
    listener->control = g_object_ref(control);
  g_strlcpy(listener->path, path ? path : "", sizeof listener->path);
  listener->retry_ms = RETRY_FIRST_MS;
  pursue(listener);
}

void oriel_qemu_listener_want(struct oriel_qemu_listener *listener, bool wanted) {
  listener->wanted = wanted;
  pursue(listener);
}

void oriel_qemu_listener_restart(struct oriel_qemu_listener *listener) {
  if (oriel_qemu_listener_active(listener))
    close_registration(listener);
}

bool oriel_qemu_listener_active(const struct oriel_qemu_listener *listener) {
  return listener->registration && oriel_qemu_registration_is_open(listener->registration);
}
