/* SPDX-License-Identifier: MIT
 *
 * liboriel-audio: the sound of an Oriel device in shared memory, as reader (a meter, a recorder, a player) or as writer
 * (a driver's IO callback, an application that feeds a microphone). Installed as <oriel/audio.h>; `pkg-config
 * oriel-audio`.
 *
 * Sound is interleaved float32, `channels` x frames. Positions count frames since the writer's start. Any number of
 * readers hear the same sound; none can slow or stop the writer. Each side takes the other for hostile: whatever a peer
 * writes, cuts off or stops doing is silence here, never noise, a crash or SIGBUS. The layout is in
 * docs/protocols/audio-shm.md.
 *
 * Thread-safety: one reader or writer belongs to one thread at a time; different ones are independent. Marked "data
 * thread": no allocation, no lock, no log, and no system call.
 *
 * Errors are negative: the ORIEL_AUDIO_* below or -errno; oriel_audio_error_text() has a sentence for each.
 */
#ifndef ORIEL_AUDIO_H
#define ORIEL_AUDIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef ORIEL_AUDIO_API
#define ORIEL_AUDIO_API __attribute__((visibility("default")))
#endif

enum {
  ORIEL_AUDIO_NOT_INSTALLED = -10001,    /* no such name: the driver or agent is not installed, or does not run */
  ORIEL_AUDIO_OPEN_FAILED = -10002,      /* there, but may not be opened; errno says why */
  ORIEL_AUDIO_MAP_FAILED = -10003,       /* opened, but not mapped; errno says why */
  ORIEL_AUDIO_BAD_LAYOUT = -10004,       /* not this library's layout, or cut short */
  ORIEL_AUDIO_RESTART_REQUIRED = -10005, /* the writer ended or changed its format: close, then open the name again */
};

/** A sentence for a negative result of any function here: what failed and what to do. Static; never NULL. Any
 *  thread. */
ORIEL_AUDIO_API const char *oriel_audio_error_text(int error);

/** The clock of every time here, in ns: CLOCK_MONOTONIC on Linux, CLOCK_UPTIME_RAW (mach_absolute_time) on macOS;
 *  never 0. Any thread; data thread. */
ORIEL_AUDIO_API uint64_t oriel_audio_clock_ns(void);

enum oriel_audio_state {
  ORIEL_AUDIO_GONE,    /* the writer ended. On macOS a killed writer is STALLED instead */
  ORIEL_AUDIO_STALLED, /* it says that it runs, but has written nothing for half a second */
  ORIEL_AUDIO_IDLE,    /* alive, nothing plays */
  ORIEL_AUDIO_RUNNING,
};

struct oriel_audio_info {
  uint32_t channels;    /* 1..16 */
  uint32_t rate;        /* Hz, 8000..192000 */
  uint32_t ring_frames; /* power of two, 1024..2^20: how far a reader may fall behind */
  uint32_t period;      /* frames that the writer writes at once, lately; 0 = nothing yet */
  uint32_t delay;       /* frames by which the writer says that published sound is late */
  uint32_t backlog;     /* frames ready for this reader: its own delay */
  enum oriel_audio_state state;
  bool direct;          /* read from the mapping, without system calls; see oriel_audio_reader_read */
  uint64_t position;    /* just behind the last frame read: less what read returned, it is where those frames began */
  uint64_t lost;        /* frames this reader missed because it was late, since it was opened */
  uint64_t beat;        /* calls of the writer so far */
};

enum {
  ORIEL_AUDIO_ANY_OWNER = 1, /* also an object that belongs to neither this user, root, nor macOS's audio daemon */
  ORIEL_AUDIO_GUARDED = 2, /* Linux: map a name's memory too, behind the SIGBUS handler of oriel_audio_writer_create */
};

/* ---- Reader ---- */

struct oriel_audio_reader;

/** Opens the device `name`: 1..29 characters without '/', one leading '/' may be there (macOS takes 30 in all).
 *  Reading starts with the sound written next. 0, NOT_INSTALLED, OPEN_FAILED, MAP_FAILED, BAD_LAYOUT,
 *  RESTART_REQUIRED (just ended), -EINVAL, -ENOMEM. */
ORIEL_AUDIO_API int oriel_audio_reader_open(const char *name, unsigned flags, struct oriel_audio_reader **reader);

/** The same over a descriptor, which stays the caller's (it is duplicated): a writer's oriel_audio_writer_fd, passed
 *  on by SCM_RIGHTS. Only memory is taken (memfd, shm), not a file on a disk or a network. No owner is checked. */
ORIEL_AUDIO_API int oriel_audio_reader_open_fd(int fd, struct oriel_audio_reader **reader);

/** Closes; NULL is allowed. */
ORIEL_AUDIO_API void oriel_audio_reader_close(struct oriel_audio_reader *reader);

