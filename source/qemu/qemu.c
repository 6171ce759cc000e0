/* SPDX-License-Identifier: MIT
 *
 * The QEMU source: one console of an unmodified QEMU over QMP and D-Bus. The session of that QEMU, which sources share,
 * has a thread that does what takes turns with it (connect, register, commands); pictures and sound come on a thread
 * each, answers to input on GDBus's worker thread.
 */
#include "source/qemu/qemu.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "source/qemu/address.h"
#include "source/qemu/head.h"
#include "source/qemu/head_display.h"
#include "source/qemu/input.h"
#include "source/qemu/monitor.h"
#include "source/qemu/scanout.h"
#include "source/qemu/session.h"
#include "source/qemu/session_clipboard.h"
#include "source/qemu/session_sound.h"

enum { COMMANDS_MAX = 16 };

/* What other threads ask of the session's thread. */
struct requests {
  GSource *turn; /* a turn of the session's thread that is due */
  bool join, leave;
  unsigned watched; /* ORIEL_WATCH_* */
  uint16_t width, height; /* of the latest resize; 0 = none since the last turn */
  enum oriel_source_command commands[COMMANDS_MAX];
  size_t command_count;
  bool display_changed, stale;
  struct oriel_qemu_display display;
};

struct qemu_source {
  struct oriel_source base;
  struct oriel_qemu_address address;
  const struct oriel_source_sink *sink;
  struct oriel_surface *surface;
  struct oriel_qemu_input *input;
  struct oriel_qemu_scanout *scanout;
  struct oriel_qemu_session *session; /* a reference */
  bool started;
  struct oriel_qemu_head *head;       /* the session's thread only; NULL before and after */
  pthread_mutex_t lock;               /* guards requests, status and left */
  pthread_cond_t gone;                /* left is true */
  struct requests requests;
  struct oriel_qemu_status status;
  bool left; /* nothing of this runs in the session any more */
};

static struct qemu_source *of(struct oriel_source *source) {
  return (struct qemu_source *)source;
}

/* --- the session's thread ----------------------------------------------------------------------------------------- */

static void on_status(void *user, const struct oriel_qemu_status *status) {
  struct qemu_source *source = user;
  pthread_mutex_lock(&source->lock);
  source->status = *status;
  pthread_mutex_unlock(&source->lock);
}

/* Whoever waits for this may free the source as soon as it has the lock. */
static void on_left(void *user) {
  struct qemu_source *source = user;
  oriel_qemu_input_destroy(source->input); /* here, where its timer fires */
  source->input = NULL;
  pthread_mutex_lock(&source->lock);
  if (source->requests.turn) {
    g_source_destroy(source->requests.turn);
    g_source_unref(source->requests.turn);
  }
  source->left = true;
  pthread_cond_signal(&source->gone);
  pthread_mutex_unlock(&source->lock);
}

static void join(struct qemu_source *source) {
  const struct oriel_qemu_head_config config = {
    .console = source->address.console,
    .sink = source->sink,
    .input = source->input,
    .scanout = source->scanout,
    .user = source,
    .changed = on_status,
    .left = on_left,
  };
  if (oriel_qemu_head_create(source->session, &config, &source->head) < 0)
    source->sink->state(source->sink->user, ORIEL_SOURCE_GONE, "out of memory");
}

static void leave(struct qemu_source *source) {
  struct oriel_qemu_head *head = source->head;
  source->head = NULL;
  if (head)
    oriel_qemu_head_leave(head);
  else
    on_left(source);
}

static void apply(struct qemu_source *source, const struct requests *requests) {
  oriel_qemu_head_watch(source->head, requests->watched);
  if (requests->width)
    oriel_qemu_head_resize(source->head, requests->width, requests->height);
  for (size_t i = 0; i < requests->command_count; i++)
    oriel_qemu_session_command(source->session, requests->commands[i]);
  if (requests->display_changed)
    oriel_qemu_head_display(source->head, &requests->display);
  if (requests->stale)
    oriel_qemu_head_stale(source->head);
}

