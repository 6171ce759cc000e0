/* SPDX-License-Identifier: MIT
 *
 * Properties of the plug-in object, and the custom ones that the devices have, too. Threads of the daemon's that may
 * block.
 */
#include "driver/darwin/property_plugin.h"

#include "driver/darwin/store.h"

size_t get_device_of_uid(const struct query *q, void *data, size_t room) {
  CFStringRef uid;
  char text[64];
  AudioObjectID found = kAudioObjectUnknown;
  memcpy(&uid, q->qualifier, sizeof uid);
  if (uid && CFStringGetCString(uid, text, (CFIndex)sizeof text, kCFStringEncodingUTF8)) {
    const struct object *object;
    for (size_t i = 0; (object = object_at(i)); i++)
      if (object->kind == KIND_DEVICE && !strcmp(text, device_uid(object)))
        found = object->id;
  }
  return give_u32(data, room, found);
}

size_t get_unknown(const struct query *q, void *data, size_t room) {
  (void)q;
  return give_u32(data, room, kAudioObjectUnknown);
}

size_t get_bundle(const struct query *q, void *data, size_t room) {
  (void)q;
  return give_text(data, room, ""); /* relative to the bundle: the bundle itself */
}

size_t get_custom(const struct query *q, void *data, size_t room) {
  static const AudioServerPlugInCustomPropertyInfo infos[] = {
    {PLUGIN_SETTINGS, kAudioServerPlugInCustomPropertyDataTypeCFString, kAudioServerPlugInCustomPropertyDataTypeNone},
    {PLUGIN_STATUS, kAudioServerPlugInCustomPropertyDataTypeCFString, kAudioServerPlugInCustomPropertyDataTypeNone},
  };
  (void)q;
  if (room)
    memcpy(data, infos, (room < 2 ? room : 2) * sizeof *infos);
  return 2;
}

size_t get_settings(const struct query *q, void *data, size_t room) {
  CFStringRef text = room ? store_copy_settings(q->plugin) : NULL;
  return give(data, room, &text, sizeof text);
}

OSStatus set_settings(struct plugin *plugin, const struct object *object, const void *data, UInt32 size) {
  (void)object, (void)size;
  CFStringRef text;
  memcpy(&text, data, sizeof text);
  return store_set(plugin, text);
}

size_t get_status(const struct query *q, void *data, size_t room) {
  CFStringRef text = room ? store_copy_status(q->plugin) : NULL;
  return give(data, room, &text, sizeof text);
}
