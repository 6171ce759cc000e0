/* SPDX-License-Identifier: MIT
 *
 * Where the devices' speakers are: the channel layout and the pair for stereo, which users choose in Audio MIDI Setup
 * ("Configure Speakers"). The daemon keeps them for us. By them the channels of the output are mixed down to the
 * stream's stereo. Threads of the daemon's that may block.
 */
#include "driver/darwin/property_speakers.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "driver/darwin/store.h"
#include "media/downmix.h"

enum {
  HEADER = offsetof(AudioChannelLayout, mChannelDescriptions),
  DESCRIPTION = sizeof(AudioChannelDescription),
  TEXT_SIZE = (3 + SAMPLE_RING_CHANNELS) * 11 + 1, /* numbers of 32 bits and blanks */
};
static_assert((int)SAMPLE_RING_CHANNELS == (int)ORIEL_SPEAKERS_MAX, "each channel has a speaker");

static pthread_mutex_t speakers_lock = PTHREAD_MUTEX_INITIALIZER; /* guards plugin->speakers */

/* What a label is to the downmix, and what the user reads. */
static const struct place {
  UInt32 label;
  enum oriel_speaker speaker;
  const char *name;
} places[] = {
  {kAudioChannelLabel_Mono, ORIEL_SPEAKER_MONO, "Mono"},
  {kAudioChannelLabel_Left, ORIEL_SPEAKER_LEFT, "Left"},
  {kAudioChannelLabel_Right, ORIEL_SPEAKER_RIGHT, "Right"},
  {kAudioChannelLabel_Center, ORIEL_SPEAKER_CENTRE, "Center"},
  {kAudioChannelLabel_LFEScreen, ORIEL_SPEAKER_LFE, "LFE"},
  {kAudioChannelLabel_LeftSurround, ORIEL_SPEAKER_SURROUND_LEFT, "Left Surround"},
  {kAudioChannelLabel_RightSurround, ORIEL_SPEAKER_SURROUND_RIGHT, "Right Surround"},
  {kAudioChannelLabel_RearSurroundLeft, ORIEL_SPEAKER_SECOND_LEFT, "Rear Surround Left"},
  {kAudioChannelLabel_RearSurroundRight, ORIEL_SPEAKER_SECOND_RIGHT, "Rear Surround Right"},
  {kAudioChannelLabel_CenterSurround, ORIEL_SPEAKER_BACK, "Center Surround"},
  {kAudioChannelLabel_LeftWide, ORIEL_SPEAKER_WIDE_LEFT, "Left Wide"},
  {kAudioChannelLabel_RightWide, ORIEL_SPEAKER_WIDE_RIGHT, "Right Wide"},
  {kAudioChannelLabel_VerticalHeightLeft, ORIEL_SPEAKER_TOP_FRONT_LEFT, "Top Front Left"},
  {kAudioChannelLabel_VerticalHeightRight, ORIEL_SPEAKER_TOP_FRONT_RIGHT, "Top Front Right"},
  {kAudioChannelLabel_LeftTopMiddle, ORIEL_SPEAKER_TOP_SIDE_LEFT, "Top Side Left"},
  {kAudioChannelLabel_RightTopMiddle, ORIEL_SPEAKER_TOP_SIDE_RIGHT, "Top Side Right"},
  {kAudioChannelLabel_TopBackLeft, ORIEL_SPEAKER_TOP_BACK_LEFT, "Top Back Left"},
  {kAudioChannelLabel_TopBackRight, ORIEL_SPEAKER_TOP_BACK_RIGHT, "Top Back Right"},
  /* Not of any usual layout, but a user may choose them. */
  {kAudioChannelLabel_LeftCenter, ORIEL_SPEAKER_WIDE_LEFT, "Left Center"},
  {kAudioChannelLabel_RightCenter, ORIEL_SPEAKER_WIDE_RIGHT, "Right Center"},
};
enum { PLACES = sizeof places / sizeof *places };

