/* SPDX-License-Identifier: MIT
 *
 * The interface between coreaudiod and a driver, in our own words: facts of its ABI (order of the tables, layouts,
 * constants), nothing else. tests/darwin/layout_test.c asserts every size and offset.
 */
#ifndef ORIEL_DARWIN_AUDIOSERVERPLUGIN_H
#define ORIEL_DARWIN_AUDIOSERVERPLUGIN_H

#include <CoreAudio/AudioHardwareBase.h>

typedef struct AudioServerPlugInHostInterface AudioServerPlugInHostInterface;
typedef const AudioServerPlugInHostInterface *AudioServerPlugInHostRef;
typedef struct AudioServerPlugInDriverInterface AudioServerPlugInDriverInterface;
typedef AudioServerPlugInDriverInterface **AudioServerPlugInDriverRef;

typedef struct AudioServerPlugInCustomPropertyInfo {
  AudioObjectPropertySelector mSelector;
  UInt32 mPropertyDataType;
  UInt32 mQualifierDataType;
} AudioServerPlugInCustomPropertyInfo;

typedef struct AudioServerPlugInClientInfo {
  UInt32 mClientID;
  pid_t mProcessID;
  Boolean mIsNativeEndian;
  CFStringRef mBundleID;
} AudioServerPlugInClientInfo;

typedef struct AudioServerPlugInIOCycleInfo {
  UInt64 mIOCycleCounter;
  UInt32 mNominalIOBufferFrameSize;
  AudioTimeStamp mCurrentTime;
  AudioTimeStamp mInputTime;
  AudioTimeStamp mOutputTime;
  union {
    Float64 mMainHostTicksPerFrame;
    Float64 mMasterHostTicksPerFrame;
  };
  Float64 mDeviceHostTicksPerFrame;
} AudioServerPlugInIOCycleInfo;

#define kAudioServerPlugInTypeUUID \
  CFUUIDGetConstantUUIDWithBytes(NULL, 0x44, 0x3A, 0xBA, 0xB8, 0xE7, 0xB3, 0x49, 0x1A, 0xB9, 0x85, 0xBE, 0xB9, 0x18, \
                                 0x70, 0x30, 0xDB)
#define kAudioServerPlugInDriverInterfaceUUID \
  CFUUIDGetConstantUUIDWithBytes(NULL, 0xEE, 0xA5, 0x77, 0x3D, 0xCC, 0x43, 0x49, 0xF1, 0x8E, 0x00, 0x8F, 0x96, 0xE7, \
                                 0xD2, 0x3B, 0x17)

enum { kAudioObjectPlugInObject = 1 };
enum { kAudioServerPlugInHostClientID = 0 };
typedef UInt32 AudioServerPlugInCustomPropertyDataType;
enum {
  kAudioServerPlugInCustomPropertyDataTypeNone = 0,
  kAudioServerPlugInCustomPropertyDataTypeCFString = 'cfst',
  kAudioServerPlugInCustomPropertyDataTypeCFPropertyList = 'plst',
};
typedef UInt32 AudioServerPlugInIOOperation;
enum {
  kAudioServerPlugInIOOperationThread = 'thrd',
  kAudioServerPlugInIOOperationCycle = 'cycl',
  kAudioServerPlugInIOOperationReadInput = 'read',
  kAudioServerPlugInIOOperationConvertInput = 'cinp',
  kAudioServerPlugInIOOperationProcessInput = 'pinp',
  kAudioServerPlugInIOOperationProcessOutput = 'pout',
  kAudioServerPlugInIOOperationMixOutput = 'mixo',
  kAudioServerPlugInIOOperationProcessMix = 'pmix',
  kAudioServerPlugInIOOperationConvertMix = 'cmix',
  kAudioServerPlugInIOOperationWriteMix = 'rite',
};
enum {
  kAudioObjectPropertyCustomPropertyInfoList = 'cust',
  kAudioPlugInPropertyResourceBundle = 'rsrc',
  kAudioDevicePropertyZeroTimeStampPeriod = 'ring',
  kAudioDevicePropertyClockAlgorithm = 'clok',
  kAudioDevicePropertyClockIsStable = 'cstb',
};
enum {
  kAudioDeviceClockAlgorithmRaw = 'raww',
  kAudioDeviceClockAlgorithmSimpleIIR = 'iirf',
  kAudioDeviceClockAlgorithm12PtMovingWindowAverage = 'mavg',
};

