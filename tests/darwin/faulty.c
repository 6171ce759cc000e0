/* SPDX-License-Identifier: MIT
 *
 * The small driver with planted faults: life and IO. See faulty.h.
 */
#include "tests/darwin/faulty_private.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mach/mach_time.h>
#include <os/log.h>

enum fault faulty_fault;
struct faulty_state faulty = {.lock = PTHREAD_MUTEX_INITIALIZER};

static AudioServerPlugInDriverInterface interface;
static AudioServerPlugInDriverInterface *table = &interface;
static void *volatile kept; /* so that no compiler leaves an allocation out */

void faulty_reset(enum fault fault) {
  faulty_fault = fault;
  memset(faulty.devices, 0, sizeof faulty.devices);
  for (int i = 0; i < 2; i++)
    atomic_store(&faulty.devices[i].rate, 48000);
  for (int i = 0; i < RING; i++)
    atomic_store(&faulty.written[i], 0);
  atomic_store(&faulty.scalar, 1);
  atomic_store(&faulty.muted, 0);
  atomic_store(&faulty.taken, 0);
  for (int i = 0; i < 2; i++)
    atomic_store(&faulty.stamps[i], 0);
}

static HRESULT query(void *driver, REFIID uuid, LPVOID *out) {
  CFUUIDRef asked = CFUUIDCreateFromUUIDBytes(NULL, uuid);
  bool known = CFEqual(asked, IUnknownUUID) || CFEqual(asked, kAudioServerPlugInDriverInterfaceUUID);
  CFRelease(asked);
  *out = known ? driver : NULL;
  return known ? S_OK : E_NOINTERFACE;
}

static ULONG reference(void *driver) {
  (void)driver;
  return 1;
}

static OSStatus initialize(AudioServerPlugInDriverRef driver, AudioServerPlugInHostRef host) {
  (void)driver;
  faulty.host = host;
  return 0;
}

static OSStatus create(AudioServerPlugInDriverRef driver, CFDictionaryRef description,
                       const AudioServerPlugInClientInfo *client, AudioObjectID *device) {
  (void)driver, (void)description, (void)client, (void)device;
  return kAudioHardwareUnsupportedOperationError;
}

static OSStatus destroy(AudioServerPlugInDriverRef driver, AudioObjectID device) {
  (void)driver, (void)device;
  return kAudioHardwareUnsupportedOperationError;
}

static OSStatus add_client(AudioServerPlugInDriverRef driver, AudioObjectID device,
                           const AudioServerPlugInClientInfo *client) {
  (void)driver, (void)client;
  return faulty_device_of(device) ? 0 : kAudioHardwareBadObjectError;
}

static void anchor(struct faulty_device *device) {
  atomic_store(&device->anchor, mach_absolute_time());
  atomic_fetch_add(&device->seed, 1);
}

static OSStatus perform(AudioServerPlugInDriverRef driver, AudioObjectID device, UInt64 action, void *info) {
  (void)driver, (void)info;
  if (!faulty_device_of(device))
    return kAudioHardwareBadObjectError;
  atomic_store(&faulty_device_of(device)->rate, (UInt32)action);
  anchor(faulty_device_of(device));
  return 0;
}

static OSStatus abandon(AudioServerPlugInDriverRef driver, AudioObjectID device, UInt64 action, void *info) {
  (void)driver, (void)action, (void)info;
  return faulty_device_of(device) ? 0 : kAudioHardwareBadObjectError;
}

/* The client's slot, or a free one; -1 if all are taken. */
static int slot(const struct faulty_device *device, UInt32 client) {
  int unused = -1;
  for (int i = 0; i < CLIENTS; i++) {
    if (device->client_starts[i] && device->client[i] == client)
      return i;
    if (!device->client_starts[i])
      unused = i;
  }
  return unused;
}