static const struct place *place_of_label(UInt32 label) {
  for (size_t i = 0; i < PLACES; i++)
    if (places[i].label == label)
      return &places[i];
  return NULL;
}

static UInt32 label_of(enum oriel_speaker speaker, UInt32 channel) {
  for (size_t i = 0; i < PLACES; i++)
    if (places[i].speaker == speaker)
      return places[i].label;
  return (UInt32)kAudioChannelLabel_Discrete_0 + channel;
}

/* As they are in force: what was set, where it was for so many channels, else the usual. */
static struct plugin_speakers speakers_of(const struct plugin *plugin, enum engine_side side) {
  enum oriel_speaker layout[ORIEL_SPEAKERS_MAX];
  struct engine_device device;
  engine_device(plugin->engine, side, &device);
  pthread_mutex_lock(&speakers_lock);
  struct plugin_speakers speakers = plugin->speakers[side];
  pthread_mutex_unlock(&speakers_lock);
  if (speakers.channels == device.channels)
    return speakers;
  speakers = (struct plugin_speakers){.channels = device.channels, .stereo = {1, device.channels > 1 ? 2 : 1}};
  oriel_layout(device.channels, layout);
  for (UInt32 c = 0; c < device.channels; c++)
    speakers.labels[c] = label_of(layout[c], c);
  return speakers;
}

void speakers_place(struct plugin *plugin) {
  const struct plugin_speakers speakers = speakers_of(plugin, ENGINE_OUTPUT);
  enum oriel_speaker layout[ORIEL_SPEAKERS_MAX] = {ORIEL_SPEAKER_NUMBERED};
  for (UInt32 c = 0; c < speakers.channels; c++) {
    const struct place *place = place_of_label(speakers.labels[c]);
    layout[c] = place ? place->speaker : ORIEL_SPEAKER_NUMBERED;
  }
  if (speakers.channels > 1) { /* where plain stereo goes is left and right, whatever it is called */
    layout[speakers.stereo[0] - 1] = ORIEL_SPEAKER_LEFT;
    layout[speakers.stereo[1] - 1] = ORIEL_SPEAKER_RIGHT;
  }
  engine_place(plugin->engine, layout);
}

/* ---- kept ---- */

static CFStringRef key_of(enum engine_side side) {
  return side == ENGINE_OUTPUT ? CFSTR("speakers.output") : CFSTR("speakers.input");
}

/* "channels left right label label ...": nothing of it is taken where anything is out of range. */
static bool parse(const char *text, struct plugin_speakers *speakers) {
  UInt32 numbers[3 + SAMPLE_RING_CHANNELS];
  size_t count = 0;
  for (; *text && count < sizeof numbers / sizeof *numbers; count++) {
    char *end = NULL;
    const unsigned long long number = strtoull(text, &end, 10);
    if (end == text || number > UINT32_MAX)
      return false;
    numbers[count] = (UInt32)number;
    text = end + (*end == ' ');
  }
  if (*text || count < 4 || numbers[0] != count - 3)
    return false;
  for (int i = 1; i < 3; i++)
    if (numbers[i] < 1 || numbers[i] > numbers[0])
      return false;
  *speakers = (struct plugin_speakers){.channels = numbers[0], .stereo = {numbers[1], numbers[2]}};
  memcpy(speakers->labels, numbers + 3, numbers[0] * sizeof *numbers);
  return true;
}

static void keep(const struct plugin *plugin, enum engine_side side, const struct plugin_speakers *speakers) {
  char text[TEXT_SIZE];
  int size = snprintf(text, sizeof text, "%u %u %u", (unsigned)speakers->channels, (unsigned)speakers->stereo[0],
                      (unsigned)speakers->stereo[1]);
  for (UInt32 c = 0; c < speakers->channels; c++)
    size += snprintf(text + size, sizeof text - (size_t)size, " %u", (unsigned)speakers->labels[c]);
  store_keep_text(plugin, key_of(side), text);
}

