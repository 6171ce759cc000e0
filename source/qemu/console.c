/* SPDX-License-Identifier: MIT
 *
 * A session's console: the control connection, the two listeners on it, sizes. Source thread only, but where said.
 */
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "source/qemu/session_private.h"

#define ROOM ORIEL_QEMU_ROOM
#define AUDIO "/org/qemu/Display1/Audio"

/* Registers the display again where QEMU did not tell of a new size; ever more slowly where that does not help. */
static gboolean on_resync(gpointer user) {
  struct oriel_qemu_session *session = user;
  oriel_qemu_timer_stop(&session->resync);
  if (!oriel_qemu_scanout_stale(session->config.scanout)) {
    session->resync_ms = ORIEL_QEMU_RESYNC_FIRST_MS;
    return G_SOURCE_REMOVE;
  }
  oriel_qemu_listener_restart(session->display);
  session->resync_ms = MIN(session->resync_ms * 4, ORIEL_QEMU_RESYNC_MAX_MS);
  oriel_qemu_session_timer(session, &session->resync, session->resync_ms, on_resync);
  return G_SOURCE_REMOVE;
}

void oriel_qemu_session_stale(struct oriel_qemu_session *session) {
  if (!session->resync)
    oriel_qemu_session_timer(session, &session->resync, session->resync_ms, on_resync);
}

/* What ends a long time of being attached is an end; what comes at once after each attaching is a loop, and waits. */
static void note_end(struct oriel_qemu_session *session) {
  if (!session->facts.attached)
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
  oriel_qemu_timer_stop(&session->resync);
  session->resync_ms = ORIEL_QEMU_RESYNC_FIRST_MS;
  oriel_qemu_listener_set_control(session->display, NULL, NULL);
  oriel_qemu_listener_set_control(session->sound, NULL, NULL);
  oriel_qemu_listener_set_control(session->microphone, NULL, NULL);
  oriel_qemu_microphone_available(session->config.microphone, false);
  oriel_qemu_control_destroy(session->control);
  session->control = NULL;
  session->facts.attached = false;
  session->facts.display = (struct oriel_qemu_display){.kind = ORIEL_QEMU_DISPLAY_ON};
  session->facts.refusal[0] = '\0';
  oriel_qemu_session_still(session);
}

static void on_resized(GObject *object, GAsyncResult *result, gpointer user) {
  struct oriel_qemu_session *session = user;
  GError *error = NULL;
  GVariant *value = g_dbus_connection_call_finish(G_DBUS_CONNECTION(object), result, &error);
  if (error && g_dbus_error_is_remote_error(error) && session->facts.attached) {
    oriel_info(ROOM, "this console cannot be resized: %s", error->message);
    session->status.can_resize = false;
    oriel_qemu_session_publish(session);
  }
  g_clear_pointer(&value, g_variant_unref);
  g_clear_error(&error);
  g_atomic_int_dec_and_test(session->alive);
}

static uint16_t millimetres(uint16_t pixels) {
  return (uint16_t)((pixels * 254u + 480) / 960); /* 96 dots per inch */
}

/* QEMU drops a wish that equals the last one, also when the guest has left that size since: a millimetre more or less
 * makes it news, which the guest hears of. */
static void send_size(struct oriel_qemu_session *session) {
  if (!session->facts.attached || !session->want_width)
    return;
  uint16_t odd = session->sizes_asked++ & 1;
  g_atomic_int_inc(session->alive);
  g_dbus_connection_call(oriel_qemu_control_connection(session->control), NULL,
                         oriel_qemu_control_path(session->control), "org.qemu.Display1.Console", "SetUIInfo",
                         g_variant_new("(qqiiuu)", millimetres(session->want_width) + odd,
                                       millimetres(session->want_height), 0, 0, (guint32)session->want_width,
                                       (guint32)session->want_height),
                         NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, on_resized, session);
}

void oriel_qemu_session_resize(struct oriel_qemu_session *session, uint16_t width, uint16_t height) {
  session->want_width = width;
  session->want_height = height;
  send_size(session);
}

/* GDBus's worker thread. */
static void on_console_resized(void *user, uint32_t width, uint32_t height) {
  struct oriel_qemu_session *session = user;
  oriel_qemu_scanout_expect(session->config.scanout, width, height);
}

