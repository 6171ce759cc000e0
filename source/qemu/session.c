/* SPDX-License-Identifier: MIT
 *
 * The life with one QEMU: connect, attach, lose, find again. Source thread only.
 */
#include "source/qemu/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "source/qemu/control.h"
#include "source/qemu/describe.h"
#include "source/qemu/listener.h"
#include "source/qemu/qmp.h"

#define ROOM "source/qemu"

enum {
  RETRY_FIRST_MS = 250,
  RETRY_MAX_MS = 2000,
  PATIENCE_MS = 3000,  /* with a peer that accepts and says nothing */
  FLUSH_MS = 200,      /* for key releases at the end */
  RESYNC_FIRST_MS = 50, /* for a whole picture to come by itself after a change of size */
  RESYNC_MAX_MS = 4000,
  DRAIN_MS = 1000,     /* for GDBus's threads to notice that they are cancelled; normally below 1 ms */
};

struct oriel_qemu_session {
  struct oriel_qemu_session_config config;
  gint *alive; /* what GDBus still holds; its own allocation, so that it may outlive us */
  struct oriel_qmp *qmp;
  bool qmp_ready;
  GSource *timer; /* the next attempt, or the end of patience */
  unsigned retry_ms;
  struct oriel_qemu_control *control;
  struct oriel_qemu_listener *display, *sound;
  GSource *resync; /* a look at whether the picture is stale */
  unsigned resync_ms;
  bool keeps_display; /* once registered, the display listener stays: see keeps_display() */
  bool watched;
  struct oriel_qemu_facts facts;
  bool has_touch_device;
  uint16_t want_width, want_height; /* 0 = nobody asked */
  uint64_t reconnects;
  struct oriel_qemu_status status; /* as last reported */
};

static void attach(struct oriel_qemu_session *session);
static void connect_qmp(struct oriel_qemu_session *session);

/* --- status ------------------------------------------------------------------------------------------------------- */

static void publish(struct oriel_qemu_session *session) {
  struct oriel_qemu_status *status = &session->status;
  char detail[sizeof status->detail];
  session->facts.connected = session->qmp != NULL;
  enum oriel_source_state state =
    oriel_qemu_describe(&session->facts, session->config.address->path, detail, sizeof detail);
  memcpy(status->name, session->facts.name, sizeof status->name);
  status->attached = session->facts.attached;
  status->can_command = session->qmp_ready;
  status->reconnects = session->reconnects;
  bool news = state != status->state || strcmp(detail, status->detail);
  status->state = state;
  memcpy(status->detail, detail, sizeof detail);
  session->config.changed(session->config.user, status);
  if (!news)
    return;
  oriel_info(ROOM, "%s: %s", oriel_source_state_name(state), detail);
  session->config.sink->state(session->config.sink->user, state, detail);
}

/* --- timers ------------------------------------------------------------------------------------------------------- */

static void timer_stop(GSource **timer) {
  if (!*timer)
    return;
  g_source_destroy(*timer);
  g_source_unref(*timer);
  *timer = NULL;
}

static void timer_start(struct oriel_qemu_session *session, GSource **timer, unsigned delay_ms,
                        GSourceFunc function) {
  timer_stop(timer);
  *timer = g_timeout_source_new(delay_ms);
  g_source_set_callback(*timer, function, session, NULL);
  g_source_attach(*timer, session->config.context);
}

static gboolean on_retry(gpointer user) {
  struct oriel_qemu_session *session = user;
  timer_stop(&session->timer);
  if (!session->qmp)
    connect_qmp(session);
  else if (!session->control)
    attach(session);
  return G_SOURCE_REMOVE;
}

static void retry_later(struct oriel_qemu_session *session) {
  timer_start(session, &session->timer, session->retry_ms, on_retry);
  session->retry_ms = MIN(session->retry_ms * 2, RETRY_MAX_MS);
}

static gboolean on_impatience(gpointer user) {
  struct oriel_qemu_session *session = user;
  timer_stop(&session->timer);
  snprintf(session->facts.problem, sizeof session->facts.problem,
           "%s accepts connections but does not answer: another program may hold this QMP socket, or QEMU is stopped",
           session->config.address->path);
  publish(session);
  return G_SOURCE_REMOVE;
}

