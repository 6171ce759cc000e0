/* SPDX-License-Identifier: MIT
 *
 * The plug-in through its own table, as the daemon calls it, for what the host simulator does not ask: settings.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "driver/darwin/plugin.h"

extern void *OrielAudio_Create(CFAllocatorRef allocator, CFUUIDRef type);

static AudioServerPlugInDriverRef driver;
static AudioServerPlugInDriverInterface *table;
static CFPropertyListRef kept;          /* settings */
static CFPropertyListRef kept_speakers; /* of the output */
static UInt64 wanted[16];
static AudioObjectID wanted_of[16];
static unsigned requests;
static atomic_uint notices, writes, named[10]; /* names that changed, by object */
static bool is_race;
static const char *meanwhile; /* what is set while the daemon is asked for something */

static OSStatus changed(AudioServerPlugInHostRef host, AudioObjectID object, UInt32 count,
                        const AudioObjectPropertyAddress *addresses) {
  (void)host;
  notices += count;
  for (UInt32 i = 0; i < count && object < 10; i++)
    if (addresses[i].mSelector == kAudioObjectPropertyName)
      atomic_fetch_add(&named[object], 1);
  return 0;
}

/* NULL: nobody asks for this. */
static CFPropertyListRef *slot_of(CFStringRef key) {
  char text[32] = "settings";
  if (key)
    assert_true(CFStringGetCString(key, text, sizeof text, kCFStringEncodingUTF8));
  return !strcmp(text, "settings") ? &kept : !strcmp(text, "speakers.output") ? &kept_speakers : NULL;
}

static OSStatus copy(AudioServerPlugInHostRef host, CFStringRef key, CFPropertyListRef *data) {
  (void)host;
  const CFPropertyListRef *slot = slot_of(key);
  *data = slot && *slot ? CFRetain(*slot) : NULL;
  return 0;
}

static OSStatus forget(AudioServerPlugInHostRef host, CFStringRef key) {
  (void)host;
  CFPropertyListRef *slot = slot_of(key);
  if (slot && *slot) {
    CFRelease(*slot);
    *slot = NULL;
  }
  return 0;
}

static OSStatus write_kept(AudioServerPlugInHostRef host, CFStringRef key, CFPropertyListRef data) {
  const unsigned mine = atomic_fetch_add(&writes, 1);
  if (is_race && mine % 2 == 0) /* the first of two is slow: the other comes before it, if it can */
    for (int i = 0; i < 20 && (i < 3 || atomic_load(&writes) == mine + 1); i++)
      poll(NULL, 0, 1);
  forget(host, key);
  if (slot_of(key))
    *slot_of(key) = CFRetain(data);
  return 0;
}

static OSStatus set_text(const char *text);

static OSStatus request(AudioServerPlugInHostRef host, AudioObjectID device, UInt64 action, void *info) {
  (void)host, (void)info;
  const char *text = meanwhile;
  meanwhile = NULL;
  if (text) /* comes before this request has arrived */
    set_text(text);
  wanted_of[requests] = device;
  wanted[requests++] = action;
  return 0;
}

static const AudioServerPlugInHostInterface host = {changed, copy, write_kept, forget, request};

static void open_driver(void) {
  driver = OrielAudio_Create(NULL, kAudioServerPlugInTypeUUID);
  assert_non_null(driver);
  table = *driver;
  assert_int_equal(table->Initialize(driver, &host), 0);
  requests = 0;
  atomic_store(&notices, 0);
}

static void close_driver(void) {
  assert_int_equal(table->Release(driver), 0);
}

static AudioObjectPropertyAddress at(UInt32 selector) {
  return (AudioObjectPropertyAddress){selector, kAudioObjectPropertyScopeGlobal, 0};
}

static void text_of(AudioObjectID object, UInt32 selector, char *text, size_t size) {
  const AudioObjectPropertyAddress address = at(selector);
  CFStringRef string = NULL;
  UInt32 got = 0;
  assert_int_equal(table->GetPropertyData(driver, object, 0, &address, 0, NULL, sizeof string, &got, &string), 0);
  assert_int_equal(got, sizeof string);
  assert_true(CFStringGetCString(string, text, (CFIndex)size, kCFStringEncodingUTF8));
  CFRelease(string);
}

static OSStatus set_text(const char *text) {
  const AudioObjectPropertyAddress address = at(PLUGIN_SETTINGS);
  CFStringRef string = CFStringCreateWithCString(NULL, text, kCFStringEncodingUTF8);
  OSStatus status = table->SetPropertyData(driver, 2, 0, &address, 0, NULL, sizeof string, &string);
  CFRelease(string);
  return status;
}

