/* SPDX-License-Identifier: MIT
 *
 * The HAL host simulator: drives a driver as coreaudiod does, and notes what it does wrong.
 *
 * A fault has a code ("stamp.future") and words. Checks go on after a fault; the same code on the same subject is noted
 * a few times only. Each hal_check_ function leaves the driver as it found it: no client, no IO, rates restored.
 *
 * Thread-safety: a struct hal belongs to the test's thread. Its host interface may be called from any thread. While
 * checks run, a thread of the simulator's own reads properties at each notification, as the daemon's clients do.
 */
#ifndef ORIEL_TESTS_DARWIN_HAL_H
#define ORIEL_TESTS_DARWIN_HAL_H

#include <stdbool.h>
#include <stddef.h>

#include <CoreAudio/AudioServerPlugIn.h>

enum { HAL_DEVICES_MAX = 8, HAL_STREAMS_MAX = 4, HAL_OBJECTS_MAX = 64, HAL_CHANNELS_MAX = 64, HAL_FRAMES_MAX = 4096 };

typedef void *(*hal_factory)(CFAllocatorRef allocator, CFUUIDRef type);

struct hal_options {
  hal_factory factory;
  const char *storage_path; /* the daemon's storage survives in this file; NULL: it starts empty and is dropped */
  bool real_time;           /* false: host time stands still unless the simulator moves it */
};

struct hal;

struct hal_device {
  AudioObjectID id;
  AudioObjectID inputs[HAL_STREAMS_MAX], outputs[HAL_STREAMS_MAX];
  size_t input_count, output_count;
  UInt32 input_channels, output_channels;
  UInt32 period, safety_in, safety_out;
  double rate;
};

/** Loads: factory, IUnknown, driver interface, Initialize. 0; -ENOENT: the factory knows no such type; -EPROTO: the
 *  interface is not there or Initialize failed (words in `why`). */
int hal_open(const struct hal_options *options, struct hal **hal, char *why, size_t size);
/** Releases the interface and writes the storage. NULL is fine. */
void hal_close(struct hal *hal);

void hal_fault(struct hal *hal, const char *code, const char *format, ...) __attribute__((format(printf, 3, 4)));
size_t hal_fault_count(const struct hal *hal);
/** "code: words" of a fault, borrowed; "" past the end. */
const char *hal_fault_text(const struct hal *hal, size_t index);
/** Whether a fault with this code was noted. */
bool hal_has(const struct hal *hal, const char *code);
/** Prints all to stderr. */
void hal_print(const struct hal *hal);

/* Properties */
AudioServerPlugInDriverRef hal_driver(const struct hal *hal);
OSStatus hal_get(struct hal *hal, AudioObjectID object, UInt32 selector, UInt32 scope, void *data, UInt32 capacity,
                 UInt32 *size);
OSStatus hal_set(struct hal *hal, AudioObjectID object, UInt32 selector, UInt32 scope, const void *data, UInt32 size);
UInt32 hal_u32(struct hal *hal, AudioObjectID object, UInt32 selector, UInt32 scope, UInt32 fallback);
double hal_f64(struct hal *hal, AudioObjectID object, UInt32 selector, UInt32 scope, double fallback);
/** UTF-8 of a string property, "" for none. */
void hal_text(struct hal *hal, AudioObjectID object, UInt32 selector, char *text, size_t size);
size_t hal_list(struct hal *hal, AudioObjectID object, UInt32 selector, UInt32 scope, AudioObjectID *ids, size_t max);
/** All objects below the plug-in, itself first. */
size_t hal_objects(struct hal *hal, AudioObjectID ids[HAL_OBJECTS_MAX]);
size_t hal_devices(struct hal *hal, struct hal_device devices[HAL_DEVICES_MAX]);

/* What the driver told. */
size_t hal_notified(struct hal *hal, AudioObjectID object, UInt32 selector);
void hal_forget_notifications(struct hal *hal);
/** Configuration changes asked for and not yet performed. */
size_t hal_pending(struct hal *hal);
/** Performs (or aborts) them as the daemon does: IO stopped, changed on another thread, IO started again. */
void hal_settle(struct hal *hal, bool abort_them);

/* Clients and IO */
/** Adds a client of a made-up process to a device; its id is never used again. */
UInt32 hal_client_add(struct hal *hal, AudioObjectID device);
void hal_client_remove(struct hal *hal, AudioObjectID device, UInt32 client);
OSStatus hal_client_start(struct hal *hal, AudioObjectID device, UInt32 client);
OSStatus hal_client_stop(struct hal *hal, AudioObjectID device, UInt32 client);
/** Sample time of `device` now, as the daemon reckons it from the last zero time stamp; checks that stamp. */
double hal_sample_time(struct hal *hal, AudioObjectID device, UInt32 client);
/** Moves virtual time by frames at a rate. */
void hal_pass(double frames, double rate);
/** One client's cycle of output: `frames` interleaved frames are due at sample time `at`. The mix, in place or not as
 * the driver asked for. */
void hal_play(struct hal *hal, const struct hal_device *device, UInt32 client, double at, UInt32 frames,
              const float *samples);
/** One client's cycle of input: the frames captured from sample time `at` on. */
void hal_record(struct hal *hal, const struct hal_device *device, UInt32 client, double at, UInt32 frames,
                float *samples);

/* Checks */
void hal_check_properties(struct hal *hal);
void hal_check_tree(struct hal *hal);
void hal_check_controls(struct hal *hal);
void hal_check_rates(struct hal *hal);
void hal_check_clients(struct hal *hal);
void hal_check_operations(struct hal *hal);
/** Zero time stamps over `seconds` of virtual time. */
void hal_check_stamps(struct hal *hal, double seconds);
/** The same from several threads in real time; the driver was opened with real_time. */
void hal_check_stamps_threads(struct hal *hal, double seconds);
/** Cycles of 32 to 4096 frames of several clients on all devices, callbacks watched. */
void hal_check_cycles(struct hal *hal);
/** Clients that come, start, stop and go from several threads. */
void hal_check_storm(struct hal *hal, unsigned rounds);
/** For devices where what is played to `out` is recorded from `in` at the same sample time: exactness at each buffer
 * size, silence where nothing was played, one sound for all recorders, whoever starts and stops meanwhile. */
void hal_check_loop(struct hal *hal, const struct hal_device *out, const struct hal_device *in);
/** All but the loop, the threads and the storm. */
void hal_check_all(struct hal *hal);

#endif
