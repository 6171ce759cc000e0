/* SPDX-License-Identifier: MIT
 *
 * The simulator's checks of what properties mean: the tree of objects, controls, rates, clients. See hal.h.
 */
#include "tests/darwin/hal_private.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
  GLOBAL = kAudioObjectPropertyScopeGlobal,
  IN = kAudioObjectPropertyScopeInput,
  OUT = kAudioObjectPropertyScopeOutput
};

static bool among(const AudioObjectID *ids, size_t count, AudioObjectID id) {
  for (size_t i = 0; i < count; i++)
    if (ids[i] == id)
      return true;
  return false;
}

/* The tree */

static void check_owner(struct hal *hal, AudioObjectID object) {
  AudioObjectID owner = hal_u32(hal, object, kAudioObjectPropertyOwner, GLOBAL, 0xffffffffu), list[HAL_OBJECTS_MAX];
  if (object == kAudioObjectPlugInObject) {
    if (owner != kAudioObjectUnknown)
      hal_fault(hal, "tree.owner", "the plug-in is owned by %u", owner);
    return;
  }
  size_t count = hal_list(hal, owner, kAudioObjectPropertyOwnedObjects, GLOBAL, list, HAL_OBJECTS_MAX);
  if (!among(list, count, object))
    hal_fault(hal, "tree.owner", "object %u names %u as its owner, which does not own it", object, owner);
}

/* Lists by scope are parts of the global list, and together all of it. */
static void check_scopes(struct hal *hal, AudioObjectID device, UInt32 selector) {
  AudioObjectID all[HAL_OBJECTS_MAX], in[HAL_OBJECTS_MAX], out[HAL_OBJECTS_MAX];
  size_t all_count = hal_list(hal, device, selector, GLOBAL, all, HAL_OBJECTS_MAX);
  size_t in_count = hal_list(hal, device, selector, IN, in, HAL_OBJECTS_MAX);
  size_t out_count = hal_list(hal, device, selector, OUT, out, HAL_OBJECTS_MAX);
  for (size_t i = 0; i < all_count; i++)
    if (among(in, in_count, all[i]) + among(out, out_count, all[i]) != 1)
      hal_fault(hal, "tree.scope", "device %u: '%s' has object %u not in exactly one scope", device, hal_code(selector),
                all[i]);
  if (in_count + out_count != all_count)
    hal_fault(hal, "tree.scope", "device %u: '%s' has %zu objects, %zu for input, %zu for output", device,
              hal_code(selector), all_count, in_count, out_count);
}

static void check_streams(struct hal *hal, const struct hal_device *device) {
  for (size_t i = 0; i < device->input_count; i++)
    if (hal_u32(hal, device->inputs[i], kAudioStreamPropertyDirection, GLOBAL, 9) != 1)
      hal_fault(hal, "tree.direction", "stream %u of the input scope is no input", device->inputs[i]);
  for (size_t i = 0; i < device->output_count; i++)
    if (hal_u32(hal, device->outputs[i], kAudioStreamPropertyDirection, GLOBAL, 9) != 0)
      hal_fault(hal, "tree.direction", "stream %u of the output scope is no output", device->outputs[i]);
  if (device->input_count + device->output_count == 0)
    hal_fault(hal, "tree.streams", "device %u has no stream", device->id);
}

static void check_uid(struct hal *hal, AudioObjectID device) {
  CFStringRef uid = NULL;
  UInt32 size = 0;
  AudioObjectID found = 0;
  AudioObjectPropertyAddress address = hal_address(kAudioPlugInPropertyTranslateUIDToDevice, GLOBAL, 0);
  if (hal_get(hal, device, kAudioDevicePropertyDeviceUID, GLOBAL, &uid, sizeof uid, &size) != 0 || !uid) {
    hal_fault(hal, "tree.uid", "device %u has no UID", device);
    return;
  }
  DRIVER(hal)->GetPropertyData(hal->driver, kAudioObjectPlugInObject, 0, &address, sizeof uid, &uid, sizeof found,
                               &size, &found);
  if (found != device)
    hal_fault(hal, "tree.uid", "device %u's UID leads to %u", device, found);
  CFRelease(uid);
  CFStringRef other = CFSTR("nobody's");
  found = 1;
  OSStatus status = DRIVER(hal)->GetPropertyData(hal->driver, kAudioObjectPlugInObject, 0, &address, sizeof other,
                                                 &other, sizeof found, &size, &found);
  if (status || found != kAudioObjectUnknown)
    hal_fault(hal, "tree.uid", "a UID that nobody has leads to %u ('%s')", found, hal_code((UInt32)status));
}

