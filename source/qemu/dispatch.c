/* SPDX-License-Identifier: MIT
 *
 * A listener's calls, see dispatch.h. The connection's thread, but where said.
 */
#include "source/qemu/dispatch.h"

#include <gio/gunixfdlist.h>
#include <string.h>

#define PROPERTIES "org.freedesktop.DBus.Properties"

static GVariant *interfaces_value(const struct oriel_qemu_listener_config *config) {
  GVariantBuilder names;
  g_variant_builder_init(&names, G_VARIANT_TYPE("as"));
  for (const char *const *name = config->extra; *name; name++)
    g_variant_builder_add(&names, "s", *name);
  return g_variant_builder_end(&names);
}

static GDBusMessage *properties_reply(const struct oriel_qemu_listener_config *config, GDBusMessage *call) {
  const char *member = g_dbus_message_get_member(call);
  GDBusMessage *reply = g_dbus_message_new_method_reply(call);
  if (!strcmp(member, "Get")) {
    g_dbus_message_set_body(reply, g_variant_new("(v)", interfaces_value(config)));
    return reply;
  }
  GVariantBuilder all;
  g_variant_builder_init(&all, G_VARIANT_TYPE("a{sv}"));
  g_variant_builder_add(&all, "{sv}", "Interfaces", interfaces_value(config));
  g_dbus_message_set_body(reply, g_variant_new("(a{sv})", &all));
  return reply;
}

static bool is_properties_question(GDBusMessage *call) {
  const char *interface = g_dbus_message_get_interface(call), *member = g_dbus_message_get_member(call);
  if (!interface || strcmp(interface, PROPERTIES))
    return false;
  if (!strcmp(member, "GetAll"))
    return true;
  GVariant *body = g_dbus_message_get_body(call);
  const char *name = NULL;
  if (!strcmp(member, "Get") && body && g_variant_is_of_type(body, G_VARIANT_TYPE("(ss)")))
    g_variant_get(body, "(s&s)", NULL, &name);
  return name && !strcmp(name, "Interfaces");
}

/* The answer to a call; NULL when it comes too late for one: our half of the connection is shut. */
static GDBusMessage *handle(struct oriel_qemu_dispatch *dispatch, GDBusMessage *call) {
  if (is_properties_question(call))
    return properties_reply(dispatch->config, call);
  const char *refused = NULL;
  GVariant *said = NULL;
  pthread_mutex_lock(&dispatch->lock);
  bool live = dispatch->live;
  if (live)
    refused = dispatch->config->message(dispatch->config->user, g_dbus_message_get_interface(call),
                                   g_dbus_message_get_member(call), g_dbus_message_get_body(call),
                                   g_dbus_message_get_unix_fd_list(call), &said);
  pthread_mutex_unlock(&dispatch->lock);
  if (!live)
    return NULL;
  if (refused)
    return g_dbus_message_new_method_error_literal(call, "org.freedesktop.DBus.Error.InvalidArgs", refused);
  GDBusMessage *reply = g_dbus_message_new_method_reply(call);
  if (said)
    g_dbus_message_set_body(reply, said);
  return reply;
}

GDBusMessage *oriel_qemu_dispatch_call(struct oriel_qemu_dispatch *dispatch, GDBusMessage *call) {
  GDBusMessage *reply = handle(dispatch, call);
  if (reply && g_dbus_message_get_flags(call) & G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED)
    g_clear_object(&reply);
  return reply;
}

/* --- any thread --------------------------------------------------------------------------------------------------- */

void oriel_qemu_dispatch_init(struct oriel_qemu_dispatch *dispatch, const struct oriel_qemu_listener_config *config) {
  *dispatch = (struct oriel_qemu_dispatch){.config = config};
  pthread_mutex_init(&dispatch->lock, NULL);
}

void oriel_qemu_dispatch_finish(struct oriel_qemu_dispatch *dispatch) {
  pthread_mutex_destroy(&dispatch->lock);
}

void oriel_qemu_dispatch_start(struct oriel_qemu_dispatch *dispatch) {
  pthread_mutex_lock(&dispatch->lock);
  dispatch->live = true;
  pthread_mutex_unlock(&dispatch->lock);
}

void oriel_qemu_dispatch_stop(struct oriel_qemu_dispatch *dispatch) {
  pthread_mutex_lock(&dispatch->lock);
  const bool was_live = dispatch->live;
  dispatch->live = false;
  pthread_mutex_unlock(&dispatch->lock);
  if (was_live)
    dispatch->config->stopped(dispatch->config->user);
}
