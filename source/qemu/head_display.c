/* SPDX-License-Identifier: MIT
 *
 * A head's console: its picture's listener, its input, its sizes. The session's thread only, but where said.
 */
#include "source/qemu/head_display.h"

#include <stdio.h>
#include <string.h>

#include "core/log.h"
#include "source/impl.h"
#include "source/qemu/display_poll.h"
#include "source/qemu/head_report.h"
#include "source/qemu/session_clipboard.h"
#include "source/qemu/session_sound.h"
#include "source/qemu/session_state.h"
#include "source/qemu/timer.h"

#define SUBSYSTEM ORIEL_QEMU_SUBSYSTEM

/* Registers the display again where QEMU did not tell of a new size; ever more slowly where that does not help. */
static gboolean on_resync(gpointer user) {
  struct oriel_qemu_head *head = user;
  oriel_qemu_timer_stop(&head->resync);
  if (!oriel_qemu_scanout_stale(head->config.scanout)) {
    head->resync_ms = ORIEL_QEMU_RESYNC_FIRST_MS;
    return G_SOURCE_REMOVE;
  }
  oriel_qemu_listener_restart(head->display);
  head->resync_ms = MIN(head->resync_ms * 4, ORIEL_QEMU_RESYNC_MAX_MS);
  oriel_qemu_timer_start(head->session->context, &head->resync, head->resync_ms, on_resync, head);
  return G_SOURCE_REMOVE;
}

void oriel_qemu_head_stale(struct oriel_qemu_head *head) {
  if (!head->resync)
    oriel_qemu_timer_start(head->session->context, &head->resync, head->resync_ms, on_resync, head);
}

/* --- sizes -------------------------------------------------------------------------------------------------------- */

static void on_resized(GObject *object, GAsyncResult *result, gpointer user) {
  struct oriel_qemu_head *head = user;
  GError *error = NULL;
  GVariant *value = g_dbus_connection_call_finish(G_DBUS_CONNECTION(object), result, &error);
  if (error && g_dbus_error_is_remote_error(error) && head->facts.attached) {
    oriel_info(SUBSYSTEM, "this console cannot be resized: %s", error->message);
    head->status.can_resize = false;
    oriel_qemu_head_publish(head);
  }
  g_clear_pointer(&value, g_variant_unref);
  g_clear_error(&error);
  g_atomic_int_dec_and_test(head->alive);
}

static uint16_t millimetres(uint16_t pixels) {
  return (uint16_t)((pixels * 254u + 480) / 960); /* 96 dots per inch */
}

/* QEMU drops a request that equals the last one, also when the guest has left that size since: a millimetre more or
 * less makes it news, which the guest hears of. */
static void send_size(struct oriel_qemu_head *head) {
  if (!head->facts.attached || !head->requested_width)
    return;
  const uint16_t odd = head->sizes_asked++ & 1;
  const struct oriel_qemu_monitor monitor = {
    .width_mm = (uint16_t)(millimetres(head->requested_width) + odd), .height_mm = millimetres(head->requested_height),
    .width = head->requested_width, .height = head->requested_height};
  g_atomic_int_inc(head->alive);
  oriel_qemu_console_set_monitor(oriel_qemu_control_connection(head->session->control), head->config.console, &monitor,
                                 head->calls, on_resized, head);
}

void oriel_qemu_head_resize(struct oriel_qemu_head *head, uint16_t width, uint16_t height) {
  head->requested_width = width;
  head->requested_height = height;
  send_size(head);
}

/* GDBus's worker thread. */
static void on_console_resized(void *user, uint32_t width, uint32_t height) {
  struct oriel_qemu_head *head = user;
  oriel_qemu_scanout_expect(head->config.scanout, width, height);
}

/* --- the console -------------------------------------------------------------------------------------------------- */

