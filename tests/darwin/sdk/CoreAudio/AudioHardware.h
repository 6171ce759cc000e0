/* SPDX-License-Identifier: MIT
 *
 * CoreAudio as programs call it, in our own words: what `oriel audio` needs of it. Nothing here implements it off
 * macOS.
 */
#ifndef ORIEL_DARWIN_AUDIOHARDWARE_H
#define ORIEL_DARWIN_AUDIOHARDWARE_H

#include <CoreAudio/AudioHardwareBase.h>

enum { kAudioObjectSystemObject = 1 };
enum { kAudioHardwarePropertyTranslateUIDToDevice = 'uidd' };

OSStatus AudioObjectGetPropertyData(AudioObjectID object, const AudioObjectPropertyAddress *address,
                                    UInt32 qualifier_size, const void *qualifier, UInt32 *size, void *data);
OSStatus AudioObjectSetPropertyData(AudioObjectID object, const AudioObjectPropertyAddress *address,
                                    UInt32 qualifier_size, const void *qualifier, UInt32 size, const void *data);

#endif
