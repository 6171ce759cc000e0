/* SPDX-License-Identifier: MIT
 *
 * The simulator's walk over all objects, selectors, scopes and elements: what a driver says it has, how large it says
 * it is, and what it then gives must agree; too little room is refused or filled with whole elements; nothing is
 * written past the room; strings come with a reference, once. See hal.h.
 */
#include "tests/darwin/hal_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/darwin/cf.h"

enum kind {
  WORD,
  SINGLE,
  REAL,
  OBJECT,
  WORDS,
  RANGE,
  RANGES,
  FORMAT,
  FORMATS,
  CUSTOM,
  PAIR,
  LAYOUT,
  ASK,
  CONVERT,
  ANY
};
enum { VALUE_MAX = 16384, GUARD = 64, GUARD_BYTE = 0xa5 };

/* Whose properties they are; MUST: such an object has to have it. */
enum { EACH = 1, PLUGIN = 2, DEVICE = 4, STREAM = 8, LEVEL = 16, BOOLEAN = 32, CONTROL = LEVEL | BOOLEAN, MAY = 64 };

struct property {
  UInt32 selector;
  enum kind kind;
  unsigned owners;
};

static const struct property properties[] = {
    {kAudioObjectPropertyBaseClass, WORD, EACH},
    {kAudioObjectPropertyClass, WORD, EACH},
    {kAudioObjectPropertyOwner, WORD, EACH},
    {kAudioObjectPropertyOwnedObjects, WORDS, EACH},
    {kAudioObjectPropertyName, OBJECT, DEVICE},
    {kAudioObjectPropertyManufacturer, OBJECT, PLUGIN | DEVICE},
    {kAudioObjectPropertyModelName, OBJECT, EACH | MAY},
    {kAudioObjectPropertySerialNumber, OBJECT, EACH | MAY},
    {kAudioObjectPropertyFirmwareVersion, OBJECT, EACH | MAY},
    {kAudioObjectPropertyElementName, OBJECT, EACH | MAY},
    {kAudioObjectPropertyElementCategoryName, OBJECT, EACH | MAY},
    {kAudioObjectPropertyElementNumberName, OBJECT, EACH | MAY},
    {kAudioObjectPropertyIdentify, WORD, EACH | MAY},
    {kAudioObjectPropertyCustomPropertyInfoList, CUSTOM, EACH | MAY},
    {kAudioPlugInPropertyBundleID, OBJECT, PLUGIN | MAY},
    {kAudioPlugInPropertyDeviceList, WORDS, PLUGIN},
    {kAudioPlugInPropertyTranslateUIDToDevice, ASK, PLUGIN},
    {kAudioPlugInPropertyBoxList, WORDS, PLUGIN},
    {kAudioPlugInPropertyTranslateUIDToBox, ASK, PLUGIN},
    {kAudioPlugInPropertyClockDeviceList, WORDS, PLUGIN | MAY},
    {kAudioPlugInPropertyTranslateUIDToClockDevice, ASK, PLUGIN | MAY},
    {kAudioPlugInPropertyResourceBundle, OBJECT, PLUGIN},
    {kAudioDevicePropertyConfigurationApplication, OBJECT, DEVICE | MAY},
    {kAudioDevicePropertyDeviceUID, OBJECT, DEVICE},
    {kAudioDevicePropertyModelUID, OBJECT, DEVICE},
    {kAudioDevicePropertyTransportType, WORD, DEVICE},
    {kAudioDevicePropertyRelatedDevices, WORDS, DEVICE},
    {kAudioDevicePropertyClockDomain, WORD, DEVICE},
    {kAudioDevicePropertyDeviceIsAlive, WORD, DEVICE},
    {kAudioDevicePropertyDeviceIsRunning, WORD, DEVICE},
    {kAudioDevicePropertyDeviceCanBeDefaultDevice, WORD, DEVICE | MAY},
    {kAudioDevicePropertyDeviceCanBeDefaultSystemDevice, WORD, DEVICE | MAY},
    {kAudioDevicePropertyLatency, WORD, STREAM | DEVICE | MAY},
    {kAudioDevicePropertyStreams, WORDS, DEVICE},
    {kAudioObjectPropertyControlList, WORDS, DEVICE},
    {kAudioDevicePropertySafetyOffset, WORD, DEVICE | MAY},
    {kAudioDevicePropertyNominalSampleRate, REAL, DEVICE},
    {kAudioDevicePropertyAvailableNominalSampleRates, RANGES, DEVICE},
    {kAudioDevicePropertyIcon, OBJECT, DEVICE | MAY},
    {kAudioDevicePropertyIsHidden, WORD, DEVICE},
    {kAudioDevicePropertyPreferredChannelsForStereo, PAIR, DEVICE | MAY},
    {kAudioDevicePropertyPreferredChannelLayout, LAYOUT, DEVICE | MAY},
    {kAudioDevicePropertyZeroTimeStampPeriod, WORD, DEVICE},
    {kAudioDevicePropertyClockAlgorithm, WORD, DEVICE | MAY},
    {kAudioDevicePropertyClockIsStable, WORD, DEVICE | MAY},
    {kAudioStreamPropertyIsActive, WORD, STREAM},
    {kAudioStreamPropertyDirection, WORD, STREAM},
    {kAudioStreamPropertyTerminalType, WORD, STREAM},
    {kAudioStreamPropertyStartingChannel, WORD, STREAM},
    {kAudioStreamPropertyVirtualFormat, FORMAT, STREAM},
    {kAudioStreamPropertyAvailableVirtualFormats, FORMATS, STREAM},
    {kAudioStreamPropertyPhysicalFormat, FORMAT, STREAM},
    {kAudioStreamPropertyAvailablePhysicalFormats, FORMATS, STREAM},
    {kAudioControlPropertyScope, WORD, CONTROL},
    {kAudioControlPropertyElement, WORD, CONTROL},
    {kAudioLevelControlPropertyScalarValue, SINGLE, LEVEL},
    {kAudioLevelControlPropertyDecibelValue, SINGLE, LEVEL},
    {kAudioLevelControlPropertyDecibelRange, RANGE, LEVEL},
    {kAudioLevelControlPropertyConvertScalarToDecibels, CONVERT, LEVEL},
    {kAudioLevelControlPropertyConvertDecibelsToScalar, CONVERT, LEVEL},
    {kAudioBooleanControlPropertyValue, WORD, BOOLEAN},
    {0x72657363, ANY, MAY}, /* 'resc' and 'resf': asked for since macOS 26 */
    {0x72657366, ANY, MAY},
    {0x6e6f6e65, ANY, MAY}, /* 'none': nobody's */
    {0, ANY, MAY},
};