void speakers_load(struct plugin *plugin) {
  for (int side = 0; side < ENGINE_SIDES; side++) {
    struct plugin_speakers speakers = {0};
    char text[TEXT_SIZE];
    if (store_load_text(plugin, key_of((enum engine_side)side), text, sizeof text) && !parse(text, &speakers))
      plugin_log(ENGINE_LOG_ERROR, "where speakers are was kept in a form that cannot be read; it is ignored");
    pthread_mutex_lock(&speakers_lock);
    plugin->speakers[side] = speakers;
    pthread_mutex_unlock(&speakers_lock);
  }
  speakers_place(plugin);
}

static void change(struct plugin *plugin, const struct object *object, const struct plugin_speakers *speakers) {
  pthread_mutex_lock(&speakers_lock);
  plugin->speakers[object->side] = *speakers;
  pthread_mutex_unlock(&speakers_lock);
  keep(plugin, object->side, speakers);
  speakers_place(plugin);
  plugin_notify(plugin, object->id,
                (AudioObjectPropertySelector[4]){kAudioDevicePropertyPreferredChannelsForStereo,
                                                 kAudioDevicePropertyPreferredChannelLayout});
}

/* ---- properties ---- */

size_t get_stereo(const struct query *q, void *data, size_t room) {
  const struct plugin_speakers speakers = speakers_of(q->plugin, q->object->side);
  return give(data, room, speakers.stereo, sizeof speakers.stereo);
}

OSStatus set_stereo(struct plugin *plugin, const struct object *object, const void *data, UInt32 size) {
  struct plugin_speakers speakers = speakers_of(plugin, object->side);
  (void)size;
  memcpy(speakers.stereo, data, sizeof speakers.stereo);
  for (int i = 0; i < 2; i++)
    if (speakers.stereo[i] < 1 || speakers.stereo[i] > speakers.channels)
      return kAudioHardwareIllegalOperationError;
  change(plugin, object, &speakers);
  return kAudioHardwareNoError;
}

size_t get_channel_name(const struct query *q, void *data, size_t room) {
  char text[24];
  const UInt32 channel = q->address->mElement - 1;
  const struct plugin_speakers speakers = speakers_of(q->plugin, q->object->side);
  const struct place *place = channel < speakers.channels ? place_of_label(speakers.labels[channel]) : NULL;
  snprintf(text, sizeof text, "Channel %u", (unsigned)channel + 1);
  return give_text(data, room, place ? place->name : text);
}

/* A list of bytes: an AudioChannelLayout with one description a channel. */
size_t get_layout(const struct query *q, void *data, size_t room) {
  const struct plugin_speakers speakers = speakers_of(q->plugin, q->object->side);
  const size_t size = HEADER + speakers.channels * (size_t)DESCRIPTION;
  if (room < size)
    return size;
  const UInt32 header[3] = {kAudioChannelLayoutTag_UseChannelDescriptions, 0 /* no bitmap */, speakers.channels};
  memset(data, 0, size);
  memcpy(data, header, sizeof header);
  for (UInt32 c = 0; c < speakers.channels; c++)
    memcpy((char *)data + HEADER + c * DESCRIPTION, &speakers.labels[c], sizeof speakers.labels[c]);
  return size;
}

/* Such a one is taken, as the system gives it; no tag that stands for one, and no bitmap. */
OSStatus set_layout(struct plugin *plugin, const struct object *object, const void *data, UInt32 size) {
  struct plugin_speakers speakers = speakers_of(plugin, object->side);
  UInt32 header[3];
  if (size < HEADER + speakers.channels * (UInt32)DESCRIPTION)
    return kAudioHardwareBadPropertySizeError;
  memcpy(header, data, sizeof header);
  if (header[0] != kAudioChannelLayoutTag_UseChannelDescriptions || header[2] != speakers.channels)
    return kAudioHardwareIllegalOperationError;
  for (UInt32 c = 0; c < speakers.channels; c++)
    memcpy(&speakers.labels[c], (const char *)data + HEADER + c * DESCRIPTION, sizeof speakers.labels[c]);
  change(plugin, object, &speakers);
  return kAudioHardwareNoError;
}
