/* SPDX-License-Identifier: MIT
 *
 * The simulator's daemon: loading, the host interface, faults, properties, configuration changes. See hal.h.
 */
#include "tests/darwin/hal_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/darwin/cf.h"
#include "tests/darwin/host_time.h"
#include "tests/darwin/rt.h"

enum { VIRTUAL_START = 1000000000, NOTICE_WAIT_MS = 500 };

const char *hal_code(UInt32 code) {
  static _Thread_local char text[4][12];
  static _Thread_local unsigned turn;
  char *out = text[turn++ % 4];
  for (int i = 0; i < 4; i++) {
    UInt32 byte = code >> (24 - 8 * i) & 0xff;
    out[i] = byte >= 0x20 && byte < 0x7f ? (char)byte : '.';
  }
  out[4] = 0;
  if (code < 0x20000000)
    snprintf(out, sizeof text[0], "%u", code);
  return out;
}

/* Faults */

void hal_fault(struct hal *hal, const char *code, const char *format, ...) {
  char words[FAULT_SIZE];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(words, sizeof words, format, arguments);
  va_end(arguments);
  pthread_mutex_lock(&hal->lock);
  size_t same = 0;
  for (size_t i = 0; i < hal->fault_count; i++)
    same += strncmp(hal->faults[i], code, strlen(code)) == 0 && hal->faults[i][strlen(code)] == ':';
  if (same < SAME_MAX && hal->fault_count < FAULTS_MAX)
    snprintf(hal->faults[hal->fault_count++], FAULT_SIZE, "%.60s: %.250s", code, words);
  pthread_mutex_unlock(&hal->lock);
}

size_t hal_fault_count(const struct hal *hal) {
  return hal->fault_count;
}

const char *hal_fault_text(const struct hal *hal, size_t index) {
  return index < hal->fault_count ? hal->faults[index] : "";
}

bool hal_has(const struct hal *hal, const char *code) {
  for (size_t i = 0; i < hal->fault_count; i++)
    if (strncmp(hal->faults[i], code, strlen(code)) == 0 && hal->faults[i][strlen(code)] == ':')
      return true;
  return false;
}

void hal_print(const struct hal *hal) {
  for (size_t i = 0; i < hal->fault_count; i++)
    fprintf(stderr, "  %s\n", hal->faults[i]);
}

/* The host interface */

static struct hal *hal_of(AudioServerPlugInHostRef host) {
  return (struct hal *)(uintptr_t)host;
}

static void deadline_after_ms(struct timespec *deadline, long ms) {
  clock_gettime(CLOCK_REALTIME, deadline);
  deadline->tv_nsec += ms % 1000 * 1000000;
  deadline->tv_sec += ms / 1000 + deadline->tv_nsec / 1000000000;
  deadline->tv_nsec %= 1000000000;
}

/* The daemon's clients read what changed before the driver's call returns: a driver that calls with a lock held hangs
 * them, and is caught by the time it takes. */
static OSStatus properties_changed(AudioServerPlugInHostRef host, AudioObjectID object, UInt32 count,
                                   const AudioObjectPropertyAddress *addresses) {
  struct hal *hal = hal_of(host);
  rt_forbidden("PropertiesChanged");
  pthread_mutex_lock(&hal->lock);
  for (UInt32 i = 0; i < count; i++) {
    size_t index = hal->note_count < NOTES_MAX ? hal->note_count++ : NOTES_MAX - 1;
    hal->notes[index].object = object;
    hal->notes[index].address = addresses[i];
    hal->looks[hal->look_put % NOTES_MAX].object = object;
    hal->looks[hal->look_put++ % NOTES_MAX].address = addresses[i];
  }
  size_t mine = hal->look_put;
  pthread_cond_broadcast(&hal->changed);
  bool from_reader = pthread_equal(pthread_self(), hal->reader);
  struct timespec deadline;
  deadline_after_ms(&deadline, hal->late_count < 3 ? NOTICE_WAIT_MS : 1); /* once caught, no need to wait long again */
  int error = 0;
  while (!from_reader && !hal->ending && hal->look_done < mine && error != ETIMEDOUT)
    error = pthread_cond_timedwait(&hal->changed, &hal->lock, &deadline);
  bool late = error == ETIMEDOUT && hal->look_done < mine && hal->late_count++ < 3;
  pthread_mutex_unlock(&hal->lock);
  if (late)
    hal_fault(hal, "notify.lock",
              "object %u: properties cannot be read while PropertiesChanged(%s) runs: is a lock held?", object,
              hal_code(addresses[0].mSelector));
  if (!count)
    hal_fault(hal, "notify.empty", "object %u: PropertiesChanged of nothing", object);
  return 0;
}

