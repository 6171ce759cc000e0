/* SPDX-License-Identifier: MIT
 *
 * Every constant of sdk/, as an assertion on whichever declarations are in front: ours, or Apple's own on a machine
 * that has them. Compiling it is the test.
 */
#ifndef ORIEL_DARWIN_CONSTANTS_H
#define ORIEL_DARWIN_CONSTANTS_H

#include <assert.h>
#include <stdint.h>

#include <CoreAudio/CoreAudio.h>
#include <CoreAudio/AudioServerPlugIn.h>
#include <mach/mach_time.h>
#include <os/log.h>

/* Four characters, the first in the most significant byte, whatever compiler made the constant. */
#define CODE(name, a, b, c, d)                                                                                         \
  static_assert((uint32_t)(name) == ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d)),  \
                #name)
#define NUMBER(name, value) static_assert((uint32_t)(name) == (uint32_t)(value), #name)

/* Formats, time stamps, channel layouts */
NUMBER(kAudio_NoError, 0);
NUMBER(kAudio_UnimplementedError, -4);
NUMBER(kAudio_ParamError, -50);
NUMBER(kAudio_MemFullError, -108);
CODE(kAudioFormatLinearPCM, 'l', 'p', 'c', 'm');
NUMBER(kAudioFormatFlagIsFloat, 1);
NUMBER(kAudioFormatFlagIsBigEndian, 2);
NUMBER(kAudioFormatFlagIsSignedInteger, 4);
NUMBER(kAudioFormatFlagIsPacked, 8);
NUMBER(kAudioFormatFlagIsAlignedHigh, 16);
NUMBER(kAudioFormatFlagIsNonInterleaved, 32);
NUMBER(kAudioFormatFlagIsNonMixable, 64);
NUMBER(kAudioFormatFlagsNativeEndian, 0);
NUMBER(kAudioFormatFlagsNativeFloatPacked, 9);
NUMBER(kAudioTimeStampNothingValid, 0);
NUMBER(kAudioTimeStampSampleTimeValid, 1);
NUMBER(kAudioTimeStampHostTimeValid, 2);
NUMBER(kAudioTimeStampRateScalarValid, 4);
NUMBER(kAudioTimeStampWordClockTimeValid, 8);
NUMBER(kAudioTimeStampSMPTETimeValid, 16);
NUMBER(kAudioTimeStampSampleHostTimeValid, 3);
NUMBER(kAudioChannelLabel_Unused, 0);
NUMBER(kAudioChannelLabel_Left, 1);
NUMBER(kAudioChannelLabel_Right, 2);
NUMBER(kAudioChannelLabel_Center, 3);
NUMBER(kAudioChannelLabel_LFEScreen, 4);
NUMBER(kAudioChannelLabel_LeftSurround, 5);
NUMBER(kAudioChannelLabel_RightSurround, 6);
NUMBER(kAudioChannelLabel_LeftCenter, 7);
NUMBER(kAudioChannelLabel_RightCenter, 8);
NUMBER(kAudioChannelLabel_CenterSurround, 9);
NUMBER(kAudioChannelLabel_VerticalHeightLeft, 13);
NUMBER(kAudioChannelLabel_VerticalHeightRight, 15);
NUMBER(kAudioChannelLabel_TopBackLeft, 16);
NUMBER(kAudioChannelLabel_TopBackRight, 18);
NUMBER(kAudioChannelLabel_RearSurroundLeft, 33);
NUMBER(kAudioChannelLabel_RearSurroundRight, 34);
NUMBER(kAudioChannelLabel_LeftWide, 35);
NUMBER(kAudioChannelLabel_RightWide, 36);
NUMBER(kAudioChannelLabel_Mono, 42);
NUMBER(kAudioChannelLabel_LeftTopMiddle, 49);
NUMBER(kAudioChannelLabel_RightTopMiddle, 51);
NUMBER(kAudioChannelLabel_Discrete, 400);
NUMBER(kAudioChannelLabel_Discrete_0, 0x10000);
NUMBER(kAudioChannelLayoutTag_UseChannelDescriptions, 0);
NUMBER(kAudioChannelLayoutTag_UseChannelBitmap, 0x10000);
NUMBER(kAudioChannelLayoutTag_Mono, 0x640001);
NUMBER(kAudioChannelLayoutTag_Stereo, 0x650002);
NUMBER(kAudioChannelLabel_Unknown, 0xFFFFFFFF);

