/* SPDX-License-Identifier: MIT
 *
 * Object classes, property selectors, scopes and errors of CoreAudio's HAL, in our own words: facts of its ABI.
 */
#ifndef ORIEL_DARWIN_AUDIOHARDWAREBASE_H
#define ORIEL_DARWIN_AUDIOHARDWAREBASE_H

#include <CoreAudioTypes/CoreAudioTypes.h>

typedef UInt32 AudioObjectID;
typedef UInt32 AudioClassID;
typedef UInt32 AudioObjectPropertySelector;
typedef UInt32 AudioObjectPropertyScope;
typedef UInt32 AudioObjectPropertyElement;

typedef struct AudioObjectPropertyAddress {
  AudioObjectPropertySelector mSelector;
  AudioObjectPropertyScope mScope;
  AudioObjectPropertyElement mElement;
} AudioObjectPropertyAddress;

typedef struct AudioStreamRangedDescription {
  AudioStreamBasicDescription mFormat;
  AudioValueRange mSampleRateRange;
} AudioStreamRangedDescription;

/* Errors */
enum {
  kAudioHardwareNoError = 0,
  kAudioHardwareNotRunningError = 'stop',
  kAudioHardwareUnspecifiedError = 'what',
  kAudioHardwareUnknownPropertyError = 'who?',
  kAudioHardwareBadPropertySizeError = '!siz',
  kAudioHardwareIllegalOperationError = 'nope',
  kAudioHardwareBadObjectError = '!obj',
  kAudioHardwareBadDeviceError = '!dev',
  kAudioHardwareBadStreamError = '!str',
  kAudioHardwareUnsupportedOperationError = 'unop',
  kAudioHardwareNotReadyError = 'nrdy',
  kAudioDeviceUnsupportedFormatError = '!dat',
  kAudioDevicePermissionsError = '!hog',
};

/* Addresses */
enum { kAudioObjectUnknown = 0 };
enum {
  kAudioObjectPropertyScopeGlobal = 'glob',
  kAudioObjectPropertyScopeInput = 'inpt',
  kAudioObjectPropertyScopeOutput = 'outp',
  kAudioObjectPropertyScopePlayThrough = 'ptru',
  kAudioObjectPropertyElementMain = 0,
  kAudioObjectPropertyElementMaster = 0,
  kAudioObjectPropertySelectorWildcard = '****',
  kAudioObjectPropertyScopeWildcard = '****',
  kAudioObjectClassIDWildcard = '****',
};
#define kAudioObjectPropertyElementWildcard 0xFFFFFFFFu

/* Classes */
enum {
  kAudioObjectClassID = 'aobj',
  kAudioPlugInClassID = 'aplg',
  kAudioBoxClassID = 'abox',
  kAudioDeviceClassID = 'adev',
  kAudioStreamClassID = 'astr',
  kAudioControlClassID = 'actl',
  kAudioLevelControlClassID = 'levl',
  kAudioVolumeControlClassID = 'vlme',
  kAudioBooleanControlClassID = 'togl',
  kAudioMuteControlClassID = 'mute',
};

/* Of every object */
enum {
  kAudioObjectPropertyBaseClass = 'bcls',
  kAudioObjectPropertyClass = 'clas',
  kAudioObjectPropertyOwner = 'stdv',
  kAudioObjectPropertyName = 'lnam',
  kAudioObjectPropertyModelName = 'lmod',
  kAudioObjectPropertyManufacturer = 'lmak',
  kAudioObjectPropertyElementName = 'lchn',
  kAudioObjectPropertyElementCategoryName = 'lccn',
  kAudioObjectPropertyElementNumberName = 'lcnn',
  kAudioObjectPropertyOwnedObjects = 'ownd',
  kAudioObjectPropertyIdentify = 'iden',
  kAudioObjectPropertySerialNumber = 'snum',
  kAudioObjectPropertyFirmwareVersion = 'fwvn',
};

/* Of the plug-in */
enum {
  kAudioPlugInPropertyBundleID = 'piid',
  kAudioPlugInPropertyDeviceList = 'dev#',
  kAudioPlugInPropertyTranslateUIDToDevice = 'uidd',
  kAudioPlugInPropertyBoxList = 'box#',
  kAudioPlugInPropertyTranslateUIDToBox = 'uidb',
  kAudioPlugInPropertyClockDeviceList = 'clk#',
  kAudioPlugInPropertyTranslateUIDToClockDevice = 'uidc',
};

/* Of a device */
enum {
  kAudioDeviceTransportTypeUnknown = 0,
  kAudioDeviceTransportTypeBuiltIn = 'bltn',
  kAudioDeviceTransportTypeVirtual = 'virt',
};
enum {
  kAudioDevicePropertyConfigurationApplication = 'capp',
  kAudioDevicePropertyDeviceUID = 'uid ',
  kAudioDevicePropertyModelUID = 'muid',
  kAudioDevicePropertyTransportType = 'tran',
  kAudioDevicePropertyRelatedDevices = 'akin',
  kAudioDevicePropertyClockDomain = 'clkd',
  kAudioDevicePropertyDeviceIsAlive = 'livn',
  kAudioDevicePropertyDeviceIsRunning = 'goin',
  kAudioDevicePropertyDeviceCanBeDefaultDevice = 'dflt',
  kAudioDevicePropertyDeviceCanBeDefaultSystemDevice = 'sflt',
  kAudioDevicePropertyLatency = 'ltnc',
  kAudioDevicePropertyStreams = 'stm#',
  kAudioObjectPropertyControlList = 'ctrl',
  kAudioDevicePropertySafetyOffset = 'saft',
  kAudioDevicePropertyNominalSampleRate = 'nsrt',
  kAudioDevicePropertyAvailableNominalSampleRates = 'nsr#',
  kAudioDevicePropertyIcon = 'icon',
  kAudioDevicePropertyIsHidden = 'hidn',
  kAudioDevicePropertyPreferredChannelsForStereo = 'dch2',
  kAudioDevicePropertyPreferredChannelLayout = 'srnd',
};

/* Of a stream */
enum {
  kAudioStreamTerminalTypeUnknown = 0,
  kAudioStreamTerminalTypeLine = 'line',
  kAudioStreamTerminalTypeSpeaker = 'spkr',
  kAudioStreamTerminalTypeMicrophone = 'micr',
};
enum {
  kAudioStreamPropertyIsActive = 'sact',
  kAudioStreamPropertyDirection = 'sdir',
  kAudioStreamPropertyTerminalType = 'term',
  kAudioStreamPropertyStartingChannel = 'schn',
  kAudioStreamPropertyLatency = kAudioDevicePropertyLatency,
  kAudioStreamPropertyVirtualFormat = 'sfmt',
  kAudioStreamPropertyAvailableVirtualFormats = 'sfma',
  kAudioStreamPropertyPhysicalFormat = 'pft ',
  kAudioStreamPropertyAvailablePhysicalFormats = 'pfta',
};

/* Of controls */
enum {
  kAudioControlPropertyScope = 'cscp',
  kAudioControlPropertyElement = 'celm',
  kAudioLevelControlPropertyScalarValue = 'lcsv',
  kAudioLevelControlPropertyDecibelValue = 'lcdv',
  kAudioLevelControlPropertyDecibelRange = 'lcdr',
  kAudioLevelControlPropertyConvertScalarToDecibels = 'lcsd',
  kAudioLevelControlPropertyConvertDecibelsToScalar = 'lcds',
  kAudioBooleanControlPropertyValue = 'bcvl',
};

#endif