static void *reader_main(void *argument) {
  struct hal *hal = argument;
  pthread_mutex_lock(&hal->lock);
  while (!hal->ending) {
    if (hal->look_done == hal->look_put) {
      pthread_cond_wait(&hal->changed, &hal->lock);
      continue;
    }
    AudioObjectID object = hal->looks[hal->look_done % NOTES_MAX].object;
    AudioObjectPropertyAddress address = hal->looks[hal->look_done % NOTES_MAX].address;
    pthread_mutex_unlock(&hal->lock);
    UInt32 size = 0;
    if (DRIVER(hal)->HasProperty(hal->driver, object, 0, &address))
      DRIVER(hal)->GetPropertyDataSize(hal->driver, object, 0, &address, 0, NULL, &size);
    else
      hal_fault(hal, "notify.unknown", "object %u tells of '%s' in '%s', which it has not", object,
                hal_code(address.mSelector), hal_code(address.mScope));
    pthread_mutex_lock(&hal->lock);
    hal->look_done++;
    pthread_cond_broadcast(&hal->changed);
  }
  pthread_mutex_unlock(&hal->lock);
  return NULL;
}

static OSStatus copy_from_storage(AudioServerPlugInHostRef host, CFStringRef key, CFPropertyListRef *data) {
  struct hal *hal = hal_of(host);
  rt_forbidden("CopyFromStorage");
  pthread_mutex_lock(&hal->lock);
  CFPropertyListRef kept = CFDictionaryGetValue(hal->storage, key);
  *data = kept ? CFRetain(kept) : NULL;
  pthread_mutex_unlock(&hal->lock);
  return kept ? 0 : kAudioHardwareUnknownPropertyError;
}

static OSStatus write_to_storage(AudioServerPlugInHostRef host, CFStringRef key, CFPropertyListRef data) {
  struct hal *hal = hal_of(host);
  rt_forbidden("WriteToStorage");
  char *text = cf_plist_text(data);
  if (!text) {
    hal_fault(hal, "storage.type", "WriteToStorage of what is no property list");
    return kAudioHardwareIllegalOperationError;
  }
  /* A copy through text, as it crosses a process. */
  CFPropertyListRef copy = cf_plist_parse(text, strlen(text));
  free(text);
  pthread_mutex_lock(&hal->lock);
  CFDictionarySetValue(hal->storage, key, copy);
  pthread_mutex_unlock(&hal->lock);
  CFRelease(copy);
  return 0;
}

static OSStatus delete_from_storage(AudioServerPlugInHostRef host, CFStringRef key) {
  struct hal *hal = hal_of(host);
  rt_forbidden("DeleteFromStorage");
  pthread_mutex_lock(&hal->lock);
  CFDictionaryRemoveValue(hal->storage, key);
  pthread_mutex_unlock(&hal->lock);
  return 0;
}

static OSStatus request_change(AudioServerPlugInHostRef host, AudioObjectID device, UInt64 action, void *info) {
  struct hal *hal = hal_of(host);
  rt_forbidden("RequestDeviceConfigurationChange");
  pthread_mutex_lock(&hal->lock);
  bool room = hal->pending_count < PENDING_MAX;
  if (room)
    hal->pending[hal->pending_count++] = (struct pending){device, action, info};
  pthread_mutex_unlock(&hal->lock);
  if (!room)
    hal_fault(hal, "config.flood", "more than %d configuration changes are waiting", PENDING_MAX);
  return 0;
}

/* Loading */

