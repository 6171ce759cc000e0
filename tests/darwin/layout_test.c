/* SPDX-License-Identifier: MIT
 *
 * Constants of sdk/ against the values that the macOS ABI fixes; layout.h asserts sizes and offsets.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/darwin/layout.h"

struct code {
  UInt32 value;
  char text[5];
};

static const struct code codes[] = {
  {kAudioObjectPropertyBaseClass, "bcls"},
  {kAudioObjectPropertyClass, "clas"},
  {kAudioObjectPropertyOwner, "stdv"},
  {kAudioObjectPropertyOwnedObjects, "ownd"},
  {kAudioObjectPropertyName, "lnam"},
  {kAudioObjectPropertyManufacturer, "lmak"},
  {kAudioObjectPropertyModelName, "lmod"},
  {kAudioObjectPropertySerialNumber, "snum"},
  {kAudioObjectPropertyFirmwareVersion, "fwvn"},
  {kAudioObjectPropertyElementName, "lchn"},
  {kAudioObjectPropertyCustomPropertyInfoList, "cust"},
  {kAudioPlugInPropertyDeviceList, "dev#"},
  {kAudioPlugInPropertyTranslateUIDToDevice, "uidd"},
  {kAudioPlugInPropertyBoxList, "box#"},
  {kAudioPlugInPropertyTranslateUIDToBox, "uidb"},
  {kAudioPlugInPropertyResourceBundle, "rsrc"},
  {kAudioDevicePropertyDeviceUID, "uid "},
  {kAudioDevicePropertyModelUID, "muid"},
  {kAudioDevicePropertyTransportType, "tran"},
  {kAudioDevicePropertyRelatedDevices, "akin"},
  {kAudioDevicePropertyClockDomain, "clkd"},
  {kAudioDevicePropertyDeviceIsAlive, "livn"},
  {kAudioDevicePropertyDeviceIsRunning, "goin"},
  {kAudioDevicePropertyNominalSampleRate, "nsrt"},
  {kAudioDevicePropertyAvailableNominalSampleRates, "nsr#"},
  {kAudioObjectPropertyControlList, "ctrl"},
  {kAudioDevicePropertyStreams, "stm#"},
  {kAudioDevicePropertyIsHidden, "hidn"},
  {kAudioDevicePropertyIcon, "icon"},
  {kAudioDevicePropertyZeroTimeStampPeriod, "ring"},
  {kAudioDevicePropertyClockAlgorithm, "clok"},
  {kAudioDevicePropertyClockIsStable, "cstb"},
  {kAudioDevicePropertyDeviceCanBeDefaultDevice, "dflt"},
  {kAudioDevicePropertyDeviceCanBeDefaultSystemDevice, "sflt"},
  {kAudioDevicePropertyLatency, "ltnc"},
  {kAudioStreamPropertyLatency, "ltnc"},
  {kAudioDevicePropertySafetyOffset, "saft"},
  {kAudioDevicePropertyPreferredChannelsForStereo, "dch2"},
  {kAudioDevicePropertyPreferredChannelLayout, "srnd"},
  {kAudioStreamPropertyIsActive, "sact"},
  {kAudioStreamPropertyDirection, "sdir"},
  {kAudioStreamPropertyTerminalType, "term"},
  {kAudioStreamPropertyStartingChannel, "schn"},
  {kAudioStreamPropertyVirtualFormat, "sfmt"},
  {kAudioStreamPropertyAvailableVirtualFormats, "sfma"},
  {kAudioStreamPropertyPhysicalFormat, "pft "},
  {kAudioStreamPropertyAvailablePhysicalFormats, "pfta"},
  {kAudioControlPropertyScope, "cscp"},
  {kAudioControlPropertyElement, "celm"},
  {kAudioVolumeControlClassID, "vlme"},
  {kAudioLevelControlClassID, "levl"},
  {kAudioLevelControlPropertyScalarValue, "lcsv"},
  {kAudioLevelControlPropertyDecibelValue, "lcdv"},
  {kAudioLevelControlPropertyDecibelRange, "lcdr"},
  {kAudioLevelControlPropertyConvertScalarToDecibels, "lcsd"},
  {kAudioLevelControlPropertyConvertDecibelsToScalar, "lcds"},
  {kAudioMuteControlClassID, "mute"},
  {kAudioBooleanControlClassID, "togl"},
  {kAudioBooleanControlPropertyValue, "bcvl"},
  {kAudioObjectClassID, "aobj"},
  {kAudioPlugInClassID, "aplg"},
  {kAudioDeviceClassID, "adev"},
  {kAudioStreamClassID, "astr"},
  {kAudioControlClassID, "actl"},
  {kAudioObjectPropertyScopeGlobal, "glob"},
  {kAudioObjectPropertyScopeInput, "inpt"},
  {kAudioObjectPropertyScopeOutput, "outp"},
  {kAudioHardwareBadObjectError, "!obj"},
  {kAudioHardwareUnknownPropertyError, "who?"},
  {kAudioHardwareBadPropertySizeError, "!siz"},
  {kAudioHardwareIllegalOperationError, "nope"},
  {kAudioDeviceUnsupportedFormatError, "!dat"},
  {kAudioServerPlugInIOOperationThread, "thrd"},
  {kAudioServerPlugInIOOperationCycle, "cycl"},
  {kAudioServerPlugInIOOperationReadInput, "read"},
  {kAudioServerPlugInIOOperationConvertInput, "cinp"},
  {kAudioServerPlugInIOOperationProcessInput, "pinp"},
  {kAudioServerPlugInIOOperationProcessOutput, "pout"},
  {kAudioServerPlugInIOOperationMixOutput, "mixo"},
  {kAudioServerPlugInIOOperationProcessMix, "pmix"},
  {kAudioServerPlugInIOOperationConvertMix, "cmix"},
  {kAudioServerPlugInIOOperationWriteMix, "rite"},
  {kAudioDeviceTransportTypeVirtual, "virt"},
  {kAudioFormatLinearPCM, "lpcm"},
};

/* The four characters read from the most significant byte on, whatever compiler made the constant. */
static void code_reads_as_text(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
    UInt32 value = codes[i].value;
    char text[5] = {(char)(value >> 24), (char)(value >> 16), (char)(value >> 8), (char)value, 0};
    assert_string_equal(text, codes[i].text);
  }
}

static void number_is_the_systems(void **state) {
  (void)state;
  assert_int_equal(kAudioFormatFlagsNativeFloatPacked, 9);
  assert_int_equal(kAudioTimeStampSampleHostTimeValid, 3);
  assert_int_equal(kAudioObjectPlugInObject, 1);
  assert_int_equal(kAudioChannelLayoutTag_Stereo, 0x650002);
  assert_int_equal((UInt32)E_NOINTERFACE, 0x80000004u);
  assert_int_equal(kCFStringEncodingUTF8, 0x08000100);
  assert_int_equal(kCFNumberFloat64Type, 6);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(code_reads_as_text),
    cmocka_unit_test(number_is_the_systems),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
