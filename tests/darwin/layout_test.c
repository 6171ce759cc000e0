/* SPDX-License-Identifier: MIT
 *
 * Sizes, offsets and constants of sdk/ against the numbers that the macOS ABI fixes. Compiling is most of the test; the
 * bodies keep the constants honest against a typo in one table that the other repeats.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

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
