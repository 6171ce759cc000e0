/* SPDX-License-Identifier: MIT
 *
 * Inside of the property table: the getters and setters that its rows name, by the object they are of.
 *
 * A getter fills up to `room` elements and returns how many there are; with no room it only counts.
 *
 * Thread-safety: threads of the daemon's that may block, several at a time; the engine has the lock.
 */
#ifndef ORIEL_DRIVER_DARWIN_PROPERTY_IMPL_H
#define ORIEL_DRIVER_DARWIN_PROPERTY_IMPL_H

#include <string.h>

#include "driver/darwin/plugin.h"

struct query {
  const struct plugin *plugin;
  const struct object *object;
  const AudioObjectPropertyAddress *address;
  UInt32 qualifier_size;
  const void *qualifier;
};

typedef size_t property_getter(const struct query *query, void *data, size_t room);
/** `size` is the element's, but for what is a list of bytes. */
typedef OSStatus property_setter(struct plugin *plugin, const struct object *object, const void *data, UInt32 size);

static inline struct engine_device device_of(const struct query *query) {
  struct engine_device device;
  engine_device(query->plugin->engine, query->object->side, &device);
  return device;
}

static inline AudioObjectPropertyScope direction_of(const struct object *object) {
  return object->side == ENGINE_OUTPUT ? kAudioObjectPropertyScopeOutput : kAudioObjectPropertyScopeInput;
}

static inline const char *device_uid(const struct object *object) {
  return object->side == ENGINE_OUTPUT ? "OrielAudio_Output" : "OrielAudio_Input";
}

static inline size_t give(void *data, size_t room, const void *value, size_t size) {
  if (room)
    memcpy(data, value, size);
  return 1;
}

static inline size_t give_u32(void *data, size_t room, UInt32 value) {
  return give(data, room, &value, sizeof value);
}

/* A string the caller releases. */
static inline size_t give_text(void *data, size_t room, const char *text) {
  if (!room)
    return 1;
  CFStringRef string = CFStringCreateWithCString(NULL, text, kCFStringEncodingUTF8);
  return give(data, room, &string, sizeof string);
}

/* property_object.c */
property_getter get_base, get_class, get_owner, get_name, get_maker, get_model, get_serial, get_firmware, get_owned,
  get_devices, get_streams, get_controls, get_one, get_zero, get_none;
/* property_plugin.c */
property_getter get_device_of_uid, get_unknown, get_bundle, get_custom, get_settings, get_status;
property_setter set_settings;
/* property_device.c */
property_getter get_uid, get_model_uid, get_transport_type, get_clock_domain, get_running, get_can_be_default,
  get_rate, get_rates, get_period, get_clock_algorithm, get_related;
property_setter set_rate;
/** Asks the daemon for another rate. */
OSStatus change_rate(struct plugin *plugin, const struct object *object, Float64 rate);
/* property_speakers.c */
property_getter get_stereo, get_channel_name, get_layout;
property_setter set_stereo, set_layout;
/* property_stream.c */
property_getter get_direction, get_terminal, get_format, get_formats;
property_setter set_format;
/* property_control.c */
property_getter get_control_scope, get_scalar, get_decibels, get_decibel_range, get_scalar_as_decibels,
  get_decibels_as_scalar, get_mute;
property_setter set_scalar, set_decibels, set_mute;

#endif