static const UInt32 scopes[] = {kAudioObjectPropertyScopeGlobal, kAudioObjectPropertyScopeInput,
                                kAudioObjectPropertyScopeOutput, kAudioObjectPropertyScopePlayThrough, 0};
static const UInt32 elements[] = {0, 1, 2, 17, 0xffffffffu};

/* Bytes of one element, and whether there may be several. */
static UInt32 element_size(enum kind kind, bool *list) {
  *list = kind == WORDS || kind == RANGES || kind == FORMATS || kind == CUSTOM;
  switch (kind) {
  case REAL:
  case PAIR:
  case OBJECT:
    return 8;
  case RANGE:
  case RANGES:
    return sizeof(AudioValueRange);
  case FORMAT:
    return sizeof(AudioStreamBasicDescription);
  case FORMATS:
    return sizeof(AudioStreamRangedDescription);
  case CUSTOM:
    return sizeof(AudioServerPlugInCustomPropertyInfo);
  case LAYOUT:
  case ANY:
    return 0;
  default:
    return 4;
  }
}

static const char *at_words(AudioObjectID object, const AudioObjectPropertyAddress *address) {
  static _Thread_local char text[80];
  snprintf(text, sizeof text, "object %u, '%s' '%s' %u", object, hal_code(address->mSelector),
           hal_code(address->mScope), address->mElement);
  return text;
}

/* One value, with its guards. */
struct box {
  _Alignas(16) UInt8 before[GUARD];
  UInt8 bytes[VALUE_MAX + GUARD];
};

struct place {
  struct hal *hal;
  AudioObjectID object;
  AudioObjectPropertyAddress address;
  const struct property *property;
  struct box *box;
};