static gboolean on_requests(gpointer user) {
  struct qemu_source *source = user;
  pthread_mutex_lock(&source->lock);
  struct requests requests = source->requests;
  source->requests = (struct requests){.watched = requests.watched};
  pthread_mutex_unlock(&source->lock);
  g_source_unref(requests.turn);
  if (requests.join)
    join(source);
  if (source->head)
    apply(source, &requests);
  if (requests.leave)
    leave(source); /* the source may be gone */
  return G_SOURCE_REMOVE;
}

/* Lock held. What is asked for before the start waits for it. */
static void post(struct qemu_source *source) {
  if (source->requests.turn || !source->started)
    return;
  GSource *turn = source->requests.turn = g_idle_source_new();
  g_source_set_priority(turn, G_PRIORITY_DEFAULT);
  g_source_set_callback(turn, on_requests, source, NULL);
  g_source_attach(turn, oriel_qemu_session_context(source->session));
}

/* The display listener's thread. */
static void on_display(void *user, const struct oriel_qemu_display *display) {
  struct qemu_source *source = user;
  pthread_mutex_lock(&source->lock);
  source->requests.display_changed = true;
  source->requests.display = *display;
  post(source);
  pthread_mutex_unlock(&source->lock);
}

static void on_stale(void *user) {
  struct qemu_source *source = user;
  pthread_mutex_lock(&source->lock);
  source->requests.stale = true;
  post(source);
  pthread_mutex_unlock(&source->lock);
}

/* The session's thread. */
static void on_ask(void *user) {
  struct qemu_source *source = user;
  if (source->head)
    oriel_qemu_head_ask_devices(source->head);
}

/* Any thread. */
static void on_typed(void *user, uint64_t mark, unsigned dropped) {
  struct qemu_source *source = user;
  if (source->sink && source->sink->typed)
    source->sink->typed(source->sink->user, mark, dropped);
}

/* --- the table ---------------------------------------------------------------------------------------------------- */

static void wait_to_leave(struct qemu_source *source) {
  pthread_mutex_lock(&source->lock);
  source->requests.leave = true;
  post(source);
  while (!source->left)
    pthread_cond_wait(&source->gone, &source->lock);
  pthread_mutex_unlock(&source->lock);
}

static void qemu_destroy(struct oriel_source *base) {
  struct qemu_source *source = of(base);
  if (source->started)
    wait_to_leave(source);
  oriel_qemu_input_destroy(source->input);
  oriel_qemu_session_release(source->session);
  oriel_qemu_scanout_destroy(source->scanout);
  oriel_surface_destroy(source->surface);
  pthread_cond_destroy(&source->gone);
  pthread_mutex_destroy(&source->lock);
  free(source);
}

static int qemu_start(struct oriel_source *base, const struct oriel_source_sink *sink) {
  struct qemu_source *source = of(base);
  source->sink = sink;
  const struct oriel_qemu_scanout_events events = {.user = source, .display = on_display, .stale = on_stale};
  int result = oriel_qemu_scanout_create(source->surface, sink, &events, &source->scanout);
  if (!result)
    result = oriel_qemu_session_start(source->session);
  if (result < 0)
    return result;
  pthread_mutex_lock(&source->lock);
  source->started = source->requests.join = true;
  post(source);
  pthread_mutex_unlock(&source->lock);
  return 0;
}

static struct oriel_surface *qemu_surface(struct oriel_source *base) {
  return of(base)->surface;
}

static void qemu_watch(struct oriel_source *base, unsigned what) {
  struct qemu_source *source = of(base);
  pthread_mutex_lock(&source->lock);
  source->requests.watched = what;
  post(source);
  pthread_mutex_unlock(&source->lock);
}

static void qemu_input(struct oriel_source *base, const struct oriel_input *event) {
  struct qemu_source *source = of(base);
  uint16_t width = 0, height = 0;
  if (source->scanout)
    oriel_qemu_scanout_size(source->scanout, &width, &height);
  if (width)
    oriel_qemu_input_set_size(source->input, width, height);
  oriel_qemu_input_send(source->input, event);
}

static int qemu_resize(struct oriel_source *base, uint16_t width, uint16_t height) {
  struct qemu_source *source = of(base);
  pthread_mutex_lock(&source->lock);
  bool possible = !source->status.attached || source->status.can_resize;
  if (possible) {
    source->requests.width = width;
    source->requests.height = height;
    post(source);
  }
  pthread_mutex_unlock(&source->lock);
  return possible ? 0 : -ENOTSUP;
}

