/* SPDX-License-Identifier: MIT
 *
 * Properties of the devices' streams: direction and format. Threads of the daemon's that may block.
 */
#include "driver/darwin/property_stream.h"

#include "driver/darwin/property_device.h"

size_t get_direction(const struct query *q, void *data, size_t room) {
  return give_u32(data, room, q->object->side == ENGINE_INPUT);
}

size_t get_terminal(const struct query *q, void *data, size_t room) {
  return give_u32(data, room, q->object->side == ENGINE_INPUT ? kAudioStreamTerminalTypeMicrophone
                                                               : kAudioStreamTerminalTypeSpeaker);
}

static AudioStreamBasicDescription format_of(uint32_t rate, uint32_t channels) {
  return (AudioStreamBasicDescription){
    .mSampleRate = rate,
    .mFormatID = kAudioFormatLinearPCM,
    .mFormatFlags = kAudioFormatFlagIsFloat | kAudioFormatFlagIsPacked, /* of the machine's byte order */
    .mBytesPerPacket = channels * 4,
    .mFramesPerPacket = 1,
    .mBytesPerFrame = channels * 4,
    .mChannelsPerFrame = channels,
    .mBitsPerChannel = 32,
  };
}

size_t get_format(const struct query *q, void *data, size_t room) {
  const struct engine_device device = device_of(q);
  const AudioStreamBasicDescription format = format_of(device.rate, device.channels);
  return give(data, room, &format, sizeof format);
}

OSStatus set_format(struct plugin *plugin, const struct object *object, const void *data, UInt32 size) {
  (void)size;
  AudioStreamBasicDescription format;
  struct engine_device device;
  memcpy(&format, data, sizeof format);
  engine_device(plugin->engine, object->side, &device);
  const AudioStreamBasicDescription ours = format_of(0, device.channels);
  if (format.mFormatID != ours.mFormatID || format.mFormatFlags != ours.mFormatFlags ||
      format.mBytesPerPacket != ours.mBytesPerPacket || format.mFramesPerPacket != 1 ||
      format.mBytesPerFrame != ours.mBytesPerFrame || format.mChannelsPerFrame != ours.mChannelsPerFrame ||
      format.mBitsPerChannel != 32)
    return kAudioDeviceUnsupportedFormatError;
  return change_rate(plugin, object, format.mSampleRate);
}

size_t get_formats(const struct query *q, void *data, size_t room) {
  const uint32_t channels = device_of(q).channels;
  for (size_t i = 0; i < SETTINGS_RATE_COUNT && i < room; i++)
    ((AudioStreamRangedDescription *)data)[i] = (AudioStreamRangedDescription){
      format_of(settings_rates[i], channels), {settings_rates[i], settings_rates[i]}};
  return SETTINGS_RATE_COUNT;
}
