/* SPDX-License-Identifier: MIT
 *
 * The channel of sound: packets, each by reference, to all who listen. A subscriber takes them at its own pace; what it
 * leaves lying is its newest second.
 *
 * Thread-safety: one lock, a leaf. publish from the audio thread, the rest from any.
 */
#ifndef ORIEL_DESKTOP_SOUND_CHANNEL_H
#define ORIEL_DESKTOP_SOUND_CHANNEL_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/list.h"
#include "core/queue.h"
#include "desktop/stage.h"

/** Guarded by the channel's lock, but for `waiting`. */
struct oriel_sound_subscriber {
  struct oriel_list node; /* in the channel, while it listens */
  bool listens;
  atomic_uint waiting; /* packets in `queue`, for whoever looks without the lock */
  struct oriel_queue queue; /* at most one second */
  uint64_t sent, trimmed, bytes; /* counters; bytes of what was sent */
};

struct oriel_sound_channel {
  pthread_mutex_t lock; /* guards the rest */
  struct oriel_list subscribers;
  uint32_t packet_us; /* length of the newest */
  uint32_t sequence;
  uint64_t packets, bytes;
  struct oriel_histogram stages[ORIEL_SOUND_STAGES];
};

/** `packet_ms`: length of our own packets. 0, -ENOMEM. */
int oriel_sound_channel_init(struct oriel_sound_channel *channel, unsigned packet_ms);
/** Nobody listens any more. */
void oriel_sound_channel_finish(struct oriel_sound_channel *channel);

/** One that does not listen yet. `packet_ms`: of the shortest packets to come. 0, -ENOMEM. */
int oriel_sound_subscriber_init(struct oriel_sound_subscriber *subscriber, unsigned packet_ms);
/** Releases what waits; it does not listen any more. */
void oriel_sound_subscriber_finish(struct oriel_sound_subscriber *subscriber);

/** It listens from now on, or no longer and what waits for it is dropped. */
void oriel_sound_channel_listen(struct oriel_sound_channel *channel, struct oriel_sound_subscriber *subscriber,
                                bool listens);
/** Numbers a packet, and offers it to all who listen; takes over the caller's reference. */
void oriel_sound_channel_publish(struct oriel_sound_channel *channel, struct oriel_packet *packet);
/** True when something waits for it: no lock is taken. */
static inline bool oriel_sound_channel_waits(const struct oriel_sound_subscriber *subscriber) {
  /* relaxed: whoever looks is woken after the packet was put in, or has taken it itself */
  return atomic_load_explicit(&subscriber->waiting, memory_order_relaxed);
}
/** What waits for it longest: the caller's reference; NULL when nothing does. After a standstill not a second of old
 *  sound, which would stay as delay (lesson 27). */
struct oriel_packet *oriel_sound_channel_take(struct oriel_sound_channel *channel,
                                              struct oriel_sound_subscriber *subscriber);

#endif
