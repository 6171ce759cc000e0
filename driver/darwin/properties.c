/* SPDX-License-Identifier: MIT
 *
 * Every property of every object in one table, which serves Has, Settable, Size, Get and Set alike: they cannot disagree. Threads of
 * the daemon's that may block.
 *
 * A getter fills up to `room` elements and returns how many there are; with no room it only counts. Lists are given in whole
 * elements, as many as fit; anything else must fit whole.
 */
#include <string.h>

#include "driver/darwin/plugin.h"

enum { CLOCK_DOMAIN = 'Orel', ANY = 0, DIRECTION = 1, ELEMENTS = 2, LIST = 4 };

struct query {
  const struct plugin *plugin;
  const struct object *object;
  const AudioObjectPropertyAddress *address;
  UInt32 qualifier_size;
  const void *qualifier;
};

struct property {
  AudioObjectPropertySelector selector;
  unsigned kinds; /* of objects that have it */
  UInt32 size;    /* of an element */
  /* DIRECTION: not in the scope of the other direction. ELEMENTS: of the channels 1.., not of the device as a whole. LIST: see
   * above. */
  unsigned flags;
  UInt32 qualifier_size; /* 0 = none is needed */
  size_t (*get)(const struct query *query, void *data, size_t room);
  /* Optional: not settable. */
  OSStatus (*set)(struct plugin *plugin, const struct object *object, const void *data);
};

static struct engine_device device_of(const struct query *query) {
  struct engine_device device;
  engine_device(query->plugin->engine, query->object->side, &device);
  return device;
}

static AudioObjectPropertyScope direction_of(const struct object *object) {
  return object->side == ENGINE_OUTPUT ? kAudioObjectPropertyScopeOutput : kAudioObjectPropertyScopeInput;
}

static size_t give(void *data, size_t room, const void *value, size_t size) {
  if (room)
    memcpy(data, value, size);
  return 1;
}

static size_t give_u32(void *data, size_t room, UInt32 value) {
  return give(data, room, &value, sizeof value);
}

static size_t give_text(void *data, size_t room, const char *text) {
  if (!room)
    return 1;
  CFStringRef string = CFStringCreateWithCString(NULL, text, kCFStringEncodingUTF8);
  return give(data, room, &string, sizeof string);
}

/* ---- of all objects ---- */

static size_t get_base(const struct query *q, void *data, size_t room) {
  return give_u32(data, room, q->object->base);
}

static size_t get_class(const struct query *q, void *data, size_t room) {
  return give_u32(data, room, q->object->class);
}

static size_t get_owner(const struct query *q, void *data, size_t room) {
  return give_u32(data, room, q->object->owner);
}

