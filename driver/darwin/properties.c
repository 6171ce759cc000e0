/* SPDX-License-Identifier: MIT
 *
 * Every property of every object in one table, which serves Has, Settable, Size, Get and Set alike: they cannot
 * disagree. Threads of the daemon's that may block.
 *
 * Lists are given in whole elements, as many as fit; anything else must fit whole.
 */
#include "driver/darwin/properties.h"

#include "driver/darwin/property_control.h"
#include "driver/darwin/property_device.h"
#include "driver/darwin/property_object.h"
#include "driver/darwin/property_plugin.h"
#include "driver/darwin/property_speakers.h"
#include "driver/darwin/property_stream.h"

enum { ANY = 0, DIRECTION = 1, ELEMENTS = 2, LIST = 4 };

struct property {
  AudioObjectPropertySelector selector;
  unsigned kinds; /* of objects that have it */
  UInt32 size;    /* of an element */
  /* DIRECTION: not in the scope of the other direction. ELEMENTS: of the channels 1.., not of the device as a whole.
   * LIST: see above. */
  unsigned flags;
  UInt32 qualifier_size; /* 0 = none is needed */
  property_getter *get;
  property_setter *set; /* NULL: not settable */
};

enum { ALL = 31, CONTROL = KIND_VOLUME | KIND_MUTE, U32 = 4, STRING = sizeof(CFStringRef) };

