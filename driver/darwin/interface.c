/* SPDX-License-Identifier: MIT
 *
 * The AudioServerPlugIn: the factory, the driver's table of functions, and the way from the daemon's calls to the
 * engine. Calls come from many threads of coreaudiod's helper; the IO operations and zero time stamps from its
 * real-time threads.
 */
#include <mach/mach_time.h>
#include <stdatomic.h>
#include <string.h>

#include "driver/darwin/plugin.h"
#include "driver/darwin/properties.h"
#include "driver/darwin/property_speakers.h"
#include "driver/darwin/store.h"

static struct plugin the_plugin;
static atomic_uint references;

static const struct object *device_find(AudioObjectID id) {
  const struct object *object = object_find(id);
  return the_plugin.engine && object && object->kind == KIND_DEVICE ? object : NULL;
}

/* ---- IUnknown ---- */

static AudioServerPlugInDriverInterface *const driver_table;

static bool is_uuid(REFIID uuid, const UInt8 bytes[16]) {
  return !memcmp(&uuid, bytes, 16);
}

static ULONG add_reference(void *driver) {
  (void)driver;
  return atomic_fetch_add(&references, 1) + 1;
}

static HRESULT query_interface(void *driver, REFIID uuid, LPVOID *interface) {
  static const UInt8 unknown[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46};
  static const UInt8 ours[16] = {0xEE, 0xA5, 0x77, 0x3D, 0xCC, 0x43, 0x49, 0xF1,
                                 0x8E, 0x00, 0x8F, 0x96, 0xE7, 0xD2, 0x3B, 0x17};
  static const UInt8 older[16] = {0xEE, 0xA5, 0x77, 0x3D, 0xCC, 0x43, 0x49, 0xF1,
                                  0x8E, 0x00, 0x8F, 0x96, 0x35, 0x87, 0x25, 0x32};
  if (!interface)
    return E_POINTER;
  *interface = NULL;
  if (!is_uuid(uuid, unknown) && !is_uuid(uuid, ours) && !is_uuid(uuid, older))
    return E_NOINTERFACE;
  add_reference(driver);
  *interface = (void *)(uintptr_t)&driver_table;
  return S_OK;
}

static ULONG release(void *driver) {
  (void)driver;
  unsigned count = atomic_load(&references);
  while (count && !atomic_compare_exchange_weak(&references, &count, count - 1))
    ;
  if (count == 1) {
    engine_destroy(the_plugin.engine);
    the_plugin.engine = NULL;
    the_plugin.host = NULL;
  }
  return count ? count - 1 : 0;
}

/* ---- life ---- */

static OSStatus initialize(AudioServerPlugInDriverRef driver, AudioServerPlugInHostRef host) {
  (void)driver;
  mach_timebase_info_data_t timebase;
  struct settings settings;
  if (!host || mach_timebase_info(&timebase) != KERN_SUCCESS || !timebase.numer || !timebase.denom)
    return kAudioHardwareUnspecifiedError;
  the_plugin.host = host;
  if (the_plugin.engine)
    return kAudioHardwareNoError;
  store_load(&the_plugin, &settings);
  const struct engine_world world = {
    .now = mach_absolute_time,
    .ticks_per_second = UINT64_C(1000000000) * timebase.denom / timebase.numer,
    .log = plugin_log,
  };
  int error = engine_create(&world, &settings, &the_plugin.engine);
  if (error < 0) {
    plugin_log(ENGINE_LOG_ERROR, "the driver cannot start: out of memory, threads or file descriptors");
    return kAudioHardwareUnspecifiedError;
  }
  memset(the_plugin.changes, 0, sizeof the_plugin.changes);
  speakers_load(&the_plugin);
  plugin_log(ENGINE_LOG_INFO, "driver " PLUGIN_VERSION " is ready");
  return kAudioHardwareNoError;
}

static OSStatus create_device(AudioServerPlugInDriverRef driver, CFDictionaryRef description,
                              const AudioServerPlugInClientInfo *client, AudioObjectID *device) {
  (void)driver, (void)description, (void)client, (void)device;
  return kAudioHardwareUnsupportedOperationError;
}

static OSStatus destroy_device(AudioServerPlugInDriverRef driver, AudioObjectID device) {
  (void)driver, (void)device;
  return kAudioHardwareUnsupportedOperationError;
}

static OSStatus add_client(AudioServerPlugInDriverRef driver, AudioObjectID device,
                           const AudioServerPlugInClientInfo *client) {
  (void)driver;
  return device_find(device) && client ? kAudioHardwareNoError : kAudioHardwareBadObjectError;
}

static OSStatus remove_client(AudioServerPlugInDriverRef driver, AudioObjectID device,
                              const AudioServerPlugInClientInfo *client) {
  (void)driver;
  const struct object *object = device_find(device);
  if (!object || !client)
    return kAudioHardwareBadObjectError;
  engine_forget(the_plugin.engine, object->side, client->mClientID);
  return kAudioHardwareNoError;
}