static void storage_read(struct hal *hal) {
  static char text[65536];
  FILE *file = hal->options.storage_path ? fopen(hal->options.storage_path, "re") : NULL;
  CFPropertyListRef list = NULL;
  if (file) {
    list = cf_plist_parse(text, fread(text, 1, sizeof text, file));
    fclose(file);
  }
  hal->storage = CFDictionaryCreateMutable(NULL, 0, &kCFTypeDictionaryKeyCallBacks, &kCFTypeDictionaryValueCallBacks);
  if (!list)
    return;
  const void *keys[64], *values[64];
  CFIndex count = CFDictionaryGetCount(list);
  if (count <= 64)
    CFDictionaryGetKeysAndValues(list, keys, values);
  for (CFIndex i = 0; i < count && count <= 64; i++)
    CFDictionarySetValue(hal->storage, keys[i], values[i]);
  CFRelease(list);
}

static void storage_write(struct hal *hal) {
  char *text = hal->options.storage_path ? cf_plist_text(hal->storage) : NULL;
  FILE *file = text ? fopen(hal->options.storage_path, "we") : NULL;
  if (file) {
    fputs(text, file);
    fclose(file);
  }
  free(text);
  CFRelease(hal->storage);
}

/* The factory gives an IUnknown; the daemon asks it for the driver's interface and lets the first go. */
static int load(struct hal *hal, char *why, size_t size) {
  AudioServerPlugInDriverRef unknown = hal->options.factory(NULL, kAudioServerPlugInTypeUUID);
  if (!unknown || !*unknown) {
    snprintf(why, size, "the factory does not make a driver of the audio server's type");
    return -ENOENT;
  }
  LPVOID interface = NULL;
  HRESULT result =
      (*unknown)->QueryInterface(unknown, CFUUIDGetUUIDBytes(kAudioServerPlugInDriverInterfaceUUID), &interface);
  if (result != S_OK || !interface) {
    snprintf(why, size, "QueryInterface gives no driver interface: %#x", (unsigned)result);
    return -EPROTO;
  }
  LPVOID none = &none;
  CFUUIDBytes strange =
      CFUUIDGetUUIDBytes(CFUUIDGetConstantUUIDWithBytes(NULL, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16));
  if ((*unknown)->QueryInterface(unknown, strange, &none) == S_OK)
    hal_fault(hal, "load.interface", "QueryInterface knows an interface that nobody has");
  (*unknown)->Release(unknown);
  hal->driver = interface;
  for (size_t slot = 1; slot < sizeof **hal->driver / sizeof(void *); slot++)
    if (!((void **)*hal->driver)[slot]) {
      snprintf(why, size, "the interface's slot %zu is empty", slot);
      return -EPROTO;
    }
  OSStatus status = DRIVER(hal)->Initialize(hal->driver, &hal->table);
  if (status)
    snprintf(why, size, "Initialize: '%s'", hal_code((UInt32)status));
  return status ? -EPROTO : 0;
}

int hal_open(const struct hal_options *options, struct hal **out, char *why, size_t size) {
  struct hal *hal = calloc(1, sizeof *hal);
  if (!hal)
    abort();
  hal->options = *options;
  hal->table = (AudioServerPlugInHostInterface){
      .PropertiesChanged = properties_changed,
      .CopyFromStorage = copy_from_storage,
      .WriteToStorage = write_to_storage,
      .DeleteFromStorage = delete_from_storage,
      .RequestDeviceConfigurationChange = request_change,
  };
  hal->clients = 100;
  pthread_mutex_init(&hal->lock, NULL);
  pthread_cond_init(&hal->changed, NULL);
  host_time_set_virtual(options->real_time ? 0 : VIRTUAL_START);
  storage_read(hal);
  rt_reset();
  int error = load(hal, why, size);
  if (error) {
    CFRelease(hal->storage);
    pthread_cond_destroy(&hal->changed);
    pthread_mutex_destroy(&hal->lock);
    free(hal);
    return error;
  }
  if (pthread_create(&hal->reader, NULL, reader_main, hal) != 0)
    abort();
  *out = hal;
  return 0;
}

void hal_close(struct hal *hal) {
  if (!hal)
    return;
  pthread_mutex_lock(&hal->lock);
  hal->ending = true;
  pthread_cond_broadcast(&hal->changed);
  pthread_mutex_unlock(&hal->lock);
  pthread_join(hal->reader, NULL);
  DRIVER(hal)->Release(hal->driver);
  storage_write(hal);
  pthread_cond_destroy(&hal->changed);
  pthread_mutex_destroy(&hal->lock);
  free(hal);
}