static OSStatus get(const struct place *place, UInt32 capacity, UInt32 *size) {
  struct hal *hal = place->hal;
  CFStringRef uid = CFSTR("nobody's UID");
  bool ask = place->property->kind == ASK;
  UInt8 *data = place->box->bytes; /* aligned; what lies beyond the room is guarded */
  memset(place->box, GUARD_BYTE, sizeof *place->box);
  if (place->property->kind == CONVERT && capacity >= sizeof(Float32))
    memcpy(data, &(Float32){0.5f}, sizeof(Float32));
  *size = 0xdeadbeef;
  OSStatus status =
      DRIVER(hal)->GetPropertyData(hal->driver, place->object, 4711, &place->address, ask ? sizeof uid : 0,
                                   ask ? (const void *)&uid : NULL, capacity, size, data);
  for (size_t i = 0; i < GUARD; i++)
    if (data[capacity + i] != GUARD_BYTE || place->box->before[i] != GUARD_BYTE) {
      hal_fault(hal, "property.overrun", "%s: wrote past the room of %u bytes",
                at_words(place->object, &place->address), capacity);
      break;
    }
  if (status == 0 && *size > capacity)
    hal_fault(hal, "property.overrun", "%s: says %u bytes into room for %u", at_words(place->object, &place->address),
              *size, capacity);
  if (status == 0 && place->property->kind == OBJECT && *size == sizeof(CFTypeRef)) {
    CFTypeRef object = NULL;
    memcpy(&object, data, sizeof object);
    if (object)
      CFRelease(object);
  }
  return status;
}

static void check_room(const struct place *place, UInt32 size) {
  bool list = false;
  UInt32 element = element_size(place->property->kind, &list), got = 0;
  const char *where = at_words(place->object, &place->address);
  struct hal *hal = place->hal;
  if (!element || !size)
    return;
  if (!list) {
    for (UInt32 room = 0; room < size; room += size - 1)
      if (get(place, room, &got) != kAudioHardwareBadPropertySizeError)
        hal_fault(hal, "property.short", "%s: %u bytes of room for %u are not refused with '!siz'", where, room, size);
    return;
  }
  UInt8 *whole = malloc(size);
  if (!whole)
    abort();
  get(place, size, &got);
  memcpy(whole, place->box->bytes, size);
  const UInt32 rooms[] = {0, element - 1, element, size - 1, size - element, size + 7};
  for (size_t i = 0; i < sizeof rooms / sizeof rooms[0]; i++) {
    OSStatus status = get(place, rooms[i], &got);
    UInt32 fits = (rooms[i] < size ? rooms[i] : size) / element * element;
    if (status || got != fits)
      hal_fault(hal, "property.torn", "%s: %u bytes of room give %u ('%s'), not %u", where, rooms[i], got,
                hal_code((UInt32)status), fits);
    else if (memcmp(place->box->bytes, whole, fits) != 0)
      hal_fault(hal, "property.torn", "%s: %u bytes of room give other elements", where, rooms[i]);
  }
  free(whole);
}

static void check_set(const struct place *place, bool settable, UInt32 size) {
  struct hal *hal = place->hal;
  const char *where = at_words(place->object, &place->address);
  if (place->property->kind == ANY || size > VALUE_MAX)
    return;
  UInt8 junk[VALUE_MAX];
  memset(junk, 0, sizeof junk);
  if (!settable) {
    OSStatus status =
        DRIVER(hal)->SetPropertyData(hal->driver, place->object, 4711, &place->address, 0, NULL, size, junk);
    if (status != kAudioHardwareIllegalOperationError && status != kAudioHardwareUnsupportedOperationError)
      hal_fault(hal, "property.set", "%s: setting what cannot be set gives '%s', not 'nope'", where,
                hal_code((UInt32)status));
    return;
  }
  for (UInt32 wrong = 0; wrong < size; wrong += size - 1) {
    OSStatus status =
        DRIVER(hal)->SetPropertyData(hal->driver, place->object, 4711, &place->address, 0, NULL, wrong, junk);
    if (status != kAudioHardwareBadPropertySizeError)
      hal_fault(hal, "property.set", "%s: setting %u bytes of %u gives '%s', not '!siz'", where, wrong, size,
                hal_code((UInt32)status));
  }
}

