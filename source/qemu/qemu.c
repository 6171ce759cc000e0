/* SPDX-License-Identifier: MIT
 *
 * The QEMU source: an unmodified QEMU over QMP and D-Bus. Its thread runs a GMainContext of its own and does what takes
 * turns with QEMU (connect, register, commands); pictures, sound and answers to input come on GDBus's worker thread.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "source/qemu/address.h"
#include "source/qemu/devices.h"
#include "source/qemu/input.h"
#include "source/qemu/scanout.h"
#include "source/qemu/session.h"
#include "source/qemu/sound.h"
#include "source/source.h"

enum { COMMANDS_MAX = 16 };

/* What other threads ask of the source's thread. */
struct wishes {
  bool posted; /* a turn of the source's thread is due */
  unsigned watched; /* ORIEL_WATCH_* */
  uint16_t width, height; /* of the latest resize; 0 = none since the last turn */
  enum oriel_source_command commands[COMMANDS_MAX];
  size_t command_count;
  bool display_news, stale;
  struct oriel_qemu_display display;
};

struct qemu_source {
  struct oriel_source base;
  struct oriel_qemu_address address;
  const struct oriel_source_sink *sink;
  struct oriel_surface *surface;
  struct oriel_qemu_input *input;
  struct oriel_qemu_scanout *scanout;
  struct oriel_qemu_sound *sound;
  struct oriel_qemu_microphone *microphone;
  GMainContext *context;
  pthread_t thread;
  bool started;
  atomic_bool stop;
  struct oriel_qemu_session *session; /* the source's thread only */
  pthread_mutex_t lock;               /* guards wishes and status */
  struct wishes wishes;
  struct oriel_qemu_status status;
};

static struct qemu_source *of(struct oriel_source *source) {
  return (struct qemu_source *)source;
}

/* --- the source's thread ------------------------------------------------------------------------------------------ */

static gboolean on_wishes(gpointer user) {
  struct qemu_source *source = user;
  pthread_mutex_lock(&source->lock);
  struct wishes wishes = source->wishes;
  source->wishes = (struct wishes){.watched = wishes.watched};
  pthread_mutex_unlock(&source->lock);
  if (!source->session)
    return G_SOURCE_REMOVE;
  oriel_qemu_session_watch(source->session, wishes.watched);
  if (wishes.width)
    oriel_qemu_session_resize(source->session, wishes.width, wishes.height);
  for (size_t i = 0; i < wishes.command_count; i++)
    oriel_qemu_session_command(source->session, wishes.commands[i]);
  if (wishes.display_news)
    oriel_qemu_session_display(source->session, &wishes.display);
  if (wishes.stale)
    oriel_qemu_session_stale(source->session);
  return G_SOURCE_REMOVE;
}

/* Lock held. */
static void post(struct qemu_source *source) {
  if (source->wishes.posted)
    return;
  source->wishes.posted = true;
  GSource *turn = g_idle_source_new();
  g_source_set_priority(turn, G_PRIORITY_DEFAULT);
  g_source_set_callback(turn, on_wishes, source, NULL);
  g_source_attach(turn, source->context);
  g_source_unref(turn);
}

static void on_status(void *user, const struct oriel_qemu_status *status) {
  struct qemu_source *source = user;
  pthread_mutex_lock(&source->lock);
  source->status = *status;
  pthread_mutex_unlock(&source->lock);
}

/* GDBus's worker thread. */
static void on_display(void *user, const struct oriel_qemu_display *display) {
  struct qemu_source *source = user;
  pthread_mutex_lock(&source->lock);
  source->wishes.display_news = true;
  source->wishes.display = *display;
  post(source);
  pthread_mutex_unlock(&source->lock);
}

static void on_stale(void *user) {
  struct qemu_source *source = user;
  pthread_mutex_lock(&source->lock);
  source->wishes.stale = true;
  post(source);
  pthread_mutex_unlock(&source->lock);
}

/* The source's thread. */
static void on_ask(void *user) {
  struct qemu_source *source = user;
  if (source->session)
    oriel_qemu_session_ask_devices(source->session);
}

/* Any thread. */
static void on_typed(void *user, uint64_t mark, unsigned dropped) {
  struct qemu_source *source = user;
  if (source->sink && source->sink->typed)
    source->sink->typed(source->sink->user, mark, dropped);
}

