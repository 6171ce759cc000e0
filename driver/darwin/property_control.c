/* SPDX-License-Identifier: MIT
 *
 * Properties of the volume and mute controls. Threads of the daemon's that may block.
 */
#include "driver/darwin/property_control.h"

#include "driver/gain.h"

size_t get_control_scope(const struct query *q, void *data, size_t room) {
  return give_u32(data, room, direction_of(q->object));
}

static size_t give_float(void *data, size_t room, Float32 value) {
  return give(data, room, &value, sizeof value);
}

size_t get_scalar(const struct query *q, void *data, size_t room) {
  return give_float(data, room, device_of(q).scalar);
}

size_t get_decibels(const struct query *q, void *data, size_t room) {
  return give_float(data, room, volume_scalar_to_db(device_of(q).scalar));
}

static OSStatus change_volume(struct plugin *plugin, const struct object *object, Float32 scalar) {
  /* Both faces of one value change. */
  if (engine_set_volume(plugin->engine, object->side, scalar))
    plugin_notify(plugin, object->id,
                  (AudioObjectPropertySelector[4]){kAudioLevelControlPropertyScalarValue,
                                                   kAudioLevelControlPropertyDecibelValue});
  return kAudioHardwareNoError;
}

OSStatus set_scalar(struct plugin *plugin, const struct object *object, const void *data, UInt32 size) {
  (void)size;
  Float32 scalar;
  memcpy(&scalar, data, sizeof scalar);
  return change_volume(plugin, object, scalar);
}

OSStatus set_decibels(struct plugin *plugin, const struct object *object, const void *data, UInt32 size) {
  (void)size;
  Float32 db;
  memcpy(&db, data, sizeof db);
  return change_volume(plugin, object, volume_db_to_scalar(db));
}

size_t get_decibel_range(const struct query *q, void *data, size_t room) {
  const AudioValueRange range = {(Float64)VOLUME_DB_MIN, 0};
  (void)q;
  return give(data, room, &range, sizeof range);
}

/* The value to convert comes in where the answer goes. */
size_t get_scalar_as_decibels(const struct query *q, void *data, size_t room) {
  Float32 value = 0;
  (void)q;
  if (room)
    memcpy(&value, data, sizeof value);
  return give_float(data, room, volume_scalar_to_db(value));
}

size_t get_decibels_as_scalar(const struct query *q, void *data, size_t room) {
  Float32 value = 0;
  (void)q;
  if (room)
    memcpy(&value, data, sizeof value);
  return give_float(data, room, volume_db_to_scalar(value));
}

size_t get_mute(const struct query *q, void *data, size_t room) {
  return give_u32(data, room, device_of(q).muted);
}

OSStatus set_mute(struct plugin *plugin, const struct object *object, const void *data, UInt32 size) {
  (void)size;
  UInt32 value;
  memcpy(&value, data, sizeof value);
  if (engine_set_mute(plugin->engine, object->side, value != 0))
    plugin_notify(plugin, object->id, (AudioObjectPropertySelector[4]){kAudioBooleanControlPropertyValue});
  return kAudioHardwareNoError;
}