static const struct property properties[] = {
  {kAudioObjectPropertyBaseClass, ALL, U32, ANY, 0, get_base, NULL},
  {kAudioObjectPropertyClass, ALL, U32, ANY, 0, get_class, NULL},
  {kAudioObjectPropertyOwner, ALL, U32, ANY, 0, get_owner, NULL},
  {kAudioObjectPropertyName, ALL, STRING, ANY, 0, get_name, NULL},
  {kAudioObjectPropertyManufacturer, KIND_PLUGIN | KIND_DEVICE, STRING, ANY, 0, get_maker, NULL},
  {kAudioObjectPropertyModelName, KIND_DEVICE, STRING, ANY, 0, get_model, NULL},
  {kAudioObjectPropertySerialNumber, KIND_DEVICE, STRING, ANY, 0, get_serial, NULL},
  {kAudioObjectPropertyFirmwareVersion, KIND_PLUGIN | KIND_DEVICE, STRING, ANY, 0, get_firmware, NULL},
  {kAudioObjectPropertyElementName, KIND_DEVICE, STRING, DIRECTION | ELEMENTS, 0, get_channel_name, NULL},
  {kAudioObjectPropertyOwnedObjects, ALL, U32, LIST, 0, get_owned, NULL},
  {kAudioObjectPropertyCustomPropertyInfoList, KIND_PLUGIN | KIND_DEVICE, sizeof(AudioServerPlugInCustomPropertyInfo),
   LIST, 0, get_custom, NULL},
  {PLUGIN_SETTINGS, KIND_PLUGIN | KIND_DEVICE, STRING, ANY, 0, get_settings, set_settings},
  {PLUGIN_STATUS, KIND_PLUGIN | KIND_DEVICE, STRING, ANY, 0, get_status, NULL},

  {kAudioPlugInPropertyDeviceList, KIND_PLUGIN, U32, LIST, 0, get_devices, NULL},
  {kAudioPlugInPropertyTranslateUIDToDevice, KIND_PLUGIN, U32, ANY, STRING, get_device_of_uid, NULL},
  {kAudioPlugInPropertyBoxList, KIND_PLUGIN, U32, LIST, 0, get_none, NULL},
  {kAudioPlugInPropertyTranslateUIDToBox, KIND_PLUGIN, U32, ANY, STRING, get_unknown, NULL},
  {kAudioPlugInPropertyResourceBundle, KIND_PLUGIN, STRING, ANY, 0, get_bundle, NULL},

  {kAudioDevicePropertyDeviceUID, KIND_DEVICE, STRING, ANY, 0, get_uid, NULL},
  {kAudioDevicePropertyModelUID, KIND_DEVICE, STRING, ANY, 0, get_model_uid, NULL},
  {kAudioDevicePropertyTransportType, KIND_DEVICE, U32, ANY, 0, get_transport_type, NULL},
  {kAudioDevicePropertyRelatedDevices, KIND_DEVICE, U32, LIST, 0, get_related, NULL},
  {kAudioDevicePropertyClockDomain, KIND_DEVICE, U32, ANY, 0, get_clock_domain, NULL},
  {kAudioDevicePropertyDeviceIsAlive, KIND_DEVICE, U32, ANY, 0, get_one, NULL},
  {kAudioDevicePropertyDeviceIsRunning, KIND_DEVICE, U32, ANY, 0, get_running, NULL},
  {kAudioDevicePropertyDeviceCanBeDefaultDevice, KIND_DEVICE, U32, ANY, 0, get_can_be_default, NULL},
  {kAudioDevicePropertyDeviceCanBeDefaultSystemDevice, KIND_DEVICE, U32, ANY, 0, get_can_be_default, NULL},
  {kAudioDevicePropertyLatency, KIND_DEVICE | KIND_STREAM, U32, ANY, 0, get_zero, NULL},
  {kAudioDevicePropertySafetyOffset, KIND_DEVICE, U32, ANY, 0, get_zero, NULL},
  {kAudioDevicePropertyStreams, KIND_DEVICE, U32, LIST, 0, get_streams, NULL},
  {kAudioObjectPropertyControlList, KIND_DEVICE, U32, LIST, 0, get_controls, NULL},
  {kAudioDevicePropertyNominalSampleRate, KIND_DEVICE, sizeof(Float64), ANY, 0, get_rate, set_rate},
  {kAudioDevicePropertyAvailableNominalSampleRates, KIND_DEVICE, sizeof(AudioValueRange), LIST, 0, get_rates, NULL},
  {kAudioDevicePropertyIsHidden, KIND_DEVICE, U32, ANY, 0, get_zero, NULL},
  {kAudioDevicePropertyZeroTimeStampPeriod, KIND_DEVICE, U32, ANY, 0, get_period, NULL},
  {kAudioDevicePropertyClockAlgorithm, KIND_DEVICE, U32, ANY, 0, get_clock_algorithm, NULL},
  {kAudioDevicePropertyClockIsStable, KIND_DEVICE, U32, ANY, 0, get_one, NULL},
  {kAudioDevicePropertyPreferredChannelsForStereo, KIND_DEVICE, 2 * U32, DIRECTION, 0, get_stereo, set_stereo},
  {kAudioDevicePropertyPreferredChannelLayout, KIND_DEVICE, 1, DIRECTION, 0, get_layout, set_layout},
  /* That the daemon restores volume, mute and format after it restarted. */
  {'resc', KIND_DEVICE, U32, ANY, 0, get_one, NULL},
  {'resf', KIND_DEVICE, U32, ANY, 0, get_one, NULL},

  {kAudioStreamPropertyIsActive, KIND_STREAM, U32, ANY, 0, get_one, NULL},
  {kAudioStreamPropertyDirection, KIND_STREAM, U32, ANY, 0, get_direction, NULL},
  {kAudioStreamPropertyTerminalType, KIND_STREAM, U32, ANY, 0, get_terminal, NULL},
  {kAudioStreamPropertyStartingChannel, KIND_STREAM, U32, ANY, 0, get_one, NULL},
  {kAudioStreamPropertyVirtualFormat, KIND_STREAM, sizeof(AudioStreamBasicDescription), ANY, 0, get_format, set_format},
  {kAudioStreamPropertyPhysicalFormat, KIND_STREAM, sizeof(AudioStreamBasicDescription), ANY, 0, get_format,
   set_format},
  {kAudioStreamPropertyAvailableVirtualFormats, KIND_STREAM, sizeof(AudioStreamRangedDescription), LIST, 0, get_formats,
   NULL},
  {kAudioStreamPropertyAvailablePhysicalFormats, KIND_STREAM, sizeof(AudioStreamRangedDescription), LIST, 0,
   get_formats, NULL},

  {kAudioControlPropertyScope, CONTROL, U32, ANY, 0, get_control_scope, NULL},
  {kAudioControlPropertyElement, CONTROL, U32, ANY, 0, get_zero, NULL},
  {kAudioLevelControlPropertyScalarValue, KIND_VOLUME, 4, ANY, 0, get_scalar, set_scalar},
  {kAudioLevelControlPropertyDecibelValue, KIND_VOLUME, 4, ANY, 0, get_decibels, set_decibels},
  {kAudioLevelControlPropertyDecibelRange, KIND_VOLUME, sizeof(AudioValueRange), ANY, 0, get_decibel_range, NULL},
  {kAudioLevelControlPropertyConvertScalarToDecibels, KIND_VOLUME, 4, ANY, 0, get_scalar_as_decibels, NULL},
  {kAudioLevelControlPropertyConvertDecibelsToScalar, KIND_VOLUME, 4, ANY, 0, get_decibels_as_scalar, NULL},
  {kAudioBooleanControlPropertyValue, KIND_MUTE, U32, ANY, 0, get_mute, set_mute},
};
enum { PROPERTIES = sizeof properties / sizeof *properties };

