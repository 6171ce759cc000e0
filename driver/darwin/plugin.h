/* SPDX-License-Identifier: MIT
 *
 * Inside of the Apple face: the one driver object, what it says to the daemon and asks of it, and its log.
 *
 * Thread-safety: the daemon calls from any of its threads, several at a time; the engine has the lock.
 */
#ifndef ORIEL_DRIVER_DARWIN_PLUGIN_H
#define ORIEL_DRIVER_DARWIN_PLUGIN_H

#include <CoreAudio/AudioServerPlugIn.h>

#include "driver/darwin/object.h"
#include "driver/engine.h"
#include "driver/sample_ring.h"

#define PLUGIN_BUNDLE_ID "org.oriel.audio"
#define PLUGIN_VERSION "0.1.0"

enum {
  PLUGIN_SETTINGS =
      'oset', /* custom property: CFString of `Key = value` lines, settable; an empty one forgets what was set */
  PLUGIN_STATUS = 'osta', /* custom property: CFString, one JSON object */
};

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
/** The daemon came back with one of them, or will not. */
void plugin_changed(struct plugin *plugin, enum engine_side side);
/** To the system's log. Any thread but IO callbacks. */
void plugin_log(enum engine_log_level level, const char *text);

#endif
