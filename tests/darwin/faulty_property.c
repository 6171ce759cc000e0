/* SPDX-License-Identifier: MIT
 *
 * Properties of the small driver: one function answers, the five entry points ask it. Any thread.
 */
#include "tests/darwin/faulty_private.h"

#include <string.h>

/* A property's value: `size` bytes in elements of `element`. */
struct value {
  UInt32 size, element;
  bool settable, object; /* object: one CoreFoundation reference */
  union {
    UInt32 words[8];
    Float32 single;
    Float64 real;
    CFTypeRef reference;
    AudioStreamBasicDescription format;
    AudioStreamRangedDescription formats[2];
    AudioValueRange ranges[2];
    AudioChannelLayout layout;
    UInt8 bytes[128];
  };
};

static const UInt32 rates[2] = {44100, 48000};

static bool words(struct value *value, const UInt32 *list, UInt32 count) {
  memcpy(value->words, list, count * sizeof *list);
  value->size = count * (UInt32)sizeof *list;
  value->element = sizeof *list;
  return true;
}

static bool word(struct value *value, UInt32 number) {
  value->words[0] = number;
  value->size = value->element = sizeof number;
  return true;
}

/* A list of one is still a list. */
static bool list_of(struct value *value, UInt32 number, bool there) {
  word(value, number);
  value->size = there ? sizeof number : 0;
  return true;
}

static bool single(struct value *value, Float32 number) {
  value->single = number;
  value->size = value->element = sizeof number;
  return true;
}

static bool reference(struct value *value, CFTypeRef object) {
  value->reference = object;
  value->size = value->element = sizeof object;
  value->object = true;
  return true;
}

static void describe(AudioStreamBasicDescription *format, UInt32 rate) {
  *format =
      (AudioStreamBasicDescription){rate, kAudioFormatLinearPCM, kAudioFormatFlagsNativeFloatPacked, 8, 1, 8, 2, 32, 0};
}

static bool owned(AudioObjectID object, AudioObjectPropertyScope scope, struct value *value) {
  static const UInt32 devices[] = {OUTPUT, INPUT}, children[] = {OUTPUT_STREAM, OUTPUT_VOLUME, OUTPUT_MUTE};
  bool output = scope == kAudioObjectPropertyScopeGlobal || scope == kAudioObjectPropertyScopeOutput;
  bool input = scope == kAudioObjectPropertyScopeGlobal || scope == kAudioObjectPropertyScopeInput;
  if (object == PLUGIN)
    return words(value, devices, 2);
  if (object == OUTPUT)
    return words(value, children, output ? faulty_fault == FAULT_OWNED ? 2 : 3 : 0);
  return list_of(value, INPUT_STREAM, object == INPUT && input);
}

static bool answer_common(AudioObjectID object, const AudioObjectPropertyAddress *address, struct value *value) {
  static const UInt32 class[] = {0,
                                 kAudioPlugInClassID,
                                 kAudioDeviceClassID,
                                 kAudioStreamClassID,
                                 kAudioVolumeControlClassID,
                                 kAudioMuteControlClassID,
                                 kAudioDeviceClassID,
                                 kAudioStreamClassID};
  static const UInt32 base[] = {0,
                                kAudioObjectClassID,
                                kAudioObjectClassID,
                                kAudioObjectClassID,
                                kAudioLevelControlClassID,
                                kAudioBooleanControlClassID,
                                kAudioObjectClassID,
                                kAudioObjectClassID};
  static const UInt32 owner[] = {0, kAudioObjectUnknown, PLUGIN, OUTPUT, OUTPUT, OUTPUT, PLUGIN, INPUT};
  switch (address->mSelector) {
  case kAudioObjectPropertyClass:
    return word(value, class[object]);
  case kAudioObjectPropertyBaseClass:
    return word(value, base[object]);
  case kAudioObjectPropertyOwner:
    return word(value, owner[object]);
  case kAudioObjectPropertyOwnedObjects:
    return owned(object, address->mScope, value);
  case kAudioObjectPropertyManufacturer:
    return reference(value, CFSTR("Nobody"));
  case kAudioObjectPropertyName:
    return reference(value, object == INPUT ? CFSTR("Loop Input") : CFSTR("Loop"));
  default:
    return false;
  }
}

static bool translate(const void *qualifier, UInt32 qualifier_size, struct value *value) {
  if (qualifier_size != sizeof(CFStringRef) || !qualifier)
    return word(value, kAudioObjectUnknown);
  CFStringRef uid = *(const CFStringRef *)qualifier;
  return word(value, CFEqual(uid, CFSTR("loop-out")) ? OUTPUT : CFEqual(uid, CFSTR("loop-in")) ? INPUT : 0);
}

