/* SPDX-License-Identifier: MIT
 *
 * Inside of the Apple face: the one driver object, its tree of audio objects, and what its files share.
 *
 *   1 plug-in
 *   +- 2 Oriel Output      +- 6 Oriel Input
 *      +- 3 stream            +- 7 stream
 *      +- 4 volume            +- 8 volume
 *      +- 5 mute              +- 9 mute
 *
 * Thread-safety: the daemon calls from any of its threads, several at a time; the engine has the lock.
 */
#ifndef ORIEL_DRIVER_DARWIN_PLUGIN_H
#define ORIEL_DRIVER_DARWIN_PLUGIN_H

#include <CoreAudio/AudioServerPlugIn.h>

#include "driver/engine.h"

#define PLUGIN_BUNDLE_ID "org.oriel.audio"
#define PLUGIN_VERSION "0.1.0"

enum {
  PLUGIN_SETTINGS =
      'oset', /* custom property: CFString of `Key = value` lines, settable; an empty one forgets what was set */
  PLUGIN_STATUS = 'osta', /* custom property: CFString, one JSON object */
};

enum object_kind { KIND_PLUGIN = 1, KIND_DEVICE = 2, KIND_STREAM = 4, KIND_VOLUME = 8, KIND_MUTE = 16 };

struct object {
  AudioObjectID id, owner;
  enum object_kind kind;
  enum engine_side side;
  AudioClassID class, base;
};

/** NULL: no such object. Any thread. */
const struct object *object_find(AudioObjectID id);
/** The table in order of ids; index from 0; NULL after the last. */
const struct object *object_at(size_t index);

/** Where a device's speakers are, as the system was told. */
struct plugin_speakers {
  UInt32 channels; /* for so many; of another count the usual ones are in force. 0 = never set */
  UInt32 stereo[2]; /* channels of left and right, from 1 on */
  UInt32 labels[SAMPLE_RING_CHANNELS];
};

/** Changes that the daemon was asked for and has not come back with; the last of them. */
struct plugin_change {
  unsigned pending;
  uint32_t rate, channels;
};

struct plugin {
  AudioServerPlugInHostRef host;
  struct engine *engine;
  struct settings file; /* what the property list says, under what was set at run time */
  struct plugin_speakers speakers[ENGINE_SIDES]; /* with speakers_lock */
  struct plugin_change changes[ENGINE_SIDES];    /* with changes_lock */
};

/** Tells the daemon that properties of an object changed (global scope, main element). Up to four selectors, 0 ends. */
void plugin_notify(const struct plugin *plugin, AudioObjectID object, const AudioObjectPropertySelector selectors[4]);
/** Asks the daemon to stop the device's IO and to come back with the change. 0 or its error. */
OSStatus plugin_request(struct plugin *plugin, enum engine_side side, uint32_t rate, uint32_t channels);
/** The device as it is, with rate and channels as they will be once the daemon has come back with everything that it
 *  was asked for. Returns how many changes that are. */
unsigned plugin_wanted(struct plugin *plugin, enum engine_side side, struct engine_device *device);
void plugin_log(enum engine_log_level level, const char *text);

/* The property table. */
Boolean property_has(const struct plugin *plugin, AudioObjectID object, const AudioObjectPropertyAddress *address);
OSStatus property_settable(const struct plugin *plugin, AudioObjectID object,
                           const AudioObjectPropertyAddress *address, Boolean *settable);
OSStatus property_size(const struct plugin *plugin, AudioObjectID object, const AudioObjectPropertyAddress *address,
                       UInt32 qualifier_size, const void *qualifier, UInt32 *size);
OSStatus property_get(const struct plugin *plugin, AudioObjectID object, const AudioObjectPropertyAddress *address,
                      UInt32 qualifier_size, const void *qualifier, UInt32 capacity, UInt32 *size, void *data);
OSStatus property_set(struct plugin *plugin, AudioObjectID object, const AudioObjectPropertyAddress *address,
                      UInt32 size, const void *data);

/** Settings from the property list, and over them what was set at run time and kept by the daemon. Bad values are
 *  logged and left at their defaults. */
void store_load(struct plugin *plugin, struct settings *settings);
/** Takes settings text from the custom property: checks, keeps, applies, notifies. 0,
 *  kAudioHardwareIllegalOperationError. */
OSStatus store_set(struct plugin *plugin, CFStringRef text);
/** A text that the daemon keeps under `key`; an empty one is forgotten. */
void store_keep_text(const struct plugin *plugin, CFStringRef key, const char *text);
/** False: there is none that fits. */
bool store_load_text(const struct plugin *plugin, CFStringRef key, char *text, size_t size);
/** Where the speakers were put, from what the daemon keeps. */
void speakers_load(struct plugin *plugin);
/** Tells the engine where the speakers of the output are. After its channels changed. */
void speakers_place(struct plugin *plugin);
/** Settings and status as strings the caller releases. NULL when memory is short. */
CFStringRef store_copy_settings(const struct plugin *plugin);
CFStringRef store_copy_status(const struct plugin *plugin);

#endif