/* Errors, addresses, classes, selectors */
NUMBER(kAudioHardwareNoError, 0);
CODE(kAudioHardwareNotRunningError, 's', 't', 'o', 'p');
CODE(kAudioHardwareUnspecifiedError, 'w', 'h', 'a', 't');
CODE(kAudioHardwareUnknownPropertyError, 'w', 'h', 'o', '?');
CODE(kAudioHardwareBadPropertySizeError, '!', 's', 'i', 'z');
CODE(kAudioHardwareIllegalOperationError, 'n', 'o', 'p', 'e');
CODE(kAudioHardwareBadObjectError, '!', 'o', 'b', 'j');
CODE(kAudioHardwareBadDeviceError, '!', 'd', 'e', 'v');
CODE(kAudioHardwareBadStreamError, '!', 's', 't', 'r');
CODE(kAudioHardwareUnsupportedOperationError, 'u', 'n', 'o', 'p');
CODE(kAudioHardwareNotReadyError, 'n', 'r', 'd', 'y');
CODE(kAudioDeviceUnsupportedFormatError, '!', 'd', 'a', 't');
CODE(kAudioDevicePermissionsError, '!', 'h', 'o', 'g');
NUMBER(kAudioObjectUnknown, 0);
CODE(kAudioObjectPropertyScopeGlobal, 'g', 'l', 'o', 'b');
CODE(kAudioObjectPropertyScopeInput, 'i', 'n', 'p', 't');
CODE(kAudioObjectPropertyScopeOutput, 'o', 'u', 't', 'p');
CODE(kAudioObjectPropertyScopePlayThrough, 'p', 't', 'r', 'u');
NUMBER(kAudioObjectPropertyElementMain, 0);
NUMBER(kAudioObjectPropertyElementMaster, 0);
CODE(kAudioObjectPropertySelectorWildcard, '*', '*', '*', '*');
CODE(kAudioObjectPropertyScopeWildcard, '*', '*', '*', '*');
CODE(kAudioObjectClassIDWildcard, '*', '*', '*', '*');
CODE(kAudioObjectClassID, 'a', 'o', 'b', 'j');
CODE(kAudioPlugInClassID, 'a', 'p', 'l', 'g');
CODE(kAudioBoxClassID, 'a', 'b', 'o', 'x');
CODE(kAudioDeviceClassID, 'a', 'd', 'e', 'v');
CODE(kAudioStreamClassID, 'a', 's', 't', 'r');
CODE(kAudioControlClassID, 'a', 'c', 't', 'l');
CODE(kAudioLevelControlClassID, 'l', 'e', 'v', 'l');
CODE(kAudioVolumeControlClassID, 'v', 'l', 'm', 'e');
CODE(kAudioBooleanControlClassID, 't', 'o', 'g', 'l');
CODE(kAudioMuteControlClassID, 'm', 'u', 't', 'e');
CODE(kAudioObjectPropertyBaseClass, 'b', 'c', 'l', 's');
CODE(kAudioObjectPropertyClass, 'c', 'l', 'a', 's');
CODE(kAudioObjectPropertyOwner, 's', 't', 'd', 'v');
CODE(kAudioObjectPropertyName, 'l', 'n', 'a', 'm');
CODE(kAudioObjectPropertyModelName, 'l', 'm', 'o', 'd');
CODE(kAudioObjectPropertyManufacturer, 'l', 'm', 'a', 'k');
CODE(kAudioObjectPropertyElementName, 'l', 'c', 'h', 'n');
CODE(kAudioObjectPropertyElementCategoryName, 'l', 'c', 'c', 'n');
CODE(kAudioObjectPropertyElementNumberName, 'l', 'c', 'n', 'n');
CODE(kAudioObjectPropertyOwnedObjects, 'o', 'w', 'n', 'd');
CODE(kAudioObjectPropertyIdentify, 'i', 'd', 'e', 'n');
CODE(kAudioObjectPropertySerialNumber, 's', 'n', 'u', 'm');
CODE(kAudioObjectPropertyFirmwareVersion, 'f', 'w', 'v', 'n');
CODE(kAudioPlugInPropertyBundleID, 'p', 'i', 'i', 'd');
CODE(kAudioPlugInPropertyDeviceList, 'd', 'e', 'v', '#');
CODE(kAudioPlugInPropertyTranslateUIDToDevice, 'u', 'i', 'd', 'd');
CODE(kAudioPlugInPropertyBoxList, 'b', 'o', 'x', '#');
CODE(kAudioPlugInPropertyTranslateUIDToBox, 'u', 'i', 'd', 'b');
CODE(kAudioPlugInPropertyClockDeviceList, 'c', 'l', 'k', '#');
CODE(kAudioPlugInPropertyTranslateUIDToClockDevice, 'u', 'i', 'd', 'c');
NUMBER(kAudioDeviceTransportTypeUnknown, 0);
CODE(kAudioDeviceTransportTypeBuiltIn, 'b', 'l', 't', 'n');
CODE(kAudioDeviceTransportTypeVirtual, 'v', 'i', 'r', 't');
CODE(kAudioDevicePropertyConfigurationApplication, 'c', 'a', 'p', 'p');
CODE(kAudioDevicePropertyDeviceUID, 'u', 'i', 'd', ' ');
CODE(kAudioDevicePropertyModelUID, 'm', 'u', 'i', 'd');
CODE(kAudioDevicePropertyTransportType, 't', 'r', 'a', 'n');
CODE(kAudioDevicePropertyRelatedDevices, 'a', 'k', 'i', 'n');
CODE(kAudioDevicePropertyClockDomain, 'c', 'l', 'k', 'd');
CODE(kAudioDevicePropertyDeviceIsAlive, 'l', 'i', 'v', 'n');
CODE(kAudioDevicePropertyDeviceIsRunning, 'g', 'o', 'i', 'n');
CODE(kAudioDevicePropertyDeviceCanBeDefaultDevice, 'd', 'f', 'l', 't');
CODE(kAudioDevicePropertyDeviceCanBeDefaultSystemDevice, 's', 'f', 'l', 't');
CODE(kAudioDevicePropertyLatency, 'l', 't', 'n', 'c');
CODE(kAudioDevicePropertyStreams, 's', 't', 'm', '#');
CODE(kAudioObjectPropertyControlList, 'c', 't', 'r', 'l');
CODE(kAudioDevicePropertySafetyOffset, 's', 'a', 'f', 't');
CODE(kAudioDevicePropertyNominalSampleRate, 'n', 's', 'r', 't');
CODE(kAudioDevicePropertyAvailableNominalSampleRates, 'n', 's', 'r', '#');
CODE(kAudioDevicePropertyIcon, 'i', 'c', 'o', 'n');
CODE(kAudioDevicePropertyIsHidden, 'h', 'i', 'd', 'n');
CODE(kAudioDevicePropertyPreferredChannelsForStereo, 'd', 'c', 'h', '2');
CODE(kAudioDevicePropertyPreferredChannelLayout, 's', 'r', 'n', 'd');
NUMBER(kAudioStreamTerminalTypeUnknown, 0);
CODE(kAudioStreamTerminalTypeLine, 'l', 'i', 'n', 'e');
CODE(kAudioStreamTerminalTypeSpeaker, 's', 'p', 'k', 'r');
CODE(kAudioStreamTerminalTypeMicrophone, 'm', 'i', 'c', 'r');
CODE(kAudioStreamPropertyIsActive, 's', 'a', 'c', 't');
CODE(kAudioStreamPropertyDirection, 's', 'd', 'i', 'r');
CODE(kAudioStreamPropertyTerminalType, 't', 'e', 'r', 'm');
CODE(kAudioStreamPropertyStartingChannel, 's', 'c', 'h', 'n');
CODE(kAudioStreamPropertyLatency, 'l', 't', 'n', 'c');
CODE(kAudioStreamPropertyVirtualFormat, 's', 'f', 'm', 't');
CODE(kAudioStreamPropertyAvailableVirtualFormats, 's', 'f', 'm', 'a');
CODE(kAudioStreamPropertyPhysicalFormat, 'p', 'f', 't', ' ');
CODE(kAudioStreamPropertyAvailablePhysicalFormats, 'p', 'f', 't', 'a');
CODE(kAudioControlPropertyScope, 'c', 's', 'c', 'p');
CODE(kAudioControlPropertyElement, 'c', 'e', 'l', 'm');
CODE(kAudioLevelControlPropertyScalarValue, 'l', 'c', 's', 'v');
CODE(kAudioLevelControlPropertyDecibelValue, 'l', 'c', 'd', 'v');
CODE(kAudioLevelControlPropertyDecibelRange, 'l', 'c', 'd', 'r');
CODE(kAudioLevelControlPropertyConvertScalarToDecibels, 'l', 'c', 's', 'd');
CODE(kAudioLevelControlPropertyConvertDecibelsToScalar, 'l', 'c', 'd', 's');
CODE(kAudioBooleanControlPropertyValue, 'b', 'c', 'v', 'l');
NUMBER(kAudioObjectPropertyElementWildcard, 0xFFFFFFFF);