static void plugin_answers_only_its_own_types(void **state) {
  (void)state;
  CFUUIDRef other = CFUUIDCreateWithBytes(NULL, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);
  assert_null(OrielAudio_Create(NULL, other));
  assert_null(OrielAudio_Create(NULL, NULL));
  open_driver();
  void *interface = &interface;
  assert_int_equal(table->QueryInterface(driver, CFUUIDGetUUIDBytes(other), &interface), E_NOINTERFACE);
  assert_null(interface);
  assert_int_equal(table->QueryInterface(driver, CFUUIDGetUUIDBytes(kAudioServerPlugInDriverInterfaceUUID), &interface),
                   S_OK);
  assert_ptr_equal(interface, driver);
  assert_int_equal(table->Release(driver), 1);
  CFRelease(other);
  close_driver();
}

static void plugin_settings_change_at_run_time_and_stay(void **state) {
  (void)state;
  char text[SETTINGS_TEXT_SIZE];
  open_driver();
  assert_int_equal(set_text("OutputName = Kitchen\nRate = 96000\nInputChannels = 1\nTransport = "), 0);
  text_of(2, kAudioObjectPropertyName, text, sizeof text);
  assert_string_equal(text, "Kitchen");
  assert_int_equal(requests, 2); /* both devices: IO must stop for it */
  assert_true(wanted_of[0] == 2 && wanted[0] == ((UInt64)2 << 32 | 96000));
  assert_true(wanted_of[1] == 6 && wanted[1] == ((UInt64)1 << 32 | 96000));
  assert_true(notices >= 4);
  assert_int_equal(table->PerformDeviceConfigurationChange(driver, 2, wanted[0], NULL), 0);
  const AudioObjectPropertyAddress rate = at(kAudioDevicePropertyNominalSampleRate);
  Float64 value = 0;
  UInt32 size = 0;
  assert_int_equal(table->GetPropertyData(driver, 2, 0, &rate, 0, NULL, sizeof value, &size, &value), 0);
  assert_true(value == 96000);
  text_of(1, PLUGIN_SETTINGS, text, sizeof text);
  assert_non_null(strstr(text, "OutputName = Kitchen\n"));
  close_driver();
  open_driver(); /* the daemon restarted */
  text_of(2, kAudioObjectPropertyName, text, sizeof text);
  assert_string_equal(text, "Kitchen");
  assert_int_equal(table->GetPropertyData(driver, 6, 0, &rate, 0, NULL, sizeof value, &size, &value), 0);
  assert_true(value == 96000);
  assert_int_equal(set_text(""), 0); /* back to the property list */
  assert_null(kept);
  text_of(2, kAudioObjectPropertyName, text, sizeof text);
  assert_string_equal(text, "Oriel Output");
  close_driver();
}

static OSStatus set_rate(AudioObjectID device, Float64 rate) {
  const AudioObjectPropertyAddress address = at(kAudioDevicePropertyNominalSampleRate);
  return table->SetPropertyData(driver, device, 0, &address, 0, NULL, sizeof rate, &rate);
}

static Float64 rate_of(AudioObjectID device) {
  const AudioObjectPropertyAddress address = at(kAudioDevicePropertyNominalSampleRate);
  Float64 rate = 0;
  UInt32 size = 0;
  assert_int_equal(table->GetPropertyData(driver, device, 0, &address, 0, NULL, sizeof rate, &size, &rate), 0);
  return rate;
}

/* Whatever is asked for while the daemon has not come back with what was asked for before. */
static void plugin_last_request_of_several_wins(void **state) {
  (void)state;
  open_driver();
  assert_int_equal(set_rate(2, 96000), 0);
  assert_int_equal(set_rate(2, 48000), 0); /* the rate that it still has */
  assert_int_equal(requests, 2);
  for (unsigned i = 0; i < 2; i++)
    assert_int_equal(table->PerformDeviceConfigurationChange(driver, 2, wanted[i], NULL), 0);
  assert_true(rate_of(2) == 48000);
  assert_int_equal(set_rate(2, 48000), 0);
  assert_int_equal(requests, 2); /* nothing is under way: nothing to do */
  assert_int_equal(set_rate(2, 96000), 0);
  assert_int_equal(set_text("OutputChannels = 4"), 0); /* keeps the rate that is under way */
  assert_int_equal(requests, 4);
  assert_true(wanted[3] == ((UInt64)4 << 32 | 96000));
  assert_int_equal(set_rate(2, 44100), 0); /* and this one the channels */
  assert_true(wanted[4] == ((UInt64)4 << 32 | 44100));
  for (unsigned i = 2; i < 5; i++)
    assert_int_equal(table->AbortDeviceConfigurationChange(driver, 2, wanted[i], NULL), 0);
  assert_int_equal(set_rate(2, 48000), 0); /* as it is: what was refused is forgotten */
  assert_int_equal(requests, 5);
  set_text("");
  close_driver();
}