static size_t get_name(const struct query *q, void *data, size_t room) {
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

static size_t get_maker(const struct query *q, void *data, size_t room) {
  (void)q;
  return give_text(data, room, "Oriel");
}

static size_t get_model(const struct query *q, void *data, size_t room) {
  (void)q;
  return give_text(data, room, "Oriel Audio");
}

static size_t get_serial(const struct query *q, void *data, size_t room) {
  return give_text(data, room, q->object->side == ENGINE_OUTPUT ? "oriel-output" : "oriel-input");
}

static size_t get_firmware(const struct query *q, void *data, size_t room) {
  (void)q;
  return give_text(data, room, PLUGIN_VERSION);
}

static size_t get_channel_name(const struct query *q, void *data, size_t room) {
  static const char *const names[16] = {"Channel 1",  "Channel 2",  "Channel 3",  "Channel 4",
                                        "Channel 5",  "Channel 6",  "Channel 7",  "Channel 8",
                                        "Channel 9",  "Channel 10", "Channel 11", "Channel 12",
                                        "Channel 13", "Channel 14", "Channel 15", "Channel 16"};
  static const char *const stereo[2] = {"Left", "Right"};
  const UInt32 channel = q->address->mElement - 1;
  return give_text(data, room, device_of(q).channels == 2 ? stereo[channel & 1] : names[channel & 15]);
}

/* ---- trees and lists ---- */

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

static size_t get_owned(const struct query *q, void *data, size_t room) {
  return list_owned(q, ~0u, true, data, room);
}

static size_t get_devices(const struct query *q, void *data, size_t room) {
  return list_owned(q, KIND_DEVICE, false, data, room);
}

static size_t get_streams(const struct query *q, void *data, size_t room) {
  return list_owned(q, KIND_STREAM, false, data, room);
}

/* Without regard to scope: controls stand here and in the owned objects. */
static size_t get_controls(const struct query *q, void *data, size_t room) {
  AudioObjectPropertyAddress global = *q->address;
  struct query all = *q;
  global.mScope = kAudioObjectPropertyScopeGlobal;
  all.address = &global;
  return list_owned(&all, KIND_VOLUME | KIND_MUTE, false, data, room);
}

static size_t get_none(const struct query *q, void *data, size_t room) {
  (void)q, (void)data, (void)room;
  return 0;
}

static size_t get_related(const struct query *q, void *data, size_t room) {
  return give_u32(data, room, q->object->id);
}

static size_t get_custom(const struct query *q, void *data, size_t room) {
  static const AudioServerPlugInCustomPropertyInfo infos[] = {
    {PLUGIN_SETTINGS, kAudioServerPlugInCustomPropertyDataTypeCFString, kAudioServerPlugInCustomPropertyDataTypeNone},
    {PLUGIN_STATUS, kAudioServerPlugInCustomPropertyDataTypeCFString, kAudioServerPlugInCustomPropertyDataTypeNone},
  };
  (void)q;
  if (room)
    memcpy(data, infos, (room < 2 ? room : 2) * sizeof *infos);
  return 2;
}

static size_t get_settings(const struct query *q, void *data, size_t room) {
  CFStringRef text = room ? store_copy_settings(q->plugin) : NULL;
  return give(data, room, &text, sizeof text);
}

static OSStatus set_settings(struct plugin *plugin, const struct object *object, const void *data) {
  (void)object;
  CFStringRef text;
  memcpy(&text, data, sizeof text);
  return store_set(plugin, text);
}

static size_t get_status(const struct query *q, void *data, size_t room) {
  CFStringRef text = room ? store_copy_status(q->plugin) : NULL;
  return give(data, room, &text, sizeof text);
}

/* ---- of the plug-in ---- */

static const char *uid_of(const struct object *object) {
  return object->side == ENGINE_OUTPUT ? "OrielAudio_Output" : "OrielAudio_Input";
}

static size_t get_device_of_uid(const struct query *q, void *data, size_t room) {
  CFStringRef uid;
  char text[64];
  AudioObjectID found = kAudioObjectUnknown;
  memcpy(&uid, q->qualifier, sizeof uid);
  if (uid && CFStringGetCString(uid, text, (CFIndex)sizeof text, kCFStringEncodingUTF8)) {
    const struct object *object;
    for (size_t i = 0; (object = object_at(i)); i++)
      if (object->kind == KIND_DEVICE && !strcmp(text, uid_of(object)))
        found = object->id;
  }
  return give_u32(data, room, found);
}

static size_t get_unknown(const struct query *q, void *data, size_t room) {
  (void)q;
  return give_u32(data, room, kAudioObjectUnknown);
}

static size_t get_bundle(const struct query *q, void *data, size_t room) {
  (void)q;
  return give_text(data, room, ""); /* relative to the bundle: the bundle itself */
}

/* ---- of a device ---- */

static size_t get_uid(const struct query *q, void *data, size_t room) {
  return give_text(data, room, uid_of(q->object));
}

static size_t get_model_uid(const struct query *q, void *data, size_t room) {
  (void)q;
  return give_text(data, room, "OrielAudio_Model");
}

static size_t get_transport_type(const struct query *q, void *data, size_t room) {
  (void)q;
  return give_u32(data, room, kAudioDeviceTransportTypeVirtual);
}

static size_t get_clock_domain(const struct query *q, void *data, size_t room) {
  (void)q;
  return give_u32(data, room, CLOCK_DOMAIN);
}

static size_t get_one(const struct query *q, void *data, size_t room) {
  (void)q;
  return give_u32(data, room, 1);
}

static size_t get_zero(const struct query *q, void *data, size_t room) {
  (void)q;
  return give_u32(data, room, 0);
}

static size_t get_running(const struct query *q, void *data, size_t room) {
  return give_u32(data, room, device_of(q).starts > 0);
}

static size_t get_can_be_default(const struct query *q, void *data, size_t room) {
  const AudioObjectPropertyScope scope = q->address->mScope;
  return give_u32(data, room, scope == kAudioObjectPropertyScopeGlobal || scope == direction_of(q->object));
}

static size_t get_rate(const struct query *q, void *data, size_t room) {
  const Float64 rate = device_of(q).rate;
  return give(data, room, &rate, sizeof rate);
}

static OSStatus change_rate(struct plugin *plugin, const struct object *object, Float64 rate) {
  struct engine_device device;
  if (!(rate >= 1 && rate <= 1e6) || !settings_rate_is_known((uint32_t)rate) || rate > (uint32_t)rate)
    return kAudioDeviceUnsupportedFormatError;
  engine_device(plugin->engine, object->side, &device);
  if (device.rate == (uint32_t)rate)
    return kAudioHardwareNoError;
  return plugin_request(plugin, object->side, (uint32_t)rate, device.channels);
}

static OSStatus set_rate(struct plugin *plugin, const struct object *object, const void *data) {
  Float64 rate;
  memcpy(&rate, data, sizeof rate);
  return change_rate(plugin, object, rate);
}

static size_t get_rates(const struct query *q, void *data, size_t room) {
  (void)q;
  for (size_t i = 0; i < SETTINGS_RATE_COUNT && i < room; i++)
    ((AudioValueRange *)data)[i] = (AudioValueRange){settings_rates[i], settings_rates[i]};
  return SETTINGS_RATE_COUNT;
}

static size_t get_period(const struct query *q, void *data, size_t room) {
  (void)q;
  return give_u32(data, room, TIMELINE_PERIOD);
}

static size_t get_clock_algorithm(const struct query *q, void *data, size_t room) {
  (void)q;
  return give_u32(data, room, kAudioDeviceClockAlgorithmRaw); /* stamps are exact: smoothing would only delay */
}

static size_t get_stereo(const struct query *q, void *data, size_t room) {
  const UInt32 pair[2] = {1, device_of(q).channels > 1 ? 2 : 1};
  return give(data, room, pair, sizeof pair);
}

/* A list of bytes: an AudioChannelLayout with one description a channel. */
static size_t get_layout(const struct query *q, void *data, size_t room) {
  enum { HEADER = 12, DESCRIPTION = 20, LABEL_LEFT = 1, LABEL_RIGHT = 2, LABEL_MONO = 42, LABEL_DISCRETE = 1 << 16 };
  const UInt32 channels = device_of(q).channels;
  const size_t size = HEADER + channels * (size_t)DESCRIPTION;
  if (room < size)
    return size;
  const UInt32 header[3] = {0, 0, channels}; /* "use the descriptions", no bitmap */
  memset(data, 0, size);
  memcpy(data, header, sizeof header);
  for (UInt32 c = 0; c < channels; c++) {
    const UInt32 label = channels == 1 ? LABEL_MONO : c == 0 ? LABEL_LEFT : c == 1 ? LABEL_RIGHT : LABEL_DISCRETE | c;
    memcpy((char *)data + HEADER + c * DESCRIPTION, &label, sizeof label);
  }
  return size;
}

/* ---- of a stream ---- */

static size_t get_direction(const struct query *q, void *data, size_t room) {
  return give_u32(data, room, q->object->side == ENGINE_INPUT);
}

static size_t get_terminal(const struct query *q, void *data, size_t room) {
  return give_u32(data, room, q->object->side == ENGINE_INPUT ? kAudioStreamTerminalTypeMicrophone
                                                               : kAudioStreamTerminalTypeSpeaker);
}

static AudioStreamBasicDescription format_of(uint32_t rate, uint32_t channels) {
  return (AudioStreamBasicDescription){
    .mSampleRate = rate,
    .mFormatID = kAudioFormatLinearPCM,
    .mFormatFlags = kAudioFormatFlagIsFloat | kAudioFormatFlagIsPacked, /* of the machine's byte order */
    .mBytesPerPacket = channels * 4,
    .mFramesPerPacket = 1,
    .mBytesPerFrame = channels * 4,
    .mChannelsPerFrame = channels,
    .mBitsPerChannel = 32,
  };
}

static size_t get_format(const struct query *q, void *data, size_t room) {
  const struct engine_device device = device_of(q);
  const AudioStreamBasicDescription format = format_of(device.rate, device.channels);
  return give(data, room, &format, sizeof format);
}

static OSStatus set_format(struct plugin *plugin, const struct object *object, const void *data) {
  AudioStreamBasicDescription format;
  struct engine_device device;
  memcpy(&format, data, sizeof format);
  engine_device(plugin->engine, object->side, &device);
  const AudioStreamBasicDescription ours = format_of(0, device.channels);
  if (format.mFormatID != ours.mFormatID || format.mFormatFlags != ours.mFormatFlags ||
      format.mBytesPerPacket != ours.mBytesPerPacket || format.mFramesPerPacket != 1 ||
      format.mBytesPerFrame != ours.mBytesPerFrame || format.mChannelsPerFrame != ours.mChannelsPerFrame ||
      format.mBitsPerChannel != 32)
    return kAudioDeviceUnsupportedFormatError;
  return change_rate(plugin, object, format.mSampleRate);
}

static size_t get_formats(const struct query *q, void *data, size_t room) {
  const uint32_t channels = device_of(q).channels;
  for (size_t i = 0; i < SETTINGS_RATE_COUNT && i < room; i++)
    ((AudioStreamRangedDescription *)data)[i] = (AudioStreamRangedDescription){
      format_of(settings_rates[i], channels), {settings_rates[i], settings_rates[i]}};
  return SETTINGS_RATE_COUNT;
}

/* ---- of controls ---- */

static size_t get_control_scope(const struct query *q, void *data, size_t room) {
  return give_u32(data, room, direction_of(q->object));
}

static size_t give_float(void *data, size_t room, Float32 value) {
  return give(data, room, &value, sizeof value);
}

static size_t get_scalar(const struct query *q, void *data, size_t room) {
  return give_float(data, room, device_of(q).scalar);
}

static size_t get_decibels(const struct query *q, void *data, size_t room) {
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

static OSStatus set_scalar(struct plugin *plugin, const struct object *object, const void *data) {
  Float32 scalar;
  memcpy(&scalar, data, sizeof scalar);
  return change_volume(plugin, object, scalar);
}

static OSStatus set_decibels(struct plugin *plugin, const struct object *object, const void *data) {
  Float32 db;
  memcpy(&db, data, sizeof db);
  return change_volume(plugin, object, volume_db_to_scalar(db));
}

static size_t get_decibel_range(const struct query *q, void *data, size_t room) {
  const AudioValueRange range = {(Float64)VOLUME_DB_MIN, 0};
  (void)q;
  return give(data, room, &range, sizeof range);
}

/* The value to convert comes in where the answer goes. */
static size_t get_scalar_as_decibels(const struct query *q, void *data, size_t room) {
  Float32 value = 0;
  (void)q;
  if (room)
    memcpy(&value, data, sizeof value);
  return give_float(data, room, volume_scalar_to_db(value));
}

static size_t get_decibels_as_scalar(const struct query *q, void *data, size_t room) {
  Float32 value = 0;
  (void)q;
  if (room)
    memcpy(&value, data, sizeof value);
  return give_float(data, room, volume_db_to_scalar(value));
}

static size_t get_mute(const struct query *q, void *data, size_t room) {
  return give_u32(data, room, device_of(q).muted);
}

static OSStatus set_mute(struct plugin *plugin, const struct object *object, const void *data) {
  UInt32 value;
  memcpy(&value, data, sizeof value);
  if (engine_set_mute(plugin->engine, object->side, value != 0))
    plugin_notify(plugin, object->id, (AudioObjectPropertySelector[4]){kAudioBooleanControlPropertyValue});
  return kAudioHardwareNoError;
}

/* ---- the table ---- */

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
  {kAudioDevicePropertyPreferredChannelsForStereo, KIND_DEVICE, 2 * U32, DIRECTION, 0, get_stereo, NULL},
  {kAudioDevicePropertyPreferredChannelLayout, KIND_DEVICE, 1, DIRECTION, 0, get_layout, NULL},
  /* That the daemon restores volume, mute and format after it restarted. */
  {'resc', KIND_DEVICE, U32, ANY, 0, get_one, NULL},
  {'resf', KIND_DEVICE, U32, ANY, 0, get_one, NULL},

  {kAudioStreamPropertyIsActive, KIND_STREAM, U32, ANY, 0, get_one, NULL},
  {kAudioStreamPropertyDirection, KIND_STREAM, U32, ANY, 0, get_direction, NULL},
  {kAudioStreamPropertyTerminalType, KIND_STREAM, U32, ANY, 0, get_terminal, NULL},
  {kAudioStreamPropertyStartingChannel, KIND_STREAM, U32, ANY, 0, get_one, NULL},
  {kAudioStreamPropertyVirtualFormat, KIND_STREAM, sizeof(AudioStreamBasicDescription), ANY, 0, get_format, set_format},
  {kAudioStreamPropertyPhysicalFormat, KIND_STREAM, sizeof(AudioStreamBasicDescription), ANY, 0, get_format, set_format},
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
  if (size != property->size)
    return kAudioHardwareBadPropertySizeError;
  return property->set(plugin, q.object, data);
}