static bool answer_plugin(const AudioObjectPropertyAddress *address, const void *qualifier, UInt32 qualifier_size,
                          struct value *value) {
  switch (address->mSelector) {
  case kAudioPlugInPropertyDeviceList:
    return owned(PLUGIN, kAudioObjectPropertyScopeGlobal, value);
  case kAudioPlugInPropertyBoxList:
    return list_of(value, 0, false);
  case kAudioPlugInPropertyTranslateUIDToDevice:
    return translate(qualifier, qualifier_size, value);
  case kAudioPlugInPropertyTranslateUIDToBox:
    return word(value, kAudioObjectUnknown);
  case kAudioPlugInPropertyResourceBundle:
    return reference(value, CFSTR(""));
  default:
    return false;
  }
}

static bool answer_device(AudioObjectID object, const AudioObjectPropertyAddress *address, struct value *value) {
  static const UInt32 both[] = {OUTPUT, INPUT}, stereo[] = {1, 2}, controls[] = {OUTPUT_VOLUME, OUTPUT_MUTE};
  const struct faulty_device *device = faulty_device_of(object);
  UInt32 own = object == OUTPUT ? kAudioObjectPropertyScopeOutput : kAudioObjectPropertyScopeInput;
  bool here = address->mScope == own, global = address->mScope == kAudioObjectPropertyScopeGlobal;
  switch (address->mSelector) {
  case kAudioDevicePropertyDeviceUID:
    return reference(value, object == OUTPUT ? CFSTR("loop-out") : CFSTR("loop-in"));
  case kAudioDevicePropertyModelUID:
    return reference(value, CFSTR("loop"));
  case kAudioDevicePropertyTransportType:
    return word(value, kAudioDeviceTransportTypeVirtual);
  case kAudioDevicePropertyRelatedDevices:
    return words(value, both, 2);
  case kAudioDevicePropertyClockDomain:
    return word(value, faulty_fault == FAULT_DOMAIN ? object : 77);
  case kAudioDevicePropertyDeviceIsAlive:
    return word(value, 1);
  case kAudioDevicePropertyDeviceIsRunning:
    return word(value, atomic_load(&device->starts) > 0);
  case kAudioDevicePropertyNominalSampleRate:
    value->real = atomic_load(&device->rate);
    value->size = value->element = sizeof value->real;
    return value->settable = true;
  case kAudioDevicePropertyAvailableNominalSampleRates:
    for (int i = 0; i < 2; i++)
      value->ranges[i] = (AudioValueRange){rates[i], rates[i]};
    value->element = sizeof value->ranges[0];
    value->size = sizeof value->ranges;
    return true;
  case kAudioObjectPropertyControlList:
    return words(value, controls, object == OUTPUT ? 2 : 0);
  case kAudioDevicePropertyStreams:
    return list_of(value, object + 1, here || global || faulty_fault == FAULT_SCOPE);
  case kAudioDevicePropertyIsHidden:
    return word(value, 0);
  case kAudioDevicePropertyZeroTimeStampPeriod:
    return word(value, faulty_fault == FAULT_PERIOD ? 512 : PERIOD);
  case kAudioDevicePropertyDeviceCanBeDefaultDevice:
  case kAudioDevicePropertyDeviceCanBeDefaultSystemDevice:
    return !global && word(value, here);
  case kAudioDevicePropertyLatency:
  case kAudioDevicePropertySafetyOffset:
    return !global && word(value, 0);
  case kAudioDevicePropertyPreferredChannelsForStereo:
    words(value, stereo, 2);
    value->element = value->size;
    return here;
  case kAudioDevicePropertyPreferredChannelLayout:
    value->layout = (AudioChannelLayout){.mChannelLayoutTag = kAudioChannelLayoutTag_Stereo};
    value->size = value->element = offsetof(AudioChannelLayout, mChannelDescriptions);
    return here;
  default:
    return false;
  }
}

static bool answer_stream(AudioObjectID object, const AudioObjectPropertyAddress *address, struct value *value) {
  bool input = object == INPUT_STREAM;
  switch (address->mSelector) {
  case kAudioStreamPropertyIsActive:
    return word(value, 1);
  case kAudioStreamPropertyDirection:
    return word(value, input);
  case kAudioStreamPropertyTerminalType:
    return word(value, input ? kAudioStreamTerminalTypeMicrophone : kAudioStreamTerminalTypeSpeaker);
  case kAudioStreamPropertyStartingChannel:
    return word(value, 1);
  case kAudioStreamPropertyLatency:
    return word(value, 0);
  case kAudioStreamPropertyVirtualFormat:
  case kAudioStreamPropertyPhysicalFormat:
    describe(&value->format, atomic_load(&faulty_device_of(object - 1)->rate));
    value->size = value->element = sizeof value->format;
    return value->settable = true;
  case kAudioStreamPropertyAvailableVirtualFormats:
  case kAudioStreamPropertyAvailablePhysicalFormats:
    for (int i = 0; i < 2; i++) {
      describe(&value->formats[i].mFormat, rates[i]);
      value->formats[i].mSampleRateRange = (AudioValueRange){rates[i], rates[i]};
    }
    value->element = sizeof value->formats[0];
    value->size = sizeof value->formats;
    return true;
  default:
    return false;
  }
}