static void plugin_tells_names_of_devices_and_streams(void **state) {
  (void)state;
  char text[128];
  open_driver();
  memset(named, 0, sizeof named);
  assert_int_equal(set_text("InputName = Attic"), 0);
  assert_true(named[6] == 1 && named[7] == 1);
  assert_true(named[2] == 0 && named[3] == 0);
  text_of(7, kAudioObjectPropertyName, text, sizeof text);
  assert_string_equal(text, "Attic");
  set_text("");
  close_driver();
}

static void layout_of(UInt32 labels[16], UInt32 count) {
  const AudioObjectPropertyAddress address = at(kAudioDevicePropertyPreferredChannelLayout);
  UInt32 bytes[3 + 16 * 5], size = 0;
  assert_int_equal(table->GetPropertyData(driver, 2, 0, &address, 0, NULL, sizeof bytes, &size, bytes), 0);
  assert_int_equal(size, 12 + 20 * count);
  assert_true(bytes[0] == kAudioChannelLayoutTag_UseChannelDescriptions && bytes[2] == count);
  for (UInt32 c = 0; c < count; c++)
    labels[c] = bytes[3 + 5 * c];
}

static OSStatus set_layout_of(const UInt32 *labels, UInt32 count, UInt32 size) {
  const AudioObjectPropertyAddress address = at(kAudioDevicePropertyPreferredChannelLayout);
  UInt32 bytes[3 + 16 * 5] = {kAudioChannelLayoutTag_UseChannelDescriptions, 0, count};
  for (UInt32 c = 0; c < count; c++)
    bytes[3 + 5 * c] = labels[c];
  return table->SetPropertyData(driver, 2, 0, &address, 0, NULL, size, bytes);
}

static OSStatus set_pair(UInt32 left, UInt32 right) {
  const AudioObjectPropertyAddress address = at(kAudioDevicePropertyPreferredChannelsForStereo);
  const UInt32 pair[2] = {left, right};
  return table->SetPropertyData(driver, 2, 0, &address, 0, NULL, sizeof pair, pair);
}

static void expect_pair(UInt32 left, UInt32 right) {
  const AudioObjectPropertyAddress address = at(kAudioDevicePropertyPreferredChannelsForStereo);
  UInt32 pair[2], size = 0;
  assert_int_equal(table->GetPropertyData(driver, 2, 0, &address, 0, NULL, sizeof pair, &size, pair), 0);
  assert_true(pair[0] == left && pair[1] == right);
}