static OSStatus start(AudioServerPlugInDriverRef driver, AudioObjectID object, UInt32 client) {
  (void)driver;
  struct faulty_device *device = faulty_device_of(object);
  if (!device)
    return kAudioHardwareBadObjectError;
  pthread_mutex_lock(&faulty.lock);
  int index = slot(device, client);
  OSStatus status = index < 0 ? kAudioHardwareUnspecifiedError : 0;
  if (!status) {
    device->client[index] = client;
    device->client_starts[index]++;
    UInt32 before = atomic_fetch_add(&device->starts, 1);
    if (!before || faulty_fault == FAULT_REANCHOR)
      anchor(device);
    else if (faulty_fault == FAULT_SEED)
      atomic_fetch_add(&device->seed, 1);
  }
  pthread_mutex_unlock(&faulty.lock);
  return status;
}

/* A client that goes takes its starts with it. */
static OSStatus remove_client(AudioServerPlugInDriverRef driver, AudioObjectID object,
                              const AudioServerPlugInClientInfo *client) {
  (void)driver;
  struct faulty_device *device = faulty_device_of(object);
  if (!device)
    return kAudioHardwareBadObjectError;
  pthread_mutex_lock(&faulty.lock);
  int index = slot(device, client->mClientID);
  if (faulty_fault != FAULT_LEFT_RUNNING && index >= 0 && device->client[index] == client->mClientID) {
    atomic_fetch_sub(&device->starts, device->client_starts[index]);
    device->client_starts[index] = 0;
  }
  pthread_mutex_unlock(&faulty.lock);
  return 0;
}

static OSStatus stop(AudioServerPlugInDriverRef driver, AudioObjectID object, UInt32 client) {
  (void)driver;
  struct faulty_device *device = faulty_device_of(object);
  if (!device)
    return kAudioHardwareBadObjectError;
  pthread_mutex_lock(&faulty.lock);
  int index = slot(device, client);
  OSStatus status = kAudioHardwareNotRunningError;
  bool known = index >= 0 && device->client_starts[index] && device->client[index] == client;
  if (known || (faulty_fault == FAULT_STOP_STRANGER && atomic_load(&device->starts))) {
    if (known)
      device->client_starts[index]--;
    atomic_fetch_sub(&device->starts, 1);
    status = 0;
  }
  if (faulty_fault == FAULT_STOP_UNCOUNTED) {
    atomic_store(&device->starts, 0);
    memset(device->client_starts, 0, sizeof device->client_starts);
  }
  pthread_mutex_unlock(&faulty.lock);
  return status;
}

static OSStatus stamp(AudioServerPlugInDriverRef driver, AudioObjectID object, UInt32 client, Float64 *sample,
                      UInt64 *host, UInt64 *seed) {
  (void)driver, (void)client;
  const struct faulty_device *device = faulty_device_of(object);
  if (!device)
    return kAudioHardwareBadObjectError;
  mach_timebase_info_data_t base;
  mach_timebase_info(&base);
  UInt64 period = faulty_fault == FAULT_PERIOD ? 512 : PERIOD;
  double ticks = 1e9 * base.denom / base.numer / atomic_load(&device->rate) * (double)period;
  UInt64 from = atomic_load(&device->anchor), now = mach_absolute_time();
  UInt64 count = (UInt64)((double)(now - from) / ticks);
  if (faulty_fault == FAULT_COUNTED) {
    const UInt64 last = atomic_load(&faulty.stamps[device - faulty.devices]);
    count = count > last + 3 ? last + 3 : count;
    atomic_store(&faulty.stamps[device - faulty.devices], count);
  }
  if (faulty_fault == FAULT_FUTURE)
    count++;
  *sample = (Float64)(count * period);
  *host = from + (UInt64)((double)count * ticks);
  if (faulty_fault == FAULT_DRIFTING_STAMP)
    *host += (now >> 16) & 7;
  *seed = atomic_load(&device->seed);
  return 0;
}

static OSStatus will_do(AudioServerPlugInDriverRef driver, AudioObjectID object, UInt32 client, UInt32 operation,
                        Boolean *will, Boolean *in_place) {
  (void)driver, (void)client;
  *will = (object == INPUT && operation == kAudioServerPlugInIOOperationReadInput) ||
          (object == OUTPUT && operation == kAudioServerPlugInIOOperationWriteMix);
  *in_place = faulty_fault == FAULT_IN_PLACE ? operation == kAudioServerPlugInIOOperationReadInput : true;
  return 0;
}