static Float32 to_decibel(Float32 scalar) {
  return -64.0f + 64.0f * scalar;
}

static bool answer_control(AudioObjectID object, const AudioObjectPropertyAddress *address, const void *data,
                           struct value *value) {
  bool volume = object == OUTPUT_VOLUME;
  Float32 scalar = atomic_load(&faulty.scalar), given = 0;
  if (data)
    memcpy(&given, data, sizeof given);
  switch (address->mSelector) {
  case kAudioControlPropertyScope:
    return word(value, kAudioObjectPropertyScopeOutput);
  case kAudioControlPropertyElement:
    return word(value, 0);
  case kAudioBooleanControlPropertyValue:
    value->settable = true;
    return !volume && word(value, atomic_load(&faulty.muted));
  case kAudioLevelControlPropertyScalarValue:
    value->settable = true;
    return volume && single(value, scalar);
  case kAudioLevelControlPropertyDecibelValue:
    value->settable = true;
    return volume && single(value, to_decibel(scalar));
  case kAudioLevelControlPropertyDecibelRange:
    value->ranges[0] = (AudioValueRange){-64, 0};
    value->size = value->element = sizeof value->ranges[0];
    return volume;
  case kAudioLevelControlPropertyConvertScalarToDecibels:
    return volume && single(value, to_decibel(given));
  case kAudioLevelControlPropertyConvertDecibelsToScalar:
    return volume && single(value, (given + 64.0f) / 64.0f);
  default:
    return false;
  }
}

static OSStatus answer(AudioObjectID object, const AudioObjectPropertyAddress *address, UInt32 qualifier_size,
                       const void *qualifier, const void *data, struct value *value) {
  memset(value, 0, sizeof *value);
  if (object == kAudioObjectUnknown || object >= OBJECTS)
    return faulty_fault == FAULT_OBJECT ? kAudioHardwareUnknownPropertyError : kAudioHardwareBadObjectError;
  bool found = answer_common(object, address, value);
  if (!found && object == PLUGIN)
    found = answer_plugin(address, qualifier, qualifier_size, value);
  else if (!found && (object == OUTPUT || object == INPUT))
    found = answer_device(object, address, value);
  else if (!found && (object == OUTPUT_STREAM || object == INPUT_STREAM))
    found = answer_stream(object, address, value);
  else if (!found)
    found = answer_control(object, address, data, value);
  return found ? 0 : kAudioHardwareUnknownPropertyError;
}

Boolean faulty_has(AudioServerPlugInDriverRef driver, AudioObjectID object, pid_t client,
                   const AudioObjectPropertyAddress *address) {
  (void)driver, (void)client;
  struct value value;
  pthread_mutex_lock(&faulty.lock); /* as drivers do that keep their state behind one */
  pthread_mutex_unlock(&faulty.lock);
  if (faulty_fault == FAULT_HAS && object == OUTPUT && address->mSelector == kAudioDevicePropertyIcon)
    return true;
  return answer(object, address, 0, NULL, NULL, &value) == 0;
}

OSStatus faulty_settable(AudioServerPlugInDriverRef driver, AudioObjectID object, pid_t client,
                         const AudioObjectPropertyAddress *address, Boolean *settable) {
  (void)driver, (void)client;
  struct value value;
  OSStatus status = answer(object, address, 0, NULL, NULL, &value);
  if (!status)
    *settable = value.settable;
  return status;
}

OSStatus faulty_size(AudioServerPlugInDriverRef driver, AudioObjectID object, pid_t client,
                     const AudioObjectPropertyAddress *address, UInt32 qualifier_size, const void *qualifier,
                     UInt32 *size) {
  (void)driver, (void)client;
  struct value value;
  OSStatus status = answer(object, address, qualifier_size, qualifier, NULL, &value);
  if (!status)
    *size = value.size + (faulty_fault == FAULT_SIZE && value.size > value.element ? value.element : 0);
  return status;
}