static void plugin_names_its_speakers_and_keeps_what_is_set(void **state) {
  (void)state;
  static const UInt32 surround[6] = {
    kAudioChannelLabel_Left, kAudioChannelLabel_Right, kAudioChannelLabel_Center, kAudioChannelLabel_LFEScreen,
    kAudioChannelLabel_LeftSurround, kAudioChannelLabel_RightSurround};
  static const UInt32 own[6] = {
    kAudioChannelLabel_LFEScreen, kAudioChannelLabel_Center, kAudioChannelLabel_Right, kAudioChannelLabel_Left,
    kAudioChannelLabel_Discrete_0 + 4, kAudioChannelLabel_Unknown};
  UInt32 labels[16];
  char text[64];
  open_driver();
  assert_int_equal(set_text("OutputChannels = 6"), 0);
  assert_int_equal(table->PerformDeviceConfigurationChange(driver, 2, wanted[0], NULL), 0);
  layout_of(labels, 6);
  assert_memory_equal(labels, surround, sizeof surround);
  const AudioObjectPropertyAddress fourth = {kAudioObjectPropertyElementName, kAudioObjectPropertyScopeOutput, 4};
  CFStringRef name = NULL;
  UInt32 size = 0;
  assert_int_equal(table->GetPropertyData(driver, 2, 0, &fourth, 0, NULL, sizeof name, &size, &name), 0);
  assert_true(CFStringGetCString(name, text, sizeof text, kCFStringEncodingUTF8));
  CFRelease(name);
  assert_string_equal(text, "LFE");
  expect_pair(1, 2);
  atomic_store(&notices, 0);
  assert_int_equal(set_layout_of(own, 6, 12 + 6 * 20), 0);
  assert_int_equal(set_pair(4, 3), 0);
  assert_int_equal(notices, 4);
  /* What does not fit changes nothing. */
  assert_int_equal(set_layout_of(own, 6, 12 + 6 * 20 - 1), kAudioHardwareBadPropertySizeError);
  assert_int_equal(set_layout_of(own, 6, 11), kAudioHardwareBadPropertySizeError);
  assert_int_equal(set_layout_of(own, 5, 12 + 6 * 20), kAudioHardwareIllegalOperationError);
  assert_int_equal(set_pair(0, 1), kAudioHardwareIllegalOperationError);
  assert_int_equal(set_pair(1, 7), kAudioHardwareIllegalOperationError);
  close_driver();
  open_driver(); /* the daemon restarted */
  layout_of(labels, 6);
  assert_memory_equal(labels, own, sizeof own);
  expect_pair(4, 3);
  /* With other channels the usual ones are in force; and again what was set, with as many. */
  assert_int_equal(table->PerformDeviceConfigurationChange(driver, 2, (UInt64)3 << 32 | 48000, NULL), 0);
  layout_of(labels, 3);
  assert_memory_equal(labels, surround, 3 * sizeof *labels);
  expect_pair(1, 2);
  assert_int_equal(table->PerformDeviceConfigurationChange(driver, 2, (UInt64)6 << 32 | 48000, NULL), 0);
  expect_pair(4, 3);
  set_text("");
  close_driver();
}

static void plugin_ignores_speakers_kept_in_another_form(void **state) {
  (void)state;
  static const char *const texts[] = {"", "2", "2 1 2 1", "2 1 2 1 2 3", "2 0 1 1 2", "2 1 3 1 2",
                                      "99999999999 1 2 1 2", "2 1 2 1 x",
                                      "17 1 2 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17", "0 1 1"};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    UInt32 labels[16];
    kept_speakers = CFStringCreateWithCString(NULL, texts[i], kCFStringEncodingUTF8);
    open_driver();
    layout_of(labels, 2);
    assert_true(labels[0] == kAudioChannelLabel_Left && labels[1] == kAudioChannelLabel_Right);
    expect_pair(1, 2);
    close_driver();
    CFRelease(kept_speakers);
    kept_speakers = NULL;
  }
}

/* The daemon reckons sample times in floating point: a frame that is meant may come as a little less. */
static void plugin_rounds_sample_times(void **state) {
  (void)state;
  char before[ENGINE_STATUS_SIZE], after[ENGINE_STATUS_SIZE];
  static float frames[2 * 512];
  open_driver();
  assert_int_equal(table->StartIO(driver, 2, 1), 0);
  for (int i = 0; i < 8; i++) {
    AudioServerPlugInIOCycleInfo cycle = {0};
    cycle.mOutputTime.mSampleTime = 1000 + 512 * i + (i % 2 ? -1e-7 : 1e-7);
    assert_int_equal(table->DoIOOperation(driver, 2, 3, 1, kAudioServerPlugInIOOperationWriteMix, 512, &cycle, frames,
                                          NULL), 0);
    text_of(1, PLUGIN_STATUS, i == 0 ? before : after, sizeof after);
  }
  assert_non_null(strstr(before, "\"xruns\": 0"));
  assert_non_null(strstr(after, "\"cycles\": 8, \"frames\": 4096, \"xruns\": 0"));
  assert_int_equal(table->StopIO(driver, 2, 1), 0);
  close_driver();
}

static void plugin_bad_settings_change_nothing(void **state) {
  (void)state;
  char text[SETTINGS_TEXT_SIZE];
  open_driver();
  assert_int_equal(set_text("OutputName = Attic\nRate = 1\n"), kAudioHardwareIllegalOperationError);
  text_of(2, kAudioObjectPropertyName, text, sizeof text);
  assert_string_equal(text, "Oriel Output");
  assert_int_equal(requests, 0);
  assert_null(kept);
  close_driver();
  /* What another version kept: the good lines count. */
  kept = CFStringCreateWithCString(NULL, "Flavour = 3\nInputName = Attic", kCFStringEncodingUTF8);
  open_driver();
  text_of(6, kAudioObjectPropertyName, text, sizeof text);
  assert_string_equal(text, "Attic");
  forget(&host, NULL);
  close_driver();
}

