/* SPDX-License-Identifier: MIT
 *
 * Sound of a session: QEMU has one for the whole machine. It is taken and mixed once while one of the heads listens,
 * and all that do get it; the guest's recorders hear one microphone at a time. The session's thread, but where said.
 */
#include "source/qemu/session_sound.h"

#include <errno.h>

#include "core/clock.h"
#include "core/log.h"
#include "source/qemu/session_state.h"

#define SUBSYSTEM ORIEL_QEMU_SUBSYSTEM
#define AUDIO "/org/qemu/Display1/Audio"

static const uint64_t OWNER_SILENT_NS = ORIEL_NS_PER_SECOND;

/* --- to the heads: the sound listeners' threads, or the session's ------------------------------------------------- */

static void on_sound(void *user, const float *frames, size_t count, uint64_t captured_ns) {
  struct oriel_qemu_session *session = user;
  pthread_mutex_lock(&session->lock);
  for (const struct oriel_qemu_head *head = session->heads; head; head = head->next)
    if (head->hears)
      head->config.sink->sound(head->config.sink->user, frames, count, captured_ns);
  pthread_mutex_unlock(&session->lock);
}

static void on_volume(void *user, float left, float right, bool muted) {
  struct oriel_qemu_session *session = user;
  pthread_mutex_lock(&session->lock);
  for (const struct oriel_qemu_head *head = session->heads; head; head = head->next)
    if (head->config.sink->volume)
      head->config.sink->volume(head->config.sink->user, left, right, muted);
  pthread_mutex_unlock(&session->lock);
}

static void on_microphone(void *user, enum oriel_microphone_use use) {
  struct oriel_qemu_session *session = user;
  pthread_mutex_lock(&session->lock);
  session->use = use;
  for (const struct oriel_qemu_head *head = session->heads; head; head = head->next)
    if (head->config.sink->microphone)
      head->config.sink->microphone(head->config.sink->user, use);
  pthread_mutex_unlock(&session->lock);
}

/* --- the listeners ------------------------------------------------------------------------------------------------ */

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

static int create_listeners(struct oriel_qemu_session *session) {
  static const char *const extra[] = {NULL};
  const struct oriel_qemu_listener_config sound = {
    .label = "sound",
    .extra = extra,
    .register_interface = "org.qemu.Display1.Audio",
    .register_method = "RegisterOutListener",
    .alive = session->alive,
    .user = session->sound,
    .message = sound_message,
    .stopped = sound_stopped,
  };
  const struct oriel_qemu_listener_config microphone = {
    .label = "microphone",
    .extra = extra,
    .register_interface = "org.qemu.Display1.Audio",
    .register_method = "RegisterInListener",
    .alive = session->alive,
    .user = session->microphone,
    .message = microphone_message,
    .stopped = microphone_stopped,
  };
  const int result = oriel_qemu_listener_create(session->context, &sound, &session->sound_listener);
  return result ? result : oriel_qemu_listener_create(session->context, &microphone, &session->microphone_listener);
}

int oriel_qemu_session_create_sound(struct oriel_qemu_session *session) {
  session->sink = (struct oriel_source_sink){
    .user = session, .sound = on_sound, .volume = on_volume, .microphone = on_microphone};
  int result = oriel_qemu_sound_create(&session->sink, &session->sound);
  if (!result)
    result = oriel_qemu_microphone_create(&session->microphone);
  if (result < 0)
    return result;
  oriel_qemu_microphone_attach(session->microphone, &session->sink);
  result = create_listeners(session);
  /* Always: without a listener QEMU gives its guest's recorders whatever its buffer holds, again and again. */
  if (!result)
    oriel_qemu_listener_want(session->microphone_listener, true);
  return result;
}

void oriel_qemu_session_end_sound(struct oriel_qemu_session *session) {
  oriel_qemu_listener_destroy(session->sound_listener);
  oriel_qemu_listener_destroy(session->microphone_listener);
  session->sound_listener = session->microphone_listener = NULL;
}

void oriel_qemu_session_free_sound(struct oriel_qemu_session *session) {
  oriel_qemu_sound_destroy(session->sound);
  oriel_qemu_microphone_destroy(session->microphone);
}

const gint *oriel_qemu_session_mute(struct oriel_qemu_session *session) {
  session->muted = true;
  return oriel_qemu_microphone_mute(session->microphone);
}

void oriel_qemu_session_unmute(struct oriel_qemu_session *session) {
  if (!session->muted)
    return;
  session->muted = false;
  oriel_qemu_microphone_unmute(session->microphone);
  oriel_qemu_listener_restart(session->microphone_listener);
}

void oriel_qemu_session_attach_sound(struct oriel_qemu_session *session) {
  GDBusConnection *connection = oriel_qemu_control_connection(session->control);
  if (!session->has_audio) {
    oriel_info(SUBSYSTEM, "%s has no sound on D-Bus; -audiodev dbus,id=ID and -display dbus,p2p=yes,audiodev=ID add it",
               oriel_qemu_vm_name(&session->facts));
    return;
  }
  oriel_qemu_listener_set_control(session->sound_listener, connection, AUDIO);
  oriel_qemu_listener_set_control(session->microphone_listener, connection, AUDIO);
  oriel_qemu_microphone_available(session->microphone, true);
}

void oriel_qemu_session_detach_sound(struct oriel_qemu_session *session) {
  oriel_qemu_listener_set_control(session->sound_listener, NULL, NULL);
  oriel_qemu_listener_set_control(session->microphone_listener, NULL, NULL);
  oriel_qemu_microphone_available(session->microphone, false);
}

void oriel_qemu_session_want_sound(struct oriel_qemu_session *session) {
  bool wanted = false;
  for (const struct oriel_qemu_head *head = session->heads; head; head = head->next)
    wanted |= head->hears;
  oriel_qemu_listener_want(session->sound_listener, wanted);
}

/* --- the microphone: any thread ----------------------------------------------------------------------------------- */

/* owner_lock held. */
static bool may_own(struct oriel_qemu_session *session, const void *owner, bool ends, uint64_t now_ns) {
  const bool taken = session->owner && session->owner != owner &&
                     now_ns - session->owner_heard_ns < OWNER_SILENT_NS;
  if (taken)
    return false;
  session->owner = ends ? NULL : owner;
  session->owner_heard_ns = now_ns;
  return true;
}

int oriel_qemu_session_microphone(struct oriel_qemu_session *session, const void *owner,
                                  const struct oriel_microphone *packet) {
  const uint64_t now_ns = oriel_clock_ns();
  int result = -ENOTCONN;
  pthread_mutex_lock(&session->owner_lock);
  if (may_own(session, owner, packet->size == 0, now_ns))
    result = oriel_qemu_microphone_push(session->microphone, packet, now_ns);
  pthread_mutex_unlock(&session->owner_lock);
  return result;
}