/* Registers the display again where QEMU did not tell of a new size; ever more slowly where that does not help. */
static gboolean on_resync(gpointer user) {
  struct oriel_qemu_session *session = user;
  timer_stop(&session->resync);
  if (!oriel_qemu_scanout_stale(session->config.scanout)) {
    session->resync_ms = RESYNC_FIRST_MS;
    return G_SOURCE_REMOVE;
  }
  oriel_qemu_listener_restart(session->display);
  session->resync_ms = MIN(session->resync_ms * 4, RESYNC_MAX_MS);
  timer_start(session, &session->resync, session->resync_ms, on_resync);
  return G_SOURCE_REMOVE;
}

void oriel_qemu_session_stale(struct oriel_qemu_session *session) {
  if (!session->resync)
    timer_start(session, &session->resync, session->resync_ms, on_resync);
}

/* --- the console -------------------------------------------------------------------------------------------------- */

static void detach(struct oriel_qemu_session *session) {
  timer_stop(&session->resync);
  session->resync_ms = RESYNC_FIRST_MS;
  oriel_qemu_listener_set_control(session->display, NULL, NULL);
  oriel_qemu_listener_set_control(session->sound, NULL, NULL);
  oriel_qemu_control_destroy(session->control);
  session->control = NULL;
  session->facts.attached = false;
  session->facts.display_off = session->facts.display_opengl = false;
}

static void on_resized(GObject *object, GAsyncResult *result, gpointer user) {
  struct oriel_qemu_session *session = user;
  GError *error = NULL;
  GVariant *value = g_dbus_connection_call_finish(G_DBUS_CONNECTION(object), result, &error);
  if (error && g_dbus_error_is_remote_error(error) && session->facts.attached) {
    oriel_info(ROOM, "this console cannot be resized: %s", error->message);
    session->status.can_resize = false;
    publish(session);
  }
  g_clear_pointer(&value, g_variant_unref);
  g_clear_error(&error);
  g_atomic_int_dec_and_test(session->alive);
}

static uint16_t millimetres(uint16_t pixels) {
  return (uint16_t)((pixels * 254u + 480) / 960); /* 96 dots per inch */
}

static void send_size(struct oriel_qemu_session *session) {
  if (!session->facts.attached || !session->want_width)
    return;
  g_atomic_int_inc(session->alive);
  g_dbus_connection_call(oriel_qemu_control_connection(session->control), NULL,
                         oriel_qemu_control_path(session->control), "org.qemu.Display1.Console", "SetUIInfo",
                         g_variant_new("(qqiiuu)", millimetres(session->want_width),
                                       millimetres(session->want_height), 0, 0, (guint32)session->want_width,
                                       (guint32)session->want_height),
                         NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, on_resized, session);
}

/* GDBus's worker thread. */
static void on_console_resized(void *user, uint32_t width, uint32_t height) {
  struct oriel_qemu_session *session = user;
  oriel_qemu_scanout_expect(session->config.scanout, width, height);
}

static void on_control_ready(void *user, const struct oriel_qemu_objects *objects) {
  struct oriel_qemu_session *session = user;
  session->status.consoles = objects->consoles;
  session->status.has_sound = objects->has_audio;
  session->status.can_resize = objects->has_console;
  if (!objects->has_console) {
    snprintf(session->facts.problem, sizeof session->facts.problem,
             "%.60s has no console %u; it has %u, numbered from 0; choose one with ?console=N",
             oriel_qemu_vm_name(&session->facts), session->config.address->console, objects->consoles);
    publish(session);
    return;
  }
  session->facts.problem[0] = '\0';
  session->facts.attached = true;
  session->retry_ms = RETRY_FIRST_MS;
  if (session->facts.was_attached)
    session->reconnects++;
  session->facts.was_attached = true;
  if (objects->width && objects->width <= ORIEL_PICTURE_WIDTH_MAX && objects->height &&
      objects->height <= ORIEL_PICTURE_HEIGHT_MAX)
    oriel_qemu_input_set_size(session->config.input, (uint16_t)objects->width, (uint16_t)objects->height);
  oriel_qemu_scanout_expect(session->config.scanout, objects->width, objects->height);
  oriel_qemu_control_take_input(session->control, objects->has_touch && session->has_touch_device);
  GDBusConnection *connection = oriel_qemu_control_connection(session->control);
  oriel_qemu_listener_set_control(session->display, connection, oriel_qemu_control_path(session->control));
  if (objects->has_audio)
    oriel_qemu_listener_set_control(session->sound, connection, "/org/qemu/Display1/Audio");
  else
    oriel_info(ROOM, "%s has no sound on D-Bus; -audiodev dbus,id=ID and -display dbus,p2p=yes,audiodev=ID add it",
               oriel_qemu_vm_name(&session->facts));
  send_size(session);
  publish(session);
}