/** Reads the next `count` frames. Waits up to timeout_ms for them (0: no wait; negative: without end), at most for
 *  half a ring; returns how many there were, 0..count, or RESTART_REQUIRED, BAD_LAYOUT (the object was cut short).
 *  The rest of `frames` is filled with silence, so that it may be played whatever the result. Frames missed by
 *  falling behind a whole ring are counted in info.lost, and reading goes on with the newest. Samples that are not
 *  numbers, or 60 dB above full scale, read as 0. With timeout 0 no allocation, no lock; and where info.direct, data
 *  thread. Not direct are shm names on Linux, whose memory any process of the user may cut off: there samples are
 *  copied by pread, which a cut cannot kill, unless the reader was opened with ORIEL_AUDIO_GUARDED.
 *  A process maps at most 64 names so, writers' among them; its further readers copy, too. */
ORIEL_AUDIO_API ssize_t oriel_audio_reader_read(struct oriel_audio_reader *reader, float *frames, size_t count,
                                                int timeout_ms);

/** A descriptor (borrowed) that polls readable when the frames asked for by oriel_audio_reader_arm should be there. The
 *  writer wakes nobody, so this is a timer set by its habits: read with timeout 0 and arm again. */
ORIEL_AUDIO_API int oriel_audio_reader_fd(const struct oriel_audio_reader *reader);

/** Sets the descriptor for `count` frames (at most half a ring) and clears it. While nothing plays it looks in every
 *  10 ms. 0, or an error as of read, with which it polls readable at once. */
ORIEL_AUDIO_API int oriel_audio_reader_arm(struct oriel_audio_reader *reader, size_t count);

/** Drops what is older than the newest `keep` frames: a late start or a stall must not stay as delay. Returns frames
 *  dropped. */
ORIEL_AUDIO_API size_t oriel_audio_reader_trim(struct oriel_audio_reader *reader, size_t keep);

/** Format, state and counters as of now. 0, BAD_LAYOUT (cut short; fields that never change are valid even then). */
ORIEL_AUDIO_API int oriel_audio_reader_info(struct oriel_audio_reader *reader, struct oriel_audio_info *info);

/* ---- Writer ---- */

struct oriel_audio_writer;

struct oriel_audio_writer_config {
  uint32_t channels;    /* 1..16 */
  uint32_t rate;        /* Hz, 8000..192000 */
  uint32_t ring_frames; /* rounded up to a power of two, 1024..2^20; 0 = a third of a second */
  uint32_t delay;       /* for readers' info */
  mode_t mode;          /* of the name; 0 = 0600. Old-style readers need to write, others to read */
};

/** Creates the device `name` (see oriel_audio_reader_open), in place of one whose writer has ended; its readers get
 *  RESTART_REQUIRED. A NULL name makes a sealed memory without a name, which only oriel_audio_writer_fd hands out
 *  (Linux). Idle at first. Under a name on Linux the process gets a SIGBUS handler, which deals with faults in this
 *  memory and passes every other to the handler before it: a peer that cuts the memory off must not kill the writer.
 *  (A handler installed later must pass faults on likewise.) 0, -EBUSY (another writer lives),
 *  OPEN_FAILED, MAP_FAILED, -EINVAL, -ENOMEM, -ENOTSUP (NULL name). */
ORIEL_AUDIO_API int oriel_audio_writer_create(const char *name, const struct oriel_audio_writer_config *config,
                                              struct oriel_audio_writer **writer);

/** Ends the device: its readers get RESTART_REQUIRED, the name goes away. NULL is allowed. */
ORIEL_AUDIO_API void oriel_audio_writer_destroy(struct oriel_audio_writer *writer);

/** A descriptor (borrowed) through which the memory can only be read; pass it to readers. */
ORIEL_AUDIO_API int oriel_audio_writer_fd(const struct oriel_audio_writer *writer);

/** Writes `count` frames at once; never waits: what readers did not fetch in time is overwritten. now_ns is the time
 *  of the call (0 = unknown: readers then look in every millisecond). Data thread. */
ORIEL_AUDIO_API void oriel_audio_writer_write(struct oriel_audio_writer *writer, const float *frames, size_t count,
                                              uint64_t now_ns);

/** The same with silence, for frames that were not played. Data thread. */
ORIEL_AUDIO_API void oriel_audio_writer_silence(struct oriel_audio_writer *writer, size_t count, uint64_t now_ns);

/** Without a copy: a span inside the ring for the next frames, *count of them or as many as lie in one piece, at most a
 *  quarter of the ring (*count says how many). Lent until commit; fill it, do not read from it. Data thread. */
ORIEL_AUDIO_API float *oriel_audio_writer_acquire(struct oriel_audio_writer *writer, size_t *count);

/** Publishes the first `count` frames of the acquired span; the rest is given back. Data thread. */
ORIEL_AUDIO_API void oriel_audio_writer_commit(struct oriel_audio_writer *writer, size_t count, uint64_t now_ns);

/** Frames written since the start: the position of the next. Data thread. */
ORIEL_AUDIO_API uint64_t oriel_audio_writer_position(const struct oriel_audio_writer *writer);

/** Says whether sound is expected (the device's IO is started). Any thread; data thread. */
ORIEL_AUDIO_API void oriel_audio_writer_set_running(struct oriel_audio_writer *writer, bool running);

/** 0, or RESTART_REQUIRED: a peer cut the memory off; what is written goes nowhere until it is created again. Any
 *  thread; data thread. */
ORIEL_AUDIO_API int oriel_audio_writer_check(const struct oriel_audio_writer *writer);

#ifdef __cplusplus
}
#endif

#endif
