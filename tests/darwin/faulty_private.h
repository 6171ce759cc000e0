/* SPDX-License-Identifier: MIT
 *
 * Inside the small driver: its objects and its state.
 */
#ifndef ORIEL_TESTS_DARWIN_FAULTY_PRIVATE_H
#define ORIEL_TESTS_DARWIN_FAULTY_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "tests/darwin/faulty.h"

enum {
  PLUGIN = kAudioObjectPlugInObject,
  OUTPUT,
  OUTPUT_STREAM,
  OUTPUT_VOLUME,
  OUTPUT_MUTE,
  INPUT,
  INPUT_STREAM,
  OBJECTS,
};
enum { PERIOD = 16384, RING = 16384, CHANNELS = 2, CLIENTS = 64 };

struct faulty_device {
  _Atomic UInt32 rate;
  _Atomic UInt64 anchor, seed;
  _Atomic UInt32 starts;
  UInt32 client[CLIENTS], client_starts[CLIENTS]; /* guarded by the state's lock */
};

struct faulty_state {
  pthread_mutex_t lock;
  AudioServerPlugInHostRef host;
  struct faulty_device devices[2]; /* output, input */
  _Atomic float scalar;
  _Atomic UInt32 muted;
  _Atomic int64_t written[RING]; /* sample time in each slot, plus 1; 0: never written */
  _Atomic float samples[RING][CHANNELS];
  _Atomic UInt64 stamps[2]; /* FAULT_COUNTED: periods told so far */
  _Atomic int64_t taken; /* FAULT_SPLIT: where the FIFO's reader stands */
};

extern struct faulty_state faulty;

static inline struct faulty_device *faulty_device_of(AudioObjectID object) {
  return object == OUTPUT ? &faulty.devices[0] : object == INPUT ? &faulty.devices[1] : NULL;
}

Boolean faulty_has(AudioServerPlugInDriverRef driver, AudioObjectID object, pid_t client,
                   const AudioObjectPropertyAddress *address);
OSStatus faulty_settable(AudioServerPlugInDriverRef driver, AudioObjectID object, pid_t client,
                         const AudioObjectPropertyAddress *address, Boolean *settable);
OSStatus faulty_size(AudioServerPlugInDriverRef driver, AudioObjectID object, pid_t client,
                     const AudioObjectPropertyAddress *address, UInt32 qualifier_size, const void *qualifier,
                     UInt32 *size);
OSStatus faulty_get(AudioServerPlugInDriverRef driver, AudioObjectID object, pid_t client,
                    const AudioObjectPropertyAddress *address, UInt32 qualifier_size, const void *qualifier,
                    UInt32 capacity, UInt32 *size, void *data);
OSStatus faulty_set(AudioServerPlugInDriverRef driver, AudioObjectID object, pid_t client,
                    const AudioObjectPropertyAddress *address, UInt32 qualifier_size, const void *qualifier,
                    UInt32 size, const void *data);

#endif