static bool is_scope(AudioObjectPropertyScope scope) {
  return scope == kAudioObjectPropertyScopeGlobal || scope == kAudioObjectPropertyScopeInput ||
         scope == kAudioObjectPropertyScopeOutput || scope == kAudioObjectPropertyScopePlayThrough;
}

static bool is_at(const struct property *property, const struct query *q) {
  const AudioObjectPropertyAddress *address = q->address;
  if ((property->flags & DIRECTION) && address->mScope != kAudioObjectPropertyScopeGlobal &&
      address->mScope != direction_of(q->object))
    return false;
  if (!(property->flags & ELEMENTS))
    return address->mElement == kAudioObjectPropertyElementMain;
  return address->mElement >= 1 && address->mElement <= device_of(q).channels;
}

/* The object and the row of a query, or an error. */
static OSStatus look_up(struct query *q, AudioObjectID id, const struct property **property) {
  q->object = object_find(id);
  if (!q->object)
    return kAudioHardwareBadObjectError;
  for (size_t i = 0; i < PROPERTIES && is_scope(q->address->mScope); i++) {
    if (properties[i].selector != q->address->mSelector || !(properties[i].kinds & q->object->kind))
      continue;
    if (!is_at(&properties[i], q))
      break;
    *property = &properties[i];
    return kAudioHardwareNoError;
  }
  return kAudioHardwareUnknownPropertyError;
}

static OSStatus check_qualifier(const struct property *property, const struct query *q) {
  return property->qualifier_size && (q->qualifier_size != property->qualifier_size || !q->qualifier)
           ? kAudioHardwareBadPropertySizeError
           : kAudioHardwareNoError;
}

Boolean property_has(const struct plugin *plugin, AudioObjectID object, const AudioObjectPropertyAddress *address) {
  struct query q = {.plugin = plugin, .address = address};
  const struct property *property;
  return look_up(&q, object, &property) == kAudioHardwareNoError;
}

OSStatus property_settable(const struct plugin *plugin, AudioObjectID object,
                           const AudioObjectPropertyAddress *address, Boolean *settable) {
  struct query q = {.plugin = plugin, .address = address};
  const struct property *property;
  OSStatus status = look_up(&q, object, &property);
  if (!status)
    *settable = property->set != NULL;
  return status;
}

OSStatus property_size(const struct plugin *plugin, AudioObjectID object, const AudioObjectPropertyAddress *address,
                       UInt32 qualifier_size, const void *qualifier, UInt32 *size) {
  struct query q = {
    .plugin = plugin, .address = address, .qualifier_size = qualifier_size, .qualifier = qualifier};
  const struct property *property;
  OSStatus status = look_up(&q, object, &property);
  if (!status && !property->qualifier_size)
    *size = (UInt32)property->get(&q, NULL, 0) * property->size;
  else if (!status) /* one element, whatever the qualifier */
    *size = property->size;
  return status;
}

OSStatus property_get(const struct plugin *plugin, AudioObjectID object, const AudioObjectPropertyAddress *address,
                      UInt32 qualifier_size, const void *qualifier, UInt32 capacity, UInt32 *size, void *data) {
  struct query q = {
    .plugin = plugin, .address = address, .qualifier_size = qualifier_size, .qualifier = qualifier};
  const struct property *property;
  OSStatus status = look_up(&q, object, &property);
  if (!status)
    status = check_qualifier(property, &q);
  if (status)
    return status;
  const size_t room = capacity / property->size;
  const size_t count = property->get(&q, data, room);
  if (count > room && !(property->flags & LIST))
    return kAudioHardwareBadPropertySizeError;
  *size = (UInt32)(count < room ? count : room) * property->size;
  return kAudioHardwareNoError;
}

OSStatus property_set(struct plugin *plugin, AudioObjectID object, const AudioObjectPropertyAddress *address,
                      UInt32 size, const void *data) {
  struct query q = {.plugin = plugin, .address = address};
  const struct property *property;
  OSStatus status = look_up(&q, object, &property);
  if (status)
    return status;
  if (!property->set)
    return kAudioHardwareIllegalOperationError;
  if (size != property->size && property->size != 1)
    return kAudioHardwareBadPropertySizeError;
  return property->set(plugin, q.object, data, size);
}
