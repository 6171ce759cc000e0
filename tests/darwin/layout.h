/* SPDX-License-Identifier: MIT
 *
 * Sizes and offsets that the macOS ABI fixes, as assertions on whichever declarations are in front: ours in sdk/, or
 * Apple's own on a machine that has them. Compiling it is the test.
 */
#ifndef ORIEL_DARWIN_LAYOUT_H
#define ORIEL_DARWIN_LAYOUT_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include <CoreAudio/AudioServerPlugIn.h>
#include <mach/mach_time.h>

static_assert(sizeof(AudioObjectPropertyAddress) == 12, "property address");
static_assert(sizeof(AudioTimeStamp) == 64, "time stamp");
static_assert(sizeof(AudioServerPlugInIOCycleInfo) == 224, "IO cycle info");
static_assert(sizeof(AudioServerPlugInClientInfo) == 24, "client info");
static_assert(sizeof(AudioStreamBasicDescription) == 40, "stream description");
static_assert(sizeof(AudioStreamRangedDescription) == 56, "ranged description");
static_assert(sizeof(AudioValueRange) == 16, "value range");
static_assert(sizeof(AudioServerPlugInCustomPropertyInfo) == 12, "custom property info");
static_assert(sizeof(SMPTETime) == 24, "SMPTE time");
static_assert(sizeof(AudioChannelDescription) == 20, "channel description");
static_assert(offsetof(AudioChannelLayout, mChannelDescriptions) == 12, "channel layout's head");
static_assert(sizeof(AudioBufferList) == 24, "buffer list");
static_assert(sizeof(CFUUIDBytes) == 16, "UUID bytes");
static_assert(sizeof(Boolean) == 1 && sizeof(UInt32) == 4 && sizeof(UInt64) == 8 && sizeof(Float64) == 8, "scalars");
static_assert(sizeof(CFIndex) == sizeof(void *) && sizeof(HRESULT) == 4 && sizeof(ULONG) == 4, "words");
static_assert(sizeof(struct mach_timebase_info) == 8, "time base");

static_assert(offsetof(AudioTimeStamp, mHostTime) == 8, "host time");
static_assert(offsetof(AudioTimeStamp, mRateScalar) == 16, "rate scalar");
static_assert(offsetof(AudioTimeStamp, mSMPTETime) == 32, "SMPTE time's place");
static_assert(offsetof(AudioTimeStamp, mFlags) == 56, "flags");
static_assert(offsetof(AudioServerPlugInClientInfo, mProcessID) == 4, "process");
static_assert(offsetof(AudioServerPlugInClientInfo, mIsNativeEndian) == 8, "endian");
static_assert(offsetof(AudioServerPlugInClientInfo, mBundleID) == 16, "bundle");
static_assert(offsetof(AudioServerPlugInIOCycleInfo, mNominalIOBufferFrameSize) == 8, "buffer size");
static_assert(offsetof(AudioServerPlugInIOCycleInfo, mCurrentTime) == 16, "now");
static_assert(offsetof(AudioServerPlugInIOCycleInfo, mInputTime) == 80, "input time");
static_assert(offsetof(AudioServerPlugInIOCycleInfo, mOutputTime) == 144, "output time");
static_assert(offsetof(AudioServerPlugInIOCycleInfo, mMainHostTicksPerFrame) == 208, "main ticks");
static_assert(offsetof(AudioServerPlugInIOCycleInfo, mDeviceHostTicksPerFrame) == 216, "device ticks");
static_assert(offsetof(AudioStreamRangedDescription, mSampleRateRange) == 40, "the range follows the format");

/* Order of the tables: one pointer each, the first of the driver's reserved. */
#define SLOT(table, name, index) \
  static_assert(offsetof(AudioServerPlugIn##table##Interface, name) == (index) * sizeof(void *), #name)
SLOT(Driver, _reserved, 0);
SLOT(Driver, QueryInterface, 1);
SLOT(Driver, AddRef, 2);
SLOT(Driver, Release, 3);
SLOT(Driver, Initialize, 4);
SLOT(Driver, CreateDevice, 5);
SLOT(Driver, DestroyDevice, 6);
SLOT(Driver, AddDeviceClient, 7);
SLOT(Driver, RemoveDeviceClient, 8);
SLOT(Driver, PerformDeviceConfigurationChange, 9);
SLOT(Driver, AbortDeviceConfigurationChange, 10);
SLOT(Driver, HasProperty, 11);
SLOT(Driver, IsPropertySettable, 12);
SLOT(Driver, GetPropertyDataSize, 13);
SLOT(Driver, GetPropertyData, 14);
SLOT(Driver, SetPropertyData, 15);
SLOT(Driver, StartIO, 16);
SLOT(Driver, StopIO, 17);
SLOT(Driver, GetZeroTimeStamp, 18);
SLOT(Driver, WillDoIOOperation, 19);
SLOT(Driver, BeginIOOperation, 20);
SLOT(Driver, DoIOOperation, 21);
SLOT(Driver, EndIOOperation, 22);
static_assert(sizeof(AudioServerPlugInDriverInterface) == 23 * sizeof(void *), "driver table");
SLOT(Host, PropertiesChanged, 0);
SLOT(Host, CopyFromStorage, 1);
SLOT(Host, WriteToStorage, 2);
SLOT(Host, DeleteFromStorage, 3);
SLOT(Host, RequestDeviceConfigurationChange, 4);
static_assert(sizeof(AudioServerPlugInHostInterface) == 5 * sizeof(void *), "host table");

#endif