static void check_device(struct hal *hal, const struct hal_device *device) {
  AudioObjectID owned[HAL_OBJECTS_MAX], controls[HAL_OBJECTS_MAX], related[HAL_DEVICES_MAX];
  size_t owned_count = hal_list(hal, device->id, kAudioObjectPropertyOwnedObjects, GLOBAL, owned, HAL_OBJECTS_MAX);
  size_t control_count = hal_list(hal, device->id, kAudioObjectPropertyControlList, GLOBAL, controls, HAL_OBJECTS_MAX);
  size_t related_count =
      hal_list(hal, device->id, kAudioDevicePropertyRelatedDevices, GLOBAL, related, HAL_DEVICES_MAX);
  for (size_t i = 0; i < control_count; i++)
    if (!among(owned, owned_count, controls[i]))
      hal_fault(hal, "tree.control", "control %u stands in 'ctrl' of device %u and not in 'ownd'", controls[i],
                device->id);
  if (owned_count != control_count + device->input_count + device->output_count)
    hal_fault(hal, "tree.control", "device %u owns %zu objects, but has %zu controls and %zu streams", device->id,
              owned_count, control_count, device->input_count + device->output_count);
  if (!among(related, related_count, device->id))
    hal_fault(hal, "tree.related", "device %u is not related to itself", device->id);
  check_scopes(hal, device->id, kAudioObjectPropertyOwnedObjects);
  check_scopes(hal, device->id, kAudioDevicePropertyStreams);
  check_streams(hal, device);
  check_uid(hal, device->id);
  if (hal_u32(hal, device->id, kAudioDevicePropertyDeviceIsAlive, GLOBAL, 0) != 1)
    hal_fault(hal, "tree.alive", "device %u is not alive", device->id);
  for (int input = 0; input < 2; input++) {
    UInt32 channels = input ? device->input_channels : device->output_channels, pair[2] = {0}, size = 0;
    if (channels < 2)
      continue;
    hal_get(hal, device->id, kAudioDevicePropertyPreferredChannelsForStereo, input ? IN : OUT, pair, sizeof pair,
            &size);
    if (size != 8 || !pair[0] || !pair[1] || pair[0] > channels || pair[1] > channels || pair[0] == pair[1])
      hal_fault(hal, "tree.stereo", "device %u prefers channels %u and %u of %u", device->id, pair[0], pair[1],
                channels);
  }
}

void hal_check_tree(struct hal *hal) {
  AudioObjectID ids[HAL_OBJECTS_MAX];
  struct hal_device devices[HAL_DEVICES_MAX];
  size_t count = hal_objects(hal, ids), device_count = hal_devices(hal, devices);
  for (size_t i = 0; i < count; i++)
    check_owner(hal, ids[i]);
  if (!device_count)
    hal_fault(hal, "tree.devices", "there is no device");
  for (size_t i = 0; i < device_count; i++) {
    check_device(hal, &devices[i]);
    UInt32 domain = hal_u32(hal, devices[i].id, kAudioDevicePropertyClockDomain, GLOBAL, 0);
    if (domain != hal_u32(hal, devices[0].id, kAudioDevicePropertyClockDomain, GLOBAL, 0) || !domain)
      hal_fault(hal, "tree.domain", "device %u is of clock domain %u, unlike the first", devices[i].id, domain);
  }
}

/* Controls */

static Float32 get_single(struct hal *hal, AudioObjectID object, UInt32 selector, Float32 given) {
  UInt32 size = 0;
  Float32 value = given;
  return hal_get(hal, object, selector, GLOBAL, &value, sizeof value, &size) == 0 ? value : NAN;
}