static void *run(void *user) {
  struct qemu_source *source = user;
  g_main_context_push_thread_default(source->context);
  const struct oriel_qemu_session_config config = {
    .context = source->context,
    .address = &source->address,
    .sink = source->sink,
    .input = source->input,
    .scanout = source->scanout,
    .sound = source->sound,
    .microphone = source->microphone,
    .user = source,
    .changed = on_status,
  };
  if (oriel_qemu_session_create(&config, &source->session) < 0)
    source->sink->state(source->sink->user, ORIEL_SOURCE_GONE, "out of memory");
  while (!atomic_load(&source->stop))
    g_main_context_iteration(source->context, TRUE);
  on_wishes(source); /* what was asked for last is still passed on */
  struct oriel_qemu_session *session = source->session;
  source->session = NULL;
  oriel_qemu_session_destroy(session);
  g_main_context_pop_thread_default(source->context);
  return NULL;
}

/* --- the table ---------------------------------------------------------------------------------------------------- */

static void stop_thread(struct qemu_source *source) {
  if (!source->started)
    return;
  atomic_store(&source->stop, true);
  g_main_context_wakeup(source->context);
  pthread_join(source->thread, NULL);
}

static void qemu_destroy(struct oriel_source *base) {
  struct qemu_source *source = of(base);
  stop_thread(source);
  oriel_qemu_scanout_destroy(source->scanout);
  oriel_qemu_sound_destroy(source->sound);
  oriel_qemu_microphone_destroy(source->microphone);
  oriel_qemu_input_destroy(source->input);
  oriel_surface_destroy(source->surface);
  g_main_context_unref(source->context);
  pthread_mutex_destroy(&source->lock);
  free(source);
}

static int qemu_start(struct oriel_source *base, const struct oriel_source_sink *sink) {
  struct qemu_source *source = of(base);
  source->sink = sink;
  oriel_qemu_microphone_attach(source->microphone, sink);
  const struct oriel_qemu_scanout_events events = {.user = source, .display = on_display, .stale = on_stale};
  int result = oriel_qemu_scanout_create(source->surface, sink, &events, &source->scanout);
  if (!result)
    result = oriel_qemu_sound_create(sink, &source->sound);
  if (!result)
    result = -pthread_create(&source->thread, NULL, run, source);
  if (result < 0)
    return result;
  source->started = true;
  pthread_setname_np(source->thread, "oriel-qemu");
  return 0;
}

static struct oriel_surface *qemu_surface(struct oriel_source *base) {
  return of(base)->surface;
}

static void qemu_watch(struct oriel_source *base, unsigned what) {
  struct qemu_source *source = of(base);
  pthread_mutex_lock(&source->lock);
  source->wishes.watched = what;
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
    source->wishes.width = width;
    source->wishes.height = height;
    post(source);
  }
  pthread_mutex_unlock(&source->lock);
  return possible ? 0 : -ENOTSUP;
}

static int qemu_command(struct oriel_source *base, enum oriel_source_command command) {
  struct qemu_source *source = of(base);
  pthread_mutex_lock(&source->lock);
  int result = source->status.can_command ? 0 : -ENOTCONN;
  if (!result && source->wishes.command_count < COMMANDS_MAX) {
    source->wishes.commands[source->wishes.command_count++] = command;
    post(source);
  } else if (!result) {
    result = -EAGAIN;
  }
  pthread_mutex_unlock(&source->lock);
  return result;
}

static int qemu_microphone(struct oriel_source *base, const struct oriel_microphone *packet) {
  struct qemu_source *source = of(base);
  return oriel_qemu_microphone_push(source->microphone, packet, oriel_clock_ns());
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
  if (!made || oriel_surface_create(&made->surface) < 0)
    goto no_memory;
  made->context = g_main_context_new();
  const struct oriel_qemu_input_events events = {.user = made, .ask = on_ask, .typed = on_typed};
  if (oriel_qemu_microphone_create(&made->microphone) < 0 ||
      oriel_qemu_input_create(made->context, &events, &made->input) < 0)
    goto no_memory;
  made->base.impl = &qemu_impl;
  made->address = parsed;
  pthread_mutex_init(&made->lock, NULL);
  *source = &made->base;
  return 0;

no_memory:
  if (made) {
    g_clear_pointer(&made->context, g_main_context_unref);
    oriel_qemu_microphone_destroy(made->microphone);
    oriel_surface_destroy(made->surface);
  }
  free(made);
  g_strlcpy(why, "out of memory", why_size);
  return -ENOMEM;
}
