/* SPDX-License-Identifier: MIT
 *
 * What the getters and setters of properties share: the query they answer, and how they give a value.
 *
 * A getter fills up to `room` elements and returns how many there are; with no room it only counts.
 *
 * Thread-safety: threads of the daemon's that may block, several at a time; the engine has the lock.
 */
#ifndef ORIEL_DRIVER_DARWIN_PROPERTY_H
#define ORIEL_DRIVER_DARWIN_PROPERTY_H

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

#endif