static void set_single(struct hal *hal, AudioObjectID object, UInt32 selector, Float32 value) {
  hal_forget_notifications(hal);
  hal_set(hal, object, selector, GLOBAL, &value, sizeof value);
}

static void check_volume(struct hal *hal, AudioObjectID control) {
  const UInt32 scalar = kAudioLevelControlPropertyScalarValue, decibel = kAudioLevelControlPropertyDecibelValue;
  Float32 before = get_single(hal, control, scalar, 0);
  AudioValueRange range = {0};
  UInt32 size = 0;
  hal_get(hal, control, kAudioLevelControlPropertyDecibelRange, GLOBAL, &range, sizeof range, &size);
  if (!(range.mMinimum < range.mMaximum))
    hal_fault(hal, "volume.range", "control %u: %g to %g dB", control, range.mMinimum, range.mMaximum);
  set_single(hal, control, scalar, before > 0.5f ? 0.25f : 0.75f);
  if (!hal_notified(hal, control, scalar) || !hal_notified(hal, control, decibel))
    hal_fault(hal, "volume.notify", "control %u: setting the scalar tells of scalar %zu, of decibel %zu times", control,
              hal_notified(hal, control, scalar), hal_notified(hal, control, decibel));
  Float32 last = -INFINITY;
  for (int i = 0; i <= 8; i++) {
    Float32 place = (Float32)i / 8;
    set_single(hal, control, scalar, place);
    Float32 got = get_single(hal, control, scalar, 0), level = get_single(hal, control, decibel, 0);
    Float32 asked = get_single(hal, control, kAudioLevelControlPropertyConvertScalarToDecibels, place);
    Float32 back = get_single(hal, control, kAudioLevelControlPropertyConvertDecibelsToScalar, asked);
    if (fabsf(got - place) > 1e-6f || fabsf(level - asked) > 1e-3f || fabsf(back - place) > 1e-3f)
      hal_fault(hal, "volume.value", "control %u: scalar %g reads back as %g, %g dB, converts to %g dB and back to %g",
                control, (double)place, (double)got, (double)level, (double)asked, (double)back);
    if (!(level > last) || (double)level < range.mMinimum - 1e-3 || (double)level > range.mMaximum + 1e-3)
      hal_fault(hal, "volume.curve", "control %u: %g dB at %g after %g dB", control, (double)level, (double)place,
                (double)last);
    last = level;
  }
  set_single(hal, control, decibel, (Float32)(range.mMinimum + range.mMaximum) / 2);
  if (!hal_notified(hal, control, scalar) || !hal_notified(hal, control, decibel))
    hal_fault(hal, "volume.notify", "control %u: setting the decibel value does not tell of both", control);
  const Float32 wild[] = {-1, 2, INFINITY, -INFINITY, NAN};
  for (size_t i = 0; i < sizeof wild / sizeof wild[0]; i++) {
    set_single(hal, control, i % 2 ? scalar : decibel, wild[i]);
    set_single(hal, control, scalar, wild[i]);
    Float32 got = get_single(hal, control, scalar, 0);
    if (!(got >= 0 && got <= 1))
      hal_fault(hal, "volume.bound", "control %u: %g makes the scalar %g", control, (double)wild[i], (double)got);
  }
  set_single(hal, control, scalar, before);
}

static void check_mute(struct hal *hal, AudioObjectID control) {
  const UInt32 selector = kAudioBooleanControlPropertyValue;
  UInt32 before = hal_u32(hal, control, selector, GLOBAL, 0), other = !before;
  hal_forget_notifications(hal);
  hal_set(hal, control, selector, GLOBAL, &other, sizeof other);
  if (hal_u32(hal, control, selector, GLOBAL, 9) != other || !hal_notified(hal, control, selector))
    hal_fault(hal, "mute.value", "control %u: does not change, or does not tell", control);
  hal_set(hal, control, selector, GLOBAL, &before, sizeof before);
}

void hal_check_controls(struct hal *hal) {
  AudioObjectID ids[HAL_OBJECTS_MAX];
  size_t count = hal_objects(hal, ids);
  for (size_t i = 0; i < count; i++) {
    UInt32 class = hal_u32(hal, ids[i], kAudioObjectPropertyClass, GLOBAL, 0);
    if (class == kAudioVolumeControlClassID)
      check_volume(hal, ids[i]);
    else if (class == kAudioMuteControlClassID)
      check_mute(hal, ids[i]);
  }
}