static void on_control_failed(void *user, const char *refusal) {
  struct oriel_qemu_session *session = user;
  detach(session);
  if (refusal)
    snprintf(session->facts.problem, sizeof session->facts.problem,
             "%.60s has no D-Bus display (QEMU says: %.60s); start QEMU with -display dbus,p2p=yes",
             oriel_qemu_vm_name(&session->facts), refusal);
  else
    retry_later(session);
  publish(session);
}

static void attach(struct oriel_qemu_session *session) {
  const struct oriel_qemu_control_config config = {
    .console = session->config.address->console,
    .sink = session->config.sink,
    .input = session->config.input,
    .alive = session->alive,
    .user = session,
    .resized = on_console_resized,
    .ready = on_control_ready,
    .failed = on_control_failed,
  };
  int result = oriel_qemu_control_create(session->qmp, &config, &session->control);
  if (result < 0) {
    oriel_warn(ROOM, "no connection for QEMU's display: %s; trying again", strerror(-result));
    retry_later(session);
  }
}

/* --- QMP ---------------------------------------------------------------------------------------------------------- */

static void on_status(void *user, const json_t *result, const char *error) {
  (void)error;
  struct oriel_qemu_session *session = user;
  const char *status = json_string_value(json_object_get(result, "status"));
  if (!status)
    return;
  g_strlcpy(session->facts.vm_status, status, sizeof session->facts.vm_status);
  publish(session);
}

static void on_name(void *user, const json_t *result, const char *error) {
  (void)error;
  struct oriel_qemu_session *session = user;
  const char *name = json_string_value(json_object_get(result, "name"));
  char *own = session->facts.name;
  g_strlcpy(own, name && *name ? name : "QEMU", sizeof session->facts.name);
  const char *end;
  if (!g_utf8_validate(own, -1, &end)) /* cut in the middle of a character */
    own[end - own] = '\0';
}

/* QEMU 8.1 to 9.1 never lets go of a display listener that unregistered, and goes on copying each update for it: after
 * fifty visitors each update would be copied fifty times. There the listener stays while nobody watches, which costs us
 * one copy of what changes. */
static bool keeps_display(int major, int minor) {
  return (major == 8 && minor >= 1) || (major == 9 && minor <= 1);
}

/* A list of {name, type}; devices have the type "child<driver>". */
static void on_devices(void *user, const json_t *result, const char *error) {
  (void)error;
  struct oriel_qemu_session *session = user;
  size_t index;
  json_t *entry;
  json_array_foreach((json_t *)(uintptr_t)result, index, entry) {
    const char *type = json_string_value(json_object_get(entry, "type"));
    if (type && strstr(type, "multitouch"))
      session->has_touch_device = true;
  }
}

static void ask_status(struct oriel_qemu_session *session) {
  oriel_qmp_execute(session->qmp, "query-status", NULL, -1, on_status, session);
}

static void on_qmp_ready(void *user, int major, int minor) {
  struct oriel_qemu_session *session = user;
  timer_stop(&session->timer);
  session->facts.problem[0] = '\0';
  session->qmp_ready = true;
  session->keeps_display = keeps_display(major, minor);
  session->has_touch_device = false;
  oriel_qmp_execute(session->qmp, "query-name", NULL, -1, on_name, session);
  ask_status(session);
  /* Where -device puts things: with an id and without. */
  oriel_qmp_execute(session->qmp, "qom-list", json_pack("{s:s}", "path", "/machine/peripheral"), -1, on_devices,
                    session);
  oriel_qmp_execute(session->qmp, "qom-list", json_pack("{s:s}", "path", "/machine/peripheral-anon"), -1, on_devices,
                    session);
  if (major < 7) {
    snprintf(session->facts.problem, sizeof session->facts.problem,
             "QEMU %d.%d at this socket is too old; 7.0 or newer with -display dbus,p2p=yes is needed", major, minor);
    publish(session);
    return;
  }
  attach(session);
}

