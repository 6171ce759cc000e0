/* SPDX-License-Identifier: MIT
 *
 * Properties that objects of several kinds have: class, owner, names, the lists of what they own. Threads of the
 * daemon's that may block.
 */
#include "driver/darwin/property_object.h"

size_t get_base(const struct query *q, void *data, size_t room) {
  return give_u32(data, room, q->object->base);
}

size_t get_class(const struct query *q, void *data, size_t room) {
  return give_u32(data, room, q->object->class);
}

size_t get_owner(const struct query *q, void *data, size_t room) {
  return give_u32(data, room, q->object->owner);
}

size_t get_name(const struct query *q, void *data, size_t room) {
  struct settings settings;
  engine_settings(q->plugin->engine, &settings);
  const char *device = q->object->side == ENGINE_OUTPUT ? settings.output_name : settings.input_name;
  switch (q->object->kind) {
  case KIND_PLUGIN: return give_text(data, room, "Oriel Audio");
  case KIND_VOLUME: return give_text(data, room, "Volume");
  case KIND_MUTE: return give_text(data, room, "Mute");
  case KIND_DEVICE:
  case KIND_STREAM: break;
  }
  return give_text(data, room, device);
}

size_t get_maker(const struct query *q, void *data, size_t room) {
  (void)q;
  return give_text(data, room, "Oriel");
}

size_t get_model(const struct query *q, void *data, size_t room) {
  (void)q;
  return give_text(data, room, "Oriel Audio");
}

size_t get_serial(const struct query *q, void *data, size_t room) {
  return give_text(data, room, q->object->side == ENGINE_OUTPUT ? "oriel-output" : "oriel-input");
}

size_t get_firmware(const struct query *q, void *data, size_t room) {
  (void)q;
  return give_text(data, room, PLUGIN_VERSION);
}

/* True when the qualifier's classes, if any, name the object's. */
static bool is_wanted(const struct query *q, const struct object *object) {
  if (!q->qualifier || q->qualifier_size < sizeof(AudioClassID))
    return true;
  for (UInt32 at = 0; at + sizeof(AudioClassID) <= q->qualifier_size; at += (UInt32)sizeof(AudioClassID)) {
    AudioClassID class;
    memcpy(&class, (const char *)q->qualifier + at, sizeof class);
    if (class == object->class || class == object->base || class == kAudioObjectClassID)
      return true;
  }
  return false;
}

static bool is_in_scope(const struct query *q, const struct object *object) {
  return q->address->mScope == kAudioObjectPropertyScopeGlobal || object->kind == KIND_DEVICE ||
         q->address->mScope == direction_of(object);
}

/* Owned objects of some kinds. */
static size_t list_owned(const struct query *q, unsigned kinds, bool by_class, void *data, size_t room) {
  size_t count = 0;
  const struct object *object;
  for (size_t i = 0; (object = object_at(i)); i++) {
    if (object->owner != q->object->id || !(object->kind & kinds) || !is_in_scope(q, object) ||
        (by_class && !is_wanted(q, object)))
      continue;
    if (count < room)
      memcpy((AudioObjectID *)data + count, &object->id, sizeof object->id);
    count++;
  }
  return count;
}

size_t get_owned(const struct query *q, void *data, size_t room) {
  return list_owned(q, ~0u, true, data, room);
}

size_t get_devices(const struct query *q, void *data, size_t room) {
  return list_owned(q, KIND_DEVICE, false, data, room);
}

size_t get_streams(const struct query *q, void *data, size_t room) {
  return list_owned(q, KIND_STREAM, false, data, room);
}

/* Without regard to scope: controls stand here and in the owned objects. */
size_t get_controls(const struct query *q, void *data, size_t room) {
  AudioObjectPropertyAddress global = *q->address;
  struct query all = *q;
  global.mScope = kAudioObjectPropertyScopeGlobal;
  all.address = &global;
  return list_owned(&all, KIND_VOLUME | KIND_MUTE, false, data, room);
}

size_t get_one(const struct query *q, void *data, size_t room) {
  (void)q;
  return give_u32(data, room, 1);
}

size_t get_zero(const struct query *q, void *data, size_t room) {
  (void)q;
  return give_u32(data, room, 0);
}

size_t get_none(const struct query *q, void *data, size_t room) {
  (void)q, (void)data, (void)room;
  return 0;
}