/* Rates */

static double stream_rate(struct hal *hal, AudioObjectID stream, UInt32 selector) {
  AudioStreamBasicDescription format = {0};
  UInt32 size = 0;
  hal_get(hal, stream, selector, GLOBAL, &format, sizeof format, &size);
  return format.mSampleRate;
}

static void check_formats(struct hal *hal, AudioObjectID stream, double rate) {
  static const UInt32 now[] = {kAudioStreamPropertyVirtualFormat, kAudioStreamPropertyPhysicalFormat};
  static const UInt32 lists[] = {kAudioStreamPropertyAvailableVirtualFormats,
                                 kAudioStreamPropertyAvailablePhysicalFormats};
  for (int i = 0; i < 2; i++) {
    AudioStreamRangedDescription formats[64];
    AudioStreamBasicDescription format = {0};
    UInt32 size = 0;
    hal_get(hal, stream, now[i], GLOBAL, &format, sizeof format, &size);
    UInt32 bytes = format.mChannelsPerFrame * format.mBitsPerChannel / 8;
    if (format.mSampleRate != rate || format.mFormatID != kAudioFormatLinearPCM || format.mBytesPerFrame != bytes ||
        format.mFramesPerPacket != 1 || format.mBytesPerPacket != bytes || !format.mChannelsPerFrame)
      hal_fault(hal, "rate.format", "stream %u: '%s' is no format of %g Hz", stream, hal_code(now[i]), rate);
    bool found = false;
    hal_get(hal, stream, lists[i], GLOBAL, formats, sizeof formats, &size);
    for (size_t k = 0; k < size / sizeof formats[0]; k++)
      found |= formats[k].mSampleRateRange.mMinimum <= rate && formats[k].mSampleRateRange.mMaximum >= rate &&
               formats[k].mFormat.mChannelsPerFrame == format.mChannelsPerFrame &&
               formats[k].mFormat.mFormatFlags == format.mFormatFlags;
    if (!found)
      hal_fault(hal, "rate.format", "stream %u: the format of %g Hz is not in '%s'", stream, rate, hal_code(lists[i]));
  }
}

static double rate_of(struct hal *hal, AudioObjectID device) {
  return hal_f64(hal, device, kAudioDevicePropertyNominalSampleRate, GLOBAL, 0);
}

static void change_rate(struct hal *hal, const struct hal_device *device, double rate, bool by_stream) {
  AudioObjectID stream = device->output_count ? device->outputs[0] : device->inputs[0];
  double before = rate_of(hal, device->id);
  OSStatus status = 0;
  if (by_stream) {
    AudioStreamBasicDescription format = {0};
    UInt32 size = 0;
    hal_get(hal, stream, kAudioStreamPropertyPhysicalFormat, GLOBAL, &format, sizeof format, &size);
    format.mSampleRate = rate;
    status = hal_set(hal, stream, kAudioStreamPropertyPhysicalFormat, GLOBAL, &format, sizeof format);
  } else {
    status = hal_set(hal, device->id, kAudioDevicePropertyNominalSampleRate, GLOBAL, &rate, sizeof rate);
  }
  if (status)
    hal_fault(hal, "rate.refused", "device %u: %g Hz is listed and refused with '%s'", device->id, rate,
              hal_code((UInt32)status));
  if (rate != before && !hal_pending(hal))
    hal_fault(hal, "rate.request", "device %u: %g Hz is taken without asking the daemon", device->id, rate);
  if (rate_of(hal, device->id) != before)
    hal_fault(hal, "rate.early", "device %u: %g Hz applies before the daemon agreed", device->id, rate);
  hal_settle(hal, false);
  if (rate_of(hal, device->id) != rate || stream_rate(hal, stream, kAudioStreamPropertyVirtualFormat) != rate)
    hal_fault(hal, "rate.value", "device %u: %g Hz was set; device %g, stream %g", device->id, rate,
              rate_of(hal, device->id), stream_rate(hal, stream, kAudioStreamPropertyVirtualFormat));
}