void oriel_qemu_head_attach(struct oriel_qemu_head *head) {
  struct oriel_qemu_session *session = head->session;
  const unsigned number = head->config.console;
  const struct oriel_qemu_console_facts facts = oriel_qemu_control_console(session->control, number);
  char path[ORIEL_QEMU_CONSOLE_PATH_SIZE];
  if (head->leaving)
    return;
  oriel_qemu_console_path(number, path);
  head->status.can_resize = head->facts.attached = facts.exists;
  if (facts.exists) {
    head->reconnects += head->facts.was_attached;
    head->facts.was_attached = true;
    if (facts.width && facts.width <= ORIEL_PICTURE_WIDTH_MAX && facts.height &&
        facts.height <= ORIEL_PICTURE_HEIGHT_MAX)
      oriel_qemu_input_set_size(head->config.input, (uint16_t)facts.width, (uint16_t)facts.height);
    oriel_qemu_scanout_expect(head->config.scanout, facts.width, facts.height);
    head->console = (struct oriel_qemu_console){.number = number, .sink = head->config.sink,
                                                .input = head->config.input, .user = head,
                                                .resized = on_console_resized};
    oriel_qemu_control_take(session->control, &head->console, facts.has_touch && session->has_touch_device);
    oriel_qemu_listener_set_control(head->display, oriel_qemu_control_connection(session->control), path);
    send_size(head);
    oriel_qemu_head_poll_display(head);
  }
  oriel_qemu_head_publish(head);
}

void oriel_qemu_head_detach(struct oriel_qemu_head *head) {
  oriel_qemu_timer_stop(&head->resync);
  head->resync_ms = ORIEL_QEMU_RESYNC_FIRST_MS;
  oriel_qemu_listener_set_control(head->display, NULL, NULL);
  if (head->session->control)
    oriel_qemu_control_release(head->session->control, &head->console);
  head->facts.attached = false;
  head->facts.display = (struct oriel_qemu_display){.kind = ORIEL_QEMU_DISPLAY_ON};
  head->facts.refusal[0] = '\0';
  oriel_qemu_head_poll_display(head);
}

static void display_refused(void *user, const char *why) {
  struct oriel_qemu_head *head = user;
  g_strlcpy(head->facts.refusal, why ? why : "", sizeof head->facts.refusal);
  oriel_qemu_head_publish(head);
}

static const char *display_message(void *user, const char *interface, const char *member, GVariant *body,
                                   GUnixFDList *fds, GVariant **reply) {
  (void)reply;
  return oriel_qemu_scanout_message(user, interface, member, body, fds);
}

struct oriel_qemu_listener_config oriel_qemu_display_listener(struct oriel_qemu_scanout *scanout, gint *alive) {
  return (struct oriel_qemu_listener_config){
    .label = "display",
    .register_interface = ORIEL_QEMU_CONSOLE,
    .register_method = "RegisterListener",
    .alive = alive,
    .user = scanout,
    .message = display_message,
    .buffer_size = 4 * 1024 * 1024, /* a picture of 1280 x 720 in one piece, where the kernel allows it */
  };
}

static void display_stopped(void *user) {
  oriel_qemu_scanout_reset(user);
}

int oriel_qemu_head_create_listener(struct oriel_qemu_head *head) {
  static const char *const extra[] = {"org.qemu.Display1.Listener.Unix.Map", NULL};
  struct oriel_qemu_listener_config display = oriel_qemu_display_listener(head->config.scanout, head->alive);
  display.extra = extra;
  display.stopped = display_stopped;
  display.owner = head;
  display.refused = display_refused;
  return oriel_qemu_listener_create(head->session->context, &display, &head->display);
}

/* --- what the desktop asks for ------------------------------------------------------------------------------------ */

void oriel_qemu_head_watch(struct oriel_qemu_head *head, unsigned what) {
  struct oriel_qemu_session *session = head->session;
  const bool watched = what & ORIEL_WATCH_PICTURES;
  /* A picture that was kept up unseen is all news. */
  if (watched && !head->watched && oriel_qemu_listener_active(head->display))
    oriel_qemu_scanout_refresh(head->config.scanout);
  head->watched = watched;
  oriel_qemu_head_poll_display(head);
  if (watched || !session->keeps_display)
    oriel_qemu_listener_want(head->display, watched);
  pthread_mutex_lock(&session->lock);
  head->hears = what & ORIEL_WATCH_SOUND;
  head->copies = what & ORIEL_WATCH_CLIPBOARD;
  pthread_mutex_unlock(&session->lock);
  oriel_qemu_session_want_sound(session);
  oriel_qemu_session_want_clipboard(session);
}

void oriel_qemu_head_display(struct oriel_qemu_head *head, const struct oriel_qemu_display *display) {
  head->facts.display = *display;
  oriel_qemu_head_publish(head);
}