static OSStatus perform_change(AudioServerPlugInDriverRef driver, AudioObjectID device, UInt64 action, void *info) {
  (void)driver, (void)info;
  const struct object *object = device_find(device);
  const uint32_t rate = (uint32_t)action, channels = (uint32_t)(action >> 32);
  if (!object)
    return kAudioHardwareBadObjectError;
  const bool known = settings_rate_is_known(rate) && channels >= 1 && channels <= SAMPLE_RING_CHANNELS;
  if (known)
    engine_reconfigure(the_plugin.engine, object->side, rate, channels);
  plugin_changed(&the_plugin, object->side); /* until now the request was what is wanted, from now on the device is */
  if (!known)
    return kAudioHardwareIllegalOperationError;
  speakers_place(&the_plugin);
  return kAudioHardwareNoError;
}

static OSStatus abort_change(AudioServerPlugInDriverRef driver, AudioObjectID device, UInt64 action, void *info) {
  (void)driver, (void)action, (void)info;
  const struct object *object = device_find(device);
  if (!object)
    return kAudioHardwareBadObjectError;
  plugin_changed(&the_plugin, object->side);
  return kAudioHardwareNoError;
}

/* ---- properties ---- */

static Boolean has_property(AudioServerPlugInDriverRef driver, AudioObjectID object, pid_t client,
                            const AudioObjectPropertyAddress *address) {
  (void)driver, (void)client;
  return the_plugin.engine && address && property_has(&the_plugin, object, address);
}

static OSStatus is_property_settable(AudioServerPlugInDriverRef driver, AudioObjectID object, pid_t client,
                                     const AudioObjectPropertyAddress *address, Boolean *settable) {
  (void)driver, (void)client;
  if (!the_plugin.engine || !address || !settable)
    return kAudioHardwareIllegalOperationError;
  return property_settable(&the_plugin, object, address, settable);
}

static OSStatus get_property_size(AudioServerPlugInDriverRef driver, AudioObjectID object, pid_t client,
                                  const AudioObjectPropertyAddress *address, UInt32 qualifier_size,
                                  const void *qualifier, UInt32 *size) {
  (void)driver, (void)client;
  if (!the_plugin.engine || !address || !size)
    return kAudioHardwareIllegalOperationError;
  return property_size(&the_plugin, object, address, qualifier_size, qualifier, size);
}

static OSStatus get_property(AudioServerPlugInDriverRef driver, AudioObjectID object, pid_t client,
                             const AudioObjectPropertyAddress *address, UInt32 qualifier_size, const void *qualifier,
                             UInt32 capacity, UInt32 *size, void *data) {
  (void)driver, (void)client;
  if (!the_plugin.engine || !address || !size || !data)
    return kAudioHardwareIllegalOperationError;
  return property_get(&the_plugin, object, address, qualifier_size, qualifier, capacity, size, data);
}

static OSStatus set_property(AudioServerPlugInDriverRef driver, AudioObjectID object, pid_t client,
                             const AudioObjectPropertyAddress *address, UInt32 qualifier_size, const void *qualifier,
                             UInt32 size, const void *data) {
  (void)driver, (void)client, (void)qualifier_size, (void)qualifier;
  if (!the_plugin.engine || !address || !data)
    return kAudioHardwareIllegalOperationError;
  return property_set(&the_plugin, object, address, size, data);
}

/* ---- IO ---- */

static OSStatus start_io(AudioServerPlugInDriverRef driver, AudioObjectID device, UInt32 client) {
  (void)driver;
  const struct object *object = device_find(device);
  if (!object)
    return kAudioHardwareBadObjectError;
  return engine_start(the_plugin.engine, object->side, client) < 0 ? kAudioHardwareUnspecifiedError
                                                                    : kAudioHardwareNoError;
}

static OSStatus stop_io(AudioServerPlugInDriverRef driver, AudioObjectID device, UInt32 client) {
  (void)driver;
  const struct object *object = device_find(device);
  if (!object)
    return kAudioHardwareBadObjectError;
  return engine_stop(the_plugin.engine, object->side, client) < 0 ? kAudioHardwareIllegalOperationError
                                                                   : kAudioHardwareNoError;
}

static OSStatus get_zero_time_stamp(AudioServerPlugInDriverRef driver, AudioObjectID device, UInt32 client,
                                    Float64 *sample_time, UInt64 *host_time, UInt64 *seed) {
  (void)driver, (void)client;
  const struct object *object = device_find(device);
  if (!object || !sample_time || !host_time || !seed)
    return kAudioHardwareBadObjectError;
  uint64_t frame, host, number;
  engine_stamp(the_plugin.engine, object->side, &frame, &host, &number);
  *sample_time = (Float64)frame;
  *host_time = host;
  *seed = number;
  return kAudioHardwareNoError;
}