static void check_rate_refusals(struct hal *hal, const struct hal_device *device) {
  static const double wild[] = {0, -48000, 12345, 1e9, NAN, INFINITY};
  AudioObjectID stream = device->output_count ? device->outputs[0] : device->inputs[0];
  for (size_t i = 0; i < sizeof wild / sizeof wild[0]; i++) {
    hal_set(hal, device->id, kAudioDevicePropertyNominalSampleRate, GLOBAL, &wild[i], sizeof wild[i]);
    AudioStreamBasicDescription format = {0};
    UInt32 size = 0;
    hal_get(hal, stream, kAudioStreamPropertyVirtualFormat, GLOBAL, &format, sizeof format, &size);
    format.mSampleRate = wild[i];
    hal_set(hal, stream, kAudioStreamPropertyVirtualFormat, GLOBAL, &format, sizeof format);
    if (hal_pending(hal))
      hal_fault(hal, "rate.listed", "device %u: %g Hz is not listed and was taken", device->id, wild[i]);
    hal_settle(hal, false);
  }
  AudioStreamBasicDescription format = {0};
  UInt32 size = 0;
  hal_get(hal, stream, kAudioStreamPropertyVirtualFormat, GLOBAL, &format, sizeof format, &size);
  format.mFormatID = 0x61632d33; /* 'ac-3' */
  if (hal_set(hal, stream, kAudioStreamPropertyVirtualFormat, GLOBAL, &format, sizeof format) == 0)
    hal_fault(hal, "rate.listed", "stream %u takes a format that it does not list", stream);
  hal_settle(hal, true);
}

void hal_check_rates(struct hal *hal) {
  struct hal_device devices[HAL_DEVICES_MAX];
  size_t count = hal_devices(hal, devices);
  for (size_t i = 0; i < count; i++) {
    AudioValueRange ranges[32];
    UInt32 size = 0;
    double before = devices[i].rate;
    hal_get(hal, devices[i].id, kAudioDevicePropertyAvailableNominalSampleRates, GLOBAL, ranges, sizeof ranges, &size);
    size_t range_count = size / sizeof ranges[0];
    if (!range_count)
      hal_fault(hal, "rate.listed", "device %u lists no rate", devices[i].id);
    for (size_t k = 0; k < range_count; k++) {
      change_rate(hal, &devices[i], ranges[k].mMinimum, k % 2);
      for (size_t s = 0; s < devices[i].output_count; s++)
        check_formats(hal, devices[i].outputs[s], ranges[k].mMinimum);
      for (size_t s = 0; s < devices[i].input_count; s++)
        check_formats(hal, devices[i].inputs[s], ranges[k].mMinimum);
    }
    check_rate_refusals(hal, &devices[i]);
    change_rate(hal, &devices[i], before, false);
  }
}

/* Clients */

static UInt32 running(struct hal *hal, AudioObjectID device) {
  return hal_u32(hal, device, kAudioDevicePropertyDeviceIsRunning, GLOBAL, 9);
}

static void expect_running(struct hal *hal, AudioObjectID device, UInt32 wanted, const char *when) {
  if (running(hal, device) != wanted)
    hal_fault(hal, "client.running", "device %u: 'goin' is %u %s", device, running(hal, device), when);
}