static gboolean on_impatience(gpointer user) {
  struct oriel_qemu_session *session = user;
  oriel_qemu_timer_stop(&session->timer);
  snprintf(session->facts.problem, sizeof session->facts.problem,
           "%s answers on QMP but not on D-Bus; is it stopped, or busy?", oriel_qemu_vm_name(&session->facts));
  oriel_qemu_session_publish(session);
  return G_SOURCE_REMOVE;
}

static void on_control_ready(void *user, const struct oriel_qemu_objects *objects) {
  struct oriel_qemu_session *session = user;
  oriel_qemu_timer_stop(&session->timer);
  session->status.consoles = objects->consoles;
  session->status.has_sound = objects->has_audio;
  session->status.can_resize = objects->has_console;
  if (!objects->has_console) {
    snprintf(session->facts.problem, sizeof session->facts.problem,
             "%s has no console %u; it has %u, numbered from 0; choose one with ?console=N",
             oriel_qemu_vm_name(&session->facts), session->config.address->console, objects->consoles);
    oriel_qemu_session_publish(session);
    return;
  }
  session->facts.problem[0] = '\0';
  session->facts.attached = true;
  session->attached_ns = oriel_clock_ns();
  session->rejections = 0;
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
  if (objects->has_audio) {
    oriel_qemu_listener_set_control(session->sound, connection, AUDIO);
    oriel_qemu_listener_set_control(session->microphone, connection, AUDIO);
    oriel_qemu_microphone_available(session->config.microphone, true);
  } else {
    oriel_info(ROOM, "%s has no sound on D-Bus; -audiodev dbus,id=ID and -display dbus,p2p=yes,audiodev=ID add it",
               oriel_qemu_vm_name(&session->facts));
  }
  send_size(session);
  oriel_qemu_session_still(session);
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
    oriel_qemu_session_retry_after(session, result);
    return;
  }
  oriel_qemu_session_timer(session, &session->timer, ORIEL_QEMU_PATIENCE_MS, on_impatience);
}

static void display_refused(void *user, const char *why) {
  struct oriel_qemu_session *session = user;
  g_strlcpy(session->facts.refusal, why ? why : "", sizeof session->facts.refusal);
  oriel_qemu_session_publish(session);
}

static const char *display_message(void *user, const char *interface, const char *member, GVariant *body,
                                   GUnixFDList *fds, GVariant **reply) {
  (void)reply;
  return oriel_qemu_scanout_message(user, interface, member, body, fds);
}

static void display_stopped(void *user) {
  oriel_qemu_scanout_reset(user);
}

static const char *sound_message(void *user, const char *interface, const char *member, GVariant *body,
                                 GUnixFDList *fds, GVariant **reply) {
  (void)fds;
  const struct oriel_qemu_call call = {interface, member, body, reply, oriel_clock_ns()};
  return oriel_qemu_sound_message(user, &call);
}

static void sound_stopped(void *user) {
  oriel_qemu_sound_reset(user);
}

static const char *microphone_message(void *user, const char *interface, const char *member, GVariant *body,
                                      GUnixFDList *fds, GVariant **reply) {
  (void)fds;
  const struct oriel_qemu_call call = {interface, member, body, reply, oriel_clock_ns()};
  return oriel_qemu_microphone_message(user, &call);
}

static void microphone_stopped(void *user) {
  oriel_qemu_microphone_stopped(user);
}

int oriel_qemu_session_create_listeners(struct oriel_qemu_session *session) {
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
    .buffer_size = 4 * 1024 * 1024, /* a picture of 1280 x 720 in one piece, where the kernel allows it */
    .owner = session,
    .refused = display_refused,
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
  const struct oriel_qemu_listener_config microphone = {
    .label = "microphone",
    .extra = sound_extra,
    .register_interface = "org.qemu.Display1.Audio",
    .register_method = "RegisterInListener",
    .alive = session->alive,
    .user = session->config.microphone,
    .message = microphone_message,
    .stopped = microphone_stopped,
  };
  int result = oriel_qemu_listener_create(session->config.context, &display, &session->display);
  if (!result)
    result = oriel_qemu_listener_create(session->config.context, &sound, &session->sound);
  if (!result)
    result = oriel_qemu_listener_create(session->config.context, &microphone, &session->microphone);
  return result;
}
