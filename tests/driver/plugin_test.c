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
static CFPropertyListRef kept;
static UInt64 wanted[16];
static AudioObjectID wanted_of[16];
static unsigned wishes;
static atomic_uint notices, writes;
static bool is_race;
static const char *meanwhile; /* what is set while the daemon is asked for something */

static OSStatus changed(AudioServerPlugInHostRef host, AudioObjectID object, UInt32 count,
                        const AudioObjectPropertyAddress *addresses) {
  (void)host, (void)object, (void)addresses;
  notices += count;
  return 0;
}

static OSStatus copy(AudioServerPlugInHostRef host, CFStringRef key, CFPropertyListRef *data) {
  (void)host, (void)key;
  *data = kept ? CFRetain(kept) : NULL;
  return 0;
}

static OSStatus forget(AudioServerPlugInHostRef host, CFStringRef key) {
  (void)host, (void)key;
  if (kept)
    CFRelease(kept);
  kept = NULL;
  return 0;
}

static OSStatus write_kept(AudioServerPlugInHostRef host, CFStringRef key, CFPropertyListRef data) {
  const unsigned mine = atomic_fetch_add(&writes, 1);
  if (is_race && mine % 2 == 0) /* the first of two is slow: the other comes before it, if it can */
    for (int i = 0; i < 20 && (i < 3 || atomic_load(&writes) == mine + 1); i++)
      poll(NULL, 0, 1);
  forget(host, key);
  kept = CFRetain(data);
  return 0;
}

static OSStatus set_text(const char *text);

static OSStatus request(AudioServerPlugInHostRef host, AudioObjectID device, UInt64 action, void *info) {
  (void)host, (void)info;
  const char *text = meanwhile;
  meanwhile = NULL;
  if (text) /* comes before this request has arrived */
    set_text(text);
  wanted_of[wishes] = device;
  wanted[wishes++] = action;
  return 0;
}

static const AudioServerPlugInHostInterface host = {changed, copy, write_kept, forget, request};

static void open_driver(void) {
  driver = OrielAudio_Create(NULL, kAudioServerPlugInTypeUUID);
  assert_non_null(driver);
  table = *driver;
  assert_int_equal(table->Initialize(driver, &host), 0);
  wishes = 0;
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
  assert_int_equal(wishes, 2); /* both devices: IO must stop for it */
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

static void plugin_bad_settings_change_nothing(void **state) {
  (void)state;
  char text[SETTINGS_TEXT_SIZE];
  open_driver();
  assert_int_equal(set_text("OutputName = Attic\nRate = 1\n"), kAudioHardwareIllegalOperationError);
  text_of(2, kAudioObjectPropertyName, text, sizeof text);
  assert_string_equal(text, "Oriel Output");
  assert_int_equal(wishes, 0);
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
  assert_int_equal(wishes, 2);
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
    cmocka_unit_test(plugin_bad_settings_change_nothing),
    cmocka_unit_test(plugin_settings_reach_the_daemon_in_order),
    cmocka_unit_test(plugin_settings_of_two_at_once_are_both_taken),
    cmocka_unit_test(plugin_status_is_told),
    cmocka_unit_test(plugin_lists_have_whole_elements),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