static void on_qmp_event(void *user, const char *name, const json_t *data) {
  (void)data;
  struct oriel_qemu_session *session = user;
  static const char *const status_events[] = {"STOP", "RESUME", "SUSPEND", "WAKEUP", "RESET", "GUEST_PANICKED"};
  if (!strcmp(name, "SHUTDOWN")) {
    session->facts.shutting_down = true;
    ask_status(session);
    publish(session);
  }
  for (size_t i = 0; i < sizeof status_events / sizeof *status_events; i++)
    if (!strcmp(name, status_events[i])) {
      session->facts.shutting_down = false;
      ask_status(session);
    }
}

static void on_qmp_closed(void *user, int error) {
  struct oriel_qemu_session *session = user;
  if (error)
    oriel_warn(ROOM, "QMP at %s broke: %s", session->config.address->path, strerror(-error));
  detach(session);
  oriel_qmp_close(session->qmp);
  session->qmp = NULL;
  session->qmp_ready = false;
  session->facts.connect_error = 0;
  session->facts.problem[0] = '\0';
  session->facts.shutting_down = false;
  publish(session);
  retry_later(session);
}

static void connect_qmp(struct oriel_qemu_session *session) {
  const struct oriel_qmp_handler handler = {
    .user = session, .ready = on_qmp_ready, .event = on_qmp_event, .closed = on_qmp_closed};
  session->facts.connect_error =
    oriel_qmp_open(session->config.context, session->config.address->path, &handler, &session->qmp);
  if (session->facts.connect_error < 0)
    retry_later(session);
  else
    timer_start(session, &session->timer, PATIENCE_MS, on_impatience);
  publish(session);
}

/* --- public ------------------------------------------------------------------------------------------------------- */

static const char *display_message(void *user, const char *interface, const char *member, GVariant *body,
                                   GUnixFDList *fds) {
  return oriel_qemu_scanout_message(user, interface, member, body, fds);
}

static void display_stopped(void *user) {
  oriel_qemu_scanout_reset(user);
}

static const char *sound_message(void *user, const char *interface, const char *member, GVariant *body,
                                 GUnixFDList *fds) {
  (void)fds;
  return oriel_qemu_sound_message(user, interface, member, body);
}

static void sound_stopped(void *user) {
  oriel_qemu_sound_reset(user);
}

static int create_listeners(struct oriel_qemu_session *session) {
  static const char *const display_extra[] = {"org.qemu.Display1.Listener.Unix.Map", NULL};
  static const char *const sound_extra[] = {NULL};
  const struct oriel_qemu_listener_config display = {
    .label = "display",
    .extra = display_extra,
    .register_interface = "org.qemu.Display1.Console",
    .register_method = "RegisterListener",
    .alive = session->alive,
    .user = session->config.scanout,
    .message = display_message,
    .stopped = display_stopped,
  };
  const struct oriel_qemu_listener_config sound = {
    .label = "sound",
    .extra = sound_extra,
    .register_interface = "org.qemu.Display1.Audio",
    .register_method = "RegisterOutListener",
    .alive = session->alive,
    .user = session->config.sound,
    .message = sound_message,
    .stopped = sound_stopped,
  };
  int result = oriel_qemu_listener_create(session->config.context, &display, &session->display);
  return result < 0 ? result : oriel_qemu_listener_create(session->config.context, &sound, &session->sound);
}