OSStatus faulty_get(AudioServerPlugInDriverRef driver, AudioObjectID object, pid_t client,
                    const AudioObjectPropertyAddress *address, UInt32 qualifier_size, const void *qualifier,
                    UInt32 capacity, UInt32 *size, void *data) {
  (void)driver, (void)client;
  struct value value;
  bool convert = address->mSelector == kAudioLevelControlPropertyConvertScalarToDecibels ||
                 address->mSelector == kAudioLevelControlPropertyConvertDecibelsToScalar;
  OSStatus status = answer(object, address, qualifier_size, qualifier, convert && capacity >= 4 ? data : NULL, &value);
  if (status)
    return status;
  bool list = value.size != value.element;
  if (address->mSelector == kAudioObjectPropertyOwnedObjects || address->mSelector == kAudioDevicePropertyStreams)
    list = true;
  if (!list && capacity < value.size && faulty_fault != FAULT_SHORT)
    return kAudioHardwareBadPropertySizeError;
  UInt32 room = capacity < value.size ? capacity : value.size;
  if (list && faulty_fault != FAULT_TORN)
    room -= room % value.element;
  if (list && faulty_fault == FAULT_OVERRUN)
    room = value.size;
  if (value.object && faulty_fault != FAULT_OVER_RELEASE) {
    /* A copy, so that references can be counted. */
    CFTypeRef copy = CFStringCreateCopy(NULL, value.reference);
    value.reference = copy;
    if (faulty_fault == FAULT_LEAK)
      CFRetain(copy);
  } else if (value.object) {
    static CFStringRef only;
    if (!only)
      only = CFStringCreateCopy(NULL, value.reference);
    value.reference = only;
  }
  memcpy(data, value.bytes, room);
  *size = room;
  return 0;
}

static void tell(AudioObjectID object, UInt32 first, UInt32 second) {
  AudioObjectPropertyAddress changed[2] = {{first, kAudioObjectPropertyScopeGlobal, 0},
                                           {second, kAudioObjectPropertyScopeGlobal, 0}};
  bool hold = faulty_fault == FAULT_HELD_LOCK;
  if (hold)
    pthread_mutex_lock(&faulty.lock);
  faulty.host->PropertiesChanged(faulty.host, object, second ? 2 : 1, changed);
  if (hold)
    pthread_mutex_unlock(&faulty.lock);
}

static OSStatus set_rate(AudioObjectID object, Float64 rate) {
  bool known = rate == rates[0] || rate == rates[1] || (faulty_fault == FAULT_ANY_RATE && rate > 0);
  if (!known)
    return kAudioDeviceUnsupportedFormatError;
  if (rate == atomic_load(&faulty_device_of(object)->rate))
    return 0;
  if (faulty_fault == FAULT_EARLY) {
    atomic_store(&faulty_device_of(object)->rate, (UInt32)rate);
    return 0;
  }
  return faulty.host->RequestDeviceConfigurationChange(faulty.host, object, (UInt64)rate, NULL);
}

static OSStatus set_volume(Float32 scalar) {
  if (!(scalar >= 0))
    scalar = 0;
  atomic_store(&faulty.scalar, scalar > 1 ? 1 : scalar);
  tell(OUTPUT_VOLUME, kAudioLevelControlPropertyScalarValue,
       faulty_fault == FAULT_DECIBEL ? 0 : kAudioLevelControlPropertyDecibelValue);
  return 0;
}

OSStatus faulty_set(AudioServerPlugInDriverRef driver, AudioObjectID object, pid_t client,
                    const AudioObjectPropertyAddress *address, UInt32 qualifier_size, const void *qualifier,
                    UInt32 size, const void *data) {
  (void)driver, (void)client;
  struct value value;
  OSStatus status = answer(object, address, qualifier_size, qualifier, NULL, &value);
  if (status)
    return status;
  if (!value.settable)
    return faulty_fault == FAULT_READ_ONLY ? 0 : kAudioHardwareIllegalOperationError;
  if (size != value.size)
    return kAudioHardwareBadPropertySizeError;
  memcpy(value.bytes, data, size);
  switch (address->mSelector) {
  case kAudioDevicePropertyNominalSampleRate:
    return set_rate(object, value.real);
  case kAudioStreamPropertyVirtualFormat:
  case kAudioStreamPropertyPhysicalFormat:
    if (value.format.mChannelsPerFrame != CHANNELS || value.format.mFormatID != kAudioFormatLinearPCM)
      return kAudioDeviceUnsupportedFormatError;
    return set_rate(object - 1, value.format.mSampleRate);
  case kAudioBooleanControlPropertyValue:
    atomic_store(&faulty.muted, value.words[0] != 0);
    tell(object, kAudioBooleanControlPropertyValue, 0);
    return 0;
  case kAudioLevelControlPropertyDecibelValue:
    return set_volume((value.single + 64.0f) / 64.0f);
  default:
    return set_volume(value.single);
  }
}
