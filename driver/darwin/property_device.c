/* SPDX-License-Identifier: MIT
 *
 * Properties of the two devices. Threads of the daemon's that may block.
 */
#include "driver/darwin/property_impl.h"

enum { CLOCK_DOMAIN = 'Orel' };

size_t get_uid(const struct query *q, void *data, size_t room) {
  return give_text(data, room, device_uid(q->object));
}

size_t get_model_uid(const struct query *q, void *data, size_t room) {
  (void)q;
  return give_text(data, room, "OrielAudio_Model");
}

size_t get_transport_type(const struct query *q, void *data, size_t room) {
  (void)q;
  return give_u32(data, room, kAudioDeviceTransportTypeVirtual);
}

size_t get_clock_domain(const struct query *q, void *data, size_t room) {
  (void)q;
  return give_u32(data, room, CLOCK_DOMAIN);
}

size_t get_running(const struct query *q, void *data, size_t room) {
  return give_u32(data, room, device_of(q).starts > 0);
}

size_t get_can_be_default(const struct query *q, void *data, size_t room) {
  const AudioObjectPropertyScope scope = q->address->mScope;
  return give_u32(data, room, scope == kAudioObjectPropertyScopeGlobal || scope == direction_of(q->object));
}

size_t get_rate(const struct query *q, void *data, size_t room) {
  const Float64 rate = device_of(q).rate;
  return give(data, room, &rate, sizeof rate);
}

OSStatus change_rate(struct plugin *plugin, const struct object *object, Float64 rate) {
  struct engine_device device;
  if (!(rate >= 1 && rate <= 1e6) || !settings_rate_is_known((uint32_t)rate) || rate > (uint32_t)rate)
    return kAudioDeviceUnsupportedFormatError;
  engine_device(plugin->engine, object->side, &device);
  if (device.rate == (uint32_t)rate)
    return kAudioHardwareNoError;
  return plugin_request(plugin, object->side, (uint32_t)rate, device.channels);
}

OSStatus set_rate(struct plugin *plugin, const struct object *object, const void *data) {
  Float64 rate;
  memcpy(&rate, data, sizeof rate);
  return change_rate(plugin, object, rate);
}

size_t get_rates(const struct query *q, void *data, size_t room) {
  (void)q;
  for (size_t i = 0; i < SETTINGS_RATE_COUNT && i < room; i++)
    ((AudioValueRange *)data)[i] = (AudioValueRange){settings_rates[i], settings_rates[i]};
  return SETTINGS_RATE_COUNT;
}

size_t get_period(const struct query *q, void *data, size_t room) {
  (void)q;
  return give_u32(data, room, TIMELINE_PERIOD);
}

size_t get_clock_algorithm(const struct query *q, void *data, size_t room) {
  (void)q;
  return give_u32(data, room, kAudioDeviceClockAlgorithmRaw); /* stamps are exact: smoothing would only delay */
}

size_t get_stereo(const struct query *q, void *data, size_t room) {
  const UInt32 pair[2] = {1, device_of(q).channels > 1 ? 2 : 1};
  return give(data, room, pair, sizeof pair);
}

size_t get_channel_name(const struct query *q, void *data, size_t room) {
  static const char *const names[16] = {"Channel 1",  "Channel 2",  "Channel 3",  "Channel 4",
                                        "Channel 5",  "Channel 6",  "Channel 7",  "Channel 8",
                                        "Channel 9",  "Channel 10", "Channel 11", "Channel 12",
                                        "Channel 13", "Channel 14", "Channel 15", "Channel 16"};
  static const char *const stereo[2] = {"Left", "Right"};
  const UInt32 channel = q->address->mElement - 1;
  return give_text(data, room, device_of(q).channels == 2 ? stereo[channel & 1] : names[channel & 15]);
}

size_t get_related(const struct query *q, void *data, size_t room) {
  return give_u32(data, room, q->object->id);
}

/* A list of bytes: an AudioChannelLayout with one description a channel. */
size_t get_layout(const struct query *q, void *data, size_t room) {
  enum { HEADER = offsetof(AudioChannelLayout, mChannelDescriptions), DESCRIPTION = sizeof(AudioChannelDescription) };
  const UInt32 channels = device_of(q).channels;
  const size_t size = HEADER + channels * (size_t)DESCRIPTION;
  if (room < size)
    return size;
  const UInt32 header[3] = {kAudioChannelLayoutTag_UseChannelDescriptions, 0 /* no bitmap */, channels};
  memset(data, 0, size);
  memcpy(data, header, sizeof header);
  for (UInt32 c = 0; c < channels; c++) {
    const UInt32 label = channels == 1 ? (UInt32)kAudioChannelLabel_Mono
                         : c == 0      ? (UInt32)kAudioChannelLabel_Left
                         : c == 1      ? (UInt32)kAudioChannelLabel_Right
                                       : (UInt32)kAudioChannelLabel_Discrete_0 + c;
    memcpy((char *)data + HEADER + c * DESCRIPTION, &label, sizeof label);
  }
  return size;
}
