/* SPDX-License-Identifier: MIT
 *
 * The microphone's way to the guest: a short queue that any thread fills, and guest_audio's thread empties into the one
 * stream that a guest has opened.
 *
 * Thread-safety: guest_audio's thread, but where said; open and finish by its owner while that does not run.
 */
#ifndef ORIEL_SOURCE_GUEST_MICROPHONE_H
#define ORIEL_SOURCE_GUEST_MICROPHONE_H

#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source/guest_link.h"
#include "source/guest_unread.h"
#include "wire/audio.h"

enum { GUEST_MICROPHONE_SLOTS = 40 }; /* 100 ms of the shortest packets */

struct guest_microphone {
  struct guest_link link; /* guest_audio's thread */
  uint64_t connection;
  bool is_probed; /* what waits in QEMU's socket tells whether its guest reads */
  uint8_t out[ORIEL_AUDIO_LENGTH_SIZE + ORIEL_AUDIO_PACKET_MAX]; /* the packet on its way */
  size_t out_size, out_sent;
  struct guest_unread unread;
  uint64_t watch_ns; /* watched_fd is missing for want of a descriptor, and tried again then; 0 = no such time */
  pthread_mutex_t lock; /* guards the rest */
  struct {
    uint64_t pushed_ns;
    size_t size;
    uint8_t bytes[ORIEL_AUDIO_PACKET_MAX];
  } slots[GUEST_MICROPHONE_SLOTS];
  unsigned first, count;
  bool is_connected;
  bool is_watched;      /* taken is what has been read; else everything sent counts as taken */
  int watched_fd;       /* where it is watched: a duplicate, to ask what waits in it; -1 = none yet */
  uint64_t emptied_ns;  /* when nothing waited there, the last time somebody asked; 0 = never */
  uint64_t packets, dropped, connections;
};

/** 0, -ENOMEM. */
int guest_microphone_init(struct guest_microphone *microphone);
/** 0, or -errno with `why`. */
int guest_microphone_open(struct guest_microphone *microphone, const char *address, bool dial_unix, char *why,
                          size_t why_size);
void guest_microphone_finish(struct guest_microphone *microphone);
/** True when it has bytes that wait for room. */
bool guest_microphone_wants_write(const struct guest_microphone *microphone);
/** Beside the link's: -1 = nothing to wait for. */
int guest_microphone_timeout_ms(const struct guest_microphone *microphone, uint64_t now_ns);
/** Takes a guest in, sends what waits; `polls` are the link's. */
void guest_microphone_step(struct guest_microphone *microphone, const struct pollfd *polls, uint64_t now_ns);
/** Any thread. 0, -ENOTCONN. */
int guest_microphone_push(struct guest_microphone *microphone, const void *opus, size_t size, uint64_t now_ns);
/** Any thread: whether somebody takes what is pushed. */
bool guest_microphone_is_taken(struct guest_microphone *microphone, uint64_t now_ns);

#endif