static void check_place(const struct place *place, bool known) {
  struct hal *hal = place->hal;
  const char *where = at_words(place->object, &place->address);
  CFStringRef uid = CFSTR("nobody's UID");
  bool ask = place->property->kind == ASK, list = false;
  Boolean settable = 2;
  UInt32 size = 0, got = 0;
  bool has = DRIVER(hal)->HasProperty(hal->driver, place->object, 4711, &place->address);
  OSStatus set = DRIVER(hal)->IsPropertySettable(hal->driver, place->object, 4711, &place->address, &settable);
  OSStatus sized = DRIVER(hal)->GetPropertyDataSize(hal->driver, place->object, 4711, &place->address,
                                                    ask ? sizeof uid : 0, ask ? (const void *)&uid : NULL, &size);
  OSStatus given = get(place, sized == 0 && size <= VALUE_MAX ? size : 256, &got);
  if (!has) {
    OSStatus wanted = known ? kAudioHardwareUnknownPropertyError : kAudioHardwareBadObjectError;
    if (set != wanted || sized != wanted || given != wanted)
      hal_fault(hal, known ? "property.unknown" : "property.object",
                "%s: not there, but settable '%s', size '%s', get '%s', not '%s'", where, hal_code((UInt32)set),
                hal_code((UInt32)sized), hal_code((UInt32)given), hal_code((UInt32)wanted));
    return;
  }
  if (!known) {
    hal_fault(hal, "property.object", "%s: HasProperty knows an object that is not there", where);
    return;
  }
  if (set || sized || given || settable > 1) {
    hal_fault(hal, "property.has", "%s: there, but settable '%s' (%u), size '%s', get '%s'", where,
              hal_code((UInt32)set), settable, hal_code((UInt32)sized), hal_code((UInt32)given));
    return;
  }
  UInt32 element = element_size(place->property->kind, &list);
  if (got != size)
    hal_fault(hal, "property.size", "%s: declares %u bytes and gives %u", where, size, got);
  else if (element && (size % element || (!list && size != element)))
    hal_fault(hal, "property.size", "%s: %u bytes, of elements of %u", where, size, element);
  else
    check_room(place, size);
  check_set(place, settable, size);
}

static unsigned owner_of(struct hal *hal, AudioObjectID object) {
  UInt32 base = hal_u32(hal, object, kAudioObjectPropertyBaseClass, kAudioObjectPropertyScopeGlobal, 0);
  switch (hal_u32(hal, object, kAudioObjectPropertyClass, kAudioObjectPropertyScopeGlobal, 0)) {
  case kAudioPlugInClassID:
    return PLUGIN;
  case kAudioDeviceClassID:
    return DEVICE;
  case kAudioStreamClassID:
    return STREAM;
  default:
    return base == kAudioLevelControlClassID ? LEVEL : base == kAudioBooleanControlClassID ? BOOLEAN : 0;
  }
}

static void check_required(struct hal *hal, AudioObjectID object) {
  unsigned owner = owner_of(hal, object);
  if (!owner)
    hal_fault(hal, "property.class", "object %u is of no class that the daemon knows", object);
  for (size_t i = 0; i < sizeof properties / sizeof properties[0]; i++) {
    AudioObjectPropertyAddress address = hal_address(properties[i].selector, kAudioObjectPropertyScopeGlobal, 0);
    bool must = properties[i].owners & (owner | EACH) && !(properties[i].owners & MAY);
    if (must && !DRIVER(hal)->HasProperty(hal->driver, object, 0, &address))
      hal_fault(hal, "property.missing", "%s is missing", at_words(object, &address));
  }
}

static void walk_object(struct hal *hal, AudioObjectID object, bool known, struct box *box) {
  for (size_t p = 0; p < sizeof properties / sizeof properties[0]; p++)
    for (size_t s = 0; s < sizeof scopes / sizeof scopes[0]; s++)
      for (size_t e = 0; e < sizeof elements / sizeof elements[0]; e++) {
        struct place place = {hal, object, hal_address(properties[p].selector, scopes[s], elements[e]), &properties[p],
                              box};
        check_place(&place, known);
      }
}

static void walk(struct hal *hal, struct box *box) {
  AudioObjectID ids[HAL_OBJECTS_MAX];
  size_t count = hal_objects(hal, ids);
  static const AudioObjectID strangers[] = {0, 4000, 0x7fffffff, 0xffffffffu};
  for (size_t i = 0; i < count; i++) {
    check_required(hal, ids[i]);
    walk_object(hal, ids[i], true, box);
  }
  for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++)
    walk_object(hal, strangers[i], false, box);
}

/* Twice: what the first walk leaves alive may be kept for good, what the second does is lost each time. */
void hal_check_properties(struct hal *hal) {
  struct box *box = malloc(sizeof *box);
  if (!box)
    abort();
  size_t faults = cf_fault_count();
  walk(hal, box);
  uint64_t mark = cf_mark();
  walk(hal, box);
  free(box);
  char report[FAULT_SIZE];
  size_t lost = cf_report_since(mark, report, sizeof report);
  if (lost)
    hal_fault(hal, "property.leak", "%zu objects were never released: %s", lost, report);
  if (cf_fault_count() != faults)
    hal_fault(hal, "property.release", "%s", cf_fault_text());
}