/* Properties */

AudioServerPlugInDriverRef hal_driver(const struct hal *hal) {
  return hal->driver;
}

OSStatus hal_get(struct hal *hal, AudioObjectID object, UInt32 selector, UInt32 scope, void *data, UInt32 capacity,
                 UInt32 *size) {
  AudioObjectPropertyAddress address = hal_address(selector, scope, 0);
  return DRIVER(hal)->GetPropertyData(hal->driver, object, 0, &address, 0, NULL, capacity, size, data);
}

OSStatus hal_set(struct hal *hal, AudioObjectID object, UInt32 selector, UInt32 scope, const void *data, UInt32 size) {
  AudioObjectPropertyAddress address = hal_address(selector, scope, 0);
  return DRIVER(hal)->SetPropertyData(hal->driver, object, 0, &address, 0, NULL, size, data);
}

UInt32 hal_u32(struct hal *hal, AudioObjectID object, UInt32 selector, UInt32 scope, UInt32 fallback) {
  UInt32 value = fallback, size = 0;
  return hal_get(hal, object, selector, scope, &value, sizeof value, &size) == 0 && size == sizeof value ? value
                                                                                                         : fallback;
}

double hal_f64(struct hal *hal, AudioObjectID object, UInt32 selector, UInt32 scope, double fallback) {
  double value = fallback;
  UInt32 size = 0;
  return hal_get(hal, object, selector, scope, &value, sizeof value, &size) == 0 && size == sizeof value ? value
                                                                                                         : fallback;
}

void hal_text(struct hal *hal, AudioObjectID object, UInt32 selector, char *text, size_t size) {
  CFStringRef string = NULL;
  UInt32 got = 0;
  text[0] = 0;
  OSStatus status = hal_get(hal, object, selector, kAudioObjectPropertyScopeGlobal, &string, sizeof string, &got);
  if (status || !string)
    return;
  CFStringGetCString(string, text, (CFIndex)size, kCFStringEncodingUTF8);
  CFRelease(string);
}

size_t hal_list(struct hal *hal, AudioObjectID object, UInt32 selector, UInt32 scope, AudioObjectID *ids, size_t max) {
  UInt32 size = 0;
  if (hal_get(hal, object, selector, scope, ids, (UInt32)(max * sizeof *ids), &size) != 0)
    return 0;
  return size / sizeof *ids <= max ? size / sizeof *ids : max;
}

size_t hal_objects(struct hal *hal, AudioObjectID ids[HAL_OBJECTS_MAX]) {
  size_t count = 1;
  ids[0] = kAudioObjectPlugInObject;
  for (size_t i = 0; i < count; i++) {
    AudioObjectID owned[HAL_OBJECTS_MAX];
    size_t more = hal_list(hal, ids[i], kAudioObjectPropertyOwnedObjects, kAudioObjectPropertyScopeGlobal, owned,
                           HAL_OBJECTS_MAX);
    for (size_t k = 0; k < more && count < HAL_OBJECTS_MAX; k++) {
      size_t seen = 0;
      while (seen < count && ids[seen] != owned[k])
        seen++;
      if (seen == count)
        ids[count++] = owned[k];
    }
  }
  return count;
}

static UInt32 stream_channels(struct hal *hal, const AudioObjectID *streams, size_t count) {
  UInt32 channels = 0;
  for (size_t i = 0; i < count; i++) {
    AudioStreamBasicDescription format = {0};
    UInt32 size = 0;
    if (hal_get(hal, streams[i], kAudioStreamPropertyVirtualFormat, kAudioObjectPropertyScopeGlobal, &format,
                sizeof format, &size) == 0)
      channels += format.mChannelsPerFrame;
  }
  return channels < HAL_CHANNELS_MAX ? channels : HAL_CHANNELS_MAX;
}

