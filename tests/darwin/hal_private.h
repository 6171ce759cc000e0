/* SPDX-License-Identifier: MIT
 *
 * Inside the simulator.
 */
#ifndef ORIEL_TESTS_DARWIN_HAL_PRIVATE_H
#define ORIEL_TESTS_DARWIN_HAL_PRIVATE_H

#include <pthread.h>

#include "tests/darwin/hal.h"

enum { NOTES_MAX = 4096, PENDING_MAX = 64, RUNNING_MAX = 256, FAULTS_MAX = 64, FAULT_SIZE = 320, SAME_MAX = 4 };

struct pending {
  AudioObjectID device;
  UInt64 action;
  void *info;
};

struct running {
  AudioObjectID device;
  UInt32 client;
  unsigned starts;
};

/* The last stamp seen of a device, to compare the next with. */
struct line {
  AudioObjectID device;
  UInt64 seed, host;
  double sample;
};

struct hal {
  AudioServerPlugInHostInterface table; /* what the driver is given; first, so that it leads back here */
  AudioServerPlugInDriverRef driver;
  struct hal_options options;
  UInt32 clients;
  UInt64 cycles;
  struct line lines[HAL_DEVICES_MAX];
  struct running running[RUNNING_MAX];

  pthread_mutex_t lock; /* guards what follows */
  pthread_cond_t changed;
  CFMutableDictionaryRef storage;
  char faults[FAULTS_MAX][FAULT_SIZE];
  size_t fault_count;
  struct {
    AudioObjectID object;
    AudioObjectPropertyAddress address;
  } notes[NOTES_MAX];
  size_t note_count;
  struct pending pending[PENDING_MAX];
  size_t pending_count;
  /* Notifications that the reader thread has yet to look at, and those it is done with. */
  struct {
    AudioObjectID object;
    AudioObjectPropertyAddress address;
  } looks[NOTES_MAX];
  size_t look_put, look_done;
  unsigned late_count;
  bool ending;
  pthread_t reader;
};

#define DRIVER(hal) ((*(hal)->driver))
static inline AudioObjectPropertyAddress hal_address(UInt32 selector, UInt32 scope, UInt32 element) {
  return (AudioObjectPropertyAddress){selector, scope, element};
}

/** "abcd" of a code; static per thread, four at a time. */
const char *hal_code(UInt32 code);
struct line *hal_line(struct hal *hal, AudioObjectID device);
void hal_forget_lines(struct hal *hal);

#endif