/* What the daemon offers. */
struct AudioServerPlugInHostInterface {
  OSStatus (*PropertiesChanged)(AudioServerPlugInHostRef host, AudioObjectID object, UInt32 count,
                                const AudioObjectPropertyAddress *addresses);
  OSStatus (*CopyFromStorage)(AudioServerPlugInHostRef host, CFStringRef key, CFPropertyListRef *data);
  OSStatus (*WriteToStorage)(AudioServerPlugInHostRef host, CFStringRef key, CFPropertyListRef data);
  OSStatus (*DeleteFromStorage)(AudioServerPlugInHostRef host, CFStringRef key);
  OSStatus (*RequestDeviceConfigurationChange)(AudioServerPlugInHostRef host, AudioObjectID device, UInt64 action,
                                               void *info);
};

/* What the driver offers. */
struct AudioServerPlugInDriverInterface {
  void *_reserved;
  HRESULT (*QueryInterface)(void *driver, REFIID uuid, LPVOID *interface);
  ULONG (*AddRef)(void *driver);
  ULONG (*Release)(void *driver);
  OSStatus (*Initialize)(AudioServerPlugInDriverRef driver, AudioServerPlugInHostRef host);
  OSStatus (*CreateDevice)(AudioServerPlugInDriverRef driver, CFDictionaryRef description,
                           const AudioServerPlugInClientInfo *client, AudioObjectID *device);
  OSStatus (*DestroyDevice)(AudioServerPlugInDriverRef driver, AudioObjectID device);
  OSStatus (*AddDeviceClient)(AudioServerPlugInDriverRef driver, AudioObjectID device,
                              const AudioServerPlugInClientInfo *client);
  OSStatus (*RemoveDeviceClient)(AudioServerPlugInDriverRef driver, AudioObjectID device,
                                 const AudioServerPlugInClientInfo *client);
  OSStatus (*PerformDeviceConfigurationChange)(AudioServerPlugInDriverRef driver, AudioObjectID device, UInt64 action,
                                               void *info);
  OSStatus (*AbortDeviceConfigurationChange)(AudioServerPlugInDriverRef driver, AudioObjectID device, UInt64 action,
                                             void *info);
  Boolean (*HasProperty)(AudioServerPlugInDriverRef driver, AudioObjectID object, pid_t client,
                         const AudioObjectPropertyAddress *address);
  OSStatus (*IsPropertySettable)(AudioServerPlugInDriverRef driver, AudioObjectID object, pid_t client,
                                 const AudioObjectPropertyAddress *address, Boolean *settable);
  OSStatus (*GetPropertyDataSize)(AudioServerPlugInDriverRef driver, AudioObjectID object, pid_t client,
                                  const AudioObjectPropertyAddress *address, UInt32 qualifier_size,
                                  const void *qualifier, UInt32 *size);
  OSStatus (*GetPropertyData)(AudioServerPlugInDriverRef driver, AudioObjectID object, pid_t client,
                              const AudioObjectPropertyAddress *address, UInt32 qualifier_size, const void *qualifier,
                              UInt32 capacity, UInt32 *size, void *data);
  OSStatus (*SetPropertyData)(AudioServerPlugInDriverRef driver, AudioObjectID object, pid_t client,
                              const AudioObjectPropertyAddress *address, UInt32 qualifier_size, const void *qualifier,
                              UInt32 size, const void *data);
  OSStatus (*StartIO)(AudioServerPlugInDriverRef driver, AudioObjectID device, UInt32 client);
  OSStatus (*StopIO)(AudioServerPlugInDriverRef driver, AudioObjectID device, UInt32 client);
  OSStatus (*GetZeroTimeStamp)(AudioServerPlugInDriverRef driver, AudioObjectID device, UInt32 client,
                               Float64 *sample_time, UInt64 *host_time, UInt64 *seed);
  OSStatus (*WillDoIOOperation)(AudioServerPlugInDriverRef driver, AudioObjectID device, UInt32 client,
                                UInt32 operation, Boolean *will_do, Boolean *in_place);
  OSStatus (*BeginIOOperation)(AudioServerPlugInDriverRef driver, AudioObjectID device, UInt32 client,
                               UInt32 operation, UInt32 frames, const AudioServerPlugInIOCycleInfo *cycle);
  OSStatus (*DoIOOperation)(AudioServerPlugInDriverRef driver, AudioObjectID device, AudioObjectID stream,
                            UInt32 client, UInt32 operation, UInt32 frames, const AudioServerPlugInIOCycleInfo *cycle,
                            void *main_buffer, void *secondary_buffer);
  OSStatus (*EndIOOperation)(AudioServerPlugInDriverRef driver, AudioObjectID device, UInt32 client, UInt32 operation,
                             UInt32 frames, const AudioServerPlugInIOCycleInfo *cycle);
};

#endif