size_t hal_devices(struct hal *hal, struct hal_device devices[HAL_DEVICES_MAX]) {
  AudioObjectID ids[HAL_DEVICES_MAX];
  const UInt32 global = kAudioObjectPropertyScopeGlobal, in = kAudioObjectPropertyScopeInput,
               out = kAudioObjectPropertyScopeOutput;
  size_t count = hal_list(hal, kAudioObjectPlugInObject, kAudioPlugInPropertyDeviceList, global, ids, HAL_DEVICES_MAX);
  for (size_t i = 0; i < count; i++) {
    struct hal_device *device = &devices[i];
    *device = (struct hal_device){.id = ids[i]};
    device->input_count = hal_list(hal, ids[i], kAudioDevicePropertyStreams, in, device->inputs, HAL_STREAMS_MAX);
    device->output_count = hal_list(hal, ids[i], kAudioDevicePropertyStreams, out, device->outputs, HAL_STREAMS_MAX);
    device->input_channels = stream_channels(hal, device->inputs, device->input_count);
    device->output_channels = stream_channels(hal, device->outputs, device->output_count);
    device->period = hal_u32(hal, ids[i], kAudioDevicePropertyZeroTimeStampPeriod, global, 0);
    device->safety_in = hal_u32(hal, ids[i], kAudioDevicePropertySafetyOffset, in, 0);
    device->safety_out = hal_u32(hal, ids[i], kAudioDevicePropertySafetyOffset, out, 0);
    device->rate = hal_f64(hal, ids[i], kAudioDevicePropertyNominalSampleRate, global, 0);
  }
  return count;
}

size_t hal_notified(struct hal *hal, AudioObjectID object, UInt32 selector) {
  size_t count = 0;
  pthread_mutex_lock(&hal->lock);
  for (size_t i = 0; i < hal->note_count; i++)
    count += hal->notes[i].object == object && hal->notes[i].address.mSelector == selector;
  pthread_mutex_unlock(&hal->lock);
  return count;
}

void hal_forget_notifications(struct hal *hal) {
  pthread_mutex_lock(&hal->lock);
  hal->note_count = 0;
  pthread_mutex_unlock(&hal->lock);
}

/* Configuration changes */

size_t hal_pending(struct hal *hal) {
  pthread_mutex_lock(&hal->lock);
  size_t count = hal->pending_count;
  pthread_mutex_unlock(&hal->lock);
  return count;
}

struct performance {
  struct hal *hal;
  struct pending change;
  bool abort_it;
};

static void *perform_main(void *argument) {
  const struct performance *job = argument;
  struct hal *hal = job->hal;
  OSStatus status = job->abort_it ? DRIVER(hal)->AbortDeviceConfigurationChange(hal->driver, job->change.device,
                                                                                job->change.action, job->change.info)
                                  : DRIVER(hal)->PerformDeviceConfigurationChange(hal->driver, job->change.device,
                                                                                  job->change.action, job->change.info);
  if (status)
    hal_fault(hal, "config.failed", "device %u: the change it asked for ends with '%s'", job->change.device,
              hal_code((UInt32)status));
  return NULL;
}

static void each_running(struct hal *hal, AudioObjectID device,
                         OSStatus (*call)(AudioServerPlugInDriverRef, AudioObjectID, UInt32)) {
  for (size_t i = 0; i < RUNNING_MAX; i++)
    for (unsigned k = 0; hal->running[i].device == device && k < hal->running[i].starts; k++)
      call(hal->driver, device, hal->running[i].client);
}

void hal_settle(struct hal *hal, bool abort_them) {
  for (;;) {
    struct performance job = {.hal = hal, .abort_it = abort_them};
    pthread_mutex_lock(&hal->lock);
    bool more = hal->pending_count > 0;
    if (more) {
      job.change = hal->pending[0];
      hal->pending_count--;
      memmove(hal->pending, hal->pending + 1, hal->pending_count * sizeof hal->pending[0]);
    }
    pthread_mutex_unlock(&hal->lock);
    if (!more)
      break;
    pthread_t thread;
    each_running(hal, job.change.device, DRIVER(hal)->StopIO);
    if (pthread_create(&thread, NULL, perform_main, &job) != 0)
      abort();
    pthread_join(thread, NULL);
    hal_forget_lines(hal);
    each_running(hal, job.change.device, DRIVER(hal)->StartIO);
  }
}
