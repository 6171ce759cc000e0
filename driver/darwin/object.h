/* SPDX-License-Identifier: MIT
 *
 * The tree of audio objects that the driver shows.
 *
 *   1 plug-in
 *   +- 2 Oriel Output      +- 6 Oriel Input
 *      +- 3 stream            +- 7 stream
 *      +- 4 volume            +- 8 volume
 *      +- 5 mute              +- 9 mute
 *
 * Thread-safety: any thread; the table is constant. Real-time safe.
 */
#ifndef ORIEL_DRIVER_DARWIN_OBJECT_H
#define ORIEL_DRIVER_DARWIN_OBJECT_H

#include <CoreAudio/AudioServerPlugIn.h>
#include <stddef.h>

#include "driver/engine_world.h"

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
/** The device of a side. */
AudioObjectID object_device(enum engine_side side);

#endif
