/* SPDX-License-Identifier: MIT
 *
 * Properties of the two devices. Threads of the daemon's that may block.
 */
#include "driver/darwin/property_device.h"

#include "driver/timeline.h"

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
  /* What it has now says nothing while another change is under way: the last one asked for is to be in force. */
  if (plugin_wanted(plugin, object->side, &device) == 0 && device.rate == (uint32_t)rate)
    return kAudioHardwareNoError;
  return plugin_request(plugin, object->side, (uint32_t)rate, device.channels);
}

OSStatus set_rate(struct plugin *plugin, const struct object *object, const void *data, UInt32 size) {
  (void)size;
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

size_t get_related(const struct query *q, void *data, size_t room) {
  return give_u32(data, room, q->object->id);
}