/* The plug-in's own */
NUMBER(kAudioObjectPlugInObject, 1);
NUMBER(kAudioServerPlugInHostClientID, 0);
NUMBER(kAudioServerPlugInCustomPropertyDataTypeNone, 0);
CODE(kAudioServerPlugInCustomPropertyDataTypeCFString, 'c', 'f', 's', 't');
CODE(kAudioServerPlugInCustomPropertyDataTypeCFPropertyList, 'p', 'l', 's', 't');
CODE(kAudioServerPlugInIOOperationThread, 't', 'h', 'r', 'd');
CODE(kAudioServerPlugInIOOperationCycle, 'c', 'y', 'c', 'l');
CODE(kAudioServerPlugInIOOperationReadInput, 'r', 'e', 'a', 'd');
CODE(kAudioServerPlugInIOOperationConvertInput, 'c', 'i', 'n', 'p');
CODE(kAudioServerPlugInIOOperationProcessInput, 'p', 'i', 'n', 'p');
CODE(kAudioServerPlugInIOOperationProcessOutput, 'p', 'o', 'u', 't');
CODE(kAudioServerPlugInIOOperationMixOutput, 'm', 'i', 'x', 'o');
CODE(kAudioServerPlugInIOOperationProcessMix, 'p', 'm', 'i', 'x');
CODE(kAudioServerPlugInIOOperationConvertMix, 'c', 'm', 'i', 'x');
CODE(kAudioServerPlugInIOOperationWriteMix, 'r', 'i', 't', 'e');
CODE(kAudioObjectPropertyCustomPropertyInfoList, 'c', 'u', 's', 't');
CODE(kAudioPlugInPropertyResourceBundle, 'r', 's', 'r', 'c');
CODE(kAudioDevicePropertyZeroTimeStampPeriod, 'r', 'i', 'n', 'g');
CODE(kAudioDevicePropertyClockAlgorithm, 'c', 'l', 'o', 'k');
CODE(kAudioDevicePropertyClockIsStable, 'c', 's', 't', 'b');
CODE(kAudioDeviceClockAlgorithmRaw, 'r', 'a', 'w', 'w');
CODE(kAudioDeviceClockAlgorithmSimpleIIR, 'i', 'i', 'r', 'f');
CODE(kAudioDeviceClockAlgorithm12PtMovingWindowAverage, 'm', 'a', 'v', 'g');

