/* SPDX-License-Identifier: MIT
 *
 * Formats, time stamps and channel layouts of CoreAudio, in our own words: facts of its ABI, nothing else.
 */
#ifndef ORIEL_DARWIN_COREAUDIOTYPES_H
#define ORIEL_DARWIN_COREAUDIOTYPES_H

#include <CoreFoundation/CoreFoundation.h>

enum { kAudio_NoError = 0, kAudio_UnimplementedError = -4, kAudio_ParamError = -50, kAudio_MemFullError = -108 };

typedef struct AudioValueRange {
  Float64 mMinimum, mMaximum;
} AudioValueRange;

typedef struct AudioValueTranslation {
  void *mInputData;
  UInt32 mInputDataSize;
  void *mOutputData;
  UInt32 mOutputDataSize;
} AudioValueTranslation;

typedef struct AudioBuffer {
  UInt32 mNumberChannels;
  UInt32 mDataByteSize;
  void *mData;
} AudioBuffer;

typedef struct AudioBufferList {
  UInt32 mNumberBuffers;
  AudioBuffer mBuffers[1];
} AudioBufferList;

typedef UInt32 AudioFormatID;
typedef UInt32 AudioFormatFlags;

typedef struct AudioStreamBasicDescription {
  Float64 mSampleRate;
  AudioFormatID mFormatID;
  AudioFormatFlags mFormatFlags;
  UInt32 mBytesPerPacket;
  UInt32 mFramesPerPacket;
  UInt32 mBytesPerFrame;
  UInt32 mChannelsPerFrame;
  UInt32 mBitsPerChannel;
  UInt32 mReserved;
} AudioStreamBasicDescription;

enum { kAudioFormatLinearPCM = 'lpcm' };
enum {
  kAudioFormatFlagIsFloat = 1 << 0,
  kAudioFormatFlagIsBigEndian = 1 << 1,
  kAudioFormatFlagIsSignedInteger = 1 << 2,
  kAudioFormatFlagIsPacked = 1 << 3,
  kAudioFormatFlagIsAlignedHigh = 1 << 4,
  kAudioFormatFlagIsNonInterleaved = 1 << 5,
  kAudioFormatFlagIsNonMixable = 1 << 6,
  kAudioFormatFlagsNativeEndian = 0, /* both of Apple's processors are little-endian */
  kAudioFormatFlagsNativeFloatPacked = kAudioFormatFlagIsFloat | kAudioFormatFlagIsPacked,
};

typedef UInt32 SMPTETimeType;
typedef UInt32 SMPTETimeFlags;
typedef struct SMPTETime {
  SInt16 mSubframes;
  SInt16 mSubframeDivisor;
  UInt32 mCounter;
  SMPTETimeType mType;
  SMPTETimeFlags mFlags;
  SInt16 mHours, mMinutes, mSeconds, mFrames;
} SMPTETime;

typedef UInt32 AudioTimeStampFlags;
enum {
  kAudioTimeStampNothingValid = 0,
  kAudioTimeStampSampleTimeValid = 1 << 0,
  kAudioTimeStampHostTimeValid = 1 << 1,
  kAudioTimeStampRateScalarValid = 1 << 2,
  kAudioTimeStampWordClockTimeValid = 1 << 3,
  kAudioTimeStampSMPTETimeValid = 1 << 4,
  kAudioTimeStampSampleHostTimeValid = kAudioTimeStampSampleTimeValid | kAudioTimeStampHostTimeValid,
};
typedef struct AudioTimeStamp {
  Float64 mSampleTime;
  UInt64 mHostTime;
  Float64 mRateScalar;
  UInt64 mWordClockTime;
  SMPTETime mSMPTETime;
  AudioTimeStampFlags mFlags;
  UInt32 mReserved;
} AudioTimeStamp;

typedef UInt32 AudioChannelLabel;
typedef UInt32 AudioChannelLayoutTag;
typedef UInt32 AudioChannelBitmap;
typedef UInt32 AudioChannelFlags;
enum {
  kAudioChannelLabel_Unused = 0,
  kAudioChannelLabel_Left = 1,
  kAudioChannelLabel_Right = 2,
  kAudioChannelLabel_Center = 3,
  kAudioChannelLabel_LFEScreen = 4,
  kAudioChannelLabel_LeftSurround = 5,
  kAudioChannelLabel_RightSurround = 6,
  kAudioChannelLabel_LeftCenter = 7,
  kAudioChannelLabel_RightCenter = 8,
  kAudioChannelLabel_CenterSurround = 9,
  kAudioChannelLabel_VerticalHeightLeft = 13,
  kAudioChannelLabel_VerticalHeightRight = 15,
  kAudioChannelLabel_TopBackLeft = 16,
  kAudioChannelLabel_TopBackRight = 18,
  kAudioChannelLabel_RearSurroundLeft = 33,
  kAudioChannelLabel_RearSurroundRight = 34,
  kAudioChannelLabel_LeftWide = 35,
  kAudioChannelLabel_RightWide = 36,
  kAudioChannelLabel_Mono = 42,
  kAudioChannelLabel_LeftTopMiddle = 49,
  kAudioChannelLabel_RightTopMiddle = 51,
  kAudioChannelLabel_Discrete = 400,
  kAudioChannelLabel_Discrete_0 = 1 << 16, /* the n-th is Discrete_0 + n */
};
#define kAudioChannelLabel_Unknown 0xFFFFFFFFu
enum {
  kAudioChannelLayoutTag_UseChannelDescriptions = 0,
  kAudioChannelLayoutTag_UseChannelBitmap = 1 << 16,
  kAudioChannelLayoutTag_Mono = (100 << 16) | 1,
  kAudioChannelLayoutTag_Stereo = (101 << 16) | 2,
};

typedef struct AudioChannelDescription {
  AudioChannelLabel mChannelLabel;
  AudioChannelFlags mChannelFlags;
  Float32 mCoordinates[3];
} AudioChannelDescription;

typedef struct AudioChannelLayout {
  AudioChannelLayoutTag mChannelLayoutTag;
  AudioChannelBitmap mChannelBitmap;
  UInt32 mNumberChannelDescriptions;
  AudioChannelDescription mChannelDescriptions[1]; /* mNumberChannelDescriptions of them */
} AudioChannelLayout;

#endif