/* The one operation a device takes part in: the output's mix is written, the input is read. */
static UInt32 operation_of(const struct object *device) {
  return device->side == ENGINE_OUTPUT ? kAudioServerPlugInIOOperationWriteMix
                                       : kAudioServerPlugInIOOperationReadInput;
}

static OSStatus will_do_operation(AudioServerPlugInDriverRef driver, AudioObjectID device, UInt32 client,
                                  UInt32 operation, Boolean *will_do, Boolean *in_place) {
  (void)driver, (void)client;
  const struct object *object = device_find(device);
  if (!object)
    return kAudioHardwareBadObjectError;
  if (will_do)
    *will_do = operation == operation_of(object);
  if (in_place)
    *in_place = true;
  return kAudioHardwareNoError;
}

static OSStatus begin_operation(AudioServerPlugInDriverRef driver, AudioObjectID device, UInt32 client,
                                UInt32 operation, UInt32 frames, const AudioServerPlugInIOCycleInfo *cycle) {
  (void)driver, (void)client, (void)operation, (void)frames, (void)cycle;
  return device_find(device) ? kAudioHardwareNoError : kAudioHardwareBadObjectError;
}

/* Sample times are whole numbers of frames, up to rounding where the daemon computed them; a time beyond any clock, or
 * none, would not fit the ring's arithmetic. */
static bool frame_of(Float64 sample_time, int64_t *frame) {
  if (!(sample_time > -4e15 && sample_time < 4e15))
    return false;
  *frame = (int64_t)(sample_time < 0 ? sample_time - 0.5 : sample_time + 0.5);
  return true;
}

static OSStatus do_operation(AudioServerPlugInDriverRef driver, AudioObjectID device, AudioObjectID stream,
                             UInt32 client, UInt32 operation, UInt32 frames,
                             const AudioServerPlugInIOCycleInfo *cycle, void *main_buffer, void *secondary_buffer) {
  (void)driver, (void)client, (void)secondary_buffer;
  const struct object *object = device_find(device);
  int64_t at;
  if (!object || stream != device + 1)
    return kAudioHardwareBadObjectError;
  if (operation != operation_of(object) || !frames)
    return kAudioHardwareNoError;
  if (!cycle || !main_buffer)
    return kAudioHardwareIllegalOperationError;
  const bool output = object->side == ENGINE_OUTPUT;
  if (!frame_of(output ? cycle->mOutputTime.mSampleTime : cycle->mInputTime.mSampleTime, &at))
    return kAudioHardwareIllegalOperationError;
  if (output)
    engine_write(the_plugin.engine, at, main_buffer, frames, cycle->mCurrentTime.mHostTime);
  else
    engine_read(the_plugin.engine, at, main_buffer, frames, cycle->mCurrentTime.mHostTime);
  return kAudioHardwareNoError;
}

static AudioServerPlugInDriverInterface interface = {
  ._reserved = NULL,
  .QueryInterface = query_interface,
  .AddRef = add_reference,
  .Release = release,
  .Initialize = initialize,
  .CreateDevice = create_device,
  .DestroyDevice = destroy_device,
  .AddDeviceClient = add_client,
  .RemoveDeviceClient = remove_client,
  .PerformDeviceConfigurationChange = perform_change,
  .AbortDeviceConfigurationChange = abort_change,
  .HasProperty = has_property,
  .IsPropertySettable = is_property_settable,
  .GetPropertyDataSize = get_property_size,
  .GetPropertyData = get_property,
  .SetPropertyData = set_property,
  .StartIO = start_io,
  .StopIO = stop_io,
  .GetZeroTimeStamp = get_zero_time_stamp,
  .WillDoIOOperation = will_do_operation,
  .BeginIOOperation = begin_operation,
  .DoIOOperation = do_operation,
  .EndIOOperation = begin_operation,
};
static AudioServerPlugInDriverInterface *const driver_table = &interface;

/* Named in Info.plist. */
__attribute__((visibility("default"))) void *OrielAudio_Create(CFAllocatorRef allocator, CFUUIDRef type);

void *OrielAudio_Create(CFAllocatorRef allocator, CFUUIDRef type) {
  (void)allocator;
  static const UInt8 ours[16] = {0x44, 0x3A, 0xBA, 0xB8, 0xE7, 0xB3, 0x49, 0x1A,
                                 0xB9, 0x85, 0xBE, 0xB9, 0x18, 0x70, 0x30, 0xDB};
  static const UInt8 older[16] = {0x44, 0x3A, 0xBE, 0xB8, 0xE7, 0xB0, 0x48, 0xD3,
                                  0xB2, 0xA0, 0x38, 0x1E, 0x2D, 0x0B, 0xB5, 0x56};
  if (!type)
    return NULL;
  const CFUUIDBytes uuid = CFUUIDGetUUIDBytes(type);
  if (!is_uuid(uuid, ours) && !is_uuid(uuid, older))
    return NULL;
  add_reference(NULL);
  return (void *)(uintptr_t)&driver_table;
}