/* CoreFoundation */
NUMBER(noErr, 0);
NUMBER(kCFCompareLessThan, -1);
NUMBER(kCFCompareEqualTo, 0);
NUMBER(kCFCompareGreaterThan, 1);
NUMBER(kCFNumberSInt8Type, 1);
NUMBER(kCFNumberSInt16Type, 2);
NUMBER(kCFNumberSInt32Type, 3);
NUMBER(kCFNumberSInt64Type, 4);
NUMBER(kCFNumberFloat32Type, 5);
NUMBER(kCFNumberFloat64Type, 6);
NUMBER(kCFNumberCharType, 7);
NUMBER(kCFNumberShortType, 8);
NUMBER(kCFNumberIntType, 9);
NUMBER(kCFNumberLongType, 10);
NUMBER(kCFNumberLongLongType, 11);
NUMBER(kCFNumberFloatType, 12);
NUMBER(kCFNumberDoubleType, 13);
NUMBER(kCFNumberCFIndexType, 14);
NUMBER(kCFStringEncodingMacRoman, 0);
NUMBER(kCFStringEncodingUTF16, 0x0100);
NUMBER(kCFStringEncodingISOLatin1, 0x0201);
NUMBER(kCFStringEncodingASCII, 0x0600);
NUMBER(kCFStringEncodingUTF8, 0x08000100);
NUMBER(kCFCompareCaseInsensitive, 1);
NUMBER(kCFURLPOSIXPathStyle, 0);
NUMBER(kCFPropertyListImmutable, 0);
NUMBER(kCFPropertyListXMLFormat_v1_0, 100);
NUMBER(kCFPropertyListBinaryFormat_v1_0, 200);

/* COM */
NUMBER(S_OK, 0);
NUMBER(S_FALSE, 1);
NUMBER(E_NOTIMPL, 0x80000001);
NUMBER(E_OUTOFMEMORY, 0x80000002);
NUMBER(E_INVALIDARG, 0x80000003);
NUMBER(E_NOINTERFACE, 0x80000004);
NUMBER(E_POINTER, 0x80000005);
NUMBER(E_FAIL, 0x80000008);

/* Mach */
NUMBER(KERN_SUCCESS, 0);

/* The log */
NUMBER(OS_LOG_TYPE_DEFAULT, 0);
NUMBER(OS_LOG_TYPE_INFO, 1);
NUMBER(OS_LOG_TYPE_DEBUG, 2);
NUMBER(OS_LOG_TYPE_ERROR, 16);

/* What programs ask the daemon by */
NUMBER(kAudioObjectSystemObject, 1);
CODE(kAudioHardwarePropertyTranslateUIDToDevice, 'u', 'i', 'd', 'd');

#endif