int oriel_qemu_session_create(const struct oriel_qemu_session_config *config, struct oriel_qemu_session **session) {
  struct oriel_qemu_session *made = calloc(1, sizeof *made);
  if (!made)
    return -ENOMEM;
  made->config = *config;
  made->alive = g_new0(gint, 1);
  made->retry_ms = RETRY_FIRST_MS;
  made->resync_ms = RESYNC_FIRST_MS;
  int result = create_listeners(made);
  if (result < 0) {
    oriel_qemu_listener_destroy(made->display);
    g_free(made->alive);
    free(made);
    return result;
  }
  connect_qmp(made);
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

/* Runs the context until *count is 0 or the time is over. */
static bool run_until_zero(GMainContext *context, const gint *count, unsigned limit_ms) {
  uint64_t end = oriel_clock_ns() + limit_ms * ORIEL_NS_PER_MS;
  GSource *tick = g_timeout_source_new(10);
  g_source_set_callback(tick, on_tick, NULL, NULL);
  g_source_attach(tick, context);
  while (g_atomic_int_get(count) && oriel_clock_ns() < end)
    g_main_context_iteration(context, TRUE);
  g_source_destroy(tick);
  g_source_unref(tick);
  return !g_atomic_int_get(count);
}

/* Lets the key releases reach the socket before it is closed. *flushing is written to until GDBus let go. */
static void flush(struct oriel_qemu_session *session, gint *flushing) {
  gpointer *user = g_new(gpointer, 2);
  user[0] = session->alive;
  user[1] = flushing;
  *flushing = 1;
  g_atomic_int_inc(session->alive);
  oriel_qemu_input_release_all(session->config.input);
  g_dbus_connection_flush(oriel_qemu_control_connection(session->control), NULL, on_flushed, user);
  run_until_zero(session->config.context, flushing, FLUSH_MS);
}

void oriel_qemu_session_destroy(struct oriel_qemu_session *session) {
  if (!session)
    return;
  gint *flushing = g_new0(gint, 1);
  if (session->facts.attached)
    flush(session, flushing);
  timer_stop(&session->timer);
  detach(session);
  oriel_qmp_close(session->qmp);
  oriel_qemu_listener_destroy(session->display);
  oriel_qemu_listener_destroy(session->sound);
  if (!run_until_zero(session->config.context, session->alive, DRAIN_MS)) {
    oriel_warn(ROOM, "D-Bus did not let go in time; some memory is lost");
    return; /* better lost than used when it is gone */
  }
  g_free(session->alive);
  g_free(flushing);
  free(session);
}

void oriel_qemu_session_watch(struct oriel_qemu_session *session, bool watched) {
  /* A picture that was kept up unseen is all news. */
  if (watched && !session->watched && oriel_qemu_listener_active(session->display))
    oriel_qemu_scanout_refresh(session->config.scanout);
  session->watched = watched;
  if (watched || !session->keeps_display)
    oriel_qemu_listener_want(session->display, watched);
  oriel_qemu_listener_want(session->sound, watched);
}

void oriel_qemu_session_resize(struct oriel_qemu_session *session, uint16_t width, uint16_t height) {
  session->want_width = width;
  session->want_height = height;
  send_size(session);
}

void oriel_qemu_session_command(struct oriel_qemu_session *session, enum oriel_source_command command) {
  if (!session->qmp_ready)
    return;
  const char *status = session->facts.vm_status;
  bool halted = !strcmp(status, "shutdown") || !strcmp(status, "guest-panicked") ||
                !strcmp(status, "internal-error") || !strcmp(status, "watchdog");
  switch (command) {
  case ORIEL_COMMAND_PAUSE:
    oriel_qmp_execute(session->qmp, "stop", NULL, -1, NULL, NULL);
    break;
  case ORIEL_COMMAND_RESUME:
    oriel_qmp_execute(session->qmp, strcmp(status, "suspended") ? "cont" : "system_wakeup", NULL, -1, NULL, NULL);
    break;
  case ORIEL_COMMAND_RESET:
    oriel_qmp_execute(session->qmp, "system_reset", NULL, -1, NULL, NULL);
    if (halted)
      oriel_qmp_execute(session->qmp, "cont", NULL, -1, NULL, NULL);
    break;
  case ORIEL_COMMAND_POWERDOWN:
    oriel_qmp_execute(session->qmp, "system_powerdown", NULL, -1, NULL, NULL);
    break;
  }
}

void oriel_qemu_session_display(struct oriel_qemu_session *session, enum oriel_qemu_display display) {
  session->facts.display_off = display == ORIEL_QEMU_DISPLAY_OFF;
  session->facts.display_opengl = display == ORIEL_QEMU_DISPLAY_OPENGL;
  publish(session);
}