/* What the daemon is asked for last is what is in force, also where it is slow. */
static void plugin_settings_reach_the_daemon_in_order(void **state) {
  (void)state;
  open_driver();
  meanwhile = "OutputChannels = 6";
  set_text("OutputChannels = 4");
  assert_int_equal(requests, 2);
  assert_int_equal(wanted[0] >> 32, 4);
  assert_int_equal(wanted[1] >> 32, 6);
  set_text("");
  close_driver();
}

struct setter {
  pthread_barrier_t *barrier;
  const char *key;
  unsigned lost;
};

static void *set_often(void *context) {
  struct setter *setter = context;
  char line[64], text[SETTINGS_TEXT_SIZE];
  for (int i = 0; i < 20; i++) {
    snprintf(line, sizeof line, "%s = %s %d", setter->key, setter->key, i);
    set_text(line);
    pthread_barrier_wait(setter->barrier);
    text_of(1, PLUGIN_SETTINGS, text, sizeof text);
    setter->lost += strstr(text, line) == NULL;
    if (!kept || !CFStringGetCString(kept, text, sizeof text, kCFStringEncodingUTF8))
      text[0] = '\0';
    setter->lost += strstr(text, line) == NULL;
    pthread_barrier_wait(setter->barrier);
  }
  return NULL;
}

/* Each its own key: neither is lost, not from what is in force and, once both have returned, not from what is kept. */
static void plugin_settings_of_two_at_once_are_both_taken(void **state) {
  (void)state;
  pthread_barrier_t barrier;
  pthread_t threads[2];
  struct setter setters[2] = {{&barrier, "OutputName", 0}, {&barrier, "InputName", 0}};
  open_driver();
  atomic_store(&writes, 0);
  is_race = true;
  pthread_barrier_init(&barrier, NULL, 2);
  for (int k = 0; k < 2; k++)
    assert_int_equal(pthread_create(&threads[k], NULL, set_often, &setters[k]), 0);
  for (int k = 0; k < 2; k++)
    pthread_join(threads[k], NULL);
  pthread_barrier_destroy(&barrier);
  is_race = false;
  assert_int_equal(setters[0].lost + setters[1].lost, 0);
  set_text("");
  close_driver();
}

static void plugin_status_is_told(void **state) {
  (void)state;
  char text[ENGINE_STATUS_SIZE];
  open_driver();
  text_of(1, PLUGIN_STATUS, text, sizeof text);
  assert_true(text[0] == '{' && strstr(text, "\"microphone\": {"));
  close_driver();
}

static void plugin_lists_have_whole_elements(void **state) {
  (void)state;
  open_driver();
  const AudioObjectPropertyAddress address = at(kAudioObjectPropertyOwnedObjects);
  UInt32 size = 77;
  AudioObjectID ids[4] = {0, 0, 0, 99};
  assert_int_equal(table->GetPropertyData(driver, 2, 0, &address, 0, NULL, 11, &size, ids), 0);
  assert_true(size == 8 && ids[0] == 3 && ids[1] == 4 && ids[2] == 0);
  const AudioObjectPropertyAddress rate = at(kAudioDevicePropertyNominalSampleRate);
  size = 77;
  assert_int_equal(table->GetPropertyData(driver, 2, 0, &rate, 0, NULL, 7, &size, ids),
                   kAudioHardwareBadPropertySizeError);
  assert_int_equal(size, 77);
  close_driver();
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(plugin_answers_only_its_own_types),
    cmocka_unit_test(plugin_settings_change_at_run_time_and_stay),
    cmocka_unit_test(plugin_last_request_of_several_wins),
    cmocka_unit_test(plugin_tells_names_of_devices_and_streams),
    cmocka_unit_test(plugin_names_its_speakers_and_keeps_what_is_set),
    cmocka_unit_test(plugin_ignores_speakers_kept_in_another_form),
    cmocka_unit_test(plugin_rounds_sample_times),
    cmocka_unit_test(plugin_bad_settings_change_nothing),
    cmocka_unit_test(plugin_settings_reach_the_daemon_in_order),
    cmocka_unit_test(plugin_settings_of_two_at_once_are_both_taken),
    cmocka_unit_test(plugin_status_is_told),
    cmocka_unit_test(plugin_lists_have_whole_elements),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
