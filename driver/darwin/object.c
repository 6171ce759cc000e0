/* SPDX-License-Identifier: MIT
 *
 * The one table of audio objects. Any thread.
 */
#include "driver/darwin/object.h"

static const struct object objects[] = {
  {1, kAudioObjectUnknown, KIND_PLUGIN, ENGINE_OUTPUT, kAudioPlugInClassID, kAudioObjectClassID},
  {2, 1, KIND_DEVICE, ENGINE_OUTPUT, kAudioDeviceClassID, kAudioObjectClassID},
  {3, 2, KIND_STREAM, ENGINE_OUTPUT, kAudioStreamClassID, kAudioObjectClassID},
  {4, 2, KIND_VOLUME, ENGINE_OUTPUT, kAudioVolumeControlClassID, kAudioLevelControlClassID},
  {5, 2, KIND_MUTE, ENGINE_OUTPUT, kAudioMuteControlClassID, kAudioBooleanControlClassID},
  {6, 1, KIND_DEVICE, ENGINE_INPUT, kAudioDeviceClassID, kAudioObjectClassID},
  {7, 6, KIND_STREAM, ENGINE_INPUT, kAudioStreamClassID, kAudioObjectClassID},
  {8, 6, KIND_VOLUME, ENGINE_INPUT, kAudioVolumeControlClassID, kAudioLevelControlClassID},
  {9, 6, KIND_MUTE, ENGINE_INPUT, kAudioMuteControlClassID, kAudioBooleanControlClassID},
};
enum { OBJECTS = sizeof objects / sizeof *objects };

const struct object *object_find(AudioObjectID id) {
  return id >= 1 && id <= OBJECTS ? &objects[id - 1] : NULL;
}

const struct object *object_at(size_t index) {
  return index < OBJECTS ? &objects[index] : NULL;
}

AudioObjectID object_device(enum engine_side side) {
  return side == ENGINE_OUTPUT ? 2 : 6;
}