/* Lesson 26: starts and stops count for each client. */
void hal_check_clients(struct hal *hal) {
  struct hal_device devices[HAL_DEVICES_MAX];
  size_t count = hal_devices(hal, devices);
  for (size_t i = 0; i < count; i++) {
    AudioObjectID id = devices[i].id;
    UInt32 first = hal_client_add(hal, id), second = hal_client_add(hal, id), third = hal_client_add(hal, id);
    expect_running(hal, id, 0, "before any start");
    hal_client_start(hal, id, first);
    expect_running(hal, id, 1, "after the first start");
    double at = hal_sample_time(hal, id, first);
    hal_pass(3000, devices[i].rate);
    hal_client_start(hal, id, second);
    expect_running(hal, id, 1, "after the second start");
    double later = hal_sample_time(hal, id, first);
    if (fabs(later - at - 3000) > 1.5)
      hal_fault(hal, "client.anchor", "device %u: 3000 frames after another's start the clock has moved %g", id,
                later - at);
    (void)DRIVER(hal)->StopIO(hal->driver, id, third); /* never started */
    expect_running(hal, id, 1, "after a stop by one who never started");
    hal_client_stop(hal, id, second);
    expect_running(hal, id, 1, "while the first client still runs");
    at = hal_sample_time(hal, id, first);
    if (fabs(at - later) > 1.5)
      hal_fault(hal, "client.anchor", "device %u: another's stop moves the clock by %g frames", id, at - later);
    hal_client_stop(hal, id, first);
    expect_running(hal, id, 0, "after the last stop");
    (void)DRIVER(hal)->StopIO(hal->driver, id, first);
    expect_running(hal, id, 0, "after a stop too many");
    hal_client_start(hal, id, second);
    expect_running(hal, id, 1, "after a stop too many and a start");
    hal_client_stop(hal, id, second);
    hal_client_remove(hal, id, first);
    hal_client_start(hal, id, second);
    hal_client_start(hal, id, second);
    hal_client_start(hal, id, third);
    hal_client_remove(hal, id, second); /* its process was killed */
    expect_running(hal, id, 1, "while another client still runs");
    hal_client_remove(hal, id, third);
    expect_running(hal, id, 0, "after all clients went without a stop");
  }
  static const AudioObjectID strangers[] = {0, 1, 4000};
  for (size_t i = 0; i < 3; i++)
    if (DRIVER(hal)->StartIO(hal->driver, strangers[i], 1) == 0)
      hal_fault(hal, "client.object", "StartIO of object %u, which is no device, succeeds", strangers[i]);
}

void hal_check_operations(struct hal *hal) {
  static const UInt32 operations[] = {
      kAudioServerPlugInIOOperationReadInput,    kAudioServerPlugInIOOperationConvertInput,
      kAudioServerPlugInIOOperationThread,       kAudioServerPlugInIOOperationCycle,
      kAudioServerPlugInIOOperationProcessInput, kAudioServerPlugInIOOperationProcessOutput,
      kAudioServerPlugInIOOperationMixOutput,    kAudioServerPlugInIOOperationProcessMix,
      kAudioServerPlugInIOOperationConvertMix,   kAudioServerPlugInIOOperationWriteMix};
  struct hal_device devices[HAL_DEVICES_MAX];
  size_t count = hal_devices(hal, devices);
  for (size_t i = 0; i < count; i++) {
    UInt32 client = hal_client_add(hal, devices[i].id);
    for (size_t k = 0; k < sizeof operations / sizeof operations[0]; k++) {
      Boolean will = 2, in_place = 2;
      OSStatus status =
          DRIVER(hal)->WillDoIOOperation(hal->driver, devices[i].id, client, operations[k], &will, &in_place);
      UInt32 code = operations[k];
      bool moves = code == kAudioServerPlugInIOOperationReadInput || code == kAudioServerPlugInIOOperationMixOutput ||
                   code == kAudioServerPlugInIOOperationWriteMix;
      if (status || will > 1 || (will && in_place > 1))
        hal_fault(hal, "io.will", "device %u, '%s': '%s', %u, %u", devices[i].id, hal_code(code),
                  hal_code((UInt32)status), will, in_place);
      else if (will && moves && !in_place)
        hal_fault(hal, "io.in-place", "device %u says that it does '%s' not in place", devices[i].id, hal_code(code));
      bool must = (code == kAudioServerPlugInIOOperationReadInput && devices[i].input_count) ||
                  (code == kAudioServerPlugInIOOperationWriteMix && devices[i].output_count);
      if (must && !will)
        hal_fault(hal, "io.will", "device %u does not do '%s'", devices[i].id, hal_code(code));
    }
    hal_client_remove(hal, devices[i].id, client);
  }
}

void hal_check_all(struct hal *hal) {
  hal_check_tree(hal);
  hal_check_properties(hal);
  hal_check_controls(hal);
  hal_check_rates(hal);
  hal_check_clients(hal);
  hal_check_operations(hal);
  hal_check_stamps(hal, 60);
  hal_check_cycles(hal);
}
