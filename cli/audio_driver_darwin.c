/* SPDX-License-Identifier: MIT
 *
 * The driver's custom properties through CoreAudio's client interface. coreaudiod forwards them to the plug-in as
 * property lists. Main thread.
 */
#include "cli/audio_driver.h"

#include <CoreAudio/CoreAudio.h>
#include <CoreFoundation/CoreFoundation.h>
#include <errno.h>
#include <stdio.h>

enum { STATUS_SELECTOR = 'osta', SETTINGS_SELECTOR = 'oset' };

static AudioObjectPropertyAddress address_of(AudioObjectPropertySelector selector) {
  return (AudioObjectPropertyAddress){selector, kAudioObjectPropertyScopeGlobal, 0};
}

/** The device by its UID: the plug-in itself cannot be looked up by name on every macOS. */
static int find_device(AudioObjectID *device, char *why, size_t why_size) {
  const AudioObjectPropertyAddress address = address_of(kAudioHardwarePropertyTranslateUIDToDevice);
  CFStringRef uid = CFSTR("OrielAudio_Output");
  UInt32 size = sizeof *device;
  *device = kAudioObjectUnknown;
  const OSStatus status =
      AudioObjectGetPropertyData(kAudioObjectSystemObject, &address, sizeof uid, &uid, &size, device);
  if (status == noErr && *device != kAudioObjectUnknown)
    return 0;
  snprintf(why, why_size, "no Oriel Output on this Mac: install the driver (sudo ./install.sh), or restart coreaudiod");
  return -ENOENT;
}

static int read_text(AudioObjectID device, AudioObjectPropertySelector selector, char *text, size_t text_size,
                     char *why, size_t why_size) {
  const AudioObjectPropertyAddress address = address_of(selector);
  CFStringRef string = NULL;
  UInt32 size = sizeof string;
  const OSStatus status = AudioObjectGetPropertyData(device, &address, 0, NULL, &size, &string);
  if (status != noErr || string == NULL) {
    snprintf(why, why_size, "Oriel Output does not answer (error %d): restart coreaudiod (sudo killall coreaudiod)",
             (int)status);
    return -EIO;
  }
  const Boolean fits = CFStringGetCString(string, text, (CFIndex)text_size, kCFStringEncodingUTF8);
  CFRelease(string);
  if (fits)
    return 0;
  snprintf(why, why_size, "Oriel Output's answer is too long: driver and oriel are of different versions");
  return -EIO;
}

int oriel_audio_driver_status(char *text, size_t size, char *why, size_t why_size) {
  AudioObjectID device;
  const int result = find_device(&device, why, why_size);
  return result < 0 ? result : read_text(device, STATUS_SELECTOR, text, size, why, why_size);
}

int oriel_audio_driver_set(const char *lines, char *text, size_t size, char *why, size_t why_size) {
  const AudioObjectPropertyAddress address = address_of(SETTINGS_SELECTOR);
  AudioObjectID device;
  int result = find_device(&device, why, why_size);
  if (result == 0 && lines[0] != '\0') {
    CFStringRef string = CFStringCreateWithCString(NULL, lines, kCFStringEncodingUTF8);
    const OSStatus status = string != NULL
                                ? AudioObjectSetPropertyData(device, &address, 0, NULL, sizeof string, &string)
                                : kAudioHardwareIllegalOperationError;
    if (string != NULL)
      CFRelease(string);
    if (status != noErr) {
      snprintf(why, why_size,
               "the driver refused the settings (error %d): its reason is in `log show --last 1m --predicate "
               "'subsystem == \"org.oriel.audio\"'`",
               (int)status);
      result = -EINVAL;
    }
  }
  return result < 0 ? result : read_text(device, SETTINGS_SELECTOR, text, size, why, why_size);
}