static OSStatus around(AudioServerPlugInDriverRef driver, AudioObjectID device, UInt32 client, UInt32 operation,
                       UInt32 frames, const AudioServerPlugInIOCycleInfo *cycle) {
  (void)driver, (void)device, (void)client, (void)operation, (void)frames, (void)cycle;
  return 0;
}

static void misbehave(void) {
  if (faulty_fault == FAULT_ALLOCATION) {
    kept = malloc(64);
    free(kept);
  } else if (faulty_fault == FAULT_LOCK) {
    pthread_mutex_lock(&faulty.lock);
    pthread_mutex_unlock(&faulty.lock);
  } else if (faulty_fault == FAULT_SYSTEM_CALL) {
    (void)getppid();
  } else if (faulty_fault == FAULT_LOG) {
    os_log_error(OS_LOG_DEFAULT, "frames are late");
  }
}

static void play(int64_t at, UInt32 frames, const float *samples) {
  for (UInt32 i = 0; i < frames; i++) {
    size_t index = (size_t)((at + i) % RING);
    for (int c = 0; c < CHANNELS; c++)
      atomic_store_explicit(&faulty.samples[index][c], samples[i * CHANNELS + (UInt32)c], memory_order_relaxed);
    atomic_store(&faulty.written[index], at + i + 1);
  }
}

static void record(int64_t at, UInt32 frames, float *samples) {
  if (faulty_fault == FAULT_SPLIT) {
    at = atomic_load(&faulty.taken) > at ? atomic_load(&faulty.taken) : at;
    atomic_store(&faulty.taken, at + frames);
  }
  for (UInt32 i = 0; i < frames; i++) {
    size_t index = (size_t)((at + i) % RING);
    bool there = faulty_fault == FAULT_STALE || atomic_load(&faulty.written[index]) == at + i + 1;
    for (int c = 0; c < CHANNELS; c++)
      samples[i * CHANNELS + (UInt32)c] =
        there ? atomic_load_explicit(&faulty.samples[index][c], memory_order_relaxed) : 0;
  }
}

static OSStatus do_io(AudioServerPlugInDriverRef driver, AudioObjectID object, AudioObjectID stream, UInt32 client,
                      UInt32 operation, UInt32 frames, const AudioServerPlugInIOCycleInfo *cycle, void *main_buffer,
                      void *secondary_buffer) {
  (void)driver, (void)client, (void)secondary_buffer;
  if (!faulty_device_of(object) || stream != object + 1)
    return kAudioHardwareBadObjectError;
  misbehave();
  bool running = atomic_load(&faulty_device_of(object)->starts) > 0;
  if (operation == kAudioServerPlugInIOOperationWriteMix && running)
    play((int64_t)cycle->mOutputTime.mSampleTime, frames, main_buffer);
  else if (operation == kAudioServerPlugInIOOperationReadInput && running)
    record((int64_t)cycle->mInputTime.mSampleTime, frames, main_buffer);
  return 0;
}

static AudioServerPlugInDriverInterface interface = {
  .QueryInterface = query,
  .AddRef = reference,
  .Release = reference,
  .Initialize = initialize,
  .CreateDevice = create,
  .DestroyDevice = destroy,
  .AddDeviceClient = add_client,
  .RemoveDeviceClient = remove_client,
  .PerformDeviceConfigurationChange = perform,
  .AbortDeviceConfigurationChange = abandon,
  .HasProperty = faulty_has,
  .IsPropertySettable = faulty_settable,
  .GetPropertyDataSize = faulty_size,
  .GetPropertyData = faulty_get,
  .SetPropertyData = faulty_set,
  .StartIO = start,
  .StopIO = stop,
  .GetZeroTimeStamp = stamp,
  .WillDoIOOperation = will_do,
  .BeginIOOperation = around,
  .DoIOOperation = do_io,
  .EndIOOperation = around,
};

void *faulty_factory(CFAllocatorRef allocator, CFUUIDRef type) {
  (void)allocator;
  return CFEqual(type, kAudioServerPlugInTypeUUID) ? &table : NULL;
}