static int qemu_command(struct oriel_source *base, enum oriel_source_command command) {
  struct qemu_source *source = of(base);
  pthread_mutex_lock(&source->lock);
  int result = source->status.can_command ? 0 : -ENOTCONN;
  if (!result && source->requests.command_count < COMMANDS_MAX) {
    source->requests.commands[source->requests.command_count++] = command;
    post(source);
  } else if (!result) {
    result = -EAGAIN;
  }
  pthread_mutex_unlock(&source->lock);
  return result;
}

static int qemu_microphone(struct oriel_source *base, const struct oriel_microphone *packet) {
  struct qemu_source *source = of(base);
  return oriel_qemu_session_microphone(source->session, source, packet);
}

static int qemu_clipboard(struct oriel_source *base, struct oriel_packet *text) {
  return oriel_qemu_session_clipboard(of(base)->session, text);
}

static void qemu_info(struct oriel_source *base, struct oriel_source_info *info) {
  struct qemu_source *source = of(base);
  struct oriel_qemu_input_counts counts;
  oriel_qemu_input_counts(source->input, &counts);
  pthread_mutex_lock(&source->lock);
  memcpy(info->name, source->status.name, sizeof info->name);
  info->console = source->address.console;
  info->consoles = source->status.consoles;
  info->can_resize = source->status.attached && source->status.can_resize;
  info->has_sound = source->status.attached && source->status.has_sound;
  info->can_command = source->status.can_command;
  info->reconnects = source->status.reconnects;
  pthread_mutex_unlock(&source->lock);
  info->frames = source->scanout ? oriel_qemu_scanout_frames(source->scanout) : 0;
  info->input_sent = counts.sent;
  info->input_coalesced = counts.coalesced;
  info->input_dropped = counts.dropped;
}

static const struct oriel_source_impl qemu_impl = {
  .kind = "qemu",
  .start = qemu_start,
  .destroy = qemu_destroy,
  .surface = qemu_surface,
  .watch = qemu_watch,
  .input = qemu_input,
  .resize = qemu_resize,
  .command = qemu_command,
  .microphone = qemu_microphone,
  .clipboard = qemu_clipboard,
  .info = qemu_info,
};

/* GLib prints what it cannot parse, all of it in hexadecimal, and 128 MiB may come: one short line in our log is
 * enough. This is the process's handler, as there is no narrower one; nothing else here uses GLib. */
static void on_glib_log(const gchar *domain, GLogLevelFlags level, const gchar *message, gpointer unused) {
  (void)unused;
  bool grave = level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING);
  oriel_log(grave ? ORIEL_LOG_WARN : ORIEL_LOG_DEBUG, "source/qemu", "%.20s: %.200s", domain ? domain : "GLib",
            message);
}

static gpointer take_glib_log(gpointer unused) {
  g_log_set_default_handler(on_glib_log, unused);
  return NULL;
}

int oriel_source_qemu_create(const char *address, struct oriel_source **source, char *why, size_t why_size) {
  static GOnce once = G_ONCE_INIT;
  g_once(&once, take_glib_log, NULL);
  struct oriel_qemu_address parsed;
  int result = oriel_qemu_address_parse(address, &parsed, why, why_size);
  if (result < 0)
    return result;
  struct qemu_source *made = calloc(1, sizeof *made);
  if (!made || oriel_surface_create(&made->surface) < 0 || oriel_qemu_session_acquire(parsed.path, &made->session) < 0)
    goto no_memory;
  const struct oriel_qemu_input_events events = {.user = made, .ask = on_ask, .typed = on_typed};
  if (oriel_qemu_input_create(oriel_qemu_session_context(made->session), &events, &made->input) < 0)
    goto no_memory;
  made->base.impl = &qemu_impl;
  made->address = parsed;
  pthread_mutex_init(&made->lock, NULL);
  pthread_cond_init(&made->gone, NULL);
  *source = &made->base;
  return 0;

no_memory:
  if (made) {
    oriel_qemu_session_release(made->session);
    oriel_surface_destroy(made->surface);
  }
  free(made);
  g_strlcpy(why, "out of memory", why_size);
  return -ENOMEM;
}
